//! Signing on: by card, or by name and PIN. Wrong PINs are slowed down, then locked.
//!
//! Must never: hold a PIN longer than the check takes, or say which digit was wrong.

use super::day::AtHand;
use super::effect::{Beep, Effect};
use super::errand::{self, Errand};
use super::model::{Lock, Model, Stage};
use super::msg::{Msg, Pin, Recalled, Ticket};
use super::register;
use super::update::{go_home, later};
use super::words;
use shared::id::StaffId;
use shared::observation::{Means, Notice, Observation};
use shared::time::Mono;

/// Names on one page of the sign-on screen.
pub(super) const NAMES: usize = 10;
/// Digits of a PIN.
pub(super) const PIN_MIN: usize = 4;
const PIN_MAX: usize = 8;
/// Wrong PINs of one name that cost nothing.
const FREE: u32 = 2;
/// Wrong PINs until the name is locked.
pub(super) const LOCK_AT: u32 = 5;
const MINUTE_MS: i64 = 60_000;
/// Wrong PINs of all names together, since the last right one, until everybody must wait: nobody tries one PIN on each name.
const STRANGERS_FREE: u32 = 8;

/// How long after so many wrong PINs nothing is taken. It grows, up to a school day.
const fn wait_ms(wrong: u32) -> i64 {
    match wrong {
        0..=FREE => 0,
        3 => MINUTE_MS / 2,
        4 => MINUTE_MS,
        5 => 15 * MINUTE_MS,
        6 => 30 * MINUTE_MS,
        7 => 60 * MINUTE_MS,
        8 => 120 * MINUTE_MS,
        9 => 240 * MINUTE_MS,
        _ => 480 * MINUTE_MS,
    }
}

/// The same for the kiosk as a whole.
const fn strangers_wait_ms(wrong: u32) -> i64 {
    match wrong {
        0..=STRANGERS_FREE => 0,
        9..=12 => MINUTE_MS,
        13..=16 => 5 * MINUTE_MS,
        _ => 15 * MINUTE_MS,
    }
}

/// Milliseconds that this name must still wait.
pub(super) fn must_wait(model: &Model, staff: StaffId) -> i64 {
    let left = |lock: Option<&Lock>| match (lock.and_then(|l| l.until), model.mono()) {
        (Some(until), Some(now)) => until.0.saturating_sub(now.0).max(0),
        _ => 0,
    };
    left(model.locks.get(&staff)).max(left(Some(&model.strangers)))
}

/// Another wrong one, at this time of the monotonic clock.
fn count(model: &mut Model, staff: StaffId, at: Mono) -> u32 {
    let until = |wait: i64| (wait > 0).then(|| later(at, wait));
    let lock = model.locks.entry(staff).or_default();
    lock.wrong = lock.wrong.saturating_add(1);
    lock.until = until(wait_ms(lock.wrong));
    let wrong = lock.wrong;
    model.strangers.wrong = model.strangers.wrong.saturating_add(1);
    model.strangers.until = until(strangers_wait_ms(model.strangers.wrong));
    wrong
}

/// The machine was switched off and on: its clock counts from nothing, and whoever had to wait waits anew.
pub(super) fn wait_anew(model: &mut Model, now: Mono) {
    let anew = |wait: i64| (wait > 0).then(|| later(now, wait));
    for lock in model.locks.values_mut() {
        lock.until = anew(wait_ms(lock.wrong));
    }
    model.strangers.until = anew(strangers_wait_ms(model.strangers.wrong));
}

pub(super) fn step(model: &mut Model, msg: &Msg, effects: &mut Vec<Effect>) {
    if let (Msg::PickRegister { class, session }, Stage::Choose { .. }) = (msg, &model.stage) {
        if model.choices().contains(&(*class, *session)) {
            register::open(model, *class, *session);
        }
        return;
    }
    match (msg, &mut model.stage) {
        (Msg::PickStaff { staff }, Stage::Home { .. }) if model.book.staff.contains_key(staff) => {
            model.stage = at_pad(*staff, Errand::Register, false);
        }
        (Msg::PickStaff { staff }, Stage::Staff { errand, .. }) if model.book.staff.contains_key(staff) => {
            let errand = errand.clone();
            model.stage = at_pad(*staff, errand, false);
        }
        (Msg::MoreNames, Stage::Home { page, .. } | Stage::Staff { page, .. }) => {
            let pages = model.book.staff.len().div_ceil(NAMES).max(1);
            *page = (*page + 1) % pages;
        }
        (Msg::PinDigit { digit }, Stage::Pin { .. }) if *digit <= 9 => {
            let digit = char::from(b'0' + digit);
            edit_pin(model, |typed| {
                if typed.0.len() < PIN_MAX {
                    typed.0.push(digit);
                }
            });
        }
        (Msg::PinErase, Stage::Pin { .. }) => edit_pin(model, |typed| {
            typed.0.pop();
        }),
        (Msg::PinEnter, Stage::Pin { .. }) => check_pin(model, effects),
        _ => {}
    }
}

fn at_pad(staff: StaffId, errand: Errand, trouble: bool) -> Stage {
    Stage::Pin { staff, typed: Pin::default(), checking: None, trouble, errand }
}

fn edit_pin(model: &mut Model, edit: impl FnOnce(&mut Pin)) {
    let Stage::Pin { staff, checking: None, .. } = &model.stage else { return };
    if must_wait(model, *staff) > 0 {
        return;
    }
    if let Stage::Pin { typed, trouble, .. } = &mut model.stage {
        edit(typed);
        *trouble = false;
    }
}

