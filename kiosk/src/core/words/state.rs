//! How the kiosk stands: before it has a school, sending, the time, what is wrong and what to do about it.
//!
//! Must never: raise its voice, or say what is wrong without saying what to do or what still works.

use super::clock;
use chrono::NaiveDateTime;

pub(crate) const OK: &str = "OK";
pub(crate) const ONE_MOMENT: &str = "One moment";
pub(crate) const FETCHING: &str = "Fetching this kiosk's classes from the school.";
pub(crate) const SAVING: &str = "Saving";

// Before it has a school.

pub(crate) const TYPE_THIS_CODE: &str =
    "In the office pages, open Kiosks and type this code. The check word there must be the same as here.";
pub(crate) const ASKING_FOR_CODE: &str = "Asking the server for a code.";
pub(crate) const NO_SERVER: &str = "No server is set. Start with --server, or write it into kiosk.toml.";

pub(crate) const CARD_IS_WRONG: &str = "This kiosk\u{2019}s card needs a correction";

/// What is wrong with the card, a line each, and what to do.
pub(crate) fn correct_the_card(wrong: &[String]) -> String {
    format!(
        "{}\n\nSwitch the kiosk off, put its card into a computer, correct the file and start again.",
        wrong.join("\n")
    )
}

// Switched off.

pub(crate) const SWITCHED_OFF: &str = "Switched off";

/// What is kept, and what to do.
pub(crate) fn switched_off(kept: u64) -> String {
    let kept = match kept {
        0 => "Everything it took was sent.".to_owned(),
        1 => "One entry is kept here.".to_owned(),
        n => format!("{n} entries are kept here."),
    };
    format!("The office has switched this kiosk off. {kept} Please use paper, and ask in the office.")
}

// The time.

pub(crate) const TIME_NOT_KNOWN: &str = "Time not known yet";
/// Before a time that nobody has checked.
pub(crate) const ABOUT: &str = "≈";

/// "09:07", "≈ 09:07", "≈".
pub(crate) fn clock_or_about(at: Option<NaiveDateTime>, unsure: bool) -> String {
    match (at, unsure) {
        (Some(at), false) => clock(at),
        (Some(at), true) => format!("{ABOUT} {}", clock(at)),
        (None, _) => ABOUT.to_owned(),
    }
}

// Sending.

pub(crate) const ALL_SENT: &str = "All sent";
pub(crate) const LOOKING_FOR_NETWORK: &str = "Looking for the network";

/// "No network since 08:41 · 29 kept here".
pub(crate) fn no_network_since(since: &str, kept: u64) -> String {
    let kept = if kept == 0 { String::new() } else { format!(" · {kept} kept here") };
    format!("No network since {since}{kept}")
}
/// "No network yet · 2 kept here".
pub(crate) fn no_network_yet(kept: u64) -> String {
    format!("No network yet · {kept} kept here")
}
/// "29 waiting to send".
pub(crate) fn waiting_to_send(n: u64) -> String {
    format!("{n} waiting to send")
}

// What is wrong.

pub(crate) const CANNOT_SAVE: &str = "This kiosk cannot save. Please use paper and tell IT.";
pub(crate) const NEEDS_UPDATE: &str = "This kiosk needs an update. Registers are kept here; please tell IT.";
pub(crate) const NO_READER: &str = "The card reader does not answer. Names still work.";
pub(crate) const CLOCK_WRONG: &str = "This kiosk's clock is wrong, so it uses the server's. Please tell IT.";
pub(crate) const DID_NOT_WORK: (&str, &str) =
    ("That did not work", "Please tell somebody in the office that you are here.");

/// "This kiosk's memory was damaged. Nothing was lost. Please tell IT."
pub(crate) fn memory_damaged(lost: u64) -> String {
    let lost = match lost {
        0 => "Nothing was lost.".to_owned(),
        1 => "1 entry may be missing.".to_owned(),
        n => format!("{n} entries may be missing."),
    };
    format!("This kiosk's memory was damaged. {lost} Please tell IT.")
}
