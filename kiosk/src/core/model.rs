//! The state of a kiosk between two messages.
//!
//! Must never: be changed anywhere but in `update`.

use super::book::Book;
use super::day::{AtHand, Seen};
use super::effect::{Draft, Effect};
use super::errand::Errand;
use super::ledger::{Kept, Ledger, Word};
use super::msg::{Pin, SyncStatus, Ticket};
use super::roll_call::Calling;
use super::screen::TileState;
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, StaffId};
use shared::observation::{Mark, Means, Observation};
use shared::text::{Name, Text};
use shared::time::{Interval, Millis, Mono};
use shared::wire::v1::{Expected, Fault, Mode, Seen as Three, Sort, Way};
use std::collections::{BTreeMap, BTreeSet};

/// The state of a kiosk.
#[derive(Debug, Default)]
pub struct Model {
    pub(super) book: Book,
    pub(super) ledger: Ledger,
    pub(super) seen: Option<Seen>,
    pub(super) sync: SyncStatus,
    pub(super) faults: Vec<Fault>,
    /// Kiosk and server do not understand each other any more.
    pub(super) needs_update: bool,
    /// The file was damaged in the last days: what was kept of what was not sent, and what could not be read.
    pub(super) damaged: Option<(u64, u64)>,
    pub(super) bond: Bond,
    pub(super) stage: Stage,
    pub(super) who: Option<StaffId>,
    pub(super) locks: BTreeMap<StaffId, Lock>,
    /// Wrong PINs of anybody since the last right one.
    pub(super) strangers: Lock,
    /// The order of the tiles, where somebody chose another than the school's.
    pub(super) sorts: BTreeMap<StaffId, Sort>,
    pub(super) touched: Option<Mono>,
    /// How many times faster than people the clock may run; 0 is once.
    pub(super) pace: i64,
    /// What the disk holds was taken in.
    pub(super) recalled: bool,
    pub(super) last_ticket: u64,
    /// The next rows replace all others.
    pub(super) anew: bool,
}

/// How the kiosk stands with its school.
#[derive(Debug, Default)]
pub(super) enum Bond {
    /// It has one.
    #[default]
    Enrolled,
    /// It asks for one.
    Asking { code: Option<Text<12>>, check_word: Option<Name>, trouble: Option<String> },
    /// The office has switched it off.
    Revoked,
    /// Its card is wrong, so it asks nobody: what, in words.
    Misset { wrong: Vec<String> },
}

/// Wrong PINs of one person.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lock {
    pub wrong: u32,
    pub until: Option<Mono>,
}

/// Where on its way a person is.
#[derive(Debug)]
pub(super) enum Stage {
    /// Sign-on, or reception's invitation.
    Home { page: usize, notice: String },
    /// At the key pad.
    Pin { staff: StaffId, typed: Pin, checking: Option<Ticket>, trouble: bool, errand: Errand },
    /// A member of staff is asked for: a card, or a name and a PIN.
    Staff { page: usize, notice: String, errand: Errand },
    /// Which register?
    Choose { notice: String },
    /// At the tiles.
    Register(Sheet),
    /// The register was submitted; the ticket while it is not on disk.
    Submitted(Sheet),
    /// Reception: going home or coming back?
    Which,
    /// Reception: which year? (Only after "going home or coming back"; else the years stand on the invitation.)
    Year { way: Way },
    /// Reception: which class?
    Class { way: Way, year: Name },
    /// Reception: which month is your birthday in?
    Month { way: Way, year: Name },
    /// Reception: which name?
    Name { way: Way, among: Among },
    /// Reception: is this you?
    Confirm { way: Way, pupil: PupilId, among: Option<Among> },
    /// Reception: why? The arrival is written already.
    Reason(Done),
    /// Reception: who collects you?
    Collect { pupil: PupilId, means: Means },
    /// A roll call: a drill, or not?
    BeginRollCall,
    /// A roll call on the screen.
    RollCall(Calling),
    /// Reception: the answer. `kept` is none when nothing had to be written.
    Done(Done),
    /// A sentence.
    Message { title: String, words: String },
}

impl Default for Stage {
    fn default() -> Self {
        Self::Home { page: 0, notice: String::new() }
    }
}

