//! What the facts tell: the set of them, each once, sorted by nothing but their own content, and laid out by who
//! speaks: the office, arrivals, teachers, plans, the register.
//!
//! Must never: look at when a fact was received to decide which one counts.

use super::moment::ends;
use super::{Answer, Fact, Provenance, QuestionKey, Sitting, What};
use crate::act::Officer;
use crate::codes::Code;
use crate::id::{ClassId, LogId, PlanId};
use crate::log::Origin;
use crate::observation::Mark;
use crate::text::Remark;
use crate::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// One fact, taken once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'a> {
    /// The fact.
    pub fact: &'a Fact,
    /// When the server had it first, by whichever road.
    pub received: Millis,
    /// When it happened, not before what its writer wrote before it: a clock that was set back does not turn a log round.
    after: (Millis, Millis),
}

/// A person in the office said which code it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ruling<'a> {
    pub kept: Kept<'a>,
    pub settles: bool,
    pub code: Option<Code>,
    pub minutes: Option<u16>,
    pub detail: Option<&'a Remark>,
    pub reason: &'a Remark,
    pub seen: &'a [Origin],
}

/// A plan in force.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan<'a> {
    pub kept: Kept<'a>,
    pub code: Code,
    pub detail: Option<&'a Remark>,
    pub reason: &'a Remark,
}

/// A timed arrival: at reception, or the teacher's "came late".
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub kept: Kept<'a>,
    /// The screen knew the session.
    pub said: bool,
    /// The register it was tapped on, for the teacher's "came late".
    pub register: Option<ClassId>,
}

