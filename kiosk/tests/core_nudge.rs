//! A register that nobody has begun is asked for before it closes; and whoever changes class at noon is in one of two.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod fixture;

use fixture::*;
use kiosk::core::Screen;
use shared::calendar::Half;
use shared::wire::v1::{Expected, Membership, Seen};

fn notice(d: &Desk) -> String {
    match d.view() {
        Screen::SignOn(s) => s.notice,
        other => panic!("not at the sign-on: {other:?}"),
    }
}

#[test]
fn a_register_that_nobody_has_begun_is_asked_for_ten_minutes_before_close_without_a_network() {
    let mut d = Desk::classroom("09:05");
    assert_eq!(notice(&d), "", "there is time");
    d.turn_to("09:09");
    assert_eq!(notice(&d), "");
    d.turn_to("09:10");
    let asked = notice(&d);
    assert!(
        asked.starts_with("The morning register of ") && asked.ends_with("closes at 09:20. Nobody has begun it."),
        "{asked}"
    );
    // Somebody begins it elsewhere, and the feed says so.
    let begun = mark_row(pupil(0), am(), Seen::Present, None);
    d.hear(begun);
    assert_eq!(notice(&d), "");
    // Nobody did, and it has closed: now the office asks.
    let mut d = Desk::classroom("09:19");
    assert_ne!(notice(&d), "");
    d.turn_to("09:20");
    assert_eq!(notice(&d), "");
    // A class that is all away takes no register.
    let mut d = Desk::classroom("09:12");
    for n in 0..60 {
        d.hear(expected_row(pupil(n), am(), Expected::Elsewhere));
    }
    assert_eq!(notice(&d), "", "the whole class is on a visit");
}

#[test]
fn whoever_changes_class_at_noon_is_on_the_mornings_register_and_not_on_the_afternoons() {
    let of = |from_half, until_half, until| Membership { class: class(1), from: today(), until, from_half, until_half };
    let until_noon = of(None, Some(Half::Am), Some(today()));
    assert!(until_noon.holds(am()) && !until_noon.holds(pm()));
    let from_noon = of(Some(Half::Pm), None, None);
    assert!(!from_noon.holds(am()) && from_noon.holds(pm()));
    let plain = of(None, None, Some(today()));
    assert!(plain.holds(am()) && plain.holds(pm()), "as rows of before say it");
}
