//! What this kiosk's own people said, and how far each word has come: asked for, on disk, with the server.
//!
//! Must never: call a word saved before the store said so.

use super::msg::{Recalled, Ticket};
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, RollCallId};
use shared::log::Origin;
use shared::observation::{Mark, Observation, Wish};
use shared::time::Interval;
use shared::wire::v1::Way;
use std::collections::{BTreeMap, BTreeSet};

/// How far a fact has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Not on disk yet.
    Waiting(Ticket),
    /// On disk, here.
    Saved(Origin),
}

/// What was said about a pupil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Mark(Mark),
    CameLate(Interval),
}

/// One fact about a pupil and session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub word: Word,
    pub kept: Kept,
}

/// One passage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passage {
    pub way: Way,
    pub session: Option<SessionKey>,
    pub when: Interval,
    pub kept: Kept,
}

/// What the office was told about a pupil, or asked to change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aside {
    pub wish: Option<Wish>,
    pub kept: Kept,
}

/// A submission.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub when: Interval,
    pub kept: Kept,
}

/// A roll call that was begun here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub real: bool,
    pub begun: Interval,
    pub kept: Kept,
}

/// One word about a pupil in a roll call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tick {
    pub seen: bool,
    pub kept: Kept,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    marks: BTreeMap<(SessionKey, PupilId), Vec<Own>>,
    sent: BTreeMap<(SessionKey, ClassId), Vec<Sent>>,
    passages: BTreeMap<PupilId, Vec<Passage>>,
    /// For each mark that the feed has told of: how many own words there were then.
    heard: BTreeMap<(SessionKey, PupilId), usize>,
    /// The feed's rows reflect the log that is written now up to here.
    upto: Option<Origin>,
    asides: BTreeMap<(SessionKey, PupilId), Vec<Aside>>,
    /// Who was ever marked on which register: visitors are among them.
    marked: BTreeMap<(SessionKey, ClassId), BTreeSet<PupilId>>,
    calls: BTreeMap<RollCallId, Call>,
    ended: BTreeMap<RollCallId, Vec<Kept>>,
    ticks: BTreeMap<(RollCallId, PupilId), Vec<Tick>>,
}

/// What waits for the disk, after what stands on it.
fn then_waiting<K: Ord, V>(now: &mut BTreeMap<K, Vec<V>>, old: BTreeMap<K, Vec<V>>, kept: impl Fn(&V) -> Kept) {
    for (at, values) in old {
        let mut waiting = values.into_iter().filter(|value| matches!(kept(value), Kept::Waiting(_))).peekable();
        if waiting.peek().is_some() {
            now.entry(at).or_default().extend(waiting);
        }
    }
}

impl Ledger {
    /// Takes a fact in, as asked for or as read back from the disk.
    pub fn note(&mut self, what: &Observation, when: Interval, kept: Kept) {
        match what {
            Observation::Marked { session, class, pupil, mark } => {
                self.marked.entry((*session, *class)).or_default().insert(*pupil);
                self.marks.entry((*session, *pupil)).or_default().push(Own { word: Word::Mark(*mark), kept });
            }
            Observation::CameLate { session, pupil, .. } => {
                self.marks.entry((*session, *pupil)).or_default().push(Own { word: Word::CameLate(when), kept });
            }
            Observation::Submitted { session, class, .. } => {
                self.sent.entry((*session, *class)).or_default().push(Sent { when, kept });
            }
            Observation::Arrived { pupil, session, .. } => self.pass(*pupil, Way::In, *session, when, kept),
            Observation::Left { pupil, session, .. } => self.pass(*pupil, Way::Out, *session, when, kept),
            Observation::Returned { pupil, session, .. } => self.pass(*pupil, Way::Back, *session, when, kept),
            Observation::Noted { session, pupil, .. } => self.aside((*session, *pupil), None, kept),
            Observation::ChangeAsked { session, pupil, wish, .. } => {
                self.aside((*session, *pupil), Some(*wish), kept);
            }
            Observation::RollCallBegun { call, real } => {
                self.calls.insert(*call, Call { real: *real, begun: when, kept });
            }
            Observation::Accounted { call, pupil, seen } => {
                self.ticks.entry((*call, *pupil)).or_default().push(Tick { seen: *seen, kept });
            }
            Observation::RollCallEnded { call } => self.ended.entry(*call).or_default().push(kept),
            Observation::Explained { .. }
            | Observation::Booted { .. }
            | Observation::PinRefused { .. }
            | Observation::Anchored { .. }
            | Observation::SignedOn { .. }
            | Observation::Noticed { .. } => {}
        }
    }

    fn aside(&mut self, about: (SessionKey, PupilId), wish: Option<Wish>, kept: Kept) {
        self.asides.entry(about).or_default().push(Aside { wish, kept });
    }

    /// What the office was told about a pupil in a session, oldest first.
    pub fn asides(&self, session: SessionKey, pupil: PupilId) -> &[Aside] {
        self.asides.get(&(session, pupil)).map_or(&[], Vec::as_slice)
    }

    /// Who was ever marked on a register.
    pub fn marked(&self, session: SessionKey, class: ClassId) -> impl Iterator<Item = PupilId> {
        self.marked.get(&(session, class)).into_iter().flatten().copied()
    }

