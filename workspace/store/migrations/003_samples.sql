-- Format 3: sessions to look at while a model trains.

-- Those of a run's last measurement: real ones, and ones that the networks make.
CREATE TABLE netshare.samples (
	run      BIGINT NOT NULL,
	epoch    INTEGER NOT NULL,
	real     BOOLEAN NOT NULL,
	session  INTEGER NOT NULL,   -- of its kind, from 1
	records  BIGINT NOT NULL,    -- of the whole session
	record   INTEGER NOT NULL,   -- of the session, from 1
	fields   JSON NOT NULL,      -- column: value as text, in the table's order
	added_at TIMESTAMP NOT NULL
);
