//! Reception: in late, out early, back again. By card at once; by name in three steps.
//!
//! Must never: tell anybody off, show a reason again once it is picked, or ask a pupil what time it is.

use super::day::{Expect, expect};
use super::effect::{Beep, Effect};
use super::ledger::{Gate, Kept};
use super::model::{Done, Model, Stage};
use super::msg::Msg;
use shared::id::{ClassId, PupilId};
use shared::observation::{Means, Notice, Observation};
use shared::text::Name;

/// A second card tap within this time changes nothing.
const AGAIN_MS: i64 = 120_000;

pub(super) fn step(model: &mut Model, msg: Msg, effects: &mut Vec<Effect>) {
    match (msg, &model.stage) {
        (Msg::InOrOut, Stage::Home { .. }) => model.stage = Stage::Which,
        (Msg::GoingHome, Stage::Which) => model.stage = Stage::Year { way: Gate::Out },
        (Msg::ComingBack, Stage::Which) => model.stage = Stage::Year { way: Gate::Back },
        (Msg::AskForHelp, Stage::Home { .. }) => {
            model.stage = message("Please ask in the office", "Somebody there will sign you in.");
        }
        (Msg::PickYear { year }, Stage::Home { .. }) => pick_year(model, Gate::In, year),
        (Msg::PickYear { year }, Stage::Year { way }) => {
            let way = *way;
            pick_year(model, way, year);
        }
        (Msg::PickClass { class }, Stage::Class { way, year })
            if model.book.classes.get(&class).is_some_and(|c| c.year == *year) =>
        {
            model.stage = Stage::Name { way: *way, class };
        }
        (Msg::PickPupil { pupil }, Stage::Name { way, class }) if names(model, *class).contains(&pupil) => {
            model.stage = Stage::Confirm { way: *way, pupil, class: Some(*class) };
        }
        (Msg::Confirm, Stage::Confirm { way, pupil, .. }) => {
            let (way, pupil) = (*way, *pupil);
            if way == Gate::In && wants_reason(model, pupil) {
                model.stage = Stage::Reason { pupil };
            } else {
                pass(model, pupil, way, Means::Name, None, effects);
            }
        }
        (Msg::PickReason { reason }, Stage::Reason { pupil }) if reasons(model).contains(&reason) => {
            let pupil = *pupil;
            pass(model, pupil, Gate::In, Means::Name, Some(reason), effects);
        }
        (Msg::NoReason, Stage::Reason { pupil }) => {
            let pupil = *pupil;
            pass(model, pupil, Gate::In, Means::Name, None, effects);
        }
        _ => {}
    }
}

fn message(title: &str, words: &str) -> Stage {
    Stage::Message { title: title.to_owned(), words: words.to_owned() }
}

fn pick_year(model: &mut Model, way: Gate, year: Name) {
    let classes: Vec<ClassId> = model.book.classes_of(&year).iter().map(|c| c.class).collect();
    match classes.as_slice() {
        [] => {}
        [one] => model.stage = Stage::Name { way, class: *one },
        _ => model.stage = Stage::Class { way, year },
    }
}

/// The names of a class on the day at hand, or of all who are known to be in it when the day is not known.
pub(super) fn names(model: &Model, class: ClassId) -> Vec<PupilId> {
    let date = model.seen.and_then(|s| s.best()).map(|b| model.book.local(b).date());
    match model.sure_session().map(|s| s.date).or(date) {
        Some(date) => model.book.roll(class, date),
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

/// Whether a reason is asked for: when the arrival is late for all that is known.
fn wants_reason(model: &Model, pupil: PupilId) -> bool {
    let late = model.sure_session().and_then(|s| model.book.times(s)).map(|t| expect(&t, &model.now()));
    matches!(late, Some(Expect::Late(_) | Expect::AfterClose(_)))
        && !reasons(model).is_empty()
        && already_in(model, pupil).is_none()
}

/// A sign-in of this session that still stands.
fn already_in(model: &Model, pupil: PupilId) -> Option<super::ledger::Passage> {
    let last = model.ledger.passage(pupil)?;
    let session = model.sure_session();
    (last.gate != Gate::Out && session.is_some() && last.session == session).then_some(*last)
}

/// A card at reception.
pub(super) fn card(model: &mut Model, number: &str, effects: &mut Vec<Effect>) {
    let hash = model.card_hash(number);
    let holder = hash.as_ref().and_then(|h| model.book.pupils.values().find(|p| p.cards.contains(h))).map(|p| p.pupil);
    let Some(pupil) = holder else {
        if let Some(card) = hash {
            model.append(vec![Observation::Noticed { notice: Notice::UnknownCard { card } }], effects);
        }
        effects.push(Effect::Beep(Beep::Low));
        model.stage = message(
            "This card is not known yet",
            "Find your name on the screen instead, and show the card in the office.",
        );
        return;
    };
    let way = match &model.stage {
        Stage::Year { way } | Stage::Class { way, .. } | Stage::Name { way, .. } | Stage::Confirm { way, .. } => *way,
        // "Going home or coming back": whoever has not left goes.
        Stage::Which => match model.ledger.passage(pupil) {
            Some(p) if p.gate == Gate::Out && same_day(model, p) => Gate::Back,
            _ => Gate::Out,
        },
        // Whoever signed out and taps a card has come back.
        _ => match model.ledger.passage(pupil) {
            Some(p) if p.gate == Gate::Out && !recent(model, p) && same_day(model, p) => Gate::Back,
            Some(p) if p.gate == Gate::Out && recent(model, p) => Gate::Out,
            _ => Gate::In,
        },
    };
    pass(model, pupil, way, Means::Card, None, effects);
}

fn recent(model: &Model, passage: &super::ledger::Passage) -> bool {
    let (then, now) = (super::day::best(&passage.when), model.seen.and_then(|s| s.best()));
    then.zip(now).is_some_and(|(then, now)| now.since(then) < AGAIN_MS)
}

fn same_day(model: &Model, passage: &super::ledger::Passage) -> bool {
    passage.session.map(|s| s.date) == model.sure_session().map(|s| s.date)
}

/// Signs a pupil in or out, once.
fn pass(model: &mut Model, pupil: PupilId, way: Gate, means: Means, reason: Option<Name>, effects: &mut Vec<Effect>) {
    let standing = match way {
        Gate::In => already_in(model, pupil),
        Gate::Out | Gate::Back => model.ledger.passage(pupil).filter(|p| p.gate == way && recent(model, p)).copied(),
    };
    if let Some(before) = standing {
        let ticket = match before.kept {
            Kept::Waiting(ticket) => Some(ticket),
            Kept::Saved(_) => None,
        };
        model.stage = Stage::Done(Done { pupil, way, session: before.session, when: before.when, ticket, again: true });
        return;
    }
    let (session, when) = (model.sure_session(), model.now());
    let fact: Observation = model.arrival(pupil, way, means);
    let ticket = Some(model.append_sealed(vec![fact], reason, effects));
    effects.push(Effect::SyncNow);
    model.stage = Stage::Done(Done { pupil, way, session, when, ticket, again: false });
}