    /// Takes in what stands on the disk, in place of what was known to stand there. What was asked for and is not there
    /// yet was said after all of it.
    pub fn recall(&mut self, facts: &[Recalled]) {
        let old = std::mem::take(self);
        for fact in facts {
            self.note(&fact.what, fact.when, Kept::Saved(fact.origin));
        }
        then_waiting(&mut self.marks, old.marks, |own| own.kept);
        then_waiting(&mut self.sent, old.sent, |sent| sent.kept);
        then_waiting(&mut self.passages, old.passages, |passage| passage.kept);
        then_waiting(&mut self.asides, old.asides, |aside| aside.kept);
        then_waiting(&mut self.ticks, old.ticks, |tick| tick.kept);
        then_waiting(&mut self.ended, old.ended, |kept| *kept);
        for (call, begun) in old.calls {
            self.calls.entry(call).or_insert(begun);
        }
        for (register, pupils) in old.marked {
            self.marked.entry(register).or_default().extend(pupils);
        }
        (self.heard, self.upto) = (old.heard, old.upto);
    }

    fn pass(&mut self, pupil: PupilId, way: Way, session: Option<SessionKey>, when: Interval, kept: Kept) {
        self.passages.entry(pupil).or_default().push(Passage { way, session, when, kept });
    }

    fn each_kept(&mut self) -> impl Iterator<Item = &mut Kept> {
        let marks = self.marks.values_mut().flatten().map(|o| &mut o.kept);
        let sent = self.sent.values_mut().flatten().map(|s| &mut s.kept);
        let passages = self.passages.values_mut().flatten().map(|p| &mut p.kept);
        let asides = self.asides.values_mut().flatten().map(|a| &mut a.kept);
        let calls = self.calls.values_mut().map(|c| &mut c.kept);
        let ended = self.ended.values_mut().flatten();
        let ticks = self.ticks.values_mut().flatten().map(|t| &mut t.kept);
        marks.chain(sent).chain(passages).chain(asides).chain(calls).chain(ended).chain(ticks)
    }

    /// An append is on disk.
    pub fn saved(&mut self, ticket: Ticket, at: Origin) {
        for kept in self.each_kept().filter(|k| **k == Kept::Waiting(ticket)) {
            *kept = Kept::Saved(at);
        }
    }

    /// An append did not reach the disk: nothing of it was said.
    pub fn lost(&mut self, ticket: Ticket) {
        let gone = Kept::Waiting(ticket);
        self.marks.values_mut().for_each(|v| v.retain(|o| o.kept != gone));
        self.sent.values_mut().for_each(|v| v.retain(|s| s.kept != gone));
        self.passages.values_mut().for_each(|v| v.retain(|p| p.kept != gone));
        self.asides.values_mut().for_each(|v| v.retain(|a| a.kept != gone));
        self.calls.retain(|_, c| c.kept != gone);
        self.ended.values_mut().for_each(|v| v.retain(|k| *k != gone));
        self.ticks.values_mut().for_each(|v| v.retain(|t| t.kept != gone));
    }

    /// The own words about a pupil and session, oldest first.
    pub fn words(&self, session: SessionKey, pupil: PupilId) -> &[Own] {
        self.marks.get(&(session, pupil)).map_or(&[], Vec::as_slice)
    }

    /// A row of the feed about this mark was heard.
    pub fn hear(&mut self, session: SessionKey, pupil: PupilId) {
        self.heard.insert((session, pupil), self.words(session, pupil).len());
    }

    /// The feed's rows reflect the own log, which is this one, up to here.
    pub fn reflected(&mut self, upto: Origin) {
        self.upto = Some(upto);
    }

    /// Whether the feed's rows reflect this word. A row about an earlier word of our own must not take a later one back
    /// under the teacher's finger.
    pub fn is_reflected(&self, word: &Own) -> bool {
        self.reflects(word.kept)
    }

    fn reflects(&self, kept: Kept) -> bool {
        match (kept, self.upto) {
            // Of a former log the server has what it will ever have of it; the rest was appended again to this one.
            (Kept::Saved(at), Some(upto)) => at.log != upto.log || at.seq <= upto.seq,
            _ => false,
        }
    }

    /// How many own words there were when the feed last told of this mark, if it ever did.
    pub fn heard(&self, session: SessionKey, pupil: PupilId) -> Option<usize> {
        self.heard.get(&(session, pupil)).copied()
    }

    /// The feed was forgotten.
    pub fn unhear(&mut self) {
        self.heard.clear();
    }

    /// The newest submission of a register.
    pub fn submission(&self, session: SessionKey, class: ClassId) -> Option<&Sent> {
        self.sent.get(&(session, class))?.last()
    }

    /// The roll calls that were begun here.
    pub fn calls(&self) -> impl Iterator<Item = (RollCallId, &Call)> {
        self.calls.iter().map(|(id, call)| (*id, call))
    }

    /// Whether a roll call was ended here.
    pub fn is_ended(&self, call: RollCallId) -> bool {
        self.ended.get(&call).is_some_and(|kept| !kept.is_empty())
    }

    /// The newest own word about a pupil in a roll call, unless the feed's rows reflect it.
    pub fn tick(&self, call: RollCallId, pupil: PupilId) -> Option<Tick> {
        let word = self.ticks.get(&(call, pupil))?.last().copied()?;
        (!self.reflects(word.kept)).then_some(word)
    }

    /// The newest passage of a pupil.
    pub fn passage(&self, pupil: PupilId) -> Option<&Passage> {
        self.passages.get(&pupil)?.last()
    }
}
