//! The facts of one pupil and session, as `decide` wants them.
//!
//! Must never: leave one out because of when it was received.

use super::context::{Body, Context, Held, Place};
use crate::store::StoreError;
use crate::store::columns::{DateCol, HalfCol, HashCol, int, json, uint};
use rusqlite::{Connection, OptionalExtension, params};
use shared::act::{Act, Acted};
use shared::calendar::SessionKey;
use shared::id::{ClassId, LogId, PupilId};
use shared::log::{First, Origin, header_hash};
use shared::observation::{Observation, Observed};
use shared::register::{Fact, Provenance, What};
use shared::sim::Mutant;
use shared::time::{Interval, Millis};
use std::rc::Rc;

/// Reads a stored body by whose log it stands in.
pub(super) fn read(kiosk: bool, body: &str) -> Result<Body, StoreError> {
    Ok(if kiosk {
        Body::Seen(Box::new(json(body, "a fact of a kiosk")?))
    } else {
        Body::Done(Box::new(json(body, "a fact of the school")?))
    })
}

impl Context<'_, '_> {
    /// A fact by its place; none when it is held, or its body was removed.
    pub(super) fn held(&mut self, log: i64, seq: u64) -> Result<Option<Rc<Held>>, StoreError> {
        if let Some(known) = self.facts.get(&(log, seq)) {
            return Ok(Some(Rc::clone(known)));
        }
        let found: Option<(i64, Option<String>)> = self
            .tx
            .prepare_cached("SELECT received_at, body FROM fact WHERE log = ?1 AND seq = ?2 AND held = 0")?
            .query_row(params![log, int(seq)], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let Some((received, Some(body))) = found else { return Ok(None) };
        let writer = self.writer(log)?;
        let body = read(writer.kiosk.is_some(), &body)?;
        self.keep(log, seq, Millis(received), body).map(Some)
    }

    /// Keeps a fact that was just read, with its identity.
    pub(super) fn keep(&mut self, log: i64, seq: u64, received: Millis, body: Body) -> Result<Rc<Held>, StoreError> {
        let own = Origin { log: self.writer(log)?.id, seq };
        let origin = match &body {
            Body::Seen(_) if Mutant::OriginIgnored.lives() => own,
            Body::Seen(seen) => seen.origin.map_or(Ok(own), |first| identity(self.tx, first, own))?,
            Body::Done(_) => own,
        };
        let held = Rc::new(Held { log, seq, received, body, origin });
        self.facts.insert((log, seq), Rc::clone(&held));
        Ok(held)
    }

    fn about(&mut self, session: SessionKey, about: &[u8; 16]) -> Result<Vec<Rc<Held>>, StoreError> {
        let places = match self.ahead.places(session, PupilId::from_bytes(*about)) {
            Some(known) => known.to_vec(),
            None => self.places(session, about)?,
        };
        let mut out = Vec::with_capacity(places.len());
        for (log, seq) in places {
            out.extend(self.held(log, seq)?);
        }
        Ok(out)
    }

    fn places(&self, session: SessionKey, about: &[u8; 16]) -> Result<Vec<(i64, u64)>, StoreError> {
        let found = self
            .tx
            .prepare_cached("SELECT log, seq FROM fact_about WHERE date = ?1 AND half = ?2 AND about = ?3")?
            .query_map(params![DateCol(session.date), HalfCol(session.half), about], |r| {
                Ok((r.get(0)?, uint(r.get(1)?)))
            })?
            .collect::<Result<_, _>>()?;
        Ok(found)
    }

    /// The facts of a register, once for all its pupils.
    pub(super) fn of_register(&mut self, class: ClassId, session: SessionKey) -> Result<Rc<Vec<Rc<Held>>>, StoreError> {
        if let Some(known) = self.registers.get(&(class, session)) {
            return Ok(Rc::clone(known));
        }
        let found = Rc::new(self.about(session, class.as_bytes())?);
        self.registers.insert((class, session), Rc::clone(&found));
        Ok(found)
    }

    /// Every fact about a pupil and session.
    pub(super) fn gather(
        &mut self,
        pupil: PupilId,
        session: SessionKey,
        place: Place,
    ) -> Result<Vec<Fact>, StoreError> {
        let mut held = self.about(session, pupil.as_bytes())?;
        held.extend(self.of_register(place.class, session)?.iter().cloned());
        if self.present(session)?.planned.contains(&pupil) {
            held.extend(self.plans(pupil, session)?);
        }
        let mut facts = Vec::with_capacity(held.len());
        for one in held {
            facts.extend(self.fact(&one, pupil, session, place)?);
        }
        Ok(facts)
    }

    fn plans(&mut self, pupil: PupilId, session: SessionKey) -> Result<Vec<Rc<Held>>, StoreError> {
        let places: Vec<(i64, u64, Option<i64>, Option<i64>)> = self
            .tx
            .prepare_cached(
                "SELECT log, seq, withdrawn_log, withdrawn_seq FROM plan WHERE pupil = ?1
                 AND from_on || from_half <= ?2 || ?3 AND until_on || until_half >= ?2 || ?3",
            )?
            .query_map(params![pupil.as_bytes(), DateCol(session.date), HalfCol(session.half)], |r| {
                Ok((r.get(0)?, uint(r.get(1)?), r.get(2)?, r.get(3)?))
            })?
            .collect::<Result<_, _>>()?;
        let mut out = Vec::new();
        for (log, seq, withdrawn_log, withdrawn_seq) in places {
            out.extend(self.held(log, seq)?);
            if let (Some(log), Some(seq)) = (withdrawn_log, withdrawn_seq) {
                out.extend(self.held(log, uint(seq))?);
            }
        }
        Ok(out)
    }

    /// A stored fact as a fact about this pupil and session; none if it says nothing about them.
    fn fact(
        &mut self,
        held: &Held,
        pupil: PupilId,
        session: SessionKey,
        place: Place,
    ) -> Result<Option<Fact>, StoreError> {
        let (when, from, what) = match &held.body {
            Body::Done(acted) => {
                let Some(what) = said(acted, pupil) else { return Ok(None) };
                let from = Provenance::School { by: acted.by.clone(), clock_sure: acted.clock_sure };
                let at = match &acted.act {
                    Act::WentHome { at, .. } | Act::CameBack { at, .. } => *at,
                    _ => acted.at,
                };
                (Interval::new(at, at), from, what)
            }
            Body::Seen(seen) => {
                let Some(what) = seen_of(seen, pupil) else { return Ok(None) };
                let when = self.when(held.log, held.seq, &seen.at, held.received)?;
                let Some(kiosk) = self.writer(held.log)?.kiosk else { return Ok(None) };
                let by = seen.by.map(|staff| self.staff(staff)).transpose()?.flatten();
                let owns = kiosk.whole_school || kiosk.classes.contains(&place.class);
                (when, Provenance::Kiosk { kiosk: kiosk.id, room: kiosk.room.clone(), owns, by, staff: seen.by }, what)
            }
        };
        let _ = session; // the index has chosen the session already
        Ok(Some(Fact { origin: held.origin, when, received: held.received, from, what }))
    }
}

/// What an act says about a pupil.
fn said(acted: &Acted, pupil: PupilId) -> Option<What> {
    Some(match &acted.act {
        Act::Amended { pupil: of, code, minutes, detail, reason, seen, .. } if *of == pupil => What::Amended {
            code: *code,
            minutes: *minutes,
            detail: detail.clone(),
            reason: reason.clone(),
            seen: seen.clone(),
        },
        Act::Planned { plan, pupil: of, code, detail, reason, .. } if *of == pupil => {
            What::Planned { plan: *plan, code: *code, detail: detail.clone(), reason: reason.clone() }
        }
        Act::WentHome { pupil: of, .. } if *of == pupil => What::Left,
        Act::CameBack { pupil: of, .. } if *of == pupil => What::Returned,
        Act::PlanWithdrawn { plan, pupil: of, .. } if *of == pupil => What::PlanWithdrawn { plan: *plan },
        Act::Closed { class, .. } => What::Closed { class: *class },
        Act::Settled { question, answer, seen } if question.pupil.is_none_or(|of| of == pupil) => {
            What::Settled { question: *question, answer: answer.clone(), seen: seen.clone() }
        }
        Act::History { marks, .. } => {
            let (_, code) = marks.iter().find(|(of, _)| *of == pupil)?;
            What::History { code: *code }
        }
        _ => return None,
    })
}

/// What an observation says about a pupil.
fn seen_of(seen: &Observed, pupil: PupilId) -> Option<What> {
    Some(match &seen.what {
        Observation::Marked { class, pupil: of, mark, .. } if *of == pupil => {
            What::Marked { class: *class, mark: *mark }
        }
        Observation::CameLate { class, pupil: of, .. } if *of == pupil => What::CameLate { class: *class },
        Observation::Submitted { class, tiles, .. } => What::Submitted { class: *class, tile: tiles.contains(&pupil) },
        Observation::Arrived { pupil: of, means, session, .. } if *of == pupil => {
            What::Arrived { means: *means, said: session.is_some() }
        }
        Observation::Noted { pupil: of, .. } if *of == pupil => What::Told,
        Observation::ChangeAsked { pupil: of, wish, .. } if *of == pupil => What::ChangeAsked { wish: *wish },
        Observation::Left { pupil: of, .. } if *of == pupil => What::Left,
        Observation::Returned { pupil: of, .. } if *of == pupil => What::Returned,
        _ => return None,
    })
}

/// The identity of a re-appended fact: its first place, if that entry is held; else the first place it was appended
/// again, of those that are held; else its own.
pub(super) fn identity(c: &Connection, first: First, own: Origin) -> Result<Origin, StoreError> {
    let stands: Option<(HashCol, HashCol)> = c
        .prepare_cached(
            "SELECT fact.prev, fact.body_hash FROM fact JOIN log ON log.id = fact.log WHERE log.log = ?1 AND fact.seq = ?2",
        )?
        .query_row(params![first.log.as_bytes(), int(first.seq)], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    if stands.is_some_and(|(prev, body)| header_hash(first.seq, prev.0, body.0) == first.hash) {
        return Ok(Origin { log: first.log, seq: first.seq });
    }
    let again = c
        .prepare_cached(
            "SELECT log.log, fact_origin.seq FROM fact_origin JOIN log ON log.id = fact_origin.log
             WHERE hash = ?1 ORDER BY log.log, fact_origin.seq LIMIT 1",
        )?
        .query_row([HashCol(first.hash)], |r| Ok(Origin { log: LogId::from_bytes(r.get(0)?), seq: uint(r.get(1)?) }))
        .optional()?;
    Ok(again.unwrap_or(own))
}
