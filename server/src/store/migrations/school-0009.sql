-- Leave of absence that was asked for, and what the headteacher decided, from the facts.
CREATE TABLE leave_request (
    id          BLOB PRIMARY KEY,
    pupil       BLOB NOT NULL,
    from_on     TEXT NOT NULL,
    from_half   TEXT NOT NULL CHECK (from_half IN ('am','pm')),
    until_on    TEXT NOT NULL,
    until_half  TEXT NOT NULL CHECK (until_half IN ('am','pm')),
    ground      TEXT NOT NULL,
    asked_by    TEXT NOT NULL,                -- the parent
    said        TEXT NOT NULL,
    evidence    TEXT,
    asked_at    INTEGER NOT NULL,
    log         INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    decided_at  INTEGER,
    granted     INTEGER,                      -- 1: for granted_from to granted_until
    granted_from_on    TEXT,
    granted_from_half  TEXT,
    granted_until_on   TEXT,
    granted_until_half TEXT,
    why         TEXT,
    by_name     TEXT,
    by_position TEXT,
    decided_log INTEGER,
    decided_seq INTEGER
) STRICT;
CREATE INDEX leave_request_pupil ON leave_request(pupil, from_on);
CREATE INDEX leave_request_open ON leave_request(asked_at) WHERE decided_at IS NULL;
