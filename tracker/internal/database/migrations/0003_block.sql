-- Schema 3: the points of a map a second time, all of a run's at an epoch in one value. Whoever draws a map reads millions of
-- them, which as rows takes seconds.

-- Written and read by package projector, with the points. Maps of earlier versions have none.
CREATE TABLE projection_block (
	id         INTEGER PRIMARY KEY,
	projection INTEGER NOT NULL REFERENCES projection (id) ON DELETE CASCADE,
	run        INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	epoch      INTEGER NOT NULL,
	low_x      REAL NOT NULL, -- the points' extremes
	high_x     REAL NOT NULL,
	low_y      REAL NOT NULL,
	high_y     REAL NOT NULL,
	low_z      REAL, -- NULL on a plane
	high_z     REAL,
	checksum   INTEGER NOT NULL, -- CRC-32C of data
	data       BLOB NOT NULL,    -- a row for each sample that the run had then, in their order: dims float32, little-endian; NaN where there is no point
	UNIQUE (projection, run, epoch)
) STRICT;
CREATE INDEX projection_block_run ON projection_block (run);
