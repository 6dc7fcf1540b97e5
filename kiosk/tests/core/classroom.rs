//! The classroom's core beyond the tap: calling names, notes, visitors, the school's choices, after close, weeks
//! without a network.

use crate::fixture::*;
use kiosk::core::screen::{OverPick, TileState};
use kiosk::core::{Msg, Screen};
use shared::calendar::Half;
use shared::observation::{Mark, Observation, Wish};
use shared::time::Interval;
use shared::wire::v1::{Choices, Expected, Seen, Sort};

fn call(d: &Desk) -> kiosk::core::screen::Call {
    match d.view() {
        Screen::Call(c) => c,
        other => panic!("no name is called: {other:?}"),
    }
}

fn over(d: &Desk) -> kiosk::core::screen::Over {
    d.register().panel.unwrap()
}

/// The screen has gone home meanwhile: sign on again, and to the tiles.
fn come_back(d: &mut Desk) {
    d.sign_on();
    d.send(Msg::ChangeMarks);
    d.new_facts();
}

fn submitted(now: &str) -> Desk {
    let mut d = Desk::signed_on(now);
    d.send(Msg::MarkRestPresent);
    d.tap(named("Ben"));
    d.send(Msg::Submit);
    d.new_facts();
    d
}

#[test]
fn the_names_are_called_one_by_one_with_a_way_back_and_a_way_round() {
    let mut d = Desk::signed_on("08:52");
    d.hear(expected_row(named("Alfie"), am(), Expected::Absent));
    d.hear(mark_row(named("Amelia"), am(), Seen::Late, Some(2)));
    d.new_facts();
    d.send(Msg::More);
    assert!(over(&d).choices.iter().any(|c| c.pick == OverPick::CallNames));
    d.send(Msg::CallNames);
    assert_eq!((call(&d).first.as_str(), call(&d).place.as_str()), ("Aisha", "1 of 32"));
    d.send(Msg::CallHere { pupil: named("Zara") });
    assert!(d.new_facts().is_empty(), "a finger that comes after the name has gone marks nobody");
    d.send(Msg::CallHere { pupil: named("Aisha") });
    assert_eq!(call(&d).first, "Arjun", "nobody calls who is away, or has signed in late");
    d.send(Msg::CallAway { pupil: named("Arjun") });
    d.send(Msg::CallNext);
    assert_eq!(call(&d).first, "Ben");
    let facts = d.new_facts();
    assert!(matches!(
        facts[..],
        [Observation::Marked { mark: Mark::Present, .. }, Observation::Marked { mark: Mark::Absent, .. }]
    ));
    d.send(Msg::CallBefore);
    d.send(Msg::CallBefore);
    assert_eq!((call(&d).first.as_str(), call(&d).stands.as_str()), ("Arjun", "Marked absent, saved"));
    d.send(Msg::CallHere { pupil: named("Arjun") });
    assert!(call(&d).ask.is_some(), "absent turned to present asks, here too");
    d.send(Msg::Mistake { pupil: named("Arjun") });
    assert_eq!(call(&d).first, "Ava", "the answer goes on to the next name");
    d.send(Msg::Back);
    assert_eq!(d.tile(named("Arjun")).state, TileState::Present);
    d.send(Msg::CallNames);
    assert_eq!(call(&d).first, "Ava", "from the first who has no mark yet");
    for _ in 0..40 {
        if let Screen::Call(c) = d.view() {
            d.send(Msg::CallHere { pupil: c.pupil });
        }
    }
    assert_eq!(d.register().notice, "Every name was called.");
    d.send(Msg::Submit);
    assert!(matches!(d.view(), Screen::Submitted(_)));
}

#[test]
fn names_left_for_later_are_shown_at_the_end() {
    let mut d = Desk::signed_on("08:52");
    d.send(Msg::CallNames);
    d.send(Msg::CallNext);
    while let Screen::Call(c) = d.view() {
        d.send(Msg::CallHere { pupil: c.pupil });
    }
    assert_eq!(d.register().notice, "One pupil has no mark yet.");
    assert!(d.tile(named("Aisha")).wanted);
}

