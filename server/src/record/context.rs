//! What a batch of facts needs to know of the school: loaded once, kept for the transaction.
//!
//! Must never: outlive its transaction, or be used after something in it changed without being told.

use super::ahead::Ahead;
use super::pending::Pending;
use super::sitting::{DayOf, day_of};
use super::timeline::{Around, around};
use super::{roll, timeline};
use crate::clock::Now;
use crate::store::columns::{DateCol, HalfCol};
use crate::store::{StoreError, WriteTx};
use chrono::NaiveDate;
use rusqlite::OptionalExtension;
use shared::act::{Acted, Officer};
use shared::calendar::{Calendar, SessionKey};
use shared::id::{ClassId, KioskId, LogId, PupilId, StaffId};
use shared::log::Origin;
use shared::observation::Observed;
use shared::text::Name;
use shared::time::{Interval, Millis, Reading, resolve};
use shared::wire::v1::Mode;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// A fact's body, read.
#[derive(Debug)]
pub(super) enum Body {
    /// Of a kiosk.
    Seen(Box<Observed>),
    /// Of the school.
    Done(Box<Acted>),
}

/// A fact as it stands in the file.
pub(super) struct Held {
    pub log: i64,
    pub seq: u64,
    pub received: Millis,
    pub body: Body,
    /// Where it stands, or stood first: its identity.
    pub origin: Origin,
}

/// A log's writer.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    pub id: LogId,
    pub kiosk: Option<Rc<Kiosk>>,
}

/// A kiosk, as far as its facts need one.
#[derive(Debug)]
pub(super) struct Kiosk {
    pub id: KioskId,
    pub room: Name,
    pub whole_school: bool,
    pub classes: Vec<ClassId>,
    pub revoked: bool,
}

/// A pupil's place in a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub class: ClassId,
    pub on_roll: bool,
}

/// Who has rows in tables that are empty for most.
#[derive(Debug, Default, Clone)]
pub(super) struct Present {
    /// With a plan over this session, in force or withdrawn.
    pub planned: HashSet<PupilId>,
    /// Raising a question.
    pub raising: HashSet<PupilId>,
}

pub(super) struct Context<'t, 'c> {
    pub tx: &'t WriteTx<'c>,
    pub now: Now,
    pub today: NaiveDate,
    pub calendar: Arc<Calendar>,
    days: HashMap<SessionKey, DayOf>,
    writers: HashMap<i64, Writer>,
    kiosks: HashMap<KioskId, Rc<Kiosk>>,
    staff: HashMap<StaffId, Option<Officer>>,
    places: HashMap<(PupilId, SessionKey), Place>,
    rolls: HashMap<(ClassId, SessionKey), Rc<Vec<PupilId>>>,
    timelines: HashMap<i64, Vec<Around>>,
    /// Of whom something is planned or asked in a session: most have nothing, and cost one question for all.
    present: HashMap<SessionKey, Rc<Present>>,
    /// Of whom in a class the feed says that something is expected in a session.
    expected: HashMap<(SessionKey, ClassId), HashSet<PupilId>>,
    /// Where marks stand in the feed.
    slots: Option<Rc<crate::feed::Slots>>,
    /// The last entry of the record, once it was asked for.
    last_entry: Option<i64>,
    /// The first tap of each register in this batch.
    pub first_marks: BTreeMap<(SessionKey, ClassId), i64>,
    /// In whose name each session's register closes.
    pub rules: HashMap<SessionKey, Officer>,
    /// Facts read in this transaction.
    pub facts: HashMap<(i64, u64), Rc<Held>>,
    /// Facts of a register, gathered once for all of its pupils.
    pub registers: HashMap<(ClassId, SessionKey), Rc<Vec<Rc<Held>>>>,
    /// Rows that wait to be written.
    pub pending: Pending,
    /// What stands already, of the classes that are decided again.
    pub ahead: Ahead,
    /// Sessions whose marks must be decided again.
    pub marks: BTreeSet<(SessionKey, PupilId)>,
    /// Registers all of whose marks must be decided again.
    pub classes: BTreeSet<(SessionKey, ClassId)>,
    /// Registers whose state changed.
    pub states: BTreeSet<(SessionKey, ClassId)>,
}

impl<'t, 'c> Context<'t, 'c> {
    /// Somebody joined, left or moved: who is in which class is asked again.
    pub(super) fn forget_places(&mut self) {
        self.places.clear();
        self.rolls.clear();
        self.ahead = Ahead::default();
    }

