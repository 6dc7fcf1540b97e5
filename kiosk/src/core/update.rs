//! One message in, the changed model and its effects out.
//!
//! Must never: panic, whatever comes in whatever order.

use super::day::Seen;
use super::effect::{Beep, Effect};
use super::errand::Errand;
use super::model::{Among, Bond, Model, Stage};
use super::msg::{Msg, Recalled, Ticket, WhyNotSaved};
use super::roll_call::{Calling, Shows};
use super::{errand, reception, register, roll_call, sign_on, words};
use shared::log::Origin;
use shared::observation::{Notice, Observation};
use shared::time::Mono;
use shared::wire::v1::{Fault, Mode, Way};

/// Takes a message in.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Pace { times } => model.pace = times,
        Msg::Tick { reading, now, trusted } => tick(model, Seen { reading, now, trusted }, &mut effects),
        Msg::Rows { rows } => {
            if std::mem::take(&mut model.anew) {
                model.book = super::book::Book::default();
                model.ledger.unhear();
            }
            for row in &rows {
                if let Some((session, pupil)) = model.book.apply(row) {
                    model.ledger.hear(session, pupil);
                }
            }
            register::follow_roll(model);
            roll_call::follow(model, model.touched);
        }
        Msg::Reflected { upto } => model.ledger.reflected(upto),
        // The old rows stay on the screen until the new ones are here.
        Msg::Resnapshot => model.anew = true,
        Msg::Recalled { facts } => recall(model, &facts),
        Msg::Saved { ticket, origins } => saved(model, ticket, &origins, &mut effects),
        Msg::NotSaved { ticket, why } => not_saved(model, ticket, why, &mut effects),
        Msg::PinChecked { ticket, right } => {
            sign_on::pin_checked(model, ticket, right, &mut effects);
            model.touched = model.mono();
        }
        Msg::Sync(status) => model.sync = status,
        Msg::Update { needed } => model.needs_update = needed,
        Msg::Faults { faults } => model.faults = faults,
        Msg::Enrolling { code, check_word, trouble } => {
            // What is wrong with the card is why there is no server.
            if !matches!(model.bond, Bond::Misset { .. }) {
                model.bond = Bond::Asking { code, check_word, trouble };
            }
        }
        Msg::Misset { wrong } => {
            if matches!(model.bond, Bond::Asking { .. }) {
                model.bond = Bond::Misset { wrong };
            }
        }
        Msg::Enrolled => model.bond = Bond::Enrolled,
        Msg::Revoked => {
            model.bond = Bond::Revoked;
            go_home(model);
        }
        Msg::Idle => go_home(model),
        person => {
            model.touched = model.mono();
            if matches!(model.bond, Bond::Enrolled) {
                by_person(model, person, &mut effects);
            }
        }
    }
    effects
}

fn by_person(model: &mut Model, msg: Msg, effects: &mut Vec<Effect>) {
    match msg {
        Msg::SignOff => go_home(model),
        Msg::Back => back(model),
        Msg::Card { number } => card(model, &number.0, effects),
        Msg::RollCall if model.mode().is_some() => roll_call::ask(model),
        _ => match (&model.stage, model.mode()) {
            (_, None) => {}
            (Stage::Staff { .. } | Stage::Pin { .. }, _) => sign_on::step(model, &msg, effects),
            (Stage::BeginRollCall | Stage::RollCall(_), _) | (_, Some(Mode::RollCall)) => {
                roll_call::step(model, &msg, effects);
            }
            (_, Some(Mode::Reception)) => reception::step(model, msg, effects),
            (Stage::Register(_) | Stage::Submitted(_), _) => register::step(model, &msg, effects),
            _ => sign_on::step(model, &msg, effects),
        },
    }
}

