//! The window's wiring, with the real core behind it: what is pressed, found by its accessible label, is what happens.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod fixture;
mod window;

use fixture::*;
use kiosk::core::{Msg, Screen, SyncStatus};
use shared::observation::{Mark, Means, Observation};
use shared::wire::v1::{Expected, Mode, Seen};
use slint::ComponentHandle;
use slint::platform::{Key, WindowEvent};
use window::Kiosk;

#[test]
fn sign_on_by_name_and_pin_take_the_register_and_submit() {
    let mut k = Kiosk::new(Desk::classroom("08:52"));
    k.press("Ms Patel");
    for digit in ["2", "4", "6", "8"] {
        k.press(digit);
    }
    k.press("Go on");
    assert!(matches!(k.desk.view(), Screen::Register(_)));
    k.press("Ben O, no mark");
    k.press("Ben O, present, saved");
    k.desk.new_facts();
    k.press("Submit");
    assert!(k.desk.new_facts().is_empty(), "blanks are refused");
    k.press("Mark the 33 blanks present");
    assert_eq!(k.desk.new_facts().len(), 33);
    k.press("Undo");
    k.press("Mark the 33 blanks present");
    k.press("Submit");
    assert!(matches!(k.desk.facts.last(), Some(Observation::Submitted { tiles, .. }) if tiles.len() == 34));
    k.press("Change a mark");
    k.press("Submit again");
    k.press("Done");
    assert!(matches!(k.desk.view(), Screen::SignOn(_)));
}

#[test]
fn erase_and_back_at_the_key_pad() {
    let mut k = Kiosk::new(Desk::classroom("08:52"));
    k.press("Mr Okafor");
    k.press("1");
    k.press("Erase");
    k.labelled("0 digits typed");
    k.press("Back");
    k.labelled("Mr Okafor");
}

#[test]
fn an_absent_tile_asks_and_every_answer_is_wired() {
    let mut k = Kiosk::new(Desk::signed_on("09:02"));
    k.press("Ben O, no mark");
    k.press("Ben O, present, saved");
    k.press("Ben O, absent, saved");
    k.labelled("Ben O is marked absent.");
    k.press("Leave as it is");
    k.press("Ben O, absent, saved");
    k.desk.new_facts();
    k.press("Came late · 12 minutes");
    assert!(matches!(k.desk.new_facts()[..], [Observation::CameLate { .. }]));
    k.press("Ben O, 12 minutes late, saved");
    k.press("That was a mistake, take it back");
    k.labelled("Ben O, no mark");
    k.press("Ava T, no mark");
    k.press("Ava T, present, saved");
    k.press("Ava T, absent, saved");
    k.press("My mistake, was here from the start");
    k.labelled("Ava T, present, saved");
    k.press("Ava T, present, saved");
    k.press("Ava T, absent, saved");
    k.press("Take the mark back");
    k.labelled("Ava T, no mark");
}

#[test]
fn a_tile_changes_at_once_and_says_saved_only_when_it_is() {
    let mut k = Kiosk::new(Desk::signed_on("09:02"));
    k.desk.saving = false;
    k.press("Ben O, no mark");
    k.labelled("Ben O, present, saving");
    k.desk.save();
    k.show();
    k.labelled("Ben O, present, saved");
    k.desk.hear(mark_row(named("Kian"), am(), Seen::Late, Some(12)));
    k.desk.hear(expected_row(named("Grace"), am(), Expected::Absent));
    k.show();
    k.labelled("Kian Y, 12 minutes late, saved");
    k.labelled("Grace A, expected absent");
}

#[test]
fn accessibility_presses_too() {
    let mut k = Kiosk::new(Desk::signed_on("09:02"));
    k.invoke("Ben O, no mark");
    assert!(matches!(k.desk.facts.last(), Some(Observation::Marked { mark: Mark::Present, .. })));
    k.invoke("Mark the 33 blanks present");
    k.invoke("Submit");
    assert!(matches!(k.desk.view(), Screen::Submitted(_)));
}