    pub(super) fn new(tx: &'t WriteTx<'c>, now: Now) -> Result<Self, StoreError> {
        let calendar = tx.calendar()?;
        Ok(Self {
            tx,
            now,
            today: calendar.date_of(now.at),
            calendar,
            days: HashMap::new(),
            writers: HashMap::new(),
            kiosks: HashMap::new(),
            staff: HashMap::new(),
            places: HashMap::new(),
            rolls: HashMap::new(),
            timelines: HashMap::new(),
            present: HashMap::new(),
            expected: HashMap::new(),
            slots: None,
            first_marks: BTreeMap::new(),
            rules: HashMap::new(),
            facts: HashMap::new(),
            registers: HashMap::new(),
            pending: Pending::default(),
            ahead: Ahead::default(),
            last_entry: None,
            marks: BTreeSet::new(),
            classes: BTreeSet::new(),
            states: BTreeSet::new(),
        })
    }

    pub(super) fn day(&mut self, session: SessionKey) -> DayOf {
        *self.days.entry(session).or_insert_with(|| day_of(&self.calendar, session))
    }

    /// Who has a plan or raises a question in a session, as the tables stand: see [`Context::raises`] and
    /// [`Context::forget_present`].
    pub(super) fn present(&mut self, session: SessionKey) -> Result<Rc<Present>, StoreError> {
        if let Some(known) = self.present.get(&session) {
            return Ok(Rc::clone(known));
        }
        let at = || (DateCol(session.date), HalfCol(session.half));
        let id = |r: &rusqlite::Row<'_>| r.get(0).map(PupilId::from_bytes);
        let planned = self
            .tx
            .prepare_cached(
                "SELECT pupil FROM plan WHERE until_on >= ?1
                 AND from_on || from_half <= ?1 || ?2 AND until_on || until_half >= ?1 || ?2",
            )?
            .query_map(at(), id)?
            .collect::<Result<_, _>>()?;
        let raising = self
            .tx
            .prepare_cached("SELECT pupil FROM raised WHERE date = ?1 AND half = ?2")?
            .query_map(at(), id)?
            .collect::<Result<_, _>>()?;
        let present = Rc::new(Present { planned, raising });
        self.present.insert(session, Rc::clone(&present));
        Ok(present)
    }

    /// Where marks stand in the feed.
    pub(super) fn slots(&mut self) -> Result<Rc<crate::feed::Slots>, StoreError> {
        if let Some(known) = &self.slots {
            return Ok(Rc::clone(known));
        }
        let slots = Rc::new(crate::feed::slots(self.tx, self.today)?);
        self.slots = Some(Rc::clone(&slots));
        Ok(slots)
    }

    /// The number of the next entry, as SQLite would give it.
    pub(super) fn next_entry(&mut self) -> Result<i64, StoreError> {
        let last = match self.last_entry {
            Some(last) => last,
            None => self.tx.prepare_cached("SELECT ifnull(max(id), 0) FROM entry")?.query_row([], |r| r.get(0))?,
        };
        self.last_entry = Some(last + 1);
        Ok(last + 1)
    }

    /// Plans of a session changed.
    pub(super) fn forget_present(&mut self, session: SessionKey) {
        self.present.remove(&session);
    }

    /// A pupil raises a question in a session now, or none.
    pub(super) fn raises(&mut self, session: SessionKey, pupil: PupilId, any: bool) {
        let Some(present) = self.present.get_mut(&session).map(Rc::make_mut) else { return };
        if any {
            present.raising.insert(pupil);
        } else {
            present.raising.remove(&pupil);
        }
    }

    /// Of whom in a class the feed says that something is expected in a session. Whoever changes that row says so here.
    pub(super) fn expected(
        &mut self,
        session: SessionKey,
        class: ClassId,
    ) -> Result<&mut HashSet<PupilId>, StoreError> {
        Ok(match self.expected.entry((session, class)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(crate::feed::expected_in(self.tx, class, session)?),
        })
    }