/// What one kiosk's log comes to, about this pupil. The later number wins; blank takes back what was before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Word<'a> {
    /// The mark, with the register it was made on.
    pub mark: Option<(Mark, ClassId, Kept<'a>)>,
    /// The first mark since the last blank: a *first* mark of present after close is a late register.
    pub first: Option<Kept<'a>>,
    /// "Came late", unless it was taken back by blank or absent.
    pub late: Option<Arrival<'a>>,
    /// The newest blank.
    pub blanked: Option<Kept<'a>>,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Told<'a> {
    pub rulings: Vec<Ruling<'a>>,
    /// The newest amendment in the name of a rule (N to O): a rule is no person in the office.
    pub by_rule: Option<Ruling<'a>>,
    pub settled: BTreeMap<QuestionKey, BTreeSet<Origin>>,
    pub arrivals: Vec<Arrival<'a>>,
    pub words: BTreeMap<LogId, Word<'a>>,
    pub plans: Vec<Plan<'a>>,
    pub withdrawn: Vec<Kept<'a>>,
    pub history: Option<(Kept<'a>, Code)>,
    pub submitted: Vec<(Kept<'a>, bool)>,
    /// What the teacher told the office, and what the office was asked to change.
    pub notes: Vec<Kept<'a>>,
    pub wishes: Vec<Kept<'a>>,
    pub closed: Option<Kept<'a>>,
    /// Left and came back, in the order of time; true: left.
    pub movements: Vec<(Kept<'a>, bool)>,
}

/// The order of facts: within one log the number, among writers when it happened, then where it stands.
pub(super) fn order(kept: &Kept<'_>) -> (Millis, Millis, Origin) {
    (kept.after.0, kept.after.1, kept.fact.origin)
}

/// Each fact once, by origin, in the order of logs and numbers. Of two copies (a log begun anew after a fork) the one
/// whose time is better known counts; when they were received counts for nothing.
pub(super) fn once(facts: &[Fact]) -> Vec<Kept<'_>> {
    let rank = |fact: &Fact| {
        let (earliest, latest) = ends(&fact.when);
        let other = matches!(fact.from, Provenance::Kiosk { owns: false, .. });
        (latest.since(earliest), earliest, other)
    };
    let mut set: BTreeMap<Origin, Kept<'_>> = BTreeMap::new();
    for fact in facts {
        set.entry(fact.origin)
            .and_modify(|kept| {
                kept.received = kept.received.min(fact.received);
                if (rank(fact), &fact.what) < (rank(kept.fact), &kept.fact.what) {
                    kept.fact = fact;
                }
            })
            .or_insert(Kept { fact, received: fact.received, after: ends(&fact.when) });
    }
    let mut kept: Vec<Kept<'_>> = set.into_values().collect();
    let mut before: Option<(LogId, (Millis, Millis))> = None;
    for kept in &mut kept {
        if stated(kept.fact) {
            continue;
        }
        let (log, (earliest, latest)) = (kept.fact.origin.log, ends(&kept.fact.when));
        kept.after = match before {
            Some((same, (from, until))) if same == log => (earliest.max(from), latest.max(until)),
            _ => (earliest, latest),
        };
        before = Some((log, kept.after));
    }
    kept
}

/// The office says when somebody went or came, whenever it writes that down: the order of its log tells nothing of it.
const fn stated(fact: &Fact) -> bool {
    matches!((&fact.from, &fact.what), (Provenance::School { .. }, What::Left | What::Returned))
}

impl<'a> Told<'a> {
    /// Lays the facts out.
    pub fn new(facts: &'a [Fact], sitting: &Sitting) -> Self {
        let mut told = Self::default();
        let mut gone: BTreeSet<PlanId> = BTreeSet::new();
        let mut plans: Vec<(PlanId, Plan<'a>)> = Vec::new();
        for kept in once(facts) {
            match &kept.fact.what {
                What::Marked { class, mark } => told.word(kept).mark(kept, *mark, *class),
                What::CameLate { class } => told.word(kept).came_late(kept, *class),
                What::Arrived { said, .. } => {
                    told.arrivals.push(Arrival { kept, said: *said, register: None });
                    told.movements.push((kept, false));
                }
                What::Told => told.notes.push(kept),
                What::ChangeAsked { .. } => told.wishes.push(kept),
                What::Left => told.movements.push((kept, true)),
                What::Returned => {
                    told.movements.push((kept, false));
                    // Who left in an earlier session comes in anew.
                    if sitting.left_earlier {
                        told.arrivals.push(Arrival { kept, said: false, register: None });
                    }
                }
                What::Submitted { class, tile } if *class == sitting.class => told.submitted.push((kept, *tile)),
                What::Closed { class } if *class == sitting.class => {
                    let surer = told.closed.is_none_or(|old| !clock_sure(&old) && clock_sure(&kept));
                    if surer {
                        told.closed = Some(kept);
                    }
                }
                What::Submitted { .. } | What::Closed { .. } => {} // of another class's register
                What::Amended { code, minutes, detail, reason, seen } => {
                    let (code, minutes, detail) = (*code, *minutes, detail.as_ref());
                    told.amend(Ruling { kept, settles: false, code, minutes, detail, reason, seen });
                }
                What::Settled { question, answer, seen } => {
                    told.settled.entry(*question).or_default().extend(seen.iter().copied());
                    told.settle(kept, question, answer, seen, sitting);
                }
                What::Planned { plan, code, detail, reason } => {
                    plans.push((*plan, Plan { kept, code: *code, detail: detail.as_ref(), reason }));
                }
                What::PlanWithdrawn { plan } => {
                    gone.insert(*plan);
                    told.withdrawn.push(kept);
                }
                What::History { code } => {
                    if told.history.is_none_or(|(old, _)| order(&old) < order(&kept)) {
                        told.history = Some((kept, *code));
                    }
                }
            }
        }
        told.plans = plans.into_iter().filter(|(id, _)| !gone.contains(id)).map(|(_, plan)| plan).collect();
        told.plans.sort_by_key(|plan| order(&plan.kept));
        told.rulings.sort_by_key(|ruling| order(&ruling.kept));
        told.movements.sort_by_key(|(kept, _)| order(kept));
        told.one_kiosk_in_two_logs();
        told.arrivals.extend(told.words.values().filter_map(|word| word.late));
        told.arrivals.sort_by_key(|arrival| order(&arrival.kept));
        told
    }

    /// A kiosk whose card was put back goes on in a new log. What it says there counts as within one log: the later word
    /// stands. Where it is not certain which was later (a copy of the card may run in a second kiosk), both stand, as the
    /// words of two kiosks do.
    fn one_kiosk_in_two_logs(&mut self) {
        let each = self.words.clone();
        for (log, word) in &mut self.words {
            for (_, other) in each.iter().filter(|(of, _)| *of != log) {
                word.overtaken(other);
            }
        }
    }

    fn word(&mut self, kept: Kept<'a>) -> &mut Word<'a> {
        self.words.entry(kept.fact.origin.log).or_default()
    }

    fn amend(&mut self, ruling: Ruling<'a>) {
        let by_rule = matches!(ruling.kept.fact.from, Provenance::School { by: Officer::Rule { .. }, .. });
        if !by_rule {
            self.rulings.push(ruling);
        } else if self.by_rule.is_none_or(|old| order(&old.kept) < order(&ruling.kept)) {
            self.by_rule = Some(ruling);
        }
    }

    /// An answer that names a code is the office's word on this pupil.
    fn settle(&mut self, kept: Kept<'a>, key: &QuestionKey, answer: &'a Remark, seen: &'a [Origin], sitting: &Sitting) {
        let about_us = key.session == sitting.key.session && key.pupil == Some(sitting.key.pupil);
        let Some(code) = Answer::of(answer).code(sitting.key.session.half) else { return };
        if about_us {
            let (code, minutes, detail) = (Some(code), None, None);
            self.rulings.push(Ruling { kept, settles: true, code, minutes, detail, reason: answer, seen });
        }
    }

    /// The plan in force: of several the newest. Y4 is not among them, it has rules of its own.
    pub fn plan(&self) -> Option<&Plan<'a>> {
        self.plans.iter().rfind(|plan| plan.code != Code::Y4)
    }
    /// When the site was declared closed first.
    pub fn site_closed(&self) -> Option<&Plan<'a>> {
        self.plans.iter().find(|plan| plan.code == Code::Y4)
    }
    /// The office's word: of several the newest.
    pub fn ruling(&self) -> Option<&Ruling<'a>> {
        self.rulings.last()
    }
    /// Logs whose mark is this one, those of the register's own kiosks first.
    pub fn saying(&self, wanted: Mark) -> Vec<(ClassId, Kept<'a>)> {
        let mut found: Vec<_> = self
            .words
            .values()
            .filter_map(|word| word.mark)
            .filter(|(mark, ..)| *mark == wanted)
            .map(|(_, class, kept)| (class, kept))
            .collect();
        found.sort_by_key(|(_, kept)| (!owns(kept), order(kept)));
        found
    }
    /// Left without coming back.
    pub fn left(&self) -> bool {
        self.movements.last().is_some_and(|(_, left)| *left)
    }
    /// Whether the pupil had left before this arrival, which is then a return: no, perhaps, or certainly.
    pub fn is_return(&self, arrival: &Arrival<'a>) -> Likely {
        let (earliest, latest) = ends(&arrival.kept.fact.when);
        let here = arrival.kept.fact.origin;
        let departures = self.movements.iter().filter(|(_, left)| *left).map(|(kept, _)| kept.fact);
        departures
            .map(|departure| {
                let there = departure.origin;
                let (left_earliest, left_latest) = ends(&departure.when);
                if there.log == here.log && !stated(departure) {
                    if there.seq < here.seq { Likely::Certainly } else { Likely::No }
                } else if left_latest < earliest {
                    Likely::Certainly
                } else if left_earliest < latest {
                    Likely::Perhaps
                } else {
                    Likely::No
                }
            })
            .max()
            .unwrap_or(Likely::No)
    }
}

/// How likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likely {
    No,
    Perhaps,
    Certainly,
}

/// Whether the same kiosk wrote this, certainly later than that.
fn overtakes(this: Option<Kept<'_>>, that: Kept<'_>) -> bool {
    let writer = |kept: &Kept<'_>| match &kept.fact.from {
        Provenance::Kiosk { kiosk, .. } => Some(*kiosk),
        Provenance::School { .. } => None,
    };
    this.is_some_and(|this| this.after.0 > that.after.1 && writer(&this).is_some() && writer(&this) == writer(&that))
}

