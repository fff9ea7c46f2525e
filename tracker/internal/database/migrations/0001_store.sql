-- Schema 1. Tables are private and singular; views are public, plural and stable.
--
-- Conventions: id is an integer that never leaves the database, uid is the public name of the same row.
-- Times are microseconds since 1970, UTC. seq is a reading of the clock: whoever remembers a seq can ask for what came later.

-- The clock counts the store's write transactions. shared is its reading at the last write of another package (projections).
CREATE TABLE clock (
	id     INTEGER PRIMARY KEY CHECK (id = 1),
	seq    INTEGER NOT NULL,
	shared INTEGER NOT NULL
) STRICT;
INSERT INTO clock (id, seq, shared) VALUES (1, 0, 0);

CREATE TABLE run (
	id         INTEGER PRIMARY KEY,
	uid        TEXT NOT NULL UNIQUE,
	experiment TEXT NOT NULL,
	name       TEXT NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'finished', 'failed')),
	cause      TEXT,             -- why it failed
	params     TEXT NOT NULL,    -- JSON object
	generation INTEGER NOT NULL, -- grows each time a writer takes the run; every write checks it
	writer     TEXT NOT NULL,    -- host:pid of the last writer, for messages only
	started    INTEGER NOT NULL,
	seen       INTEGER NOT NULL, -- heartbeat, for display only
	ended      INTEGER,
	seq        INTEGER NOT NULL,
	cut        INTEGER NOT NULL, -- clock at the last truncation
	UNIQUE (experiment, name)
) STRICT;
CREATE INDEX run_seq ON run (seq);
CREATE INDEX run_started ON run (started);

-- What one AddSamples call added, named by its content, so that runs with the same samples share them.
CREATE TABLE sample_set (
	id   INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE, -- SHA-256
	rows INTEGER NOT NULL
) STRICT;

CREATE TABLE sample (
	id         INTEGER PRIMARY KEY,
	sample_set INTEGER NOT NULL REFERENCES sample_set (id) ON DELETE CASCADE,
	position   INTEGER NOT NULL,
	uid        TEXT NOT NULL,
	label      TEXT, -- NULL: unlabelled
	metadata   TEXT, -- JSON object
	thumbnail  BLOB, -- PNG
	UNIQUE (sample_set, position),
	UNIQUE (sample_set, uid)
) STRICT;

CREATE TABLE run_sample_set (
	run            INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	sample_set     INTEGER NOT NULL REFERENCES sample_set (id),
	first_position INTEGER NOT NULL, -- of the set's first sample among the run's
	PRIMARY KEY (run, sample_set)
) STRICT;

-- An ordered list of samples: which sample each row of a frame is. Frames with the same list share it; it never changes.
CREATE TABLE roster (
	id   INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE, -- SHA-256 of the sample ids, 8 bytes each, little-endian
	rows INTEGER NOT NULL
) STRICT;

