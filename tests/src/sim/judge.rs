//! The oracle's verdict: what must hold after every event, and what must hold at the end.
//!
//! Must never: take the server's word for what happened.

use super::fact::{Fact, Said, all};
use super::school::CLASSES;
use super::server::Server;
use super::standing::{mark, tell};
use super::world::World;
use chrono::NaiveDate;
use rusqlite::params;
use server::store::StoreError;
use shared::act::Act;
use shared::calendar::{Half, SessionKey};
use shared::id::KioskId;
use shared::observation::Observation;
use std::collections::{BTreeMap, BTreeSet};

type Row = (i64, String, String, Option<String>, Option<String>, bool, String, String, String, String);

/// What the oracle remembers.
#[derive(Default)]
pub struct Judge {
    /// Facts that a screen confirmed, and the kiosk.
    pub confirmed: BTreeMap<String, usize>,
    /// Facts that went with a card that was replaced.
    pub lost: BTreeSet<String>,
    entries: Vec<Row>,
    seen: u64,
    /// When kiosks were revoked: true moments.
    pub revoked: BTreeMap<KioskId, i64>,
    /// When the server's clock was wrong or unsure: true moments.
    pub doubtful: Vec<(i64, i64)>,
}

fn entries(server: &Server, after: i64) -> Result<Vec<Row>, StoreError> {
    server.school().read_now(|tx| {
        let mut rows = tx.prepare_cached(
            "SELECT id, lower(hex(pupil)) || ' ' || date || ' ' || half, code, original, is_change, reason,
                    by_name, by_position, made_at || ' ' || provisional || ' ' || ifnull(minutes, '') || ' ' ||
                    ifnull(happened_from, '') || ' ' || ifnull(happened_until, '')
             FROM entry WHERE id > ?1 ORDER BY id",
        )?;
        let rows = rows.query_map([after], |r| {
            Ok((
                r.get(0)?,
                r.get(1)?,
                String::new(),
                r.get(2)?,
                r.get(3)?,
                r.get(4)?,
                r.get(5)?,
                r.get(6)?,
                r.get(7)?,
                r.get(8)?,
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

impl Judge {
    /// After an event: what was added to the record has its five parts and follows what stood; nothing went.
    ///
    /// # Errors
    /// What is wrong.
    pub fn step(&mut self, server: &Server) -> Result<(), String> {
        let changes = server.changes();
        if changes == self.seen {
            return Ok(());
        }
        self.seen = changes;
        let last = self.entries.last().map_or(0, |e| e.0);
        let new = entries(server, last).map_err(|e| e.to_string())?;
        for entry in new {
            let (_, about, _, _, original, is_change, reason, name, position, _) = &entry;
            let stood = self.entries.iter().rev().find(|e| e.1 == *about);
            if stood.is_some() != *is_change {
                return Err(format!("an entry of {about} is a change of nothing, or hides one"));
            }
            if stood.is_some_and(|e| e.3 != *original) {
                return Err(format!("an entry of {about} does not say what stood before it"));
            }
            if reason.trim().is_empty() || name.trim().is_empty() || position.trim().is_empty() {
                return Err(format!("an entry of {about} is without reason, name or position: {entry:?}"));
            }
            self.entries.push(entry);
        }
        Ok(())
    }

    /// The server was restored: the record begins again from what stands in its files, which must be the beginning of
    /// what stood before.
    ///
    /// # Errors
    /// What is wrong.
    pub fn restored(&mut self, server: &Server) -> Result<(), String> {
        let now = entries(server, 0).map_err(|e| e.to_string())?;
        if !self.entries.starts_with(&now) {
            return Err("the backup holds a record that never stood".to_owned());
        }
        self.entries = now;
        self.seen = server.changes();
        Ok(())
    }

    /// A new run of the server counts its changes anew.
    pub fn anew(&mut self) {
        self.seen = u64::MAX;
    }
}

/// At the end, when everything has come together.
///
/// # Errors
/// What is wrong.
pub fn verdict(world: &mut World, dates: &[NaiveDate]) -> Result<(), String> {
    let accident = |e: StoreError| e.to_string();
    let again = entries(&world.server, 0).map_err(accident)?;
    if again != world.judge.entries {
        return Err("an entry of the record was changed or removed".to_owned());
    }
    let found = world.server.school().read_now(|tx| server::check::school(tx)).map_err(accident)?;
    if let Some(wrong) = found.wrong.first() {
        return Err(format!("check: {wrong}"));
    }
    let facts = all(world, &world.server).map_err(accident)?;
    every_confirmed_fact_stands(world, &facts)?;
    closed_once(&facts)?;
    what_kiosks_carried_is_back(world)?;
    what_is_gone_is_told(world)?;
    the_late_book_has_each_once(world, &facts)?;
    times_are_sound(world, &facts)?;
    held_as_they_should_be(world, &facts)?;
    let counting = once(&facts);
    for date in dates {
        for half in [Half::Am, Half::Pm] {
            for class in 0..CLASSES {
                for pupil in world.school.pupils[class].clone() {
                    let session = SessionKey { date: *date, half };
                    let judged = mark(world, &counting, class, pupil, session);
                    if judged.is_err() {
                        tell(world, &facts, pupil, session);
                    }
                    judged?;
                }
            }
        }
    }
    Ok(())
}

/// Each fact once, and not those that are held.
fn once(facts: &[Fact]) -> Vec<&Fact> {
    let mut met = BTreeSet::new();
    let mut each: Vec<&Fact> = facts.iter().filter(|f| f.held == 0 && met.insert(f.identity.as_str())).collect();
    each.sort_by_key(|f| (f.log, f.seq));
    each
}

fn every_confirmed_fact_stands(world: &World, facts: &[Fact]) -> Result<(), String> {
    let stands: BTreeSet<&str> = facts.iter().map(|f| f.identity.as_str()).collect();
    for (identity, kiosk) in &world.judge.confirmed {
        if !stands.contains(identity.as_str()) && !world.judge.lost.contains(identity) {
            return Err(format!("confirmed on kiosk {kiosk} and not in the record: {identity}"));
        }
    }
    let mut places = BTreeSet::new();
    for fact in facts {
        if !places.insert((fact.here.0, &fact.identity)) {
            return Err(format!("stands twice in one log: {}", fact.identity));
        }
    }
    Ok(())
}

fn closed_once(facts: &[Fact]) -> Result<(), String> {
    let mut closed = BTreeSet::new();
    for fact in facts {
        if let Said::Done(done) = &fact.said
            && let Act::Closed { class, session } = &done.act
            // A restored server closes what fell due, and has the closes of the lost hours back in the log that it ended.
            && !closed.insert((fact.log, *class, *session))
        {
            return Err(format!("the register of {class} {session} was closed twice"));
        }
    }
    Ok(())
}

fn the_late_book_has_each_once(world: &World, facts: &[Fact]) -> Result<(), String> {
    let passages: BTreeSet<&str> = facts
        .iter()
        .filter(|f| f.held == 0)
        .filter(|f| {
            matches!(&f.said, Said::Seen(seen) if matches!(seen.what,
                Observation::Arrived { .. } | Observation::Left { .. } | Observation::Returned { .. }))
        })
        .map(|f| f.identity.as_str())
        .collect();
    let rows: i64 = world
        .server
        .school()
        .read_now(|tx| Ok(tx.query_row("SELECT count(*) FROM movement", [], |r| r.get(0))?))
        .map_err(|e| e.to_string())?;
    if rows != passages.len() as i64 {
        return Err(format!("{rows} passages stand in the late book, and {} were seen", passages.len()));
    }
    Ok(())
}

/// What went with the server because a kiosk's file was damaged is said to the office.
fn what_is_gone_is_told(world: &World) -> Result<(), String> {
    let now = world.server.now().at;
    let told = world.server.school().read_now(|tx| server::device::Damaged::all(tx, now)).map_err(|e| e.to_string())?;
    for (n, only) in world.only_copies.iter().filter(|(n, only)| only.gone > 0 && !world.replaced.contains(n)) {
        let said = told.get(&world.ids[*n]).map_or(0, |damaged| damaged.lost);
        if said < only.gone && !world.revoked.contains(n) {
            return Err(format!("{} facts of kiosk {n} are gone, and the office is told of {said}", only.gone));
        }
    }
    Ok(())
}

/// Acts of the office since the backup come back from any kiosk that carried them.
fn what_kiosks_carried_is_back(world: &World) -> Result<(), String> {
    for (n, log, upto) in &world.carried {
        if world.replaced.contains(n) || world.revoked.contains(n) || world.kiosks[*n].on.is_none() {
            continue;
        }
        // A log begun by a restore, and the server restored again from the backup of before: nobody can tell that it was one.
        let sql = "SELECT ifnull(max(head_seq), ?2) FROM log WHERE log = ?1";
        let head = world
            .server
            .school()
            .read_now(|tx| Ok(tx.query_row(sql, params![log.as_bytes(), *upto as i64], |r| r.get::<_, i64>(0))?));
        let head = head.map_err(|e| e.to_string())?.unsigned_abs();
        if head < *upto {
            return Err(format!("kiosk {n} carried the school's log up to {upto}, and the restored server has {head}"));
        }
    }
    Ok(())
}

/// Every interval that the server works with holds the true moment.
fn times_are_sound(world: &World, facts: &[Fact]) -> Result<(), String> {
    let mut at = BTreeMap::new();
    let dated = || {
        facts.iter().filter_map(|fact| match (&fact.said, fact.at) {
            (Said::Seen(_), Some(moment)) => Some((fact, moment)),
            _ => None,
        })
    };
    for (fact, moment) in dated() {
        at.insert((*fact.here.0.as_bytes(), fact.here.1), (moment, &fact.identity));
    }
    // On a copied card two facts stood in one place: the place is whose it is at the server.
    for (fact, moment) in dated() {
        at.entry((*fact.log.as_bytes(), fact.seq)).or_insert((moment, &fact.identity));
    }
    let sql = "SELECT l.log, m.seq, m.at_from, m.at_until FROM movement m JOIN log l ON l.id = m.log
               UNION ALL SELECT e.basis_log, e.basis_seq, e.happened_from, e.happened_until FROM mark k
               JOIN entry e ON e.id = k.entry WHERE e.basis_log IS NOT NULL AND e.happened_from IS NOT NULL";
    let rows: Vec<([u8; 16], i64, i64, i64)> = world
        .server
        .school()
        .read_now(|tx| {
            let mut rows = tx.prepare(sql)?;
            let rows = rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .map_err(|e| e.to_string())?;
    for (log, seq, from, until) in rows {
        if let Some((moment, identity)) = at.get(&(log, seq.unsigned_abs()))
            && !(from - 2..=until + 2).contains(moment)
        {
            return Err(format!("true moment {moment} is not in {from}..{until}: {identity}"));
        }
    }
    Ok(())
}

/// What a kiosk sent after it was revoked waits for the office.
fn held_as_they_should_be(world: &World, facts: &[Fact]) -> Result<(), String> {
    if world.restored {
        return Ok(()); // until the revocation is back, the restored server knows of none
    }
    if !world.judge.doubtful.is_empty() {
        // The server's clock was wrong: what it says of before and after is nothing to go by.
        let late = |f: &&Fact| f.kiosk.and_then(|k| world.judge.revoked.get(&k)).is_some_and(|at| f.at > Some(*at));
        let decided = facts.iter().filter(late).find(|f| f.held == 0);
        return decided
            .map_or(Ok(()), |f| Err(format!("written after its kiosk was revoked, and not held: {}", f.identity)));
    }
    let mut revoked = BTreeMap::new();
    for fact in facts {
        if let Said::Done(done) = &fact.said
            && let Act::Revoked { kiosk } = &done.act
        {
            revoked.insert(*kiosk, done.at.0);
        }
    }
    for fact in facts {
        let Some(kiosk) = fact.kiosk else { continue };
        let after = revoked.get(&kiosk).is_some_and(|at| fact.received >= *at);
        if after != (fact.held != 0) {
            return Err(format!("held {} though revoked {after}: {}", fact.held, fact.identity));
        }
    }
    Ok(())
}
