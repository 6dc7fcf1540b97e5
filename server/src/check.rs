//! Looking for damage: each file by itself, the chains of its logs, the marks against the entries, their history.
//!
//! Must never: mend anything, or pass over what it could not read.

use crate::store::StoreError;
use crate::store::columns::{HashCol, uint};
use rusqlite::Connection;
use shared::id::LogId;
use shared::log::{Entry, Hash, Head, Salt, header_hash};

/// What a look at one school's file found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What is wrong, each in a sentence.
    pub wrong: Vec<String>,
    /// Entries of logs that were read.
    pub facts: u64,
    /// Entries of the record that were read.
    pub entries: u64,
    /// Marks that were compared.
    pub marks: u64,
}

/// Looks at a school's file.
///
/// # Errors
/// When it cannot be read at all.
pub fn school(c: &Connection) -> Result<Found, StoreError> {
    let mut found = Found::default();
    file(c, &mut found)?;
    chains(c, &mut found)?;
    marks(c, &mut found)?;
    history(c, &mut found)?;
    Ok(found)
}

/// Looks at any SQLite file of ours.
///
/// # Errors
/// As for [`school`].
pub fn file(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    let mut integrity = c.prepare("PRAGMA integrity_check(10)")?;
    for row in integrity.query_map([], |r| r.get::<_, String>(0))? {
        let row = row?;
        if row != "ok" {
            found.wrong.push(format!("the file is damaged: {row}"));
        }
    }
    let mut keys = c.prepare("PRAGMA foreign_key_check")?;
    let loose = keys.query_map([], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    if let Some(table) = loose.first() {
        found.wrong.push(format!("{} rows name something that is not there, the first in {table}", loose.len()));
    }
    Ok(())
}

fn chains(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    let mut logs = c.prepare("SELECT id, log, head_seq, head_hash FROM log ORDER BY id")?;
    let logs = logs
        .query_map([], |r| {
            let head = Head { seq: uint(r.get(2)?), hash: r.get::<_, HashCol>(3)?.0 };
            Ok((r.get::<_, i64>(0)?, LogId::from_bytes(r.get(1)?), head))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let mut entries = c.prepare("SELECT seq, prev, body_hash, salt, body FROM fact WHERE log = ?1 ORDER BY seq")?;
    for (id, log, head) in logs {
        let mut at = Head::EMPTY;
        let mut rows = entries.query([id])?;
        while let Some(r) = rows.next()? {
            let seq = uint(r.get(0)?);
            let prev = r.get::<_, HashCol>(1)?.0;
            let body_hash = r.get::<_, HashCol>(2)?.0;
            let salt: Option<[u8; 16]> = r.get(3)?;
            let body: Option<String> = r.get(4)?;
            if seq != at.seq + 1 {
                found.wrong.push(format!("log {log}: entry {} is missing", at.seq + 1));
            } else if prev != at.hash {
                found
                    .wrong
                    .push(format!("log {log}: entry {seq} does not follow the one before it: the log was changed"));
            }
            if let Some(what) = body_wrong(salt, body, body_hash, seq, prev) {
                found.wrong.push(format!("log {log}: entry {seq}: {what}"));
            }
            at = Head { seq, hash: header_hash(seq, prev, body_hash) };
            found.facts += 1;
        }
        if at != head {
            found.wrong.push(format!("log {log}: it ends at entry {}, and should end at {}", at.seq, head.seq));
        }
    }
    Ok(())
}

fn body_wrong(salt: Option<[u8; 16]>, body: Option<String>, hash: Hash, seq: u64, prev: Hash) -> Option<&'static str> {
    match (salt, body) {
        (Some(salt), Some(body)) => {
            let entry = Entry { seq, prev, salt: Salt(salt), body };
            (entry.body_hash() != hash).then_some("its content was changed")
        }
        _ => Some("its content is missing, and nothing says that it was removed by rule"),
    }
}

fn marks(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    found.marks = c.query_row("SELECT count(*) FROM mark", [], |r| r.get(0))?;
    found.entries = c.query_row("SELECT count(*) FROM entry", [], |r| r.get(0))?;
    let mut differ = c.prepare(
        "SELECT m.date, m.half, lower(hex(m.pupil)) FROM mark m LEFT JOIN entry e ON e.id = m.entry
         WHERE (m.entry IS NULL AND (m.code IS NOT NULL OR EXISTS (SELECT 1 FROM entry x
                  WHERE x.date = m.date AND x.half = m.half AND x.pupil = m.pupil)))
            OR (m.entry IS NOT NULL AND (e.id IS NULL OR e.code IS NOT m.code OR e.minutes IS NOT m.minutes
                OR e.provisional <> m.provisional OR e.pupil <> m.pupil OR e.date <> m.date OR e.half <> m.half
                OR e.id <> (SELECT max(x.id) FROM entry x WHERE x.date = m.date AND x.half = m.half AND x.pupil = m.pupil)))",
    )?;
    for row in differ.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?)))? {
        let (date, half, pupil) = row?;
        found.wrong.push(format!("{date} {half}: the mark of pupil {pupil} is not its newest entry"));
    }
    let orphans: i64 = c.query_row(
        "SELECT count(*) FROM (SELECT DISTINCT date, half, pupil FROM entry EXCEPT SELECT date, half, pupil FROM mark)",
        [],
        |r| r.get(0),
    )?;
    if orphans > 0 {
        found.wrong.push(format!("{orphans} marks have entries in the record and do not stand in the register"));
    }
    Ok(())
}

