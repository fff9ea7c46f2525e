-- Schema 2: what people write about a run, frames stored as float16 or committed apart from Log, and keys of writes.
-- ../0002_logging.sql says more of each column.

ALTER TABLE run ADD COLUMN tags  TEXT NOT NULL DEFAULT '[]';
ALTER TABLE run ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN code  TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN host  TEXT NOT NULL DEFAULT '';

ALTER TABLE frame ADD COLUMN dtype TEXT NOT NULL DEFAULT 'float32' CHECK (dtype IN ('float32', 'float16'));
ALTER TABLE frame ADD COLUMN apart BIGINT;

CREATE TABLE write_key (
	run    BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	key    TEXT COLLATE "C" NOT NULL,
	digest BYTEA NOT NULL,  -- SHA-256 of what was written
	answer TEXT NOT NULL,   -- JSON object
	time   BIGINT NOT NULL, -- old keys are forgotten
	PRIMARY KEY (run, key)
);
CREATE INDEX write_key_time ON write_key (run, time);

DROP VIEW runs;
CREATE VIEW runs AS
SELECT r.uid AS run, r.experiment, r.name, r.state,
	to_char(to_timestamp(r.started / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS started,
	to_char(to_timestamp(r.seen / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS seen,
	to_char(to_timestamp(r.ended / 1e6) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ended,
	(SELECT count(*) FROM epoch e WHERE e.run = r.id) AS epochs,
	(SELECT max(e.number) FROM epoch e WHERE e.run = r.id) AS last_epoch,
	(SELECT coalesce(sum(ss.rows), 0) FROM run_sample_set rs JOIN sample_set ss ON ss.id = rs.sample_set WHERE rs.run = r.id) AS samples,
	r.params, r.cause, r.tags, r.notes, r.code, r.host
FROM run r;

DROP VIEW vectors;
CREATE VIEW vectors AS
SELECT r.uid AS run, f.layer, e.number AS epoch, s.uid AS sample, f.dim, CAST(n.value AS DOUBLE PRECISION) AS norm,
	CASE f.dtype WHEN 'float16' THEN substring(c.data FROM CAST(2 * f.dim * (n.key - 1) + 1 AS INTEGER) FOR 2 * f.dim)
		ELSE substring(c.data FROM CAST(4 * f.dim * (n.key - 1) + 1 AS INTEGER) FOR 4 * f.dim) END AS vector,
	f.dtype
FROM run r
JOIN epoch e ON e.run = r.id
JOIN frame f ON f.epoch = e.id
JOIN chunk c ON c.frame = f.id
CROSS JOIN LATERAL json_array_elements_text(CAST(c.norms AS JSON)) WITH ORDINALITY AS n (value, key)
JOIN roster_row rr ON rr.roster = f.roster AND rr.position = c.first_row + n.key - 1
JOIN sample s ON s.id = rr.sample;
