//! Reception: in late, out early, back again. By card at once; by name in a few steps.
//!
//! An arrival is written before anybody is asked why: a pupil who walks away from the question has arrived all the same.
//! Going home takes a member of staff.
//!
//! Must never: tell anybody off, show a reason again once it is picked, ask a pupil what time it is, or let a pupil go on
//! the pupil's own word.

use super::day::{Expect, expect};
use super::effect::{Beep, Effect};
use super::errand::{self, Errand};
use super::model::{Among, Done, Model, Passed, Stage};
use super::msg::Msg;
use super::words;
use shared::id::{ClassId, PupilId, StaffId};
use shared::observation::{Means, Notice, Observation};
use shared::text::Name;
use shared::wire::v1::{FindBy, Way};

/// A second card tap within this time changes nothing.
const AGAIN_MS: i64 = 120_000;

pub(super) fn step(model: &mut Model, msg: Msg, effects: &mut Vec<Effect>) {
    match (msg, &model.stage) {
        (Msg::InOrOut, Stage::Home { .. }) => model.stage = Stage::Which,
        (Msg::GoingHome, Stage::Which) => model.stage = Stage::Year { way: Way::Out },
        (Msg::ComingBack, Stage::Which) => model.stage = Stage::Year { way: Way::Back },
        (Msg::AskForHelp, Stage::Home { .. }) => {
            model.stage = message(words::HELP);
        }
        (Msg::PickYear { year }, Stage::Home { .. }) => pick_year(model, Way::In, year),
        (Msg::PickYear { year }, Stage::Year { way }) => {
            let way = *way;
            pick_year(model, way, year);
        }
        (Msg::PickClass { class }, Stage::Class { way, year })
            if model.book.classes.get(&class).is_some_and(|c| c.year == *year) =>
        {
            model.stage = Stage::Name { way: *way, among: Among::Class(class) };
        }
        (Msg::PickMonth { month }, Stage::Month { way, year }) if months(model, year).contains(&month) => {
            model.stage = Stage::Name { way: *way, among: Among::Born { year: year.clone(), month } };
        }
        (Msg::PickPupil { pupil }, Stage::Name { way, among }) if found(model, among).contains(&pupil) => {
            model.stage = Stage::Confirm { way: *way, pupil, among: Some(among.clone()) };
        }
        (Msg::Confirm, Stage::Confirm { way, pupil, .. }) => {
            let (way, pupil) = (*way, *pupil);
            go(model, pupil, way, Means::Name, effects);
        }
        (Msg::PickReason { reason }, Stage::Reason(done)) if reasons(model).contains(&reason) => {
            let (pupil, session) = (done.pupil, done.session);
            let told = Observation::Explained { pupil, session, reason: None };
            let ticket = model.append_sealed(told, None, Some(reason), effects);
            effects.push(Effect::SyncNow);
            if let Stage::Reason(done) = &model.stage {
                // Facts are saved in their order: with this one the arrival is on disk too.
                model.stage = Stage::Done(Done { ticket: Some(ticket), ..done.clone() });
            }
        }
        (Msg::NoReason, Stage::Reason(done)) => model.stage = Stage::Done(done.clone()),
        (Msg::PickCollector { who }, Stage::Collect { pupil, means }) if collectors(model).contains(&who) => {
            model.stage = errand::ask(Errand::LetGo { pupil: *pupil, means: *means, collected: Some(who) });
        }
        _ => {}
    }
}

fn message((title, words): (&str, &str)) -> Stage {
    Stage::Message { title: title.to_owned(), words: words.to_owned() }
}

fn pick_year(model: &mut Model, way: Way, year: Name) {
    let classes: Vec<ClassId> = model.book.classes_of(&year).iter().map(|c| c.class).collect();
    let by_month = model.book.settings.as_ref().is_some_and(|s| s.find_by == FindBy::Month);
    match classes.as_slice() {
        [] => {}
        // Months that are not known to everybody find nobody.
        _ if by_month && !months(model, &year).is_empty() => model.stage = Stage::Month { way, year },
        [one] => model.stage = Stage::Name { way, among: Among::Class(*one) },
        _ => model.stage = Stage::Class { way, year },
    }
}

/// Months in which somebody of a year was born.
pub(super) fn months(model: &Model, year: &Name) -> Vec<u8> {
    (1..=12).filter(|m| !model.book.born_in(year, *m, day(model)).is_empty()).collect()
}

/// The day at hand, if it is known.
fn day(model: &Model) -> Option<chrono::NaiveDate> {
    let date = model.seen.and_then(|s| s.best()).map(|b| model.book.local(b).date());
    model.sure_session().map(|s| s.date).or(date)
}

/// The names among which a pupil looks.
pub(super) fn found(model: &Model, among: &Among) -> Vec<PupilId> {
    match among {
        Among::Class(class) => names(model, *class),
        Among::Born { year, month } => model.book.born_in(year, *month, day(model)),
    }
}

/// The names of a class on the day at hand, or of all who are known to be in it when the day is not known.
pub(super) fn names(model: &Model, class: ClassId) -> Vec<PupilId> {
    match day(model) {
        Some(date) => model.book.roll_of_day(class, date),
        None => {
            let mut all: Vec<_> =
                model.book.pupils.values().filter(|p| model.book.class_of(p.pupil, None) == Some(class)).collect();
            all.sort_by_cached_key(|p| (p.first.to_lowercase(), p.last.to_lowercase(), p.pupil));
            all.into_iter().map(|p| p.pupil).collect()
        }
    }
}

