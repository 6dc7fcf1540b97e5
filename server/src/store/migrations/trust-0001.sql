-- trust.db: schools, people who may log in to office pages, devices. Nothing about pupils.

CREATE TABLE school (
    id         BLOB PRIMARY KEY,              -- 16 bytes; its register is schools/<hex>.db
    slug       TEXT NOT NULL UNIQUE,          -- in addresses and on the command line
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL               -- milliseconds UTC, as every *_at
) STRICT;

-- A person who logs in to the office pages.
CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    school        BLOB NOT NULL REFERENCES school(id),
    username      TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name          TEXT NOT NULL,              -- as it stands in the record (P6)
    position      TEXT NOT NULL,              -- "office manager" (P6)
    role          TEXT NOT NULL CHECK (role IN ('teacher','office','champion','head','committee','trust','it')),
    password_hash TEXT NOT NULL,              -- argon2id, PHC
    disabled_at   INTEGER,
    created_at    INTEGER NOT NULL
) STRICT;

-- Failed log-ins by account name as typed (hashed) and by address: survives a restart.
CREATE TABLE throttle (
    key        TEXT PRIMARY KEY,
    failures   INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL
) STRICT;

CREATE TABLE kiosk (
    id          BLOB PRIMARY KEY,
    school      BLOB NOT NULL REFERENCES school(id),
    room        TEXT NOT NULL,
    mode        TEXT NOT NULL CHECK (mode IN ('classroom','reception')),
    token_hash  BLOB NOT NULL UNIQUE,         -- sha256 of the device token
    enrolled_at INTEGER NOT NULL,
    enrolled_by TEXT NOT NULL,
    revoked_at  INTEGER
) STRICT;

-- An enrolment that waits for somebody to type its code.
CREATE TABLE enrolment (
    code        TEXT PRIMARY KEY,
    ticket_hash BLOB NOT NULL UNIQUE,
    commitment  BLOB NOT NULL,
    nonce       BLOB,                         -- once revealed by the first poll
    app         TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    granted     TEXT,                         -- JSON of the answer, until it was fetched
    refused     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Keys and secrets of this server (the page key of sessions and the like).
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