fn check_pin(model: &mut Model, effects: &mut Vec<Effect>) {
    let Stage::Pin { staff, typed, checking: None, .. } = &model.stage else { return };
    let (staff, pin) = (*staff, typed.clone());
    if pin.0.len() < PIN_MIN || must_wait(model, staff) > 0 {
        return;
    }
    let Some(phc) = model.book.staff.get(&staff).and_then(|s| s.pin.clone()) else {
        // Nobody has given this name a PIN: as wrong as any other.
        wrong_pin(model, staff, effects);
        return;
    };
    let ticket = model.ticket();
    if let Stage::Pin { checking, typed, .. } = &mut model.stage {
        *checking = Some(ticket);
        *typed = Pin::default();
    }
    effects.push(Effect::CheckPin { ticket, staff, phc, pin });
}

pub(super) fn pin_checked(model: &mut Model, ticket: Ticket, right: bool, effects: &mut Vec<Effect>) {
    let Stage::Pin { staff, checking: Some(asked), errand, .. } = &model.stage else { return };
    if *asked != ticket {
        return;
    }
    let (staff, errand) = (*staff, errand.clone());
    if right {
        model.locks.remove(&staff);
        model.strangers = Lock::default();
        errand::done(model, staff, Means::Name, errand, effects);
    } else {
        wrong_pin(model, staff, effects);
    }
}

fn wrong_pin(model: &mut Model, staff: StaffId, effects: &mut Vec<Effect>) {
    let now = model.mono().unwrap_or(Mono(0));
    let wrong = count(model, staff, now);
    let mut facts = vec![Observation::PinRefused { staff }];
    if wrong == LOCK_AT {
        facts.push(Observation::Noticed { notice: Notice::PinLocked { staff } });
    }
    model.append(facts, effects);
    if let Stage::Pin { errand, .. } = &model.stage {
        let errand = errand.clone();
        model.stage = at_pad(staff, errand, true);
    }
    effects.push(Effect::Beep(Beep::Low));
}

/// What was typed wrong before the program began anew still counts. Where the time in between is not known, the wait
/// begins anew: nobody gains by pulling the plug.
pub(super) fn recall(model: &mut Model, fact: &Recalled) {
    let Some(now) = model.mono() else { return };
    match (&fact.what, fact.by) {
        (Observation::PinRefused { staff }, _) => {
            let known = model.seen.and_then(|s| s.best()).zip(super::day::best(&fact.when));
            let ago = known.map_or(0, |(now, then)| now.since(then).max(0));
            count(model, *staff, Mono(now.0.saturating_sub(ago)));
        }
        // All that an earlier version kept of it.
        (Observation::Noticed { notice: Notice::PinLocked { staff } }, _) => {
            let lock = model.locks.entry(*staff).or_default();
            if lock.wrong < LOCK_AT {
                *lock = Lock { wrong: LOCK_AT, until: Some(later(now, wait_ms(LOCK_AT))) };
            }
        }
        (Observation::SignedOn { means: Means::Name }, Some(staff)) => {
            model.locks.remove(&staff);
            model.strangers = Lock::default();
        }
        _ => {}
    }
}

/// A card at a classroom kiosk: a colleague signs on, or nobody that is known.
pub(super) fn card(model: &mut Model, number: &str, effects: &mut Vec<Effect>) {
    let hash = model.card_hash(number);
    match errand::holder(model, number) {
        // Read twice: said, and nothing more.
        Some(staff) if model.who == Some(staff) => match &mut model.stage {
            Stage::Register(sheet) => words::SIGNED_ON_ALREADY.clone_into(&mut sheet.notice),
            Stage::Choose { notice } => words::SIGNED_ON_PICK.clone_into(notice),
            _ => {}
        },
        Some(staff) if matches!(model.stage, Stage::Register(_) | Stage::Submitted(_)) => {
            // A colleague takes over: the tiles stay where they are.
            model.who = Some(staff);
            model.append(vec![Observation::SignedOn { means: Means::Card }], effects);
            effects.push(Effect::Beep(Beep::Good));
        }
        Some(staff) => signed_on(model, staff, Means::Card, effects),
        None => {
            if let Some(card) = hash {
                model.append(vec![Observation::Noticed { notice: Notice::UnknownCard { card } }], effects);
            }
            effects.push(Effect::Beep(Beep::Low));
            match &mut model.stage {
                Stage::Home { notice, .. } => words::CARD_NOT_KNOWN_PICK.clone_into(notice),
                Stage::Register(sheet) => words::CARD_NOT_KNOWN.clone_into(&mut sheet.notice),
                Stage::Choose { notice } => words::CARD_NOT_KNOWN.clone_into(notice),
                _ => {}
            }
        }
    }
}

pub(super) fn signed_on(model: &mut Model, staff: StaffId, means: Means, effects: &mut Vec<Effect>) {
    model.who = Some(staff);
    model.append(vec![Observation::SignedOn { means }], effects);
    effects.push(Effect::Beep(Beep::Good));
    let choices = model.choices();
    match (choices.as_slice(), model.at_hand()) {
        ([(class, session)], AtHand::One(_)) => register::open(model, *class, *session),
        (_, AtHand::NoSchool(date)) => {
            go_home(model);
            model.stage =
                Stage::Message { title: words::NO_REGISTER_TODAY.to_owned(), words: words::no_school_on(date) };
        }
        _ => model.stage = Stage::Choose { notice: String::new() },
    }
}
