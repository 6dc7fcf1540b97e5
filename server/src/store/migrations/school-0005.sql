-- Fewer pages for a register to touch: each page that a transaction changes is written and checked once more.

-- All but the removal after six years ask for marks by day, not by pupil alone. Its entries lay a page apart for each
-- pupil of a class.
DROP INDEX mark_pupil;

-- The feed's rows of one class lie together now, by key as well as by number, so that a register's rows share pages, and
-- a kiosk that pulls reads its own rows and not those of all classes. Rows, numbers and tombstones are what they were.
CREATE TABLE feed_by_audience (
    seq      INTEGER PRIMARY KEY,
    audience TEXT NOT NULL,
    key      TEXT NOT NULL,
    body     TEXT,
    UNIQUE (audience, key)
) STRICT;
INSERT INTO feed_by_audience(seq, audience, key, body) SELECT seq, audience, key, body FROM feed ORDER BY seq;
DROP TABLE feed;
ALTER TABLE feed_by_audience RENAME TO feed;
CREATE INDEX feed_audience ON feed(audience); -- and seq, which every index has at its end

-- Whose plan covers a session is asked with every push; plans that have ended are most of them by the summer.
CREATE INDEX plan_until ON plan(until_on);
