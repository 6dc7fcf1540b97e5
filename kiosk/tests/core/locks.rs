//! Wrong PINs: the waits grow, outlive a restart, and one PIN cannot be tried on every name.

use crate::fixture::*;
use kiosk::core::{Msg, Recalled, Screen};
use shared::log::Origin;
use shared::observation::{Means, Notice, Observation};
use shared::time::Interval;

fn wrong(d: &mut Desk, who: u8) {
    d.send(Msg::Back);
    d.send(Msg::PickStaff { staff: staff(who) });
    for _ in 0..4 {
        d.send(Msg::PinDigit { digit: 1 });
    }
    d.send(Msg::PinEnter);
}

fn open(d: &Desk) -> bool {
    match d.view() {
        Screen::SignOn(s) => s.pin.unwrap().open,
        other => panic!("{other:?}"),
    }
}

/// Minutes until the key pad takes a digit again.
fn waits(d: &mut Desk) -> i64 {
    let from = d.now;
    while !open(d) {
        d.now = d.now.plus(20_000);
        d.tick();
        d.send(Msg::PinErase); // somebody stands there
    }
    d.now.since(from) / 60_000
}

#[test]
fn waits_grow_and_outlive_a_restart_and_the_right_pin_ends_them() {
    let mut d = Desk::classroom("08:52");
    let mut told = Vec::new();
    let mut lengths = Vec::new();
    for _ in 0..8 {
        wrong(&mut d, 1);
        told.extend(d.new_facts());
        lengths.push(waits(&mut d));
    }
    assert_eq!(lengths, [0, 0, 0, 1, 15, 30, 60, 120]);
    wrong(&mut d, 1);
    told.extend(d.new_facts());
    let locks = told.iter().filter(|f| matches!(f, Observation::Noticed { notice: Notice::PinLocked { .. } })).count();
    assert_eq!(locks, 1, "the office is told once");
    assert!(!open(&d));
    // The plug is pulled, and the time is not known afterwards.
    let facts: Vec<Recalled> = told
        .into_iter()
        .enumerate()
        .map(|(i, what)| {
            let origin = Origin { log: log(), seq: i as u64 + 1 };
            Recalled { origin, when: Interval { earliest: d.now, latest: d.now, estimate: None }, by: None, what }
        })
        .collect();
    let mut again = Desk::classroom("08:00");
    again.trusted = false;
    again.open = Some(Interval { earliest: at("08:00"), latest: shared::time::Millis(i64::MAX), estimate: None });
    again.tick();
    again.hear(Msg::Recalled { facts: facts.clone() });
    again.send(Msg::PickStaff { staff: staff(1) });
    assert!(!open(&again));
    assert!(waits(&mut again) >= 239, "the whole wait, from the start");
    // A right PIN after that, and all is forgotten.
    let signed = Recalled {
        origin: Origin { log: log(), seq: 99 },
        when: facts[0].when,
        by: Some(staff(1)),
        what: Observation::SignedOn { means: Means::Name },
    };
    let mut free = Desk::classroom("08:00");
    free.hear(Msg::Recalled { facts: facts.into_iter().chain([signed]).collect() });
    free.send(Msg::PickStaff { staff: staff(1) });
    assert!(open(&free));
}

#[test]
fn one_pin_cannot_be_tried_on_every_name() {
    let mut d = Desk::classroom("08:52");
    for who in [1, 1, 2, 2, 3, 3, 4, 4] {
        wrong(&mut d, who);
        assert!(open(&d));
    }
    d.now = d.now.plus(31_000);
    wrong(&mut d, 4);
    d.send(Msg::Back);
    d.send(Msg::PickStaff { staff: staff(3) });
    assert!(!open(&d), "the kiosk itself waits");
    d.send(card("900003"));
    assert!(matches!(d.view(), Screen::Register(_)), "a card is not a guess");
}
