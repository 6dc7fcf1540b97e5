-- Entries of a kiosk's log that came in while the server was not sure of its own clock: when they were received says
-- nothing of when they were written. The next entry of that log that came in at a sure moment does.
CREATE TABLE unsure_reception (
    log       INTEGER NOT NULL REFERENCES log(id),
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    PRIMARY KEY (log, first_seq)
) STRICT, WITHOUT ROWID;
