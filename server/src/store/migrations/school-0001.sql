-- One school's register: the unit of law, of backup, of retention, of access and of moving house.

-- Settings with one value: name, slug, feed (hex), card_key, seal_secret, seal_public, recovery …
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The calendar: JSON of shared::calendar::Calendar, one version a row; the newest is in force.
CREATE TABLE calendar (
    id     INTEGER PRIMARY KEY,
    body   TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    set_by TEXT NOT NULL
) STRICT;

-- ---- roster ------------------------------------------------------------------------------------------------

CREATE TABLE class (
    id        BLOB PRIMARY KEY,
    source_id TEXT UNIQUE,                    -- the roster file's own id
    name      TEXT NOT NULL,
    year      TEXT NOT NULL,                  -- "Reception", "Year 3"
    sort      INTEGER NOT NULL DEFAULT 0,
    ended_on  TEXT                            -- yyyy-mm-dd
) STRICT;

CREATE TABLE pupil (
    id           BLOB PRIMARY KEY,
    source_id    TEXT UNIQUE,
    upn          TEXT UNIQUE,                 -- a blind number: never on a kiosk, a card, a print, an address
    first        TEXT NOT NULL,               -- the one they go by
    last         TEXT NOT NULL,
    legal_first  TEXT,
    legal_last   TEXT,
    born_on      TEXT,                        -- yyyy-mm-dd
    sex          TEXT,
    fsm          INTEGER NOT NULL DEFAULT 0,
    pupil_premium INTEGER NOT NULL DEFAULT 0,
    send         TEXT,                        -- none, support, EHC plan
    looked_after INTEGER NOT NULL DEFAULT 0,
    social_worker INTEGER NOT NULL DEFAULT 0,
    ehcp         INTEGER NOT NULL DEFAULT 0
) STRICT;

-- On roll, from joining to leaving, both included (P9).
CREATE TABLE enrolment (
    pupil     BLOB NOT NULL REFERENCES pupil(id),
    joined_on TEXT NOT NULL,
    left_on   TEXT,
    PRIMARY KEY (pupil, joined_on)
) STRICT, WITHOUT ROWID;