CREATE TABLE roster_row (
	roster   INTEGER NOT NULL REFERENCES roster (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	sample   INTEGER NOT NULL REFERENCES sample (id),
	PRIMARY KEY (roster, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE epoch (
	id     INTEGER PRIMARY KEY,
	run    INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	number INTEGER NOT NULL, -- 0: before training
	step   INTEGER NOT NULL,
	time   INTEGER NOT NULL,
	seq    INTEGER NOT NULL,
	UNIQUE (run, number)
) STRICT;
CREATE INDEX epoch_seq ON epoch (seq);

CREATE TABLE frame (
	id     INTEGER PRIMARY KEY,
	epoch  INTEGER NOT NULL REFERENCES epoch (id) ON DELETE CASCADE,
	layer  TEXT NOT NULL,
	dim    INTEGER NOT NULL,
	rows   INTEGER NOT NULL,
	roster INTEGER NOT NULL REFERENCES roster (id),
	UNIQUE (epoch, layer)
) STRICT;

-- Whole rows of a frame, at most 1 MiB.
CREATE TABLE chunk (
	id        INTEGER PRIMARY KEY,
	frame     INTEGER NOT NULL REFERENCES frame (id) ON DELETE CASCADE,
	first_row INTEGER NOT NULL,
	rows      INTEGER NOT NULL,
	checksum  INTEGER NOT NULL, -- CRC-32C of data
	norms     TEXT NOT NULL,    -- JSON array of the rows' Euclidean norms
	data      BLOB NOT NULL,    -- rows × dim float32, row-major, little-endian
	UNIQUE (frame, first_row)
) STRICT;

CREATE TABLE output (
	epoch      INTEGER NOT NULL REFERENCES epoch (id) ON DELETE CASCADE,
	sample     INTEGER NOT NULL REFERENCES sample (id),
	prediction TEXT,
	loss       REAL,
	confidence REAL,
	PRIMARY KEY (epoch, sample)
) STRICT, WITHOUT ROWID;

-- origin 'epoch': logged with that epoch and replaced with it. origin 'step': logged in between, one value per name and step;
-- its epoch is the one then in training.
CREATE TABLE metric (
	id     INTEGER PRIMARY KEY,
	run    INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	origin TEXT NOT NULL CHECK (origin IN ('epoch', 'step')),
	name   TEXT NOT NULL,
	step   INTEGER NOT NULL,
	epoch  INTEGER NOT NULL,
	time   INTEGER NOT NULL,
	kind   TEXT NOT NULL CHECK (kind IN ('number', 'nan', '+inf', '-inf')),
	value  REAL CHECK ((value IS NOT NULL) = (kind = 'number')),
	seq    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX metric_of_epoch ON metric (run, epoch, name) WHERE origin = 'epoch';
CREATE UNIQUE INDEX metric_of_step ON metric (run, name, step) WHERE origin = 'step';
CREATE INDEX metric_seq ON metric (run, seq);

-- Written and read by package projector.
CREATE TABLE projection (
	id       INTEGER PRIMARY KEY,
	uid      TEXT NOT NULL UNIQUE,
	layer    TEXT NOT NULL,
	method   TEXT NOT NULL,
	mode     TEXT NOT NULL,
	dims     INTEGER NOT NULL,
	revision INTEGER NOT NULL,
	created  INTEGER NOT NULL,
	points   INTEGER NOT NULL,
	seconds  REAL NOT NULL,
	peak_rss INTEGER NOT NULL, -- bytes
	options  TEXT NOT NULL,    -- JSON object
	stages   TEXT NOT NULL,    -- JSON, seconds per stage
	quality  TEXT              -- JSON object; NULL until it is measured
) STRICT;

CREATE TABLE projection_run (
	projection INTEGER NOT NULL REFERENCES projection (id) ON DELETE CASCADE,
	run        INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	position   INTEGER NOT NULL,
	PRIMARY KEY (projection, run)
) STRICT;
CREATE INDEX projection_run_run ON projection_run (run);

-- What a projection was made from. seq is the epoch's when it was read: an epoch with a later one was replaced since.
CREATE TABLE projection_frame (
	projection INTEGER NOT NULL REFERENCES projection (id) ON DELETE CASCADE,
	run        INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	epoch      INTEGER NOT NULL,
	rows       INTEGER NOT NULL,
	seq        INTEGER NOT NULL,
	extended   INTEGER NOT NULL, -- 1: placed on a map that was there, 0: part of the fit
	PRIMARY KEY (projection, run, epoch)
) STRICT, WITHOUT ROWID;

-- epoch is the epoch's number: a point outlives the epoch's replacement.
CREATE TABLE point (
	projection INTEGER NOT NULL REFERENCES projection (id) ON DELETE CASCADE,
	run        INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	epoch      INTEGER NOT NULL,
	sample     INTEGER NOT NULL REFERENCES sample (id),
	x          REAL NOT NULL,
	y          REAL NOT NULL,
	z          REAL, -- NULL on a plane
	PRIMARY KEY (projection, run, epoch, sample)
) STRICT, WITHOUT ROWID;

CREATE VIEW runs AS
SELECT r.uid AS run, r.experiment, r.name, r.state,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.started / 1e6, 'unixepoch') AS started,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.seen / 1e6, 'unixepoch') AS seen,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.ended / 1e6, 'unixepoch') AS ended,
	(SELECT count(*) FROM epoch e WHERE e.run = r.id) AS epochs,
	(SELECT max(e.number) FROM epoch e WHERE e.run = r.id) AS last_epoch,
	(SELECT coalesce(sum(ss.rows), 0) FROM run_sample_set rs JOIN sample_set ss ON ss.id = rs.sample_set WHERE rs.run = r.id) AS samples,
	r.params, r.cause
FROM run r;

CREATE VIEW samples AS
SELECT r.uid AS run, s.uid AS sample, rs.first_position + s.position AS position, s.label, s.metadata, s.thumbnail
FROM run r
JOIN run_sample_set rs ON rs.run = r.id
JOIN sample s ON s.sample_set = rs.sample_set;

CREATE VIEW metrics AS
SELECT r.uid AS run, m.name, m.step, m.epoch,
	strftime('%Y-%m-%dT%H:%M:%fZ', m.time / 1e6, 'unixepoch') AS time, m.value, m.kind
FROM run r
JOIN metric m ON m.run = r.id;

-- CROSS JOIN keeps SQLite from changing the order of these joins: the other way round, each row would search all norms.
CREATE VIEW vectors AS
SELECT r.uid AS run, f.layer, e.number AS epoch, s.uid AS sample, f.dim, n.value AS norm,
	substr(c.data, 4 * f.dim * n.key + 1, 4 * f.dim) AS vector
FROM run r
JOIN epoch e ON e.run = r.id
JOIN frame f ON f.epoch = e.id
JOIN chunk c ON c.frame = f.id
CROSS JOIN json_each(c.norms) n
CROSS JOIN roster_row rr ON rr.roster = f.roster AND rr.position = c.first_row + n.key
CROSS JOIN sample s ON s.id = rr.sample;

CREATE VIEW points AS
SELECT r.uid AS run, p.uid AS projection, p.revision, pt.epoch, s.uid AS sample, s.label, o.prediction, pt.x, pt.y, pt.z
FROM projection p
JOIN point pt ON pt.projection = p.id
JOIN run r ON r.id = pt.run
JOIN sample s ON s.id = pt.sample
LEFT JOIN epoch e ON e.run = pt.run AND e.number = pt.epoch
LEFT JOIN output o ON o.epoch = e.id AND o.sample = pt.sample;