fn history(c: &Connection, found: &mut Found) -> Result<(), StoreError> {
    let mut broken = c.prepare(
        "SELECT date, half, lower(hex(pupil)) FROM (
            SELECT date, half, pupil, original, is_change,
                   lag(code) OVER w AS before, row_number() OVER w AS n
            FROM entry WINDOW w AS (PARTITION BY date, half, pupil ORDER BY id))
         WHERE (n = 1 AND (is_change <> 0 OR original IS NOT NULL)) OR (n > 1 AND (is_change <> 1 OR original IS NOT before))",
    )?;
    for row in broken.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?)))? {
        let (date, half, pupil) = row?;
        found.wrong.push(format!(
            "{date} {half}: the history of pupil {pupil} has a hole: an original entry is not the one before"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::open;
    use crate::testing::{World, at, class, now, pupil, session, world};
    use shared::act::Act;
    use shared::codes::Code;
    use shared::observation::Mark;
    use shared::text::Remark;
    use shared::wire::v1::Mode;

    async fn lived_in() -> World {
        let world = world();
        let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
        kiosk.anchor(at(8, 40));
        kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
        kiosk.tap(at(8, 55), "am", 1, 2, Mark::Absent);
        world.push(&kiosk).await;
        world.act(
            now(9, 0),
            Act::Amended {
                pupil: pupil(1),
                session: session("am"),
                code: Some(Code::I),
                minutes: None,
                detail: None,
                reason: Remark::new("went home").unwrap(),
                seen: Vec::new(),
            },
        );
        world
    }

    #[tokio::test]
    async fn a_sound_file_is_found_sound() {
        let world = lived_in().await;
        let found = world.school.read_now(|tx| school(tx)).unwrap();
        assert_eq!(found.wrong, Vec::<String>::new());
        assert_eq!((found.facts, found.entries, found.marks), (5, 2, 2));
    }

    #[tokio::test]
    async fn every_kind_of_tampering_is_found() {
        for (sql, word) in [
            ("UPDATE fact SET body = replace(body, 'present', 'absent')", "its content was changed"),
            ("DELETE FROM fact WHERE seq = 2 AND log = (SELECT id FROM log WHERE kiosk IS NOT NULL)", "is missing"),
            ("UPDATE fact SET body = NULL WHERE seq = 1", "its content is missing"),
            ("UPDATE fact SET prev = zeroblob(32) WHERE seq = 2", "was changed"),
            ("UPDATE mark SET code = 'N' WHERE code IS NOT NULL", "is not its newest entry"),
            ("DROP TRIGGER entry_no_update; UPDATE entry SET original = 'N' WHERE is_change = 1", "has a hole"),
        ] {
            let world = lived_in().await;
            let path = world.school.path().to_owned();
            world.stores.stop();
            let c = open::blank(&path).unwrap();
            c.execute_batch(sql).unwrap();
            let found = school(&c).unwrap();
            assert!(found.wrong.iter().any(|w| w.contains(word)), "{sql}: {:?}", found.wrong);
        }
    }
}
