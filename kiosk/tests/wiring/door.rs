//! Reception's door and the roll call in the window: what is pressed, found by its accessible label, is what happens.

use crate::fixture::*;
use crate::window::Kiosk;
use kiosk::core::{Msg, Screen};
use shared::observation::{Means, Observation};
use shared::wire::v1::{FindBy, Seen};

#[test]
fn late_by_name_with_a_reason_by_picture() {
    for (width, height) in [(800.0, 480.0), (720.0, 1280.0), (1280.0, 800.0)] {
        let mut k = Kiosk::sized(Desk::reception("09:07"), width, height);
        k.press("Year 3");
        k.press("3 Willow");
        k.press("Kian Y");
        k.press("Yes, sign me in");
        assert!(matches!(k.desk.new_facts()[..], [Observation::Arrived { .. }]), "before anybody asks why");
        k.press("Traffic or bus");
        assert!(matches!(k.desk.new_facts()[..], [Observation::Explained { .. }]));
        assert_eq!(k.desk.seals, [name("Traffic or bus")]);
    }
}

#[test]
fn by_month_of_birth() {
    let mut d = Desk::reception("08:30");
    d.set(|s| s.find_by = FindBy::Month);
    let mut k = Kiosk::new(d);
    k.press("Year 3");
    k.press("July");
    assert!(!k.labels().iter().any(|l| l.starts_with("Aisha")), "{:?}", k.labels());
    k.press("Kian Y");
    k.press("Yes, sign me in");
    assert!(matches!(k.desk.new_facts()[..], [Observation::Arrived { .. }]));
}

#[test]
fn going_home_with_a_pin() {
    let mut k = Kiosk::new(Desk::reception("14:10"));
    k.press("I am going home or coming back");
    k.press("I am going home");
    k.press("Year 3");
    k.press("3 Willow");
    k.press("Kian Y");
    k.press("Yes, I am going home");
    k.press("Grandparent");
    k.press("Mr Okafor");
    PIN.chars().for_each(|digit| k.press(&digit.to_string()));
    k.press("Go on");
    assert_eq!(k.desk.bys, [Some(staff(2))]);
    assert!(matches!(k.desk.new_facts()[..], [Observation::Left { approved: Some(Means::Name), .. }]));
}

#[test]
fn every_step_of_going_home_has_a_way_back() {
    let mut k = Kiosk::new(Desk::reception("14:10"));
    k.press("I am going home or coming back");
    k.desk.send(card(&card_of(18)));
    k.show();
    k.press("Grandparent");
    k.press("Back");
    k.press("Back");
    assert!(matches!(k.desk.view(), Screen::ReceptionIdle(_)));
    assert!(k.desk.new_facts().is_empty());
}

#[test]
fn a_roll_call_from_reception_to_its_end() {
    let mut d = Desk::reception("10:00");
    d.hear(mark_row(named("Ben"), am(), Seen::Absent, None));
    let mut k = Kiosk::new(d);
    k.press("Roll call");
    k.press("Mr Okafor");
    PIN.chars().for_each(|digit| k.press(&digit.to_string()));
    k.press("Go on");
    k.press("A drill");
    k.desk.new_facts();
    k.press("3 Willow, 33 of 33 not seen yet");
    k.press("Aisha B, not seen yet");
    assert!(matches!(k.desk.new_facts()[..], [Observation::Accounted { seen: true, .. }]));
    k.press("Aisha B, seen");
    assert!(matches!(k.desk.new_facts()[..], [Observation::Accounted { seen: false, .. }]));
    k.press("Ben O, not in school");
    k.press("All classes");
    k.press("Everybody not seen yet");
    assert!(!k.labels().contains(&"Ben O, seen".to_owned()));
    k.press("All classes");
    k.press("End the roll call");
    k.press("Go on");
    k.press("End the roll call");
    k.desk.new_facts();
    k.press("Yes, end it");
    assert!(matches!(k.desk.new_facts()[..], [Observation::RollCallEnded { .. }]));
    k.press("OK");
    assert!(matches!(k.desk.view(), Screen::ReceptionIdle(_)));
}

