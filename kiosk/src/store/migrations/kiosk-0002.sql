-- What this kiosk keeps of the school's own log, for the day when the server has lost it (docs/PROTOCOL.md).

-- Sealed parts of its tail, which this kiosk cannot read, until a backup in a second place has them.
CREATE TABLE tail (
    log     BLOB NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    hash    BLOB NOT NULL,                    -- of the last entry: with last, the end of the log that was shown
    mark    TEXT NOT NULL,                    -- what the next pull says, so that the next part follows
    sealed  TEXT NOT NULL,
    kept_at INTEGER NOT NULL,
    PRIMARY KEY (log, first, mark)
) STRICT, WITHOUT ROWID;

-- The last end of each of the school's own logs that the server showed on each day (it begins another when it is restored).
CREATE TABLE school_head_of_log (
    date TEXT NOT NULL,
    log  BLOB NOT NULL,                       -- empty: a server of before did not say
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (date, log)
) STRICT, WITHOUT ROWID;
INSERT INTO school_head_of_log (date, log, seq, hash) SELECT date, x'', seq, hash FROM school_head;
DROP TABLE school_head;
ALTER TABLE school_head_of_log RENAME TO school_head;
