-- Who looked at whom: a page that shows a pupil, or a class by name.
CREATE TABLE look (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    account  INTEGER NOT NULL,                -- of trust.db
    name     TEXT NOT NULL,                   -- as it stood then
    position TEXT NOT NULL,
    page     TEXT NOT NULL,                   -- the route
    pupil    BLOB,
    class    BLOB,
    session  TEXT                             -- "2026-11-23-am"
) STRICT;
CREATE INDEX look_at ON look(at);
CREATE INDEX look_pupil ON look(pupil, at) WHERE pupil IS NOT NULL;
