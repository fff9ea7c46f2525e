-- Schema 4: what a map was made from, so that it can tell what has changed since.

-- Written and read by package projector. Maps of earlier versions have NULL.
ALTER TABLE projection_frame ADD COLUMN digest BLOB; -- of the frame, as it was placed: see tracker.Digest; NULL where that is not known
ALTER TABLE projection_run ADD COLUMN share REAL;    -- of the run's samples, those whose rank is below lie on the map; NULL: all