#[test]
fn at_the_gate_and_in_a_classroom() {
    let mut k = Kiosk::sized(Desk::gate("10:00"), 720.0, 1280.0);
    k.press("Begin a roll call");
    k.desk.send(card("900001"));
    k.show();
    k.press("Not a drill");
    k.press("Acorns, 1 of 1 not seen yet");
    k.press("Ivy S, not seen yet");
    assert!(matches!(k.desk.facts.last(), Some(Observation::Accounted { seen: true, .. })));
    let mut k = Kiosk::new(Desk::classroom("10:00"));
    k.press("Roll call");
    k.press("Back");
    assert!(matches!(k.desk.view(), Screen::SignOn(_)));
    k.desk.send(Msg::RollCall);
    k.desk.send(card("900001"));
    k.show();
    k.press("A drill");
    k.press("Zara P, not seen yet");
    k.press("Leave");
    assert!(matches!(k.desk.view(), Screen::SignOn(_)));
}

/// Every screen of the door and of the roll call, at the end of the steps that lead to it.
fn screens() -> Vec<(&'static str, Desk)> {
    let mut all = Vec::new();
    let mut months = Desk::reception("09:07");
    months.set(|s| s.find_by = FindBy::Month);
    months.send(Msg::PickYear { year: name("Year 3") });
    all.push(("months", months));
    let collect = || {
        let mut d = Desk::reception("14:10");
        d.send(Msg::InOrOut);
        d.send(card(&card_of(18)));
        d
    };
    all.push(("collect", collect()));
    let mut staff_asked = collect();
    staff_asked.send(Msg::PickCollector { who: name("Grandparent") });
    all.push(("staff", staff_asked));
    let mut pin = collect();
    pin.send(Msg::PickCollector { who: name("Grandparent") });
    pin.send(Msg::PickStaff { staff: staff(1) });
    all.push(("pin", pin));
    all.push(("gate", Desk::gate("10:00")));
    let called = |step: Option<Msg>| {
        let mut d = Desk::reception("10:00");
        d.send(card("900001"));
        d.send(Msg::BeginRollCall { real: false });
        if let Some(step) = step {
            d.send(step);
        }
        d
    };
    all.push(("classes", called(None)));
    all.push(("one class", called(Some(Msg::RollClass { class: class(1) }))));
    all.push(("missing", called(Some(Msg::RollMissing))));
    all.push(("ending", called(Some(Msg::EndRollCall))));
    all
}

#[test]
fn every_control_is_large_enough_labelled_and_on_the_screen() {
    for (width, height) in [(800.0, 480.0), (720.0, 1280.0), (1280.0, 800.0)] {
        for (screen, desk) in screens() {
            let k = Kiosk::sized(desk, width, height);
            let places: Vec<(String, [f32; 4])> = k
                .buttons()
                .iter()
                .map(|b| {
                    let (size, at) = (b.size(), b.absolute_position());
                    let label = b.accessible_label().unwrap_or_default().to_string();
                    (label, [at.x, at.y, at.x + size.width, at.y + size.height])
                })
                .collect();
            assert!(!places.is_empty(), "{screen}: nothing to press");
            for (i, (label, [x, y, right, bottom])) in places.iter().enumerate() {
                let what = format!("{screen} at {width}×{height}: {label:?} at {x} {y} to {right} {bottom}");
                assert!(!label.is_empty(), "no label: {what}");
                assert!(right - x >= 53.9 && bottom - y >= 53.9, "too small: {what}");
                assert!(
                    *x >= -0.5 && *y >= -0.5 && *right <= width + 0.5 && *bottom <= height + 0.5,
                    "outside: {what}"
                );
                for (other, [x2, y2, right2, bottom2]) in &places[i + 1..] {
                    let apart = *right <= x2 + 0.5 || *right2 <= x + 0.5 || *bottom <= y2 + 0.5 || *bottom2 <= y + 0.5;
                    assert!(apart, "{what} lies over {other:?}");
                }
            }
        }
    }
}
