//! Every control of every screen: its role, its words, its size, and that a key reaches it.

use crate::fixture::*;
use crate::window::Kiosk;
use kiosk::core::{Msg, SyncStatus};
use slint::ComponentHandle as _;

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
    unsure.unsure();
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