fn card(model: &mut Model, number: &str, effects: &mut Vec<Effect>) {
    let errand = match &model.stage {
        Stage::Staff { errand, .. } | Stage::Pin { errand, .. } if *errand != Errand::Register => Some(errand.clone()),
        _ => None,
    };
    match (errand, &model.stage, model.mode()) {
        (Some(errand), ..) => errand::card(model, number, errand, effects),
        (None, Stage::RollCall(_), _) => roll_call::card(model, number, effects),
        (None, _, Some(Mode::Reception)) => reception::card(model, number, effects),
        (None, _, Some(Mode::Classroom)) => sign_on::card(model, number, effects),
        (None, _, Some(Mode::RollCall)) => errand::card(model, number, Errand::RollCall, effects),
        (None, _, None) => {}
    }
}

/// Back to the screen that waits for somebody.
pub(super) fn go_home(model: &mut Model) {
    go_home_saying(model, String::new());
}

pub(super) fn go_home_saying(model: &mut Model, notice: String) {
    model.who = None;
    model.stage = Stage::Home { page: 0, notice };
}

/// One step back. Every stage names one that is nearer to home.
fn back(model: &mut Model) {
    let stage = std::mem::take(&mut model.stage);
    model.stage = match stage {
        Stage::Register(mut sheet) => {
            if sheet.ask.take().is_some() || super::panel::back(&mut sheet) || sheet.calling.take().is_some() {
                Stage::Register(sheet)
            } else {
                model.who = None;
                Stage::default()
            }
        }
        Stage::Pin { errand, .. } if errand != Errand::Register => errand::ask(errand),
        Stage::Staff { errand: Errand::LetGo { pupil, means, collected: Some(_) }, .. } => {
            Stage::Collect { pupil, means }
        }
        Stage::RollCall(calling) if calling.ending => Stage::RollCall(Calling { ending: false, ..calling }),
        Stage::RollCall(calling) if calling.shows != Shows::Classes && calling.classes.len() > 1 => {
            model.stage = Stage::RollCall(calling);
            return roll_call::show_classes(model);
        }
        Stage::Home { .. } | Stage::Pin { .. } | Stage::Choose { .. } | Stage::Submitted(_) => {
            model.who = None;
            Stage::default()
        }
        Stage::Year { .. } => Stage::Which,
        Stage::Class { way: Way::In, .. } => Stage::default(),
        Stage::Class { way, .. } => Stage::Year { way },
        Stage::Month { way: Way::In, .. } => Stage::default(),
        Stage::Month { way, .. } => Stage::Year { way },
        Stage::Name { way, among: Among::Born { year, .. } } => Stage::Month { way, year },
        Stage::Name { way, among: Among::Class(class) } => match model.book.classes.get(&class) {
            Some(row) if model.book.classes_of(&row.year).len() > 1 => Stage::Class { way, year: row.year.clone() },
            Some(_) if way != Way::In => Stage::Year { way },
            _ => Stage::default(),
        },
        Stage::Confirm { way, among: Some(among), .. } => Stage::Name { way, among },
        // The arrival is written; only the reason is left out.
        Stage::Reason(done) => Stage::Done(done),
        Stage::Which
        | Stage::Confirm { .. }
        | Stage::Collect { .. }
        | Stage::Staff { .. }
        | Stage::BeginRollCall
        | Stage::RollCall(_)
        | Stage::Done(_)
        | Stage::Message { .. } => {
            model.who = None;
            Stage::default()
        }
    };
}

const MINUTE: i64 = 60_000;

/// How long nobody may touch a screen before it goes home; none: it stays.
const fn patience(stage: &Stage) -> Option<i64> {
    match stage {
        Stage::Home { .. } => None,
        Stage::Register(_) | Stage::Choose { .. } => Some(5 * MINUTE),
        Stage::Submitted(_) => Some(MINUTE),
        Stage::Pin { .. }
        | Stage::Which
        | Stage::Year { .. }
        | Stage::Class { .. }
        | Stage::Month { .. }
        | Stage::Name { .. }
        | Stage::Confirm { .. }
        | Stage::Reason(_) => Some(MINUTE / 2),
        Stage::Collect { .. } | Stage::Staff { .. } | Stage::BeginRollCall => Some(MINUTE),
        Stage::RollCall(_) => Some(30 * MINUTE),
        Stage::Done(_) => Some(super::DONE_SECONDS as i64 * 1000),
        Stage::Message { .. } => Some(10_000),
    }
}

