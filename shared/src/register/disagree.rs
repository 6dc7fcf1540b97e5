//! Which facts disagree with what a person in the office set.
//!
//! Must never: count a fact that the person had before them, or one that only came about later as expected (a pupil
//! who comes back from the dentist).

use super::Sitting;
use super::arrival::First;
use super::moment::{Moment, ends};
use super::told::{Ruling, Told};
use crate::calendar::Times;
use crate::codes::{ArrivalRule, Class, Code, arrival_against};
use crate::log::Origin;
use crate::observation::Mark;
use std::collections::BTreeSet;

/// The facts that contradict the office's word and were not before the person who gave it.
pub(super) fn unseen(
    told: &Told<'_>,
    ruling: &Ruling<'_>,
    sitting: &Sitting,
    times: &Times,
    first: Option<&First<'_>>,
) -> BTreeSet<Origin> {
    let code = ruling.code;
    let mut against: BTreeSet<Origin> = BTreeSet::new();

    let presents = told.saying(Mark::Present);
    against.extend(
        presents
            .iter()
            .filter(|(_, kept)| !bears_present(code, ends(&kept.fact.when).0 >= times.closes))
            .map(|(_, kept)| kept.fact.origin),
    );
    if presents.is_empty() && code == Some(sitting.present()) {
        against.extend(told.saying(Mark::Absent).into_iter().map(|(_, kept)| kept.fact.origin));
    }
    if let Some(first) = first.filter(|first| first.here) {
        let borne = first.moments(times).any(|moment| bears_arrival(code, moment, sitting.present()));
        if !borne {
            against.extend(first.origins());
        }
    }
    if let Some(plan) = told.plan().filter(|plan| !bears_plan(code, plan.code)) {
        against.insert(plan.kept.fact.origin);
    }
    against.extend(told.rulings.iter().filter(|other| other.code != code).map(|other| other.kept.fact.origin));

    against.retain(|origin| *origin != ruling.kept.fact.origin && !ruling.seen.contains(origin));
    against
}

/// Whether the code agrees with a teacher who says present.
fn bears_present(code: Option<Code>, after_close: bool) -> bool {
    code.is_some_and(|code| {
        code.is_attending() || (after_close && (code == Code::U || arrival_against(code) == ArrivalRule::LateThenNoted))
    })
}

/// Whether the code agrees with an arrival at that moment.
fn bears_arrival(code: Option<Code>, moment: Moment, present: Code) -> bool {
    code.is_some_and(|code| match moment {
        Moment::OnTime => code == present,
        Moment::Late => code == Code::L,
        Moment::AfterClose => code == Code::U || arrival_against(code) == ArrivalRule::LateThenNoted,
    })
}

/// Whether the code agrees with a plan: the same, or an absence for part of the session and the pupil came.
fn bears_plan(code: Option<Code>, plan: Code) -> bool {
    code.is_some_and(|code| {
        code == plan || (code.class() == Class::Attending && arrival_against(plan) == ArrivalRule::LateThenNoted)
    })
}
