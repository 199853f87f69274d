-- Format 1: the schemas and netshare's own tables.
-- Keys are not declared: DuckDB's indexes cost memory and make updates within
-- one transaction conflict; sequences and package store keep them unique.

CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS synth;

-- One row for each migration that was applied; the highest is the file's format.
CREATE TABLE netshare.format (
	version    INTEGER NOT NULL,
	name       VARCHAR NOT NULL,   -- of the migration
	program    VARCHAR,            -- the version of netshare that applied it
	applied_at TIMESTAMP NOT NULL
);

CREATE SEQUENCE netshare.run_ids;
CREATE SEQUENCE netshare.model_ids;

-- Everything that was done: one row for each load, training, generation, report.
CREATE TABLE netshare.runs (
	run           BIGINT NOT NULL,
	verb          VARCHAR NOT NULL,    -- load, train, generate, report, ...
	table_name    VARCHAR,             -- that it is about, with its schema
	status        VARCHAR NOT NULL,    -- running, then done, failed, cancelled or interrupted
	recipe_hash   VARCHAR,             -- SHA-256 of the recipe's text; see recipes
	inputs        JSON,                -- [{file, size, sha256}]
	options       JSON,
	seed          BIGINT,
	program       VARCHAR,             -- version of netshare
	pid           BIGINT,
	started_at    TIMESTAMP NOT NULL,
	finished_at   TIMESTAMP,
	rows_in       BIGINT NOT NULL DEFAULT 0,
	rows_rejected BIGINT NOT NULL DEFAULT 0,
	error         VARCHAR              -- why it failed
);

-- The text of each recipe that a run used, once.
CREATE TABLE netshare.recipes (
	hash       VARCHAR NOT NULL,
	name       VARCHAR,
	text       VARCHAR NOT NULL,
	first_used TIMESTAMP NOT NULL
);

-- The catalog of raw.* and synth.*: what each table is and where it came from.
CREATE TABLE netshare.traces (
	schema_name VARCHAR NOT NULL,     -- raw or synth
	table_name  VARCHAR NOT NULL,
	format      VARCHAR,              -- of the file it came from
	columns     JSON NOT NULL,        -- trace.Schema: columns, kinds, units, formats
	recipe      JSON,                 -- the fields that are learnt
	sources     JSON,                 -- [{file, size, sha256}]
	rows        BIGINT NOT NULL,
	run         BIGINT,               -- that wrote it last
	model       BIGINT,               -- that generated it
	imitates    VARCHAR,              -- the real table, of a synthetic one
	created_at  TIMESTAMP NOT NULL,
	changed_at  TIMESTAMP NOT NULL
);

-- Losses and fidelity while a model trains: a row for each figure.
CREATE TABLE netshare.epochs (
	run    BIGINT NOT NULL,
	chunk  INTEGER NOT NULL,
	epoch  INTEGER NOT NULL,
	metric VARCHAR NOT NULL,
	value  DOUBLE,
	added_at TIMESTAMP NOT NULL
);

CREATE TABLE netshare.checkpoints (
	run        BIGINT NOT NULL,
	chunk      INTEGER NOT NULL,
	epoch      INTEGER NOT NULL,
	created_at TIMESTAMP NOT NULL,
	bytes      BIGINT NOT NULL,
	data       BLOB NOT NULL
);

CREATE TABLE netshare.models (
	model      BIGINT NOT NULL,
	run        BIGINT,                -- that trained it; NULL of an imported one
	table_name VARCHAR,               -- that it learnt, with its schema
	meta       JSON,                  -- what its engine says of it
	created_at TIMESTAMP NOT NULL,
	bytes      BIGINT NOT NULL,
	data       BLOB NOT NULL
);

-- One row for each figure of a report.
CREATE TABLE netshare.scores (
	run             BIGINT NOT NULL,
	real_table      VARCHAR NOT NULL,
	synthetic_table VARCHAR NOT NULL,
	property        VARCHAR NOT NULL, -- column, pair, session, time, joint, overall, ...
	metric          VARCHAR NOT NULL,
	column_name     VARCHAR,
	other_column    VARCHAR,          -- of a pair
	value           DOUBLE,           -- the figure itself
	baseline        DOUBLE,           -- the same between two halves of the real trace
	baseline_spread DOUBLE,
	score           DOUBLE,           -- 0 to 100
	spread          DOUBLE,           -- of the score
	note            VARCHAR           -- why there is no figure
);

-- Records that could not be read, at most so many for each run and reason.
CREATE TABLE netshare.rejects (
	run         BIGINT NOT NULL,
	file        VARCHAR,
	line        BIGINT,               -- line or packet number, from 1
	byte_offset BIGINT,
	reason      VARCHAR NOT NULL,
	detail      VARCHAR,
	total       BIGINT NOT NULL       -- how many of this run and reason there were
);

-- What notebook cells last showed.
CREATE TABLE netshare.cells (
	notebook    VARCHAR NOT NULL,     -- path of the document
	cell        VARCHAR NOT NULL,     -- hash of the cell's text, or its name
	position    INTEGER NOT NULL,
	kind        VARCHAR NOT NULL,     -- sql, go, plot, load, ...
	text        VARCHAR NOT NULL,
	output      JSON,
	error       VARCHAR,
	run         BIGINT,
	started_at  TIMESTAMP,
	finished_at TIMESTAMP
);
