-- Tamper evidence and removal after six years.

-- Keeps what an entry said from being guessed from its hash once it is removed. Goes with the entry.
ALTER TABLE entry ADD COLUMN salt BLOB;

-- What stays of an entry that was removed: its number and the hash of what it said, for the digests that the school's log
-- holds of each day's entries.
CREATE TABLE entry_gone (
    id   INTEGER PRIMARY KEY,
    hash BLOB NOT NULL
) STRICT;
