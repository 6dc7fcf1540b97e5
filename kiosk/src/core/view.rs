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
            let words = if code.is_some() {
                "In the office pages, open Kiosks and type this code. The check word there must be the same as here."
            } else {
                "Asking the server for a code."
            };
            return Screen::NotEnrolled(NotEnrolled {
                code: code.as_ref().map(ToString::to_string).unwrap_or_default(),
                check_word: check_word.as_ref().map(ToString::to_string).unwrap_or_default(),
                words: words.to_owned(),
                trouble: trouble.clone().unwrap_or_default(),
            });
        }
        Bond::Revoked => {
            let words = match model.sync.waiting {
                0 => "The office has switched this kiosk off. Everything it took was sent.".to_owned(),
                1 => "The office has switched this kiosk off. One entry is kept here.".to_owned(),
                n => format!("The office has switched this kiosk off. {n} entries are kept here."),
            };
            return fixed(model, "Switched off", words);
        }
        Bond::Enrolled => {}
    }
    let Some(mode) = model.mode() else {
        return fixed(model, "One moment", "Fetching this kiosk's classes from the school.".to_owned());
    };
    if let Stage::Message { title, words } = &model.stage {
        return Screen::Message(Message {
            title: title.clone(),
            words: words.clone(),
            button: "OK".to_owned(),
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
    let at = model.seen.and_then(|s| s.best()).map(|b| words::clock(model.book.local(b)));
    match (at, unsure(model)) {
        (Some(at), false) => at,
        (Some(at), true) => format!("≈ {at}"),
        (None, _) => "≈".to_owned(),
    }
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
        let approx = if unsure(model) { "≈ " } else { "" };
        let since = words::clock(model.book.local(since));
        let kept = if n == 0 { String::new() } else { format!(" · {n} kept here") };
        return SyncLine { form: SyncForm::Offline, words: format!("No network since {approx}{since}{kept}") };
    }
    match (status.connected, n) {
        (false, 0) => SyncLine { form: SyncForm::Waiting, words: "Looking for the network".to_owned() },
        (false, n) => SyncLine { form: SyncForm::Waiting, words: format!("No network yet · {n} kept here") },
        (true, 0) => SyncLine { form: SyncForm::Sent, words: "All sent".to_owned() },
        (true, n) => SyncLine { form: SyncForm::Waiting, words: format!("{n} waiting to send") },
    }
}

/// What is wrong with the kiosk, the gravest first.
pub(super) fn fault(model: &Model) -> String {
    let has = |f: Fault| model.faults.contains(&f);
    if has(Fault::Disk) {
        "This kiosk cannot save. Please use paper and tell IT.".to_owned()
    } else if model.needs_update {
        "This kiosk needs an update. Registers are kept here; please tell IT.".to_owned()
    } else if has(Fault::NoReader) {
        "The card reader does not answer. Names still work.".to_owned()
    } else {
        String::new()
    }
}

/// The same for a screen at which nobody is busy: a wrong clock harms no register, so it waits until somebody reads it.
pub(super) fn fault_at_rest(model: &Model) -> String {
    let grave = fault(model);
    if grave.is_empty() && model.faults.contains(&Fault::Clock) {
        return "This kiosk's clock is wrong, so it uses the server's. Please tell IT.".to_owned();
    }
    match model.damaged {
        Some((_, lost)) if grave.is_empty() => {
            let lost = match lost {
                0 => "Nothing was lost.".to_owned(),
                1 => "1 entry may be missing.".to_owned(),
                n => format!("{n} entries may be missing."),
            };
            format!("This kiosk's memory was damaged. {lost} Please tell IT.")
        }
        _ => grave,
    }
}

/// The strip at the top.
pub(super) fn bar(model: &Model, title: String, session: Option<SessionKey>) -> Bar {
    Bar {
        title,
        date: match session {
            Some(s) => words::date(s.date),
            None if unsure(model) => "Time not known yet".to_owned(),
            None => today(model),
        },
        session: session.map(|s| words::half(s.half).to_owned()).unwrap_or_default(),
        clock: clock(model),
        unsure: unsure(model),
        sync: sync(model),
        fault: fault(model),
    }
}
