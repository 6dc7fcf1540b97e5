-- What kiosks keep of the past, as each told it first: where the school's own log ended on a day, and where the
-- kiosk's own log did. Apart from the school's file, so that a rewritten file is found. No pupil, no name.
CREATE TABLE kept_head (
    school  BLOB NOT NULL REFERENCES school(id),
    kiosk   BLOB NOT NULL,
    log     BLOB NOT NULL,
    date    TEXT NOT NULL,                    -- yyyy-mm-dd, as the kiosk dated it
    seq     INTEGER NOT NULL,
    hash    BLOB NOT NULL,
    told_at INTEGER NOT NULL,
    fits    INTEGER NOT NULL,                 -- 0: the file said otherwise when it was told
    PRIMARY KEY (kiosk, log, date)
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_head_unfit ON kept_head(school) WHERE fits = 0;