/// A register on the screen.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub class: ClassId,
    pub session: SessionKey,
    /// Frozen while the register is on the screen: nothing moves under a finger. New pupils are put at the end.
    pub order: Vec<PupilId>,
    pub undo: Vec<Vec<(PupilId, TileState, Returning)>>,
    pub ask: Option<PupilId>,
    pub wanted: BTreeSet<PupilId>,
    pub notice: String,
    /// By which name the tiles are sorted.
    pub sort: Sort,
    /// Pupils of other classes who were noted here.
    pub guests: BTreeSet<PupilId>,
    /// What lies over the tiles, besides a question about one.
    pub panel: Option<Panel>,
    /// Whose name is being called, when the names are called one by one.
    pub calling: Option<PupilId>,
}

/// What lies over the tiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Panel {
    /// What else can be done here.
    More,
    /// The next tile that is tapped is the one that a note is about.
    NoteWhom,
    /// Which note?
    Note(PupilId),
    /// From which class does the visitor come?
    GuestClass { page: usize },
    /// Who of that class?
    Guest { class: Name, page: usize },
    /// After close: came in now, or what the office should change?
    AfterClose(PupilId),
}

/// How a step is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returning {
    /// One mark replaces the other.
    Plain,
    /// A "came late" must be taken back first.
    AfterLate,
}

/// The names among which a pupil finds their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Among {
    /// Those of a class.
    Class(ClassId),
    /// Those of a year who were born in a month.
    Born { year: Name, month: u8 },
}

/// A pupil's last way through the door, here or at another kiosk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    pub way: Way,
    pub session: Option<SessionKey>,
    pub when: Interval,
    /// While it is not on this disk.
    pub ticket: Option<Ticket>,
}

/// An answer at reception.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub pupil: PupilId,
    pub way: Way,
    pub session: Option<SessionKey>,
    pub when: Interval,
    /// While it is not on disk.
    pub ticket: Option<Ticket>,
    /// Nothing was written: the pupil was signed in already.
    pub again: bool,
}

/// Who says what stands on a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Own,
    Feed,
    Nobody,
}

/// What stands on a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub state: TileState,
    pub minutes: u16,
    pub saved: bool,
    pub voice: Voice,
}

