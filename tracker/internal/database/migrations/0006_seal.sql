-- Schema 6: seals: sums that say what something is, not only that its bytes are whole. −1 is that of what an earlier version
-- has stored, and there is none.

ALTER TABLE frame ADD COLUMN seal INTEGER NOT NULL DEFAULT -1;  -- of run, layer, epoch, dim, rows, type, samples and parts: seal.Frame
ALTER TABLE sample ADD COLUMN seal INTEGER NOT NULL DEFAULT -1; -- of id, label, metadata and thumbnail: seal.Sample

-- Of all samples of the run, in their order: seal.Texts.
ALTER TABLE run ADD COLUMN ids_sum INTEGER NOT NULL DEFAULT -1;
ALTER TABLE run ADD COLUMN labels_sum INTEGER NOT NULL DEFAULT -1;
ALTER TABLE run ADD COLUMN metadata_sum INTEGER NOT NULL DEFAULT -1;

-- Written and read by package projector.
ALTER TABLE projection_frame ADD COLUMN seal INTEGER NOT NULL DEFAULT -1; -- of map, run, epoch, dims, extremes and block: seal.Points
ALTER TABLE projection ADD COLUMN epochs_sum INTEGER NOT NULL DEFAULT -1; -- of the list of its epochs: seal.Epochs
