//! A register that nobody has begun is asked for before it closes.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod fixture;

use fixture::*;
use kiosk::core::Screen;
use shared::wire::v1::{Expected, Seen};

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
    assert!(asked.starts_with("The morning register of ") && asked.ends_with("closes at 09:20. Nobody has begun it."), "{asked}");
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
