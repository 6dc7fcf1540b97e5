//! Words that never change: the window takes them once, for its buttons and its headings (`kiosk/ui/words.slint`).
//!
//! Must never: hold what a screen of the core says by itself.

/// What stands on the window's own buttons and headings.
#[cfg_attr(not(any(feature = "window", feature = "linuxkms")), allow(dead_code))] // without a window nobody reads them
#[derive(Debug, Clone, Copy)]
pub struct Buttons {
    /// Goes one step back.
    pub back: &'static str,
    /// What else can be done on a register.
    pub more: &'static str,
    /// Takes the last tap back.
    pub undo: &'static str,
    /// Calling names: this pupil is here.
    pub here: &'static str,
    /// Calling names: this pupil is not.
    pub not_here: &'static str,
    /// Calling names: one name back.
    pub name_before: &'static str,
    /// Calling names: this one later.
    pub later: &'static str,
    /// The same, spoken.
    pub later_spoken: &'static str,
    /// From calling names back to the tiles.
    pub all_names: &'static str,
    /// The invitation.
    pub tap_card: &'static str,
    /// Below the invitation at reception.
    pub to_sign_in: &'static str,
    /// Both, spoken.
    pub tap_card_spoken: &'static str,
    /// Above the years at reception.
    pub which_year: &'static str,
    /// For whoever does not get on.
    pub help: &'static str,
    /// Going home or coming back.
    pub in_or_out: &'static str,
    /// Before a kiosk has a school.
    pub no_school: &'static str,
    /// Before the code, spoken.
    pub code: &'static str,
    /// Before the check word.
    pub check_word: &'static str,
    /// Before the names of who is absent.
    pub absent: &'static str,
    /// The teacher has finished.
    pub done: &'static str,
    /// Above the names of staff.
    pub pick_name: &'static str,
    /// More names of staff.
    pub more_names: &'static str,
    /// After the number of digits, spoken.
    pub digits_typed: &'static str,
    /// More to pick from.
    pub more_choices: &'static str,
    /// Takes the last digit away.
    pub erase: &'static str,
    /// The PIN is whole.
    pub go_on: &'static str,
    /// On a tile.
    pub expected_absent: &'static str,
    /// On a tile.
    pub away_with_school: &'static str,
    /// On a tile.
    pub left_class: &'static str,
    /// On a tile.
    pub birthday: &'static str,
}

/// In English.
pub const BUTTONS: Buttons = Buttons {
    back: super::BACK,
    more: "More",
    undo: "Undo",
    here: "Here",
    not_here: "Not here",
    name_before: "Name before",
    later: "Later",
    later_spoken: "Leave this name for later",
    all_names: "All names",
    tap_card: "Tap your card",
    to_sign_in: "to sign in",
    tap_card_spoken: "Tap your card to sign in",
    which_year: "No card? Which year are you in?",
    help: "Ask for help",
    in_or_out: "I am going home or coming back",
    no_school: "This kiosk has no school yet",
    code: "Code",
    check_word: "Check word",
    absent: "Absent",
    done: "Done",
    pick_name: "No card? Pick your name.",
    more_names: "More names",
    digits_typed: "digits typed",
    more_choices: "More choices",
    erase: "Erase",
    go_on: "Go on",
    expected_absent: "expected absent",
    away_with_school: "away with school",
    left_class: "left this class",
    birthday: "birthday",
};
