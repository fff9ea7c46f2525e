-- Schema 4: what a map was made from, so that it can tell what has changed since. ../0004_choice.sql says more of each column.

ALTER TABLE projection_frame ADD COLUMN digest BYTEA;
ALTER TABLE projection_run ADD COLUMN share DOUBLE PRECISION;
