-- Schema 5: how the vectors of a map were scaled and reduced, so that all that is asked of it is asked of the same ones.

-- Written and read by package projector: umap.Preparation, as it was learnt when the map was fitted. NULL: nothing was asked for,
-- or an earlier version made the map.
ALTER TABLE projection ADD COLUMN preparation BLOB;