fn tick(model: &mut Model, seen: Seen, effects: &mut Vec<Effect>) {
    // A machine that was switched off and on counts from zero again.
    let rebooted = model.seen.is_some_and(|old| old.reading.boot != seen.reading.boot);
    if rebooted {
        model.touched = Some(seen.reading.mono);
        sign_on::wait_anew(model, seen.reading.mono);
    }
    model.seen = Some(seen);
    let touched = *model.touched.get_or_insert(seen.reading.mono);
    let away = seen.reading.mono.0.saturating_sub(touched.0);
    // Nobody can touch anything while a PIN is looked at or an answer is being saved.
    let waits = match &model.stage {
        Stage::Done(done) | Stage::Reason(done) => done.ticket.is_some(),
        Stage::Pin { checking, .. } => checking.is_some(),
        _ => false,
    };
    // People are as fast as ever, however fast a demonstration's clock runs.
    let pace = model.pace.max(1);
    if !waits && patience(&model.stage).is_some_and(|ms| away >= ms.saturating_mul(pace)) {
        go_home(model);
    }
    register::keep_to_session(model, effects);
    roll_call::follow(model, Some(touched));
}

/// The own facts of the last days, from the disk.
fn recall(model: &mut Model, facts: &[Recalled]) {
    // Wrong PINs are counted once: at the start.
    let at_the_start = !std::mem::replace(&mut model.recalled, true);
    model.ledger.recall(facts);
    for fact in facts.iter().filter(|_| at_the_start) {
        sign_on::recall(model, fact);
        if let Observation::Noticed { notice: Notice::StoreDamaged { kept, lost, .. } } = &fact.what {
            model.damaged = Some((*kept, *lost));
        }
    }
}

fn saved(model: &mut Model, ticket: Ticket, origins: &[Origin], effects: &mut Vec<Effect>) {
    // The last number of the append is enough: acknowledgements are cumulative.
    let Some(last) = origins.iter().max_by_key(|o| o.seq) else { return };
    model.ledger.saved(ticket, *last);
    if let Stage::Reason(done) = &mut model.stage
        && done.ticket == Some(ticket)
    {
        done.ticket = None;
        effects.push(Effect::Beep(Beep::Good));
    }
    if let Stage::Done(done) = &mut model.stage
        && done.ticket == Some(ticket)
    {
        done.ticket = None;
        // The seconds of reading begin now.
        model.touched = model.seen.map(|s| s.reading.mono);
        effects.push(Effect::Beep(Beep::Good));
    }
}

fn not_saved(model: &mut Model, ticket: Ticket, why: WhyNotSaved, effects: &mut Vec<Effect>) {
    model.ledger.lost(ticket);
    effects.push(Effect::Beep(Beep::Low));
    if why == WhyNotSaved::DiskFull && !model.faults.contains(&Fault::Disk) {
        model.faults.push(Fault::Disk);
    }
    let stage = std::mem::take(&mut model.stage);
    model.stage = match stage {
        Stage::Register(mut sheet) | Stage::Submitted(mut sheet) => {
            words::NOT_SAVED.clone_into(&mut sheet.notice);
            sheet.undo.clear();
            Stage::Register(sheet)
        }
        Stage::RollCall(calling) => {
            let notice = words::NOT_SAVED_ROLL_CALL.to_owned();
            Stage::RollCall(Calling { notice, ..calling })
        }
        Stage::Done(done) | Stage::Reason(done) if done.ticket == Some(ticket) => {
            Stage::Message { title: words::DID_NOT_WORK.0.to_owned(), words: words::DID_NOT_WORK.1.to_owned() }
        }
        other => other,
    };
}

/// Milliseconds later on the monotonic clock.
pub(super) const fn later(from: Mono, ms: i64) -> Mono {
    Mono(from.0.saturating_add(ms))
}
