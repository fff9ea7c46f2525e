-- Schema 5: how the vectors of a map were scaled and reduced. ../0005_preparation.sql says more.

ALTER TABLE projection ADD COLUMN preparation BYTEA;
