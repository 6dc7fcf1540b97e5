//! The facts as they stand in the server's file, each with the true moment that only the simulator knows.
//!
//! Must never: date a fact by anything the server knows.

use super::kiosk::identity;
use super::server::Server;
use super::world::World;
use server::store::StoreError;
use shared::act::Acted;
use shared::id::{KioskId, LogId};
use shared::observation::Observed;
use std::collections::BTreeMap;

/// What a fact says.
pub enum Said {
    /// A kiosk.
    Seen(Box<Observed>),
    /// The school.
    Done(Box<Acted>),
}

/// A fact.
pub struct Fact {
    /// Where it stood first.
    pub log: LogId,
    pub seq: u64,
    /// Where it stands.
    pub here: (LogId, u64),
    pub kiosk: Option<KioskId>,
    pub held: i64,
    pub received: i64,
    pub said: Said,
    /// The true moment; none of a boot that nobody knows.
    pub at: Option<i64>,
    /// What it says, wherever it stands.
    pub identity: String,
}

/// Every fact of the school's file.
///
/// # Errors
/// An accident of the store.
pub fn all(world: &World, server: &Server) -> Result<Vec<Fact>, StoreError> {
    server.school().read_now(|tx| {
        let mut rows = tx.prepare(
            "SELECT l.id, l.log, l.kiosk, f.seq, f.held, f.received_at, f.body FROM fact f JOIN log l ON l.id = f.log
             WHERE f.body IS NOT NULL ORDER BY l.id, f.seq",
        )?;
        let mut rows = rows.query([])?;
        let mut facts = Vec::new();
        while let Some(r) = rows.next()? {
            let kiosk: Option<[u8; 16]> = r.get(2)?;
            let here = (LogId::from_bytes(r.get(1)?), r.get::<_, i64>(3)?.unsigned_abs());
            let body: String = r.get(6)?;
            let unreadable = |_| StoreError::Corrupt { what: "a fact" };
            let (said, at, (log, seq), identity) = if kiosk.is_some() {
                let seen: Observed = serde_json::from_str(&body).map_err(unreadable)?;
                let at = world.true_time(seen.at.boot, seen.at.mono.0);
                let first = seen.origin.map_or(here, |first| (first.log, first.seq));
                let identity = identity(&seen);
                (Said::Seen(Box::new(seen)), at, first, identity)
            } else {
                let done: Acted = serde_json::from_str(&body).map_err(unreadable)?;
                let at = Some(done.at.0);
                (Said::Done(Box::new(done)), at, here, body)
            };
            facts.push(Fact {
                log,
                seq,
                here,
                kiosk: kiosk.map(KioskId::from_bytes),
                held: r.get(4)?,
                received: r.get(5)?,
                said,
                at,
                identity,
            });
        }
        on_its_own_branch(&mut facts);
        Ok(facts)
    })
}

/// Two copies of a card wrote on from one place: a fact whose first place holds another's words, or nothing, belongs to the
/// log that it stands in now.
fn on_its_own_branch(facts: &mut [Fact]) {
    let stands: BTreeMap<(LogId, u64), String> = facts.iter().map(|f| (f.here, f.identity.clone())).collect();
    for fact in facts {
        if stands.get(&(fact.log, fact.seq)) != Some(&fact.identity) {
            (fact.log, fact.seq) = fact.here;
        }
    }
}
