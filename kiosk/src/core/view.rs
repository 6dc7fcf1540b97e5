//! The model as a screen.
//!
//! Must never: decide anything, or show a tick of "saved" that the ledger does not have.

use super::day::AtHand;
use super::model::{Bond, Model, Stage};
use super::screen::{Bar, Message, NotEnrolled, Screen, SyncForm, SyncLine};
use super::{view_classroom, view_errand, view_reception, view_roll_call, words};
use shared::calendar::SessionKey;
use shared::wire::v1::{Fault, Mode};

/// What stands on the screen now.
#[must_use]
pub fn view(model: &Model) -> Screen {
    match &model.bond {
        Bond::Asking { code, check_word, trouble } => {
            let words = if code.is_some() { words::TYPE_THIS_CODE } else { words::ASKING_FOR_CODE };
            return Screen::NotEnrolled(NotEnrolled {
                code: code.as_ref().map(ToString::to_string).unwrap_or_default(),
                check_word: check_word.as_ref().map(ToString::to_string).unwrap_or_default(),
                words: words.to_owned(),
                trouble: trouble.clone().unwrap_or_default(),
            });
        }
        Bond::Revoked => {
            return fixed(model, words::SWITCHED_OFF, words::switched_off(model.sync.waiting));
        }
        Bond::Misset { wrong } => return fixed(model, words::CARD_IS_WRONG, words::correct_the_card(wrong)),
        Bond::Enrolled => {}
    }
    let Some(mode) = model.mode() else {
        return fixed(model, words::ONE_MOMENT, words::FETCHING.to_owned());
    };
    if let Stage::Message { title, words } = &model.stage {
        return Screen::Message(Message {
            title: title.clone(),
            words: words.clone(),
            button: words::OK.to_owned(),
            clock: clock(model),
        });
    }
    if let Some(screen) = view_errand::screen(model).or_else(|| view_roll_call::screen(model)) {
        return screen;
    }
    if let Some(resting) = super::rest::resting(model) {
        return Screen::Resting(resting);
    }
    match mode {
        Mode::Classroom => view_classroom::screen(model),
        Mode::Reception => view_reception::screen(model),
        Mode::RollCall => view_roll_call::home(model),
    }
}

fn fixed(model: &Model, title: &str, words: String) -> Screen {
    Screen::Message(Message { title: title.to_owned(), words, button: String::new(), clock: clock(model) })
}

/// Whether the time is in doubt.
pub(super) fn unsure(model: &Model) -> bool {
    model.seen.is_none_or(|s| !s.trusted)
}

/// "09:07", "≈ 09:07", "≈".
pub(super) fn clock(model: &Model) -> String {
    let at = model.seen.and_then(|s| s.best()).map(|b| model.book.local(b));
    words::clock_or_about(at, unsure(model))
}

/// The date of today, as far as it is known.
pub(super) fn today(model: &Model) -> String {
    let known = match model.at_hand() {
        AtHand::One(key) => Some(key.date),
        AtHand::NoSchool(date) => Some(date),
        AtHand::Unsure(_) => None,
    };
    known.map(words::date).unwrap_or_default()
}

/// How sending stands.
pub(super) fn sync(model: &Model) -> SyncLine {
    let status = &model.sync;
    let n = status.waiting;
    if !status.connected
        && let Some(since) = status.offline_since
    {
        let since = words::clock_or_about(Some(model.book.local(since)), unsure(model));
        return SyncLine { form: SyncForm::Offline, words: words::no_network_since(&since, n) };
    }
    match (status.connected, n) {
        (false, 0) => SyncLine { form: SyncForm::Waiting, words: words::LOOKING_FOR_NETWORK.to_owned() },
        (false, n) => SyncLine { form: SyncForm::Waiting, words: words::no_network_yet(n) },
        (true, 0) => SyncLine { form: SyncForm::Sent, words: words::ALL_SENT.to_owned() },
        (true, n) => SyncLine { form: SyncForm::Waiting, words: words::waiting_to_send(n) },
    }
}

/// What is wrong with the kiosk, the gravest first.
pub(super) fn fault(model: &Model) -> String {
    let has = |f: Fault| model.faults.contains(&f);
    if has(Fault::Disk) {
        words::CANNOT_SAVE.to_owned()
    } else if model.needs_update {
        words::NEEDS_UPDATE.to_owned()
    } else if has(Fault::NoReader) {
        words::NO_READER.to_owned()
    } else {
        String::new()
    }
}

/// The same for a screen at which nobody is busy: a wrong clock harms no register, so it waits until somebody reads it.
pub(super) fn fault_at_rest(model: &Model) -> String {
    let grave = fault(model);
    if grave.is_empty() && model.faults.contains(&Fault::Clock) {
        return words::CLOCK_WRONG.to_owned();
    }
    match model.damaged {
        Some((_, lost)) if grave.is_empty() => words::memory_damaged(lost),
        _ => grave,
    }
}

/// The strip at the top.
pub(super) fn bar(model: &Model, title: String, session: Option<SessionKey>) -> Bar {
    Bar {
        title,
        date: match session {
            Some(s) => words::date(s.date),
            None if unsure(model) => words::TIME_NOT_KNOWN.to_owned(),
            None => today(model),
        },
        session: session.map(|s| words::half(s.half).to_owned()).unwrap_or_default(),
        clock: clock(model),
        unsure: unsure(model),
        sync: sync(model),
        fault: fault(model),
    }
}
