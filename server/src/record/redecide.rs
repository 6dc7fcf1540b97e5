//! Deciding again what new facts touch, and writing what changed, session by session in the order of time.
//!
//! Must never: write an entry that says what stood already.

use super::ahead::Ahead;
use super::context::{Context, Place};
use super::put;
use crate::feed::{self, Shown};
use crate::store::StoreError;
use crate::store::columns::{CodeCol, DateCol, HalfCol};
use chrono::Timelike as _;
use rusqlite::{OptionalExtension, params};
use shared::act::Officer;
use shared::calendar::{Half, SessionKey};
use shared::id::{ClassId, PupilId};
use shared::observation::Mark;
use shared::register::{DayKind, Decision, EntryNow, MarkKey, Posting, Sitting, decide, record};
use shared::text::{Name, Remark};
use shared::time::Millis;

/// A mark's row as it stands.
pub(super) struct Stands {
    pub entry: Option<i64>,
    pub now: Option<EntryNow>,
    pub tapped: Option<Mark>,
    pub went: bool,
    pub class: ClassId,
}

impl Context<'_, '_> {
    /// Decides again everything that was noted, and brings the registers' rows up to date.
    pub(super) fn redecide(&mut self) -> Result<(), StoreError> {
        self.save_filed()?;
        for (session, class) in std::mem::take(&mut self.classes) {
            let pupils = self.roll(class, session)?;
            self.marks.extend(pupils.iter().map(|pupil| (session, *pupil)));
            self.states.insert((session, class));
        }
        // Sessions come in the order of time: who left in the morning is expected absent in the afternoon.
        let mut at = None;
        while let Some((session, pupil)) = self.marks.pop_first() {
            if at.replace(session).is_some_and(|before| before != session) {
                self.pending.save_marks(self.tx)?;
                self.ahead = Ahead::default();
            }
            self.mark(pupil, session)?;
        }
        self.pending.save_marks(self.tx)?;
        for (session, class) in std::mem::take(&mut self.states) {
            self.register(class, session)?;
        }
        Ok(())
    }

    fn mark(&mut self, pupil: PupilId, session: SessionKey) -> Result<(), StoreError> {
        if session.date <= crate::removal::last_day(self.today) && !self.has_anything(pupil, session)? {
            return Ok(()); // what was removed after six years is not made anew from what is left of its register
        }
        let Some(place) = self.place(pupil, session)? else { return Ok(()) };
        let key = MarkKey { pupil, session };
        self.read_ahead(session, place.class)?;
        let facts = self.gather(pupil, session, place)?;
        let (stands, left_earlier) = match self.ahead.take(session, pupil) {
            Some(known) => known,
            None => (stands(self, key)?, self.left_earlier(key)?),
        };
        let day = self.day(session);
        let (class, on_roll) = (place.class, place.on_roll);
        let sitting = Sitting { key, class, on_roll, day: day.day, before: day.before, left_earlier };
        let decision = decide(&facts, &sitting);
        let entry = self.post(key, place, &sitting, &decision, stands.as_ref())?;
        let changed = put::mark(self, key, place, &decision, stands.as_ref(), entry);
        if !decision.questions.is_empty() || self.present(session)?.raising.contains(&pupil) {
            put::questions(self, key, &decision)?;
            self.raises(session, pupil, !decision.questions.is_empty());
        }
        if changed {
            let shown = Shown { seen: decision.seen(), minutes: decision.mark.minutes };
            let slots = self.slots()?;
            if stands.is_none() {
                self.pending.feed.extend(feed::new_mark(&slots, key, place.class, shown)?);
            } else {
                feed::touch_mark(self.tx, &slots, key, place.class, shown)?;
            }
        }
        if session.date >= self.today {
            let expected = self.expected(session, place.class)?;
            let known = if decision.expected.is_some() { !expected.insert(pupil) } else { expected.remove(&pupil) };
            if known || decision.expected.is_some() {
                feed::touch_expected(self.tx, self.today, key, place.class, decision.expected)?;
            }
        }
        if let Some(before) = stands.as_ref().map(|s| s.class).filter(|class| *class != place.class) {
            let slots = self.slots()?;
            feed::touch_mark(self.tx, &slots, key, before, Shown { seen: None, minutes: None })?;
        }
        if stands.is_some_and(|s| s.went) != decision.left && session.half == Half::Am {
            self.marks.insert((SessionKey { date: session.date, half: Half::Pm }, pupil));
        }
        self.states.insert((session, place.class));
        Ok(())
    }