#[test]
fn tiles_are_sorted_by_either_name_and_move_only_when_somebody_asks() {
    let mut d = Desk::signed_on("08:52");
    d.send(Msg::More);
    d.send(Msg::SortBy { sort: Sort::Last });
    let r = d.register();
    assert_eq!((r.tiles[0].first.as_str(), r.tiles[0].initial.as_str()), ("Adeyemi", "G"));
    assert_eq!(r.tiles[0].label, "Grace A, no mark");
    d.send(Msg::SignOff);
    d.sign_on();
    assert_eq!(d.register().tiles[0].first, "Adeyemi", "this teacher's choice is remembered");
    let mut d = Desk::classroom("08:52");
    d.choose(Choices { sort: Sort::Last, ..Choices::default() });
    d.sign_on();
    assert_eq!(d.register().tiles[0].first, "Adeyemi", "the school's choice");
    let order: Vec<_> = d.register().tiles.iter().map(|t| t.pupil).collect();
    d.choose(Choices::default());
    let now: Vec<_> = d.register().tiles.iter().map(|t| t.pupil).collect();
    assert_eq!(now, order, "a new choice moves no tile under a finger");
}

#[test]
fn a_note_goes_sealed_to_the_office_and_the_screen_says_no_more_of_it() {
    let mut d = Desk::signed_on("08:52");
    d.send(Msg::More);
    d.send(Msg::WriteNote);
    assert_eq!(d.register().picking, "Whom is the note about? Tap a name.");
    d.new_facts();
    d.tap(named("Ben"));
    assert!(d.new_facts().is_empty(), "that tap picks, it does not mark");
    assert_eq!(over(&d).choices.len(), 8);
    d.send(Msg::PickNote { note: name("Is always late") });
    assert!(d.new_facts().is_empty(), "only what is offered");
    d.send(Msg::PickNote { note: name("Seems unwell") });
    assert!(matches!(&d.new_facts()[..], [Observation::Noted { note: None, pupil, .. }] if *pupil == named("Ben")));
    assert_eq!(d.seals, [name("Seems unwell")]);
    let said = serde_json::to_string(&d.view()).unwrap();
    assert!(!said.contains("unwell"), "pupils can see the screen");
    assert_eq!((d.tile(named("Ben")).flag.as_str(), d.tile(named("Ben")).state), ("office told", TileState::Blank));
    d.choose(Choices { notes: vec![name("Is in the garden")], ..Choices::default() });
    d.send(Msg::More);
    d.send(Msg::WriteNote);
    d.tap(named("Ava"));
    assert_eq!(over(&d).choices[0].label, "Is in the garden");
    for _ in 0..2 {
        d.send(Msg::Back);
    }
    assert!(d.register().panel.is_none() && d.register().picking.is_empty());
}

#[test]
fn a_visitor_is_found_by_class_and_name_marked_here_and_counts_for_nobody_else() {
    let mut d = Desk::signed_on("08:52");
    d.send(Msg::More);
    d.send(Msg::BringVisitor);
    let classes: Vec<_> = over(&d).choices.iter().map(|c| c.label.clone()).collect();
    assert_eq!(classes, ["3 Rowan", "4 Lime", "10 Oak"], "every class but this one");
    d.send(Msg::PickOther { class: name("3 Rowan") });
    let names: Vec<_> = over(&d).choices.iter().map(|c| format!("{} {}", c.label, c.detail)).collect();
    assert_eq!(names, ["Kian Y", "Mia O"]);
    d.new_facts();
    d.send(Msg::PickVisitor { pupil: named("Ben") });
    assert!(d.new_facts().is_empty());
    d.send(Msg::PickVisitor { pupil: pupil(60) });
    assert!(matches!(
        &d.new_facts()[..],
        [Observation::Marked { pupil: p, class: c, mark: Mark::Present, .. }] if *p == pupil(60) && *c == class(1)
    ));
    let r = d.register();
    assert_eq!((r.tiles.len(), r.count.as_str(), r.summary.as_str()), (35, "0 of 34 marked", "0 here · 1 visitor"));
    assert_eq!(r.tiles[34].flag, "3 Rowan");
    d.tap(pupil(60));
    assert_eq!(d.tile(pupil(60)).state, TileState::Gone, "taken back");
    d.send(Msg::Undo);
    assert_eq!(d.tile(pupil(60)).state, TileState::Present);
    d.send(Msg::MarkRestPresent);
    d.new_facts();
    d.send(Msg::Submit);
    assert!(matches!(&d.new_facts()[..], [Observation::Submitted { tiles, .. }] if tiles.len() == 34));
    d.send(Msg::ChangeMarks);
    assert_eq!(d.tile(pupil(60)).state, TileState::Present);
    d.send(Msg::SignOff);
    d.sign_on();
    d.send(Msg::ChangeMarks);
    assert_eq!(d.tile(pupil(60)).state, TileState::Present, "still there for who signs on next");
}

