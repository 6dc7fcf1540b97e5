//! The window's wiring, with the real core behind it: what is pressed, found by its accessible label, is what happens.

use crate::fixture::*;
use crate::tile;
use crate::window::Kiosk;
use kiosk::core::{Msg, Screen, SyncStatus};
use shared::observation::{Mark, Means, Observation};
use shared::wire::v1::{Expected, Fault, Mode, Seen};
use slint::ComponentHandle as _;
use slint::platform::{Key, WindowEvent};

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

/// Its finger and its eye are 60 from the left, 20 and 51 from the top.
#[test]
fn the_benchmark_touches_tiles_where_they_are() {
    let k = Kiosk::new(Desk::signed_on("08:52"));
    let tiles = k.buttons();
    for n in 0..34_u16 {
        let (left, top) = tile::tile(u32::from(n));
        let (place, size) = (tiles[usize::from(n)].absolute_position(), tiles[usize::from(n)].size());
        assert!(tiles[usize::from(n)].accessible_label().unwrap().contains(", no mark"));
        let (left, top) = (f32::from(u16::try_from(left).unwrap()), f32::from(u16::try_from(top).unwrap()));
        assert!((left - place.x).abs() < 1.0 && (top - place.y).abs() < 1.0, "tile {n}: {place:?}, not {left} {top}");
        assert!(top + 51.0 < place.y + size.height - 2.0 && left + 60.0 < place.x + size.width, "tile {n}: {size:?}");
    }
    let mut k = Kiosk::new(Desk::signed_on("08:52"));
    k.invoke("Mark the 34 blanks present");
    let on = |k: &Kiosk, label: &str, (x, y): (u32, u32)| {
        let it = k.labelled(label);
        let (place, size) = (it.absolute_position(), it.size());
        let (x, y) = (f32::from(u16::try_from(x).unwrap()), f32::from(u16::try_from(y).unwrap()));
        let (left, top) = (x - place.x, y - place.y);
        assert!(left > 0.0 && top > 0.0 && left < size.width && top < size.height, "{label}: {place:?} {size:?}");
    };
    on(&k, "Submit", tile::SUBMIT);
    k.invoke("Submit");
    on(&k, "Done", tile::DONE);
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
    desk.unsure();
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

/// What is wrong stands on the screen in plain words, with what to do or what still works, and the screen can be used.
#[test]
fn what_is_wrong_is_said_and_the_kiosk_goes_on() {
    let offline = SyncStatus { waiting: 3, acked: 0, offline_since: Some(at("08:41")), connected: false };
    let wrong = [
        (Msg::Sync(offline), "No network since 08:41 · 3 kept here"),
        (Msg::Faults { faults: vec![Fault::NoReader] }, "The card reader does not answer. Names still work."),
        (Msg::Faults { faults: vec![Fault::Disk] }, "This kiosk cannot save. Please use paper and tell IT."),
        (Msg::Update { needed: true }, "This kiosk needs an update. Registers are kept here; please tell IT."),
    ];
    for (msg, words) in wrong {
        let mut k = Kiosk::new(Desk::classroom("08:52"));
        k.desk.hear(msg.clone());
        k.show();
        assert!(k.says(words), "{words}");
        k.type_keys("900001\n");
        assert!(k.says(words), "on the register: {words}");
        k.press("Ben O, no mark");
        k.labelled("Ben O, present, saved");
        let mut k = Kiosk::new(Desk::reception("09:07"));
        k.desk.hear(msg);
        k.show();
        assert!(k.says(words), "at reception: {words}");
        k.press("Year 3");
    }
    let clock = "This kiosk's clock is wrong, so it uses the server's. Please tell IT.";
    let damaged = "This kiosk's memory was damaged. 1 entry may be missing. Please tell IT.";
    let asked = [(Msg::Faults { faults: vec![Fault::Clock] }, clock), (crate::fixture::damaged(3, 1), damaged)];
    for (msg, words) in asked {
        let mut k = Kiosk::new(Desk::classroom("08:52"));
        k.desk.hear(msg);
        k.show();
        assert!(k.says(words), "{words}");
        k.type_keys("900001\n");
        assert!(!k.says(words), "a teacher who marks has no use for it");
    }
}

/// The screens on which nothing can be pressed say why, and what to do.
#[test]
fn a_kiosk_without_a_school_or_switched_off_says_what_to_do() {
    let mut k = Kiosk::new(Desk::classroom("08:46"));
    k.desk.hear(Msg::Enrolling {
        code: Some(shared::text::Text::new("K7QX-4M2P").unwrap()),
        check_word: Some(name("harbour-lantern")),
        trouble: Some("The server cannot be reached".to_owned()),
    });
    k.show();
    for words in ["Code K7QX-4M2P", "harbour-lantern", "open Kiosks and type this code", "The server cannot be reached"]
    {
        assert!(k.says(words), "{words}");
    }
    k.desk.hear(Msg::Enrolled);
    k.show();
    k.labelled("Ms Patel");
    k.desk.hear(Msg::Sync(SyncStatus { waiting: 2, connected: false, ..SyncStatus::default() }));
    k.desk.hear(Msg::Revoked);
    k.show();
    for words in ["Switched off", "2 entries are kept here. Please use paper, and ask in the office."] {
        assert!(k.says(words), "{words}");
    }
    assert!(k.buttons().is_empty());
    let k = Kiosk::new(Desk::new(Vec::new(), at("08:46")));
    assert!(k.says("Fetching this kiosk's classes from the school."));
}

#[test]
fn a_resting_screen_is_woken_by_a_finger() {
    let mut desk = Desk::classroom("18:00");
    desk.turn_to("18:31");
    let mut k = Kiosk::new(desk);
    assert_eq!(k.labels(), ["Touch to begin"]);
    k.press("Touch to begin");
    k.labelled("Ms Patel");
}

#[test]
fn a_wrong_pin_is_said_and_the_card_still_works() {
    let mut k = Kiosk::new(Desk::classroom("08:52"));
    k.press("Ms Patel");
    ["1", "1", "1", "1", "Go on"].iter().for_each(|label| k.press(label));
    assert!(k.says("That was not it."));
    k.type_keys("900002\n");
    assert!(matches!(k.desk.view(), Screen::Register(_)));
    // The same card again, and one that nobody knows: said, and nothing else.
    k.desk.new_facts();
    k.type_keys("900002\n");
    assert!(k.says("You are signed on already."));
    assert!(k.desk.new_facts().is_empty());
    k.type_keys("777\n");
    assert!(k.says("That card is not known here."));
    assert!(matches!(k.desk.new_facts()[..], [Observation::Noticed { .. }]), "for the office to bind");
}

#[test]
fn a_card_that_is_read_twice_where_a_register_is_chosen_is_answered() {
    let mut desk = Desk::classroom("08:52");
    desk.unsure();
    let mut k = Kiosk::new(desk);
    k.type_keys("900002\n");
    assert!(matches!(k.desk.view(), Screen::ChooseRegister(_)));
    k.type_keys("900002\n");
    assert!(k.says("You are signed on already. Pick a register."));
    k.type_keys("777\n");
    assert!(k.says("That card is not known here."));
    assert!(matches!(k.desk.view(), Screen::ChooseRegister(_)), "and nothing else happens");
}