impl Model {
    /// A kiosk that has just been switched on and knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the kiosk is for, once it knows.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        self.book.mode()
    }

    /// The time as far as it is known: without any tick, any time at all.
    pub(super) fn now(&self) -> Interval {
        self.seen.map_or(Interval { earliest: Millis(0), latest: Millis(i64::MAX), estimate: None }, |s| s.now)
    }

    pub(super) fn mono(&self) -> Option<Mono> {
        self.seen.map(|s| s.reading.mono)
    }

    pub(super) fn at_hand(&self) -> AtHand {
        self.seen.map_or(AtHand::Unsure(Vec::new()), |s| self.book.at_hand(&s))
    }

    /// The session at hand, if the time leaves no choice.
    pub(super) fn sure_session(&self) -> Option<SessionKey> {
        match self.at_hand() {
            AtHand::One(key) => Some(key),
            _ => None,
        }
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    /// Asks for facts to be written, and takes them in as said but not saved.
    pub(super) fn append(&mut self, facts: Vec<Observation>, effects: &mut Vec<Effect>) -> Ticket {
        let ticket = self.ticket();
        let (now, by) = (self.now(), self.who);
        for what in &facts {
            self.ledger.note(what, now, Kept::Waiting(ticket));
        }
        let facts = facts.into_iter().map(|what| Draft { by, what, seal: None }).collect();
        effects.push(Effect::Append { ticket, facts });
        ticket
    }

    /// The same for one fact with something to seal, and who answers for it.
    pub(super) fn append_sealed(
        &mut self,
        what: Observation,
        by: Option<StaffId>,
        seal: Option<Name>,
        effects: &mut Vec<Effect>,
    ) -> Ticket {
        let ticket = self.ticket();
        self.ledger.note(&what, self.now(), Kept::Waiting(ticket));
        effects.push(Effect::Append { ticket, facts: vec![Draft { by, what, seal }] });
        ticket
    }

    /// The keyed hash of a card, if the number is one and the school's key is known.
    pub(super) fn card_hash(&self, number: &str) -> Option<Text<64>> {
        let key = &self.book.settings.as_ref()?.card_key;
        crate::cards::CardNumber::new(number)?.keyed_hash(key)
    }

    /// What stands for a pupil in a session.
    ///
    /// Own words win over the feed until its rows reflect them; a late sign-in that the feed tells of wins over all that
    /// was said here before it.
    pub(super) fn standing(&self, session: SessionKey, pupil: PupilId) -> Standing {
        let words = self.ledger.words(session, pupil);
        if let Some(heard) = self.ledger.heard(session, pupil) {
            let row = self.book.mark(session, pupil);
            let late = heard == words.len() && row.is_some_and(|r| r.state == Three::Late);
            if late || words.iter().all(|own| self.ledger.is_reflected(own)) {
                return row.map_or_else(
                    || self.expected(session, pupil),
                    |r| Standing {
                        state: match r.state {
                            Three::Present => TileState::Present,
                            Three::Late => TileState::Late,
                            Three::Absent => TileState::Absent,
                        },
                        minutes: r.minutes.unwrap_or(0),
                        saved: true,
                        voice: Voice::Feed,
                    },
                );
            }
        }
        let Some(own) = words.last() else { return self.expected(session, pupil) };
        let (state, minutes) = match own.word {
            Word::Mark(Mark::Blank) => return self.expected(session, pupil),
            Word::Mark(Mark::Present) => (TileState::Present, 0),
            Word::Mark(Mark::Absent) => (TileState::Absent, 0),
            Word::CameLate(when) => self.lateness(session, &when),
        };
        Standing { state, minutes, saved: matches!(own.kept, Kept::Saved(_)), voice: Voice::Own }
    }

    fn lateness(&self, session: SessionKey, when: &Interval) -> (TileState, u16) {
        use super::day::{Expect, expect};
        match self.book.times(session).map(|t| expect(&t, when)) {
            Some(Expect::OnTime) => (TileState::Present, 0),
            Some(Expect::Late(m) | Expect::AfterClose(m)) => (TileState::Late, m),
            Some(Expect::Next | Expect::Unsure) | None => (TileState::Late, 0),
        }
    }

    fn expected(&self, session: SessionKey, pupil: PupilId) -> Standing {
        let state = match self.book.expected(session, pupil) {
            Some(Expected::Absent) => TileState::ExpectedAbsent,
            Some(Expected::Elsewhere) => TileState::ExpectedElsewhere,
            None => TileState::Blank,
        };
        Standing { state, minutes: 0, saved: false, voice: Voice::Nobody }
    }

    /// The classes of this kiosk: those of whoever is signed on first, then by name.
    pub(super) fn classes(&self) -> Vec<ClassId> {
        let own = self.who.and_then(|w| self.book.staff.get(&w)).map(|s| s.classes.as_slice()).unwrap_or_default();
        let mut classes: Vec<_> = self.book.classes.values().collect();
        classes.sort_by_cached_key(|c| (!own.contains(&c.class), c.name.to_lowercase()));
        classes.into_iter().map(|c| c.class).collect()
    }

    /// The registers that can be chosen now.
    pub(super) fn choices(&self) -> Vec<(ClassId, SessionKey)> {
        let classes = self.classes();
        match self.at_hand() {
            AtHand::One(key) => classes.into_iter().map(|c| (c, key)).collect(),
            AtHand::Unsure(keys) => keys.iter().flat_map(|k| classes.iter().map(|c| (*c, *k))).collect(),
            AtHand::NoSchool(_) => Vec::new(),
        }
    }

    /// Those who may sign on: whose class this is first, then by name.
    pub(super) fn signers(&self) -> Vec<(StaffId, bool)> {
        let mine = |classes: &[ClassId]| classes.iter().any(|c| self.book.classes.contains_key(c));
        let mut staff: Vec<_> = self.book.staff.values().map(|s| (s, mine(&s.classes))).collect();
        staff.sort_by_cached_key(|(s, own)| (!own, surname_first(&s.name), s.staff));
        staff.into_iter().map(|(s, own)| (s.staff, own)).collect()
    }

    /// The last way through the door, of what was said here and of what the feed tells: the later one.
    pub(super) fn passed(&self, pupil: PupilId) -> Option<Passed> {
        let own = self.ledger.passage(pupil).map(|p| Passed {
            way: p.way,
            session: p.session,
            when: p.when,
            ticket: match p.kept {
                Kept::Waiting(ticket) => Some(ticket),
                Kept::Saved(_) => None,
            },
        });
        let heard = self.book.passages.get(&pupil).map(|row| Passed {
            way: row.way,
            session: Some(row.session),
            when: Interval { earliest: row.at, latest: row.at, estimate: None },
            ticket: None,
        });
        let (Some(mine), Some(told)) = (own, heard) else { return own.or(heard) };
        // An own word whose time is not known is the newest thing that anybody here said.
        let at = super::day::best(&mine.when);
        Some(if at.is_none_or(|at| at >= told.when.earliest) { mine } else { told })
    }
}

/// "Patel Ms Patel": people look for a surname.
fn surname_first(name: &str) -> String {
    let last = name.rsplit(' ').next().unwrap_or(name);
    format!("{last} {name}").to_lowercase()
}
