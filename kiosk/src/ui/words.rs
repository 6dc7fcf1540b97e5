//! Hands the window the words of its buttons and headings, once.
//!
//! Must never: hold a word itself.

use super::{KioskWindow, Words};
use crate::core::words::{BUTTONS, Buttons};
use slint::ComponentHandle;

/// Fills them in.
pub(super) fn fill(window: &KioskWindow) {
    let words = window.global::<Words>();
    // Every one by name: one that is forgotten here does not compile.
    let Buttons {
        back,
        more,
        undo,
        here,
        not_here,
        name_before,
        later,
        later_spoken,
        all_names,
        tap_card,
        to_sign_in,
        tap_card_spoken,
        which_year,
        help,
        in_or_out,
        no_school,
        code,
        check_word,
        absent,
        done,
        pick_name,
        more_names,
        digits_typed,
        more_choices,
        erase,
        go_on,
        expected_absent,
        away_with_school,
        left_class,
        birthday,
    } = BUTTONS;
    words.set_back(back.into());
    words.set_more(more.into());
    words.set_undo(undo.into());
    words.set_here(here.into());
    words.set_not_here(not_here.into());
    words.set_name_before(name_before.into());
    words.set_later(later.into());
    words.set_later_spoken(later_spoken.into());
    words.set_all_names(all_names.into());
    words.set_tap_card(tap_card.into());
    words.set_to_sign_in(to_sign_in.into());
    words.set_tap_card_spoken(tap_card_spoken.into());
    words.set_which_year(which_year.into());
    words.set_help(help.into());
    words.set_in_or_out(in_or_out.into());
    words.set_no_school(no_school.into());
    words.set_code(code.into());
    words.set_check_word(check_word.into());
    words.set_absent(absent.into());
    words.set_done(done.into());
    words.set_pick_name(pick_name.into());
    words.set_more_names(more_names.into());
    words.set_digits_typed(digits_typed.into());
    words.set_more_choices(more_choices.into());
    words.set_erase(erase.into());
    words.set_go_on(go_on.into());
    words.set_expected_absent(expected_absent.into());
    words.set_away_with_school(away_with_school.into());
    words.set_left_class(left_class.into());
    words.set_birthday(birthday.into());
}