    pub(super) fn writer(&mut self, log: i64) -> Result<Writer, StoreError> {
        if let Some(writer) = self.writers.get(&log) {
            return Ok(writer.clone());
        }
        let (id, kiosk): ([u8; 16], Option<[u8; 16]>) = self
            .tx
            .prepare_cached("SELECT log, kiosk FROM log WHERE id = ?1")?
            .query_row([log], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let kiosk = kiosk.map(|k| self.kiosk(KioskId::from_bytes(k))).transpose()?;
        let writer = Writer { id: LogId::from_bytes(id), kiosk };
        self.writers.insert(log, writer.clone());
        Ok(writer)
    }

    pub(super) fn kiosk(&mut self, id: KioskId) -> Result<Rc<Kiosk>, StoreError> {
        if let Some(kiosk) = self.kiosks.get(&id) {
            return Ok(Rc::clone(kiosk));
        }
        let room: String =
            self.tx.prepare_cached("SELECT room FROM kiosk WHERE id = ?1")?.query_row([id.as_bytes()], |r| r.get(0))?;
        let reader = crate::feed::reader(self.tx, id)?.ok_or(StoreError::Missing("kiosk"))?;
        let kiosk = Rc::new(Kiosk {
            id,
            room: Name::new(&room).map_err(|_| StoreError::Corrupt { what: "a room" })?,
            whole_school: reader.mode != Mode::Classroom,
            classes: reader.classes,
            revoked: reader.revoked,
        });
        self.kiosks.insert(id, Rc::clone(&kiosk));
        Ok(kiosk)
    }

    /// Name and position of a member of staff.
    pub(super) fn staff(&mut self, id: StaffId) -> Result<Option<Officer>, StoreError> {
        if let Some(known) = self.staff.get(&id) {
            return Ok(known.clone());
        }
        let found: Option<(String, String)> = self
            .tx
            .prepare_cached("SELECT name, position FROM staff WHERE id = ?1")?
            .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))
            .optional()?;
        let officer = found.and_then(|(name, position)| {
            Some(Officer::Person { name: Name::new(&name).ok()?, position: Name::new(&position).ok()? })
        });
        self.staff.insert(id, officer.clone());
        Ok(officer)
    }

    /// Everybody on the roll of a class in a session, and their places with it.
    pub(super) fn roll(&mut self, class: ClassId, session: SessionKey) -> Result<Rc<Vec<PupilId>>, StoreError> {
        if let Some(known) = self.rolls.get(&(class, session)) {
            return Ok(Rc::clone(known));
        }
        let mut pupils = roll::on_roll(self.tx, class, session)?;
        // A pupil whom a slip of the roster put into two classes counts in one of them.
        let mut kept = Vec::with_capacity(pupils.len());
        for pupil in pupils.drain(..) {
            let place = self.places.entry((pupil, session)).or_insert(Place { class, on_roll: true });
            if place.class == class {
                kept.push(pupil);
            } else if roll::class_in(self.tx, pupil, session)? == Some(class) {
                *place = Place { class, on_roll: true };
                kept.push(pupil);
            }
        }
        let kept = Rc::new(kept);
        self.rolls.insert((class, session), Rc::clone(&kept));
        Ok(kept)
    }

    /// A pupil's place, if it is known already.
    pub(super) fn known_place(&self, pupil: PupilId, session: SessionKey) -> Option<Place> {
        self.places.get(&(pupil, session)).copied()
    }

    /// A pupil's class in a session. For somebody not on roll the class nearest in time, then the one that the fact
    /// names; none for somebody this school does not know.
    pub(super) fn place(&mut self, pupil: PupilId, session: SessionKey) -> Result<Option<Place>, StoreError> {
        if let Some(place) = self.places.get(&(pupil, session)) {
            return Ok(Some(*place));
        }
        let place = match roll::class_in(self.tx, pupil, session)? {
            Some(class) => Some(Place { class, on_roll: true }),
            None => roll::nearest_class(self.tx, pupil, session)?.map(|class| Place { class, on_roll: false }),
        };
        if let Some(place) = place {
            self.places.insert((pupil, session), place);
        }
        Ok(place)
    }

    /// When a reading of a log was taken.
    pub(super) fn when(
        &mut self,
        log: i64,
        seq: u64,
        reading: &Reading,
        received: Millis,
    ) -> Result<Interval, StoreError> {
        let known = self.timelines.entry(log).or_default();
        let at = match known.iter().position(|a| (a.from..=a.until).contains(&seq)) {
            Some(at) => at,
            None => {
                known.push(around(self.tx, log, seq)?);
                known.len() - 1
            }
        };
        let around = &mut known[at];
        around.timeline.received = around.written_by(seq, received);
        Ok(resolve(reading, &around.timeline))
    }

    /// Forgets what was resolved: boots or anchors changed.
    pub(super) fn redate(&mut self) {
        self.timelines.clear();
    }

    /// Everything that a boot's first anchor dates must be decided again.
    pub(super) fn dated_by(&self, boot: shared::id::BootId) -> Result<Vec<(i64, u64, u64)>, StoreError> {
        timeline::dated_by(self.tx, boot)
    }
}
