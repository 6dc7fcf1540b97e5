-- Calling home about absences that nobody explained.

-- Every try, from the facts: one row for each child that the call was about.
CREATE TABLE call (
    id          BLOB NOT NULL,                -- the call; the same for each child of a family
    pupil       BLOB NOT NULL,
    date        TEXT NOT NULL,                -- the session that was not explained
    half        TEXT NOT NULL CHECK (half IN ('am','pm')),
    at          INTEGER NOT NULL,
    whom        TEXT NOT NULL,                -- contact, visit, social_worker …
    name        TEXT,
    outcome     TEXT NOT NULL CHECK (outcome IN ('answered','message','no_answer','wrong_number')),
    said        TEXT,
    by_name     TEXT NOT NULL,
    by_position TEXT NOT NULL,
    log         INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_day ON call(date, pupil);
CREATE INDEX call_pupil ON call(pupil, date);
CREATE UNIQUE INDEX call_once ON call(id, pupil);

-- Who is about to call which pupil's family, and until when that holds. No part of the record: it only keeps two people
-- from calling at once.
CREATE TABLE claim (
    pupil   BLOB PRIMARY KEY REFERENCES pupil(id),
    account INTEGER NOT NULL,
    name    TEXT NOT NULL,
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is still N: few, and asked for over weeks.
CREATE INDEX mark_unexplained ON mark(date, half, pupil) WHERE code = 'N';
