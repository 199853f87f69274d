-- Format 2: figures of an epoch that are of one column.

ALTER TABLE netshare.epochs ADD COLUMN column_name VARCHAR; -- NULL for those of the whole trace
