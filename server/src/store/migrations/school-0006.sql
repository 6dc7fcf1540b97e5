-- Reception and roll calls.

-- 1: stands at an assembly point and takes roll calls only; it reads what reception reads, without cards of pupils.
ALTER TABLE kiosk ADD COLUMN roll_call INTEGER NOT NULL DEFAULT 0;

-- Of a pupil who left: who collected them (sealed, base64), and who of the staff let them go.
ALTER TABLE movement ADD COLUMN collected TEXT;
ALTER TABLE movement ADD COLUMN approved_by TEXT;

-- Roll calls, from the facts that began and ended them; begun_at is NULL while only later facts are here.
CREATE TABLE roll_call (
    call     BLOB PRIMARY KEY,
    date     TEXT NOT NULL,
    real     INTEGER NOT NULL DEFAULT 0,
    begun_at INTEGER,
    begun_by TEXT,
    room     TEXT,
    ended_at INTEGER,
    ended_by TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX roll_call_day ON roll_call(date);

-- Every word about whether a pupil was seen, by the place of its fact (where it stood first).
CREATE TABLE roll_call_word (
    call     BLOB NOT NULL,
    pupil    BLOB NOT NULL,
    log      BLOB NOT NULL,
    seq      INTEGER NOT NULL,
    seen     INTEGER NOT NULL,
    at_from  INTEGER NOT NULL,
    at_until INTEGER NOT NULL,
    estimate INTEGER,
    by       TEXT,
    PRIMARY KEY (call, pupil, log, seq)
) STRICT, WITHOUT ROWID;
