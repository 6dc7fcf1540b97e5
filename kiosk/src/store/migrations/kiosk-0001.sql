-- kiosk.db: what one touchscreen keeps. Times (*_at) are milliseconds UTC by the server's clock.

-- Single values: who this kiosk is, its token, the keys it pins, the last trusted instant.
CREATE TABLE kept (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The logs this kiosk has written: one is current; earlier ones were forked or retired and are kept until pruned.
CREATE TABLE log (
    id          INTEGER PRIMARY KEY,
    log         BLOB NOT NULL UNIQUE,
    current     INTEGER NOT NULL,
    head_seq    INTEGER NOT NULL DEFAULT 0,
    head_hash   BLOB NOT NULL,
    acked_seq   INTEGER NOT NULL DEFAULT 0,   -- the server has everything up to here
    durable_seq INTEGER NOT NULL DEFAULT 0    -- and a verified backup in a second place up to here
) STRICT;
CREATE UNIQUE INDEX log_current ON log(current) WHERE current = 1;

-- Own facts, as they were hashed. Deleted only when acknowledged, durable and old enough.
CREATE TABLE entry (
    log      INTEGER NOT NULL REFERENCES log(id),
    seq      INTEGER NOT NULL,
    prev     BLOB NOT NULL,
    salt     BLOB NOT NULL,
    body     TEXT NOT NULL,
    hash     BLOB NOT NULL,
    acked_at INTEGER,
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER entry_no_rewrite BEFORE UPDATE OF seq, prev, salt, body, hash ON entry
BEGIN SELECT RAISE(ABORT, 'entries are appended, never edited'); END;

-- The feed, compacted: the newest state of each thing. old = 1: of before the snapshot that is coming in.
CREATE TABLE feed_row (
    key  TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL,
    body TEXT NOT NULL,
    old  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Which feed is followed, and the last row of it that is applied.
CREATE TABLE feed_state (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    feed   BLOB NOT NULL,
    cursor INTEGER NOT NULL
) STRICT;

-- The last head of the school's own log that the server showed on each day: a rewritten past is found by it.
CREATE TABLE school_head (
    date TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;