fn reasons(model: &Model) -> &[Name] {
    model.book.settings.as_ref().map(|s| s.reasons.as_slice()).unwrap_or_default()
}

fn collectors(model: &Model) -> &[Name] {
    model.book.settings.as_ref().map(|s| s.collectors.as_slice()).unwrap_or_default()
}

/// Whether a reason is asked for: when the arrival is late for all that is known, and the school wants it asked.
fn wants_reason(model: &Model, means: Means) -> bool {
    let late = model.sure_session().and_then(|s| model.book.times(s)).map(|t| expect(&t, &model.now()));
    let asks = means == Means::Name || model.book.settings.as_ref().is_some_and(|s| s.reason_after_card);
    matches!(late, Some(Expect::Late(_) | Expect::AfterClose(_))) && asks && !reasons(model).is_empty()
}

/// A sign-in of this session that still stands.
fn already_in(model: &Model, pupil: PupilId) -> Option<Passed> {
    let last = model.passed(pupil)?;
    let session = model.sure_session();
    (last.way != Way::Out && session.is_some() && last.session == session).then_some(last)
}

/// A card at reception.
pub(super) fn card(model: &mut Model, number: &str, effects: &mut Vec<Effect>) {
    let hash = model.card_hash(number);
    let holder = hash.as_ref().and_then(|h| model.book.pupils.values().find(|p| p.cards.contains(h))).map(|p| p.pupil);
    let Some(pupil) = holder else {
        if errand::holder(model, number).is_some() {
            return staff_card(model, number, effects);
        }
        if let Some(card) = hash {
            model.append(vec![Observation::Noticed { notice: Notice::UnknownCard { card } }], effects);
        }
        effects.push(Effect::Beep(Beep::Low));
        model.stage = message(words::UNKNOWN_CARD);
        return;
    };
    let way = match &model.stage {
        Stage::Year { way } | Stage::Class { way, .. } | Stage::Name { way, .. } | Stage::Confirm { way, .. } => *way,
        // "Going home or coming back": whoever has not left goes.
        Stage::Which => match model.passed(pupil) {
            Some(p) if p.way == Way::Out && same_day(model, &p) => Way::Back,
            _ => Way::Out,
        },
        // Whoever is asked something and taps again is still here for the same.
        Stage::Collect { pupil: asked, .. } if *asked == pupil => return,
        Stage::Reason(done) if done.pupil == pupil => return,
        // Whoever signed out and taps a card has come back.
        _ => match model.passed(pupil) {
            Some(p) if p.way == Way::Out && !recent(model, &p) && same_day(model, &p) => Way::Back,
            Some(p) if p.way == Way::Out && recent(model, &p) => Way::Out,
            _ => Way::In,
        },
    };
    go(model, pupil, way, Means::Card, effects);
}

/// A colleague's card at reception's invitation is the quickest way to the roll call.
fn staff_card(model: &mut Model, number: &str, effects: &mut Vec<Effect>) {
    if matches!(model.stage, Stage::Home { .. }) {
        errand::card(model, number, Errand::RollCall, effects);
    } else {
        effects.push(Effect::Beep(Beep::Low));
    }
}

fn recent(model: &Model, passage: &Passed) -> bool {
    let (then, now) = (super::day::best(&passage.when), model.seen.and_then(|s| s.best()));
    then.zip(now).is_some_and(|(then, now)| now.since(then) < AGAIN_MS)
}

fn same_day(model: &Model, passage: &Passed) -> bool {
    passage.session.map(|s| s.date) == model.sure_session().map(|s| s.date)
}

/// Signs a pupil in, or asks what must be known before one goes home.
fn go(model: &mut Model, pupil: PupilId, way: Way, means: Means, effects: &mut Vec<Effect>) {
    let before = match way {
        Way::In => already_in(model, pupil),
        Way::Out | Way::Back => model.passed(pupil).filter(|p| p.way == way && recent(model, p)),
    };
    if let Some(Passed { session, when, ticket, .. }) = before {
        model.stage = Stage::Done(Done { pupil, way, session, when, ticket, again: true });
        return;
    }
    let session = model.sure_session();
    let fact = match way {
        Way::In => Observation::Arrived { pupil, means, session, reason: None },
        Way::Back => Observation::Returned { pupil, means, session },
        Way::Out if collectors(model).is_empty() => {
            model.stage = errand::ask(Errand::LetGo { pupil, means, collected: None });
            return;
        }
        Way::Out => {
            model.stage = Stage::Collect { pupil, means };
            return;
        }
    };
    let asks = way == Way::In && wants_reason(model, means);
    let ticket = Some(model.append(vec![fact], effects));
    effects.push(Effect::SyncNow);
    let done = Done { pupil, way, session, when: model.now(), ticket, again: false };
    model.stage = if asks { Stage::Reason(done) } else { Stage::Done(done) };
}

/// A member of staff lets a pupil go home.
pub(super) fn let_go(
    model: &mut Model,
    pupil: PupilId,
    means: Means,
    collected: Option<Name>,
    (staff, approved): (StaffId, Means),
    effects: &mut Vec<Effect>,
) {
    let session = model.sure_session();
    let left = Observation::Left { pupil, means, session, collected: None, approved: Some(approved) };
    let ticket = Some(model.append_sealed(left, Some(staff), collected, effects));
    effects.push(Effect::SyncNow);
    model.stage = Stage::Done(Done { pupil, way: Way::Out, session, when: model.now(), ticket, again: false });
}