#[test]
fn without_a_time_the_session_is_chosen_on_the_screen() {
    let mut desk = Desk::classroom("08:55");
    desk.trusted = false;
    desk.open = Some(shared::time::Interval {
        earliest: on(date("2026-11-20"), "15:00"),
        latest: shared::time::Millis(i64::MAX),
        estimate: None,
    });
    let mut k = Kiosk::new(desk);
    k.type_keys("900001\n");
    k.press("Monday 23 November · Morning, 3 Willow · Not taken yet");
    k.press("Ben O, no mark");
    assert!(matches!(k.desk.facts.last(), Some(Observation::Marked { session, .. }) if *session == am()));
}

#[test]
fn reception_by_keyboard_reader_and_by_name() {
    let mut k = Kiosk::new(Desk::reception("09:07"));
    k.type_keys(&format!("{}\n", card_of(18)));
    assert!(
        matches!(&k.desk.facts[..], [Observation::Arrived { means: Means::Card, pupil, .. }] if *pupil == named("Kian"))
    );
    k.press(
        "Good morning, Kian. Signed in at 09:07. You are marked late. Good that you are here. Go straight to 3 Willow. Saved. The \
         office knows you are here.",
    );
    k.press("Year 3");
    k.press("3 Willow");
    k.press("Ava T");
    k.press("No, go back");
    k.press("Ava T");
    k.press("Yes, sign me in");
    assert!(
        matches!(k.desk.facts.last(), Some(Observation::Arrived { means: Means::Name, pupil, .. }) if *pupil == named("Ava"))
    );
    k.press("Overslept");
    assert_eq!(k.desk.seals.len(), 1);
}

#[test]
fn going_home_coming_back_help_and_no_reason() {
    let mut k = Kiosk::new(Desk::reception("09:07"));
    k.press("Ask for help");
    k.press("OK");
    k.press("I am going home or coming back");
    k.press("I am going home");
    for label in ["Year 3", "3 Willow", "Ben O", "Yes, I am going home", "On my own"] {
        k.press(label);
    }
    k.desk.send(card("900001"));
    k.show();
    assert!(matches!(k.desk.facts.last(), Some(Observation::Left { .. })));
    k.window.window().dispatch_event(WindowEvent::KeyPressed { text: Key::Escape.into() });
    k.turn();
    k.press("I am going home or coming back");
    k.press("I am coming back");
    for label in ["Year 3", "3 Willow", "Ben O", "Yes, I am back"] {
        k.press(label);
    }
    assert!(matches!(k.desk.facts.last(), Some(Observation::Returned { .. })));
    k.desk.send(Msg::Back);
    k.show();
    for label in ["Year 3", "3 Willow", "Zara P", "Yes, sign me in", "I would rather not say"] {
        k.press(label);
    }
    assert!(matches!(k.desk.facts.last(), Some(Observation::Arrived { reason: None, .. })));
}

#[test]
fn a_long_list_of_names_has_more_pages() {
    let mut school = School::new(Mode::Classroom, &[(1, "3 Willow", "Year 3")]);
    for n in 10..30u8 {
        let row = shared::wire::v1::StaffRow {
            staff: staff(n),
            name: name(&format!("Mr Number{n}")),
            pin: None,
            cards: Vec::new(),
            classes: Vec::new(),
        };
        school.row(&format!("staff/{n}"), shared::wire::v1::RowBody::Staff(row));
    }
    let mut k = Kiosk::new(Desk::new(school.rows, at("08:52")));
    assert_eq!(k.labels().len(), 12, "ten names, more of them, and the roll call");
    k.press("More names");
    k.press("Mr Number20");
    k.labelled("Back");
}

