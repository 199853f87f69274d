-- Format 4: what made-up names of a synthetic table stand for.

CREATE TABLE netshare.names (
	table_name VARCHAR NOT NULL,   -- in schema synth
	made_up    VARCHAR NOT NULL,   -- as the table has it
	stands_for VARCHAR NOT NULL    -- a value of the real table: for measuring, never to be handed out
);
