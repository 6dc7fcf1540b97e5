-- People: who on the staff an account is, the second factor, and the log-ins that are open.

ALTER TABLE account ADD COLUMN staff BLOB;                     -- of the school's staff: whose classes a teacher sees
ALTER TABLE account ADD COLUMN factor_secret BLOB;             -- of the authenticator, once a code of it was typed
ALTER TABLE account ADD COLUMN factor_step INTEGER NOT NULL DEFAULT 0; -- the last code that opened: none opens twice

-- Codes on paper, for whoever has lost the authenticator. Each opens once.
CREATE TABLE recovery (
    account INTEGER NOT NULL REFERENCES account(id),
    hash    BLOB NOT NULL,                    -- sha256 of the code
    used_at INTEGER,
    PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;

-- Each log-in, so that a person can see what is open under their name, and end it.
CREATE TABLE login (
    id       INTEGER PRIMARY KEY,
    account  INTEGER NOT NULL REFERENCES account(id),
    browser  TEXT NOT NULL,                   -- "Firefox on Windows"
    begun_at INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX login_open ON login(account) WHERE ended_at IS NULL;