/// Every screen there is, for a look at all of its controls.
fn everything() -> Vec<(&'static str, Desk)> {
    let mut all = vec![("sign on", Desk::classroom("08:46")), ("register", Desk::signed_on("08:52"))];
    let mut pin = Desk::classroom("08:46");
    pin.send(Msg::PickStaff { staff: staff(1) });
    all.push(("pin", pin));
    let mut ask = Desk::signed_on("09:02");
    for _ in 0..3 {
        ask.tap(named("Ben"));
    }
    all.push(("question", ask));
    let mut submitted = Desk::signed_on("08:52");
    submitted.send(Msg::MarkRestPresent);
    submitted.send(Msg::Submit);
    all.push(("submitted", submitted));
    let mut unsure = Desk::classroom("08:55");
    unsure.trusted = false;
    unsure.open = Some(shared::time::Interval {
        earliest: on(date("2026-11-20"), "15:00"),
        latest: shared::time::Millis(i64::MAX),
        estimate: None,
    });
    unsure.sign_on();
    all.push(("choose", unsure));
    let mut call = Desk::signed_on("08:52");
    call.send(Msg::More);
    call.send(Msg::CallNames);
    all.push(("call", call));
    let mut locked = Desk::signed_on("08:52");
    locked.send(Msg::MarkRestPresent);
    locked.send(Msg::Submit);
    locked.turn_to("09:25");
    locked.sign_on();
    locked.send(Msg::ChangeMarks);
    all.push(("locked", locked));
    let over = [vec![], vec![Msg::WriteNote, Msg::Tap { pupil: named("Ben") }], vec![Msg::BringVisitor]];
    for steps in over {
        let mut d = Desk::signed_on("08:52");
        d.send(Msg::More);
        steps.into_iter().for_each(|step| d.send(step));
        all.push(("question", d));
    }
    let steps = [
        Msg::PickYear { year: name("Year 3") },
        Msg::PickClass { class: class(1) },
        Msg::PickPupil { pupil: named("Kian") },
        Msg::Confirm,
        Msg::NoReason,
    ];
    for n in 0..=steps.len() {
        let mut d = Desk::reception("09:07");
        d.hear(Msg::Sync(SyncStatus { waiting: 2, connected: true, ..SyncStatus::default() }));
        for step in &steps[..n] {
            d.send(step.clone());
        }
        all.push(("reception", d));
    }
    let mut way = Desk::reception("09:07");
    way.send(Msg::InOrOut);
    all.push(("in or out", way));
    let mut unknown = Desk::reception("09:07");
    unknown.send(card("777"));
    all.push(("message", unknown));
    all
}

#[test]
fn every_control_is_large_enough_labelled_and_on_the_screen() {
    for (width, height) in [(800.0, 480.0), (720.0, 1280.0), (1280.0, 800.0)] {
        for (screen, desk) in everything() {
            let k = Kiosk::sized(desk, width, height);
            assert_eq!(k.window.global::<kiosk::ui::Theme>().get_portrait(), height > width, "{screen}");
            let buttons = k.buttons();
            assert!(!buttons.is_empty(), "{screen}: nothing to press");
            let mut places: Vec<(String, f32, f32, f32, f32)> = Vec::new();
            for b in buttons {
                let label = b.accessible_label().unwrap_or_default().to_string();
                let (size, place) = (b.size(), b.absolute_position());
                assert!(!label.is_empty(), "{screen}: a control without a label");
                let what = format!("{screen} at {width}×{height}: {label:?} is {size:?} at {place:?}");
                assert!(size.width >= 53.9 && size.height >= 53.9, "too small: {what}");
                assert!(place.x >= -0.5 && place.y >= -0.5, "outside: {what}");
                assert!(
                    place.x + size.width <= width + 0.5 && place.y + size.height <= height + 0.5,
                    "outside: {what}"
                );
                places.push((label, place.x, place.y, size.width, size.height));
            }
            if screen == "question" {
                continue; // the panel lies over the tiles, on purpose
            }
            for (i, a) in places.iter().enumerate() {
                for b in &places[i + 1..] {
                    let apart = a.1 + a.3 <= b.1 + 0.5
                        || b.1 + b.3 <= a.1 + 0.5
                        || a.2 + a.4 <= b.2 + 0.5
                        || b.2 + b.4 <= a.2 + 0.5;
                    assert!(apart, "{screen} at {width}×{height}: {:?} and {:?} overlap", a.0, b.0);
                }
            }
        }
    }
}