    /// Whether a pupil has an entry or a fact of their own in a session.
    fn has_anything(&self, pupil: PupilId, session: SessionKey) -> Result<bool, StoreError> {
        let mut found = self.tx.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entry WHERE date = ?1 AND half = ?2 AND pupil = ?3)
                 OR EXISTS (SELECT 1 FROM fact_about WHERE date = ?1 AND half = ?2 AND about = ?3)",
        )?;
        let key = params![DateCol(session.date), HalfCol(session.half), pupil.as_bytes()];
        Ok(found.query_row(key, |r| r.get(0))?)
    }

    /// Whether the pupil left in the morning and is not back, for a decision about the afternoon.
    fn left_earlier(&self, key: MarkKey) -> Result<bool, StoreError> {
        if key.session.half == Half::Am {
            return Ok(false);
        }
        let left = self
            .tx
            .prepare_cached("SELECT went FROM mark WHERE date = ?1 AND half = 'am' AND pupil = ?2")?
            .query_row(params![DateCol(key.session.date), key.pupil.as_bytes()], |r| r.get(0))
            .optional()?;
        Ok(left.unwrap_or(false))
    }

    /// Appends the entry that the decision asks for; none if the record says so already.
    fn post(
        &mut self,
        key: MarkKey,
        place: Place,
        sitting: &Sitting,
        decision: &Decision,
        stands: Option<&Stands>,
    ) -> Result<Option<i64>, StoreError> {
        let stood = stands.and_then(|s| s.now.as_ref());
        if stood.is_none() && decision.mark.code.is_none() {
            return Ok(None);
        }
        let closes = match sitting.day {
            DayKind::School(times) => Some(times.closes),
            DayKind::Closed | DayKind::Inset => None,
        };
        let rule = self.rule(key.session)?;
        let calendar = &self.calendar;
        let clock = |at: Millis| {
            let local = calendar.local(at);
            format!("{:02}:{:02}", local.hour(), local.minute())
        };
        let posting = Posting { at: self.now.at, closes, rule: &rule, clock: &clock };
        let new = record(stood, decision, &posting);
        new.map(|new| put::entry(self, key, place.class, new)).transpose()
    }

    /// In whose name the server posts at close: the rule, and who set it.
    pub(super) fn rule(&mut self, session: SessionKey) -> Result<Officer, StoreError> {
        if let Some(known) = self.rules.get(&session) {
            return Ok(known.clone());
        }
        let closes = self.calendar.times(session).map(|t| self.calendar.local(t.closes).format("%H:%M").to_string());
        let rule = closes.map_or_else(|| "close".to_owned(), |at| format!("close at {at}"));
        let set_by: String = self
            .tx
            .prepare_cached("SELECT set_by FROM calendar ORDER BY id DESC LIMIT 1")?
            .query_row([], |r| r.get(0))?;
        let bad = |_| StoreError::Corrupt { what: "who set the calendar" };
        let officer = Officer::Rule { rule: Name::new(&rule).map_err(bad)?, set_by: Name::new(&set_by).map_err(bad)? };
        self.rules.insert(session, officer.clone());
        Ok(officer)
    }
}

fn stands(ctx: &Context<'_, '_>, key: MarkKey) -> Result<Option<Stands>, StoreError> {
    let found = ctx
        .tx
        .prepare_cached(
            "SELECT m.entry, m.code, m.minutes, m.provisional, m.tapped, m.went, m.class, e.detail
             FROM mark m LEFT JOIN entry e ON e.id = m.entry WHERE m.date = ?1 AND m.half = ?2 AND m.pupil = ?3",
        )?
        .query_row(params![DateCol(key.session.date), HalfCol(key.session.half), key.pupil.as_bytes()], stood)
        .optional()?;
    Ok(found)
}

/// A mark's row: entry, code, minutes, provisional, tapped, went, class, and its entry's detail.
pub(super) fn stood(r: &rusqlite::Row<'_>) -> rusqlite::Result<Stands> {
    let entry: Option<i64> = r.get(0)?;
    let now = EntryNow {
        code: r.get::<_, Option<CodeCol>>(1)?.map(|c| c.0),
        minutes: r.get(2)?,
        detail: r.get::<_, Option<String>>(7)?.and_then(|d| Remark::new(&d).ok()),
        provisional: r.get(3)?,
    };
    let tapped = match r.get::<_, Option<String>>(4)?.as_deref() {
        Some("present") => Some(Mark::Present),
        Some("absent") => Some(Mark::Absent),
        _ => None,
    };
    let class = ClassId::from_bytes(r.get(6)?);
    Ok(Stands { entry, now: entry.map(|_| now), tapped, went: r.get(5)?, class })
}
