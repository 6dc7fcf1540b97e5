//! The first arrival of a session, from all that was seen of it, and what it comes to.
//!
//! Must never: take the later of two times for the better known.

use super::Sitting;
use super::moment::{Moment, Span, ends, minutes, moment, span};
use super::told::{Arrival, Likely, Told, order};
use crate::calendar::Times;
use crate::codes::{ArrivalRule, Code};
use crate::log::Origin;
use crate::observation::Mark;
use crate::time::Millis;
use std::collections::BTreeSet;

/// Half a day: an arrival without a named session, on a day without sessions, is taken for one of that day when its
/// time is known at least so well.
const HALF_A_DAY_MS: i64 = 12 * 60 * 60 * 1000;

/// The first arrival: of several the earliest counts. Coming back after leaving is no arrival.
#[derive(Debug)]
pub(super) struct First<'a> {
    /// The one that counts.
    pub arrival: Arrival<'a>,
    /// It was not before this.
    pub from: Millis,
    /// It was not after this.
    pub until: Millis,
    /// Whether it certainly was an arrival of this session.
    pub here: bool,
    all: BTreeSet<Origin>,
}

/// The first arrival of this session, if there may have been one.
pub(super) fn first<'a>(told: &Told<'a>, sitting: &Sitting, times: &Times) -> Option<First<'a>> {
    let seen_in_class = !told.saying(Mark::Present).is_empty();
    let spans: Vec<(Arrival<'a>, Span)> = told
        .arrivals
        .iter()
        .filter_map(|arrival| {
            // Who was seen in class and had left comes back: that is no arrival.
            let back = if seen_in_class { told.is_return(arrival) } else { Likely::No };
            let span = span(&arrival.kept.fact.when, arrival.said, sitting, times)?;
            (back != Likely::Certainly).then_some((*arrival, Span { here: span.here && back == Likely::No, ..span }))
        })
        .collect();
    let from = spans.iter().map(|(_, span)| span.from).min()?;
    let here = spans.iter().any(|(_, span)| span.here);
    let until = spans.iter().filter(|(_, span)| span.here == here).map(|(_, span)| span.until).min()?;
    let (arrival, _) = spans
        .iter()
        .min_by_key(|(arrival, span)| (!span.here, span.from, span.until, order(&arrival.kept)))
        .copied()?;
    let all = spans.iter().map(|(arrival, _)| arrival.kept.fact.origin).collect();
    Some(First { arrival, from, until, here, all })
}

impl First<'_> {
    /// The facts that speak of it.
    pub fn origins(&self) -> BTreeSet<Origin> {
        self.all.clone()
    }
    /// What it may have been, best first.
    pub fn moments(&self, times: &Times) -> impl Iterator<Item = Moment> + Clone {
        let (best, worst) = (moment(self.from, times), moment(self.until, times));
        [Moment::OnTime, Moment::Late, Moment::AfterClose].into_iter().filter(move |m| (best..=worst).contains(m))
    }
    /// Certainly in this session, and before the register opened.
    pub fn surely_on_time(&self, times: &Times) -> bool {
        self.here && moment(self.until, times) == Moment::OnTime
    }
    /// Minutes late at the earliest that it may have been.
    pub fn minutes(&self, times: &Times) -> u16 {
        minutes(self.from, times)
    }
}

/// What an arrival at that moment posts, by what the table says of the code it comes up against; `None`: nothing, what
/// stands stays and the arrival is noted.
pub(super) fn outcome(moment: Moment, rule: ArrivalRule, present: Code) -> Option<Code> {
    match (rule, moment) {
        (ArrivalRule::StaysWithQuestion, _) | (ArrivalRule::LateThenNoted, Moment::AfterClose) => None,
        (_, Moment::OnTime) => Some(present),
        (_, Moment::Late) => Some(Code::L),
        (ArrivalRule::Replaced, Moment::AfterClose) => Some(Code::U),
    }
}

impl Arrival<'_> {
    /// Whether this is an arrival of the session, as far as is known. `times` is `None` on a day without school.
    pub fn is_of(&self, sitting: &Sitting, times: Option<&Times>) -> bool {
        let when = &self.kept.fact.when;
        match times {
            Some(times) => span(when, self.said, sitting, times).is_some_and(|span| span.here),
            None => {
                let (earliest, latest) = ends(when);
                self.said || latest.since(earliest) < HALF_A_DAY_MS
            }
        }
    }
}
