-- Schema 2: what people write about a run, frames stored as float16 or committed apart from Log, and keys of writes.

ALTER TABLE run ADD COLUMN tags  TEXT NOT NULL DEFAULT '[]'; -- JSON array of strings, in order, none twice
ALTER TABLE run ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN code  TEXT NOT NULL DEFAULT '';   -- main package and revision of the last writer
ALTER TABLE run ADD COLUMN host  TEXT NOT NULL DEFAULT '';   -- that it ran on

-- With float16, a chunk's data has 2 bytes for each number.
ALTER TABLE frame ADD COLUMN dtype TEXT NOT NULL DEFAULT 'float32' CHECK (dtype IN ('float32', 'float16'));
-- The generation of the writer that committed the frame by itself; NULL once the epoch was logged. A writer that logs the
-- epoch replaces all frames but those that it has committed since it last did.
ALTER TABLE frame ADD COLUMN apart INTEGER;

-- Writes under a key that the caller chose: the same write again, after its answer was lost, gets the answer and is not done.
CREATE TABLE write_key (
	run    INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	key    TEXT NOT NULL,
	digest BLOB NOT NULL,    -- SHA-256 of what was written
	answer TEXT NOT NULL,    -- JSON object
	time   INTEGER NOT NULL, -- old keys are forgotten
	PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX write_key_time ON write_key (run, time);

DROP VIEW runs;
CREATE VIEW runs AS
SELECT r.uid AS run, r.experiment, r.name, r.state,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.started / 1e6, 'unixepoch') AS started,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.seen / 1e6, 'unixepoch') AS seen,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.ended / 1e6, 'unixepoch') AS ended,
	(SELECT count(*) FROM epoch e WHERE e.run = r.id) AS epochs,
	(SELECT max(e.number) FROM epoch e WHERE e.run = r.id) AS last_epoch,
	(SELECT coalesce(sum(ss.rows), 0) FROM run_sample_set rs JOIN sample_set ss ON ss.id = rs.sample_set WHERE rs.run = r.id) AS samples,
	r.params, r.cause, r.tags, r.notes, r.code, r.host
FROM run r;

DROP VIEW vectors;
CREATE VIEW vectors AS
SELECT r.uid AS run, f.layer, e.number AS epoch, s.uid AS sample, f.dim, n.value AS norm,
	CASE f.dtype WHEN 'float16' THEN substr(c.data, 2 * f.dim * n.key + 1, 2 * f.dim)
		ELSE substr(c.data, 4 * f.dim * n.key + 1, 4 * f.dim) END AS vector,
	f.dtype
FROM run r
JOIN epoch e ON e.run = r.id
JOIN frame f ON f.epoch = e.id
JOIN chunk c ON c.frame = f.id
CROSS JOIN json_each(c.norms) n
CROSS JOIN roster_row rr ON rr.roster = f.roster AND rr.position = c.first_row + n.key
CROSS JOIN sample s ON s.id = rr.sample;