#[test]
fn with_positive_marking_nothing_is_assumed() {
    let mut d = Desk::signed_on("08:52");
    d.choose(Choices { positive: true, ..Choices::default() });
    assert_eq!(d.register().fill, "");
    d.new_facts();
    d.send(Msg::MarkRestPresent);
    assert!(d.new_facts().is_empty());
    d.send(Msg::Submit);
    assert!(d.new_facts().is_empty() && d.register().notice.contains("34 pupils"));
}

#[test]
fn after_close_a_mark_is_changed_by_the_office_alone_and_who_comes_now_is_told() {
    let mut d = submitted("08:57");
    d.send(Msg::ChangeMarks);
    d.tap(named("Ava"));
    d.send(Msg::Undo);
    assert_eq!(d.tile(named("Ava")).state, TileState::Present, "until close everything can be undone");
    d.tap(named("Ava"));
    d.turn_to("09:20");
    come_back(&mut d);
    assert!(!d.register().locked.is_empty());
    for msg in [Msg::Undo, Msg::MarkRestPresent, Msg::Submit, Msg::CallNames, Msg::Mistake { pupil: named("Ben") }] {
        d.send(msg);
    }
    assert!(d.new_facts().is_empty());
    d.tap(named("Zara"));
    let picks: Vec<_> = over(&d).choices.into_iter().map(|c| c.pick).collect();
    let zara = named("Zara");
    assert_eq!(picks, [OverPick::Change(zara, Wish::Late), OverPick::Change(zara, Wish::Absent)]);
    d.send(Msg::Back);
    d.turn_to("09:41");
    come_back(&mut d);
    d.tap(named("Ben"));
    assert_eq!(over(&d).choices[0].detail, "Came late · 51 minutes");
    d.send(Msg::Late { pupil: named("Ben") });
    assert!(matches!(d.new_facts()[..], [Observation::CameLate { .. }]));
    assert_eq!(d.tile(named("Ben")).state, TileState::Late);
    d.tap(named("Ava"));
    d.send(Msg::AskChange { pupil: named("Ava"), wish: Wish::Present });
    assert!(matches!(d.new_facts()[..], [Observation::ChangeAsked { wish: Wish::Present, .. }]));
    let tile = d.tile(named("Ava"));
    assert_eq!((tile.state, tile.flag.as_str()), (TileState::Absent, "office asked"), "it changes nothing by itself");
}

#[test]
fn a_register_that_nobody_submitted_can_still_be_taken_after_close() {
    let mut d = Desk::signed_on("09:30");
    d.send(Msg::MarkRestPresent);
    d.send(Msg::Submit);
    assert!(matches!(d.view(), Screen::Submitted(_)));
    d.send(Msg::ChangeMarks);
    assert!(!d.register().locked.is_empty(), "and then it is closed");
}

#[test]
fn the_one_who_is_signed_on_stands_on_every_fact_and_a_colleague_takes_over_with_a_card() {
    let mut d = Desk::signed_on("08:52");
    d.tap(named("Ben"));
    d.send(card("900002"));
    d.tap(named("Ava"));
    d.send(Msg::MarkRestPresent);
    d.send(Msg::Submit);
    let by: Vec<_> = d.by.iter().map(|by| by.unwrap()).collect();
    assert_eq!(by[..2], [staff(1), staff(1)]);
    assert!(by[2..].iter().all(|who| *who == staff(2)), "{by:?}");
}