impl<'a> Word<'a> {
    /// What of it does not stand any more, because of what the same kiosk wrote in another log, certainly later.
    fn overtaken(&mut self, by: &Self) {
        let said = |wanted: &[Mark]| by.mark.filter(|(mark, ..)| wanted.contains(mark)).map(|(_, _, kept)| kept);
        if let Some((mark, _, mine)) = self.mark {
            let late = by.late.filter(|_| mark == Mark::Absent).map(|late| late.kept);
            let any = [said(&[Mark::Present, Mark::Absent]), late, by.blanked];
            if any.into_iter().any(|later| overtakes(later, mine)) {
                self.mark = None;
            }
        }
        if let Some(Arrival { kept: mine, .. }) = self.late
            && [said(&[Mark::Absent]), by.blanked].into_iter().any(|later| overtakes(later, mine))
        {
            self.late = None;
        }
        if self.first.is_some_and(|mine| overtakes(by.blanked, mine)) {
            self.first = None;
        }
    }
    fn mark(&mut self, kept: Kept<'a>, mark: Mark, class: ClassId) {
        if mark == Mark::Blank {
            *self = Self { blanked: Some(kept), ..Self::default() };
            return;
        }
        if mark == Mark::Absent {
            self.late = None;
        }
        self.first = self.first.or(Some(kept));
        self.mark = Some((mark, class, kept));
    }
    fn came_late(&mut self, kept: Kept<'a>, class: ClassId) {
        self.late = Some(Arrival { kept, said: true, register: Some(class) });
        self.first = self.first.or(Some(kept));
        if self.mark.is_some_and(|(mark, ..)| mark == Mark::Absent) {
            self.mark = None; // "absent" was turned into "came late"
        }
    }
}

/// Whether the kiosk is one of the register's own.
pub(super) fn owns(kept: &Kept<'_>) -> bool {
    !matches!(kept.fact.from, Provenance::Kiosk { owns: false, .. })
}

/// Whether the server was sure of its clock.
pub(super) fn clock_sure(kept: &Kept<'_>) -> bool {
    !matches!(kept.fact.from, Provenance::School { clock_sure: false, .. })
}
