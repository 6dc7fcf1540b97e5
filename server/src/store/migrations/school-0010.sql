-- What the office wrote down about pupils beside their marks, from the facts: joining, leaving, moving class, needs, notes,
-- and whom it told about lateness.
CREATE TABLE pupil_act (
    pupil       BLOB NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL,                -- joined, left, moved, needs, noted, late_told
    words       TEXT NOT NULL,                -- what was done, with names as they stood then
    week        TEXT,                         -- late_told: the Monday of the week it was about
    by_name     TEXT NOT NULL,
    by_position TEXT NOT NULL,
    log         INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX pupil_act_pupil ON pupil_act(pupil, at);
CREATE INDEX pupil_act_week ON pupil_act(week) WHERE week IS NOT NULL;

-- Whom a list showed, where a page shows pupils that its address does not name.
CREATE TABLE look_shown (
    look  INTEGER NOT NULL REFERENCES look(id),
    pupil BLOB NOT NULL,
    PRIMARY KEY (pupil, look)
) STRICT, WITHOUT ROWID;

-- Late marks by day: the late book and its weeks.
CREATE INDEX mark_late ON mark(date, pupil) WHERE code IN ('L', 'U');
