-- What kiosks say when the server was restored from a backup (docs/OPERATIONS.md, "Restore").

-- Which kiosks have answered, and what of their own logs they then had.
CREATE TABLE witness (
    kiosk    BLOB PRIMARY KEY REFERENCES kiosk(id),
    asked    TEXT NOT NULL,                   -- which restore
    log      BLOB NOT NULL,                   -- the log it writes
    head_seq INTEGER NOT NULL,                -- and its end: once the server has that, the kiosk has refilled
    parts    INTEGER NOT NULL DEFAULT 0,      -- sealed parts of the school's log that it brought
    closed   INTEGER NOT NULL DEFAULT 0,      -- of them, those that could not be opened
    done_at  INTEGER                          -- when it had said everything
) STRICT, WITHOUT ROWID;

-- Ends of the school's own logs as kiosks were shown them, one a day.
CREATE TABLE seen_head (
    kiosk BLOB NOT NULL REFERENCES kiosk(id),
    date  TEXT NOT NULL,
    log   BLOB NOT NULL,
    seq   INTEGER NOT NULL,
    hash  BLOB NOT NULL,
    PRIMARY KEY (kiosk, date, log)
) STRICT, WITHOUT ROWID;

-- Marks as kiosks were shown them: present, late, absent.
CREATE TABLE seen_mark (
    date    TEXT NOT NULL,
    half    TEXT NOT NULL CHECK (half IN ('am','pm')),
    pupil   BLOB NOT NULL,
    kiosk   BLOB NOT NULL REFERENCES kiosk(id),
    state   TEXT NOT NULL CHECK (state IN ('present','late','absent')),
    minutes INTEGER,
    PRIMARY KEY (date, half, pupil, kiosk)
) STRICT, WITHOUT ROWID;
