-- Schema 6: sums that say what something is, not only that its bytes are whole. ../0006_seal.sql says more of each column.

ALTER TABLE frame ADD COLUMN seal BIGINT NOT NULL DEFAULT -1;
ALTER TABLE sample ADD COLUMN seal BIGINT NOT NULL DEFAULT -1;
ALTER TABLE run ADD COLUMN ids_sum BIGINT NOT NULL DEFAULT -1;
ALTER TABLE run ADD COLUMN labels_sum BIGINT NOT NULL DEFAULT -1;
ALTER TABLE run ADD COLUMN metadata_sum BIGINT NOT NULL DEFAULT -1;
ALTER TABLE projection_frame ADD COLUMN seal BIGINT NOT NULL DEFAULT -1;
ALTER TABLE projection ADD COLUMN epochs_sum BIGINT NOT NULL DEFAULT -1;
