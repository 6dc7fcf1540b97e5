-- Codes for a whole box of kiosks: a kiosk that has one on its card is enrolled without anybody typing its own, so often and
-- until then.
CREATE TABLE box_code (
    id        INTEGER PRIMARY KEY,
    hash      BLOB NOT NULL UNIQUE,           -- sha256 of the code without its hyphens
    school    BLOB NOT NULL REFERENCES school(id),
    uses      INTEGER NOT NULL,
    remaining INTEGER NOT NULL CHECK (remaining >= 0),
    until     INTEGER NOT NULL,               -- no longer from here on
    made_by   TEXT NOT NULL,                  -- JSON: the officer in whose name each kiosk is enrolled
    made_at   INTEGER NOT NULL,
    ended_at  INTEGER
) STRICT;
ALTER TABLE enrolment ADD COLUMN box INTEGER; -- the box code that enrols it
ALTER TABLE enrolment ADD COLUMN room TEXT;   -- what stands on its card