#[test]
fn registers_are_taken_for_weeks_without_a_network() {
    let mut d = Desk::classroom("08:40");
    d.hear(Msg::Sync(kiosk::core::SyncStatus {
        waiting: 0,
        acked: 0,
        offline_since: Some(at("08:41")),
        connected: false,
    }));
    let mut taken = 0;
    for day in 0..21 {
        let date = today() + chrono::Days::new(day);
        if matches!(chrono::Datelike::weekday(&date), chrono::Weekday::Sat | chrono::Weekday::Sun) {
            continue;
        }
        d.add_day(date);
        for (half, time) in [(Half::Am, "08:55"), (Half::Pm, "13:05")] {
            // The clock drifts by up to 50 parts per million: a minute and a half in three weeks.
            d.now = on(date, time);
            let doubt = i64::try_from(day).unwrap() * 4_320;
            d.open = Some(Interval { earliest: d.now.plus(-doubt), latest: d.now.plus(doubt), estimate: None });
            d.tick();
            d.sign_on();
            assert_eq!(d.register().session, shared::calendar::SessionKey { date, half });
            d.new_facts();
            d.send(Msg::MarkRestPresent);
            d.send(Msg::Submit);
            assert_eq!(d.new_facts().len(), 35);
            d.send(Msg::SignOff);
            taken += 1;
        }
    }
    assert_eq!(taken, 30);
}

#[test]
fn outside_school_hours_the_screen_rests_and_its_clock_moves_about() {
    let mut d = Desk::classroom("16:00");
    d.turn_to("16:10");
    assert!(matches!(d.view(), Screen::SignOn(_)), "somebody may still be here");
    d.turn_to("18:30");
    let Screen::Resting(first) = d.view() else { panic!("{:?}", d.view()) };
    assert_eq!((first.clock.as_str(), first.words.as_str()), ("18:30", "Touch to begin"));
    d.turn_to("18:31");
    let Screen::Resting(second) = d.view() else { panic!("awake") };
    assert_ne!(first.place, second.place);
    d.send(Msg::Wake);
    assert!(matches!(d.view(), Screen::SignOn(_)));
    d.turn_to("18:40");
    assert!(matches!(d.view(), Screen::Resting(_)));
    d.send(card("900001"));
    assert!(matches!(d.view(), Screen::Register(_)), "a card wakes it and signs on");
    d.turn_to("23:00");
    assert!(matches!(d.view(), Screen::Resting(_)), "and it goes back to rest by itself");
    d.trusted = false;
    d.tick();
    assert!(!matches!(d.view(), Screen::Resting(_)), "not on a time that nobody has checked");
    let mut sunday = Desk::reception("09:00");
    sunday.now = on(date("2026-11-22"), "10:00");
    sunday.start = sunday.now.plus(-600_000);
    sunday.tick();
    sunday.now = sunday.now.plus(600_000);
    sunday.tick();
    assert!(matches!(sunday.view(), Screen::Resting(_)));
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    use shared::wire::v1::Fault;
    let mut d = Desk::classroom("08:46");
    let bar = |d: &Desk| match d.view() {
        Screen::SignOn(s) => s.bar,
        other => panic!("{other:?}"),
    };
    d.hear(Msg::Update { needed: true });
    assert_eq!(bar(&d).fault, "This kiosk needs an update. Registers are kept here; please tell IT.");
    d.hear(Msg::Faults { faults: vec![Fault::Disk, Fault::NoReader, Fault::Clock] });
    assert_eq!(bar(&d).fault, "This kiosk cannot save. Please use paper and tell IT.");
    d.hear(Msg::Update { needed: false });
    d.hear(Msg::Faults { faults: vec![Fault::NoReader, Fault::Clock] });
    assert_eq!(bar(&d).fault, "The card reader does not answer. Names still work.");
    d.hear(Msg::Faults { faults: vec![Fault::Clock] });
    assert!(bar(&d).fault.contains("Please tell IT."));
    d.hear(Msg::Faults { faults: vec![] });
    d.hear(Msg::Sync(kiosk::core::SyncStatus {
        waiting: 3,
        acked: 0,
        offline_since: Some(at("08:41")),
        connected: false,
    }));
    assert_eq!((bar(&d).fault.as_str(), bar(&d).sync.words.as_str()), ("", "No network since 08:41 · 3 kept here"));
}