-- In a class, both dates included. `from_half` pm: moved at noon; `until_half` am: left it at noon.
CREATE TABLE membership (
    pupil      BLOB NOT NULL REFERENCES pupil(id),
    class      BLOB NOT NULL REFERENCES class(id),
    from_on    TEXT NOT NULL,
    from_half  TEXT NOT NULL DEFAULT 'am' CHECK (from_half IN ('am','pm')),
    until_on   TEXT,
    until_half TEXT NOT NULL DEFAULT 'pm' CHECK (until_half IN ('am','pm')),
    PRIMARY KEY (pupil, class, from_on, from_half)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_class ON membership(class, from_on);

CREATE TABLE contact (
    pupil     BLOB NOT NULL REFERENCES pupil(id),
    rank      INTEGER NOT NULL,               -- 1 is called first
    name      TEXT NOT NULL,
    relation  TEXT NOT NULL,
    telephone TEXT NOT NULL,
    source_id TEXT,
    PRIMARY KEY (pupil, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE staff (
    id        BLOB PRIMARY KEY,
    source_id TEXT UNIQUE,
    name      TEXT NOT NULL,                  -- "Ms Patel"
    position  TEXT NOT NULL,                  -- "class teacher"
    pin_hash  TEXT,                           -- argon2, PHC
    ended_on  TEXT
) STRICT;

CREATE TABLE staff_class (
    staff BLOB NOT NULL REFERENCES staff(id),
    class BLOB NOT NULL REFERENCES class(id),
    PRIMARY KEY (staff, class)
) STRICT, WITHOUT ROWID;

-- A card is a keyed hash (HMAC-SHA256 with the school's card key, 64 hex digits), bound to one pupil or one member of staff.
CREATE TABLE card (
    hash     TEXT PRIMARY KEY,
    pupil    BLOB REFERENCES pupil(id),
    staff    BLOB REFERENCES staff(id),
    bound_at INTEGER NOT NULL,
    lost_at  INTEGER,
    CHECK ((pupil IS NULL) <> (staff IS NULL))
) STRICT;

-- Rows of a roster file that could not be taken, from the last import.
CREATE TABLE import_reject (
    id     INTEGER PRIMARY KEY,
    file   TEXT NOT NULL,
    line   INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

-- ---- kiosks and logs ---------------------------------------------------------------------------------------

-- What a kiosk serves, and what it last said. (Its token is in trust.db.)
CREATE TABLE kiosk (
    id           BLOB PRIMARY KEY,
    room         TEXT NOT NULL,
    mode         TEXT NOT NULL CHECK (mode IN ('classroom','reception')),
    revoked_at   INTEGER,
    seen_at      INTEGER,                     -- last exchange
    offline_since INTEGER,
    app          TEXT,
    faults       TEXT NOT NULL DEFAULT '[]',
    cursor       INTEGER NOT NULL DEFAULT 0,
    feed         BLOB                         -- the feed it must follow: a new one makes it take a new snapshot
) STRICT;

CREATE TABLE kiosk_class (
    kiosk BLOB NOT NULL REFERENCES kiosk(id),
    class BLOB NOT NULL REFERENCES class(id),
    PRIMARY KEY (kiosk, class)
) STRICT, WITHOUT ROWID;

-- Every log this school has ever had: one of its own (kiosk NULL), one or more of each kiosk.
CREATE TABLE log (
    id         INTEGER PRIMARY KEY,
    log        BLOB NOT NULL UNIQUE,
    kiosk      BLOB REFERENCES kiosk(id),
    head_seq   INTEGER NOT NULL DEFAULT 0,
    head_hash  BLOB NOT NULL,
    sealed_at  INTEGER,
    durable_seq INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The entries. Never updated; body and salt go only by removal after six years.
CREATE TABLE fact (
    log         INTEGER NOT NULL REFERENCES log(id),
    seq         INTEGER NOT NULL,
    prev        BLOB NOT NULL,
    body_hash   BLOB NOT NULL,
    salt        BLOB,
    body        TEXT,
    received_at INTEGER NOT NULL,
    held        INTEGER NOT NULL DEFAULT 0,   -- 1: undecided, for the office to accept or discard; 2: discarded
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_held ON fact(log, seq) WHERE held = 1;

-- Which facts decide which mark. `about` is a pupil, or a class for a register's own facts (submitted, closed, a
-- question settled). Plans are found by their dates in `plan`. One tree, ordered by day: a push touches few pages.
CREATE TABLE fact_about (
    date  TEXT NOT NULL,
    half  TEXT NOT NULL CHECK (half IN ('am','pm')),
    about BLOB NOT NULL,
    log   INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    wide  INTEGER NOT NULL DEFAULT 0,         -- 1: the screen did not know the session; one row for each it may be
    PRIMARY KEY (date, half, about, log, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_about_wide ON fact_about(log, seq) WHERE wide = 1;

-- A re-appended fact and the place where it stood first: the fold takes it once.
CREATE TABLE fact_origin (
    hash BLOB NOT NULL,                       -- header hash of the entry where the fact stood first
    log  INTEGER NOT NULL,                    -- where it was appended again
    seq  INTEGER NOT NULL,
    PRIMARY KEY (hash, log, seq)
) STRICT, WITHOUT ROWID;

-- Anchors of each boot, from the logs, for resolving readings.
CREATE TABLE anchor (
    log         INTEGER NOT NULL REFERENCES log(id),
    seq         INTEGER NOT NULL,
    boot        BLOB NOT NULL,
    mono        INTEGER NOT NULL,
    server      INTEGER NOT NULL,
    uncertainty INTEGER NOT NULL,
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX anchor_boot ON anchor(boot);

-- First and last readings of each boot in each log, in order of appearance.
CREATE TABLE boot (
    log        INTEGER NOT NULL REFERENCES log(id),
    first_seq  INTEGER NOT NULL,
    boot       BLOB NOT NULL,
    floor      INTEGER,
    first_mono INTEGER NOT NULL,
    last_mono  INTEGER NOT NULL,
    PRIMARY KEY (log, first_seq)
) STRICT, WITHOUT ROWID;

-- ---- the record --------------------------------------------------------------------------------------------

-- Every state that an entry has ever had. Append-only (triggers below). Five parts of P6: original (the row before
-- it), amended (code), reason, made_at, by_name and by_position.
CREATE TABLE entry (
    id          INTEGER PRIMARY KEY,
    pupil       BLOB NOT NULL,
    date        TEXT NOT NULL,
    half        TEXT NOT NULL CHECK (half IN ('am','pm')),
    class       BLOB NOT NULL,
    code        TEXT,                         -- NULL: blank
    minutes     INTEGER,
    detail      TEXT,
    provisional INTEGER NOT NULL DEFAULT 0,
    original    TEXT,                         -- the code before, NULL if blank or none
    is_change   INTEGER NOT NULL,             -- 1: an amendment of an entry that stood
    reason      TEXT NOT NULL,                -- of the amendment, or how the first entry came to be
    made_at     INTEGER NOT NULL,
    by_name     TEXT NOT NULL,
    by_position TEXT NOT NULL,
    basis_log   BLOB,                         -- the fact that decided it
    basis_seq   INTEGER,
    happened_from INTEGER,                    -- when the deciding fact happened
    happened_until INTEGER
) STRICT;
CREATE INDEX entry_mark ON entry(date, half, pupil, id);
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are appended, never edited'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry WHEN NOT EXISTS (SELECT 1 FROM setting WHERE name = 'removing')
BEGIN SELECT RAISE(ABORT, 'entries are removed by the six-year rule only'); END;

-- The newest entry of each mark: a copy that `check` compares with entry. A row without an entry: somebody tapped,
-- and no code stands (a teacher's "absent" is N only at close).
CREATE TABLE mark (
    date        TEXT NOT NULL,
    half        TEXT NOT NULL,
    pupil       BLOB NOT NULL,
    class       BLOB NOT NULL,
    entry       INTEGER REFERENCES entry(id),
    code        TEXT,
    minutes     INTEGER,
    provisional INTEGER NOT NULL,
    tapped      TEXT CHECK (tapped IN ('present','absent')),
    went        INTEGER NOT NULL DEFAULT 0,   -- 1: left the building in this session and has not come back
    PRIMARY KEY (date, half, pupil)
) STRICT, WITHOUT ROWID;
CREATE INDEX mark_pupil ON mark(pupil, date, half);
CREATE INDEX mark_provisional ON mark(date) WHERE provisional = 1;

-- Arrivals and departures as noted (the late book).
CREATE TABLE movement (
    pupil    BLOB NOT NULL,
    date     TEXT NOT NULL,
    half     TEXT NOT NULL,
    what     TEXT NOT NULL CHECK (what IN ('arrived','left','returned')),
    at_from  INTEGER NOT NULL,
    at_until INTEGER NOT NULL,
    reason   TEXT,                            -- sealed, base64
    log      INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX movement_day ON movement(date, half);

-- The state of a class's register.
CREATE TABLE register (
    date         TEXT NOT NULL,
    half         TEXT NOT NULL,
    class        BLOB NOT NULL,
    first_mark_at INTEGER,                    -- when the first tap happened (server time, best known)
    submitted_at INTEGER,                     -- when it was submitted, as resolved
    submitted_by TEXT,
    received_at  INTEGER,                     -- when the server had the submission
    kiosk        BLOB,
    closed_at    INTEGER,
    state        TEXT NOT NULL,               -- open, submitted, missing, planned
    PRIMARY KEY (date, half, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan (
    id        BLOB PRIMARY KEY,
    pupil     BLOB NOT NULL REFERENCES pupil(id),
    from_on   TEXT NOT NULL,
    from_half TEXT NOT NULL,
    until_on  TEXT NOT NULL,
    until_half TEXT NOT NULL,
    code      TEXT NOT NULL,
    detail    TEXT,
    reason    TEXT NOT NULL,
    withdrawn_at INTEGER,
    log       INTEGER NOT NULL,               -- the fact that made it
    seq       INTEGER NOT NULL,
    withdrawn_log INTEGER,                    -- the fact that withdrew it
    withdrawn_seq INTEGER
) STRICT;
CREATE INDEX plan_pupil ON plan(pupil);

-- Questions that a person must settle. Deleted when the facts no longer raise them; settled ones keep the answer.
CREATE TABLE question (
    key       TEXT PRIMARY KEY,               -- JSON of QuestionKey
    kind      TEXT NOT NULL,
    date      TEXT NOT NULL,
    half      TEXT NOT NULL,
    class     BLOB,
    pupil     BLOB,
    urgent    INTEGER NOT NULL,
    opened_at INTEGER NOT NULL
) STRICT;

-- Who raises which question: a question about a register stays open while any of its pupils raises it.
CREATE TABLE raised (
    date  TEXT NOT NULL,
    half  TEXT NOT NULL,
    pupil BLOB NOT NULL,
    key   TEXT NOT NULL,
    PRIMARY KEY (date, half, pupil, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX raised_key ON raised(key);

-- ---- the feed ----------------------------------------------------------------------------------------------

-- One row a thing and audience: a change deletes the old row and adds a new one at the end (REPLACE).
-- audience: 'all', 'reception', a class in hex, or 'kiosk:' and a kiosk in hex. body NULL: a tombstone.
-- The newest row is never deleted, so numbers only grow.
CREATE TABLE feed (
    seq      INTEGER PRIMARY KEY,
    audience TEXT NOT NULL,
    key      TEXT NOT NULL,
    body     TEXT,
    UNIQUE (key, audience)
) STRICT;
