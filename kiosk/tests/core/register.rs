//! Taking the register, message by message: signing on, tapping, submitting, what stands after a new start.

use crate::fixture::*;
use kiosk::core::screen::{SyncForm, TileState};
use kiosk::core::{Msg, Recalled, Screen, SyncStatus};
use shared::log::Origin;
use shared::observation::{Mark, Means, Notice, Observation};
use shared::time::Interval;
use shared::wire::v1::{Expected, Membership, PupilRow, Row, RowBody, Seen};

fn said(o: &Observation) -> Option<Mark> {
    match o {
        Observation::Marked { mark, .. } => Some(*mark),
        _ => None,
    }
}

#[test]
fn name_and_pin_open_the_register_at_hand() {
    let mut d = Desk::classroom("08:52");
    let Screen::SignOn(s) = d.view() else { panic!() };
    assert_eq!(s.staff[0].name, "Miss Grant", "those whose class it is come first, by surname");
    assert!(s.staff[0].own && s.staff[1].own && !s.staff[2].own);
    d.sign_on();
    let r = d.register();
    assert_eq!((r.session, r.class), (am(), class(1)));
    assert_eq!(r.tiles.len(), 34);
    assert_eq!((r.closes_label.as_str(), r.closes.as_str()), ("closes in", "28:00"));
    assert!(r.tiles.windows(2).all(|w| w[0].first <= w[1].first));
    assert_eq!(r.tiles[0].days.len(), 5);
    assert!(matches!(d.facts[0], Observation::SignedOn { means: Means::Name }));
}

#[test]
fn a_staff_card_opens_it_too_and_an_unknown_card_is_told_calmly() {
    let mut d = Desk::classroom("08:52");
    d.send(card("12345"));
    let Screen::SignOn(s) = d.view() else { panic!() };
    assert!(s.notice.contains("not known"));
    assert!(matches!(d.new_facts()[0], Observation::Noticed { notice: Notice::UnknownCard { .. } }));
    d.send(card("900001"));
    assert_eq!(d.register().session, am());
    assert!(matches!(d.new_facts()[..], [Observation::SignedOn { means: Means::Card }]));
}

#[test]
fn wrong_pins_are_slowed_then_locked_and_told_to_the_office() {
    let mut d = Desk::classroom("08:52");
    let attempt = |d: &mut Desk| {
        for _ in 0..4 {
            d.send(Msg::PinDigit { digit: 1 });
        }
        d.send(Msg::PinEnter);
    };
    let words = |d: &Desk| match d.view() {
        Screen::SignOn(s) => s.pin.map(|p| p.words).unwrap_or_default(),
        other => panic!("{other:?}"),
    };
    d.send(Msg::PickStaff { staff: staff(1) });
    attempt(&mut d);
    attempt(&mut d);
    assert_eq!(words(&d), "That was not it. Try again.");
    attempt(&mut d);
    assert_eq!(words(&d), "That was not it. Please wait 30 seconds.");
    attempt(&mut d);
    assert_eq!(d.new_facts().len(), 3, "nothing is taken while it must wait");
    for wait in [30, 60] {
        d.now = d.now.plus(wait * 1000);
        d.tick();
        d.send(Msg::PickStaff { staff: staff(1) });
        attempt(&mut d);
    }
    assert!(words(&d).starts_with("Too many tries."), "{}", words(&d));
    assert!(matches!(
        d.new_facts()[..],
        [
            Observation::PinRefused { .. },
            Observation::PinRefused { .. },
            Observation::Noticed { notice: Notice::PinLocked { .. } }
        ]
    ));
    for c in [2, 4, 6, 8] {
        d.send(Msg::PinDigit { digit: c });
    }
    d.send(Msg::PinEnter);
    assert!(matches!(d.view(), Screen::SignOn(_)), "the right PIN does not open a lock");
    d.send(card("900001"));
    assert_eq!(d.register().session, am(), "the card does");
}

#[test]
fn the_screen_goes_home_by_itself() {
    let mut d = Desk::signed_on("08:52");
    d.tap(named("Ben"));
    d.now = d.now.plus(299_000);
    d.tick();
    assert!(matches!(d.view(), Screen::Register(_)));
    d.now = d.now.plus(2_000);
    d.tick();
    assert!(matches!(d.view(), Screen::SignOn(_)));
    d.sign_on();
    assert_eq!(d.tile(named("Ben")).state, TileState::Present, "what was marked is kept");
}

#[test]
fn a_screen_waits_as_long_for_a_person_when_the_clock_is_a_fast_one() {
    let mut d = Desk::signed_on("08:52");
    d.hear(Msg::Pace { times: 4 });
    d.now = d.now.plus(1_199_000);
    d.tick();
    assert!(matches!(d.view(), Screen::Register(_)), "five minutes of a person are twenty of this clock");
    d.now = d.now.plus(2_000);
    d.tick();
    assert!(matches!(d.view(), Screen::SignOn(_)));
}

#[test]
fn taps_go_round_and_absent_asks() {
    let mut d = Desk::signed_on("09:02");
    let ben = named("Ben");
    d.tap(ben);
    d.tap(ben);
    assert_eq!(d.tile(ben).state, TileState::Absent);
    d.tap(ben);
    let ask = d.register().ask.unwrap();
    assert_eq!((ask.title.as_str(), ask.late.as_str()), ("Ben O is marked absent.", "Came late · 12 minutes"));
    d.tap(named("Ava"));
    assert_eq!(d.tile(named("Ava")).state, TileState::Blank, "the question is answered first");
    d.new_facts();
    d.send(Msg::Late { pupil: ben });
    let tile = d.tile(ben);
    assert_eq!((tile.state, tile.minutes, tile.label.as_str()), (TileState::Late, 12, "Ben O, 12 minutes late, saved"));
    assert!(matches!(d.new_facts()[..], [Observation::CameLate { .. }]));
    d.send(Msg::Undo);
    assert_eq!(d.tile(ben).state, TileState::Absent);
    let marks: Vec<_> = d.new_facts().iter().filter_map(said).collect();
    assert_eq!(marks, [Mark::Blank, Mark::Absent]);
    d.tap(ben);
    d.send(Msg::Mistake { pupil: ben });
    assert_eq!(d.tile(ben).state, TileState::Present);
}

#[test]
fn the_tick_of_saved_comes_after_saved_and_what_is_lost_is_taken_back() {
    let mut d = Desk::signed_on("09:02");
    d.saving = false;
    d.tap(named("Ben"));
    let tile = d.tile(named("Ben"));
    assert_eq!((tile.state, tile.saved), (TileState::Present, false));
    d.save();
    assert!(d.tile(named("Ben")).saved);
    d.tap(named("Ava"));
    d.refuse();
    assert_eq!(d.tile(named("Ava")).state, TileState::Blank);
    assert!(d.register().notice.contains("could not be saved"));
    assert!(d.tile(named("Ben")).saved);
}

#[test]
fn blanks_only_are_filled_submit_refuses_blanks_and_shows_them() {
    let mut d = Desk::signed_on("08:56");
    d.hear(expected_row(named("Grace"), am(), Expected::Absent));
    d.tap(named("Ben"));
    d.tap(named("Ben"));
    d.new_facts();
    d.send(Msg::Submit);
    assert!(d.new_facts().is_empty());
    let r = d.register();
    assert_eq!((r.notice.as_str(), r.blanks), ("32 pupils have no mark yet.", 32));
    assert_eq!(r.tiles.iter().filter(|t| t.wanted).count(), 32);
    assert_eq!(r.fill, "Mark the 32 blanks present");
    d.send(Msg::MarkRestPresent);
    assert_eq!(d.new_facts().len(), 32);
    assert_eq!(d.tile(named("Ben")).state, TileState::Absent);
    assert_eq!(d.tile(named("Grace")).state, TileState::ExpectedAbsent);
    d.send(Msg::Undo);
    assert_eq!(d.register().blanks, 32);
    d.send(Msg::MarkRestPresent);
    d.new_facts();
    d.saving = false;
    d.send(Msg::Submit);
    let Screen::Submitted(s) = d.view() else { panic!() };
    assert!(!s.saved);
    d.save();
    let Screen::Submitted(s) = d.view() else { panic!() };
    assert!(s.saved);
    assert_eq!((s.when.as_str(), s.summary.as_str()), ("Submitted at 08:56", "32 here · 1 absent · 1 expected"));
    assert_eq!((s.absent.as_str(), s.words.as_str()), ("Ben O", "Saved. On its way to the office."));
    d.hear(Msg::Sync(SyncStatus { waiting: 0, acked: d.seq, offline_since: None, connected: true }));
    let Screen::Submitted(s) = d.view() else { panic!() };
    assert_eq!(s.words, "Saved. The office has it.");
    let Some(Observation::Submitted { tiles, .. }) = d.new_facts().pop() else { panic!() };
    assert_eq!(tiles.len(), 34);
    d.send(Msg::ChangeMarks);
    assert_eq!(d.register().submit, "Submit again");
}

#[test]
fn a_sign_in_at_reception_flips_the_tile_and_an_echo_does_not() {
    let mut d = Desk::signed_on("09:02");
    let (ben, ava) = (named("Ben"), named("Ava"));
    d.tap(ben);
    d.tap(ben);
    // The server's answer to the first tap comes after the second: it must not flip the tile back.
    d.hear(mark_row(ben, am(), Seen::Present, None));
    assert_eq!(d.tile(ben).state, TileState::Absent);
    d.hear(mark_row(ben, am(), Seen::Late, Some(11)));
    let tile = d.tile(ben);
    assert_eq!((tile.state, tile.minutes, tile.saved), (TileState::Late, 11, true));
    d.tap(ben);
    let ask = d.register().ask.unwrap();
    assert!(ask.late.is_empty() && ask.clear.is_empty(), "reception's word is not the classroom's to take back");
    d.send(Msg::Back);
    // Once the rows reflect the own mark, what the office sets stands.
    d.tap(ava);
    d.hear(mark_row(ava, am(), Seen::Absent, None));
    d.hear(reflected(d.seq));
    assert_eq!(d.tile(ava).state, TileState::Absent);
}

#[test]
fn a_row_that_is_older_than_an_acknowledgement_takes_no_mark_back() {
    let mut d = Desk::signed_on("09:02");
    let ben = named("Ben");
    d.tap(ben);
    let first = d.seq;
    d.tap(ben);
    // The server has both taps, but this page was read when it had the first only.
    d.hear(Msg::Sync(SyncStatus { waiting: 0, acked: d.seq, offline_since: None, connected: true }));
    d.hear(mark_row(ben, am(), Seen::Present, None));
    d.hear(reflected(first));
    assert_eq!(d.tile(ben).state, TileState::Absent, "the second tap is not in that row");
    // The next page is empty, but was read later: the office had entered "present" long before.
    d.hear(reflected(d.seq));
    assert_eq!(d.tile(ben).state, TileState::Present, "what the server makes of both taps");
}

#[test]
fn after_a_new_start_own_words_stand_until_the_rows_reflect_them() {
    let mut d = Desk::classroom("09:02");
    let marked = |seq, mark| Recalled {
        origin: Origin { log: log(), seq },
        when: Interval { earliest: at("08:55"), latest: at("08:55"), estimate: None },
        by: Some(staff(1)),
        what: Observation::Marked { session: am(), class: class(1), pupil: named("Ben"), mark },
    };
    d.hear(Msg::Recalled { facts: vec![marked(5, Mark::Present), marked(6, Mark::Absent)] });
    d.hear(mark_row(named("Ben"), am(), Seen::Present, None));
    d.hear(reflected(5));
    d.sign_on();
    assert_eq!(d.tile(named("Ben")).state, TileState::Absent);
    d.hear(reflected(6));
    assert_eq!(d.tile(named("Ben")).state, TileState::Present);
    // A new log: what was not accepted of the old one stands in it, and waits for its answer again.
    let again = |seq| Recalled {
        origin: Origin { log: shared::id::LogId::from_bytes([99; 16]), seq },
        ..marked(0, Mark::Absent)
    };
    d.hear(Msg::Recalled { facts: vec![marked(5, Mark::Present), again(2)] });
    d.hear(Msg::Reflected { upto: Origin { log: shared::id::LogId::from_bytes([99; 16]), seq: 0 } });
    assert_eq!(d.tile(named("Ben")).state, TileState::Absent);
    d.hear(Msg::Reflected { upto: Origin { log: shared::id::LogId::from_bytes([99; 16]), seq: 2 } });
    assert_eq!(d.tile(named("Ben")).state, TileState::Present);
}

#[test]
fn a_new_pupil_moves_no_tile_and_one_who_left_leaves_a_place() {
    let mut d = Desk::signed_on("09:02");
    let before: Vec<_> = d.register().tiles.iter().map(|t| t.pupil).collect();
    let row = |n: usize, first: &str, until| {
        RowBody::Pupil(PupilRow {
            pupil: pupil(n),
            first: name(first),
            last: name("Adams"),
            classes: vec![Membership {
                class: class(1),
                from: date("2026-09-01"),
                until,
                from_half: None,
                until_half: None,
            }],
            birthday: None,
            of: None,
            born_month: None,
            cards: Vec::new(),
        })
    };
    let put = |key: &str, body| Row { seq: 9, key: shared::text::Text::new(key).unwrap(), body };
    d.hear(Msg::Rows {
        rows: vec![
            put("pupil/40", Some(row(40, "Aaron", None))),
            put("pupil/3", Some(row(3, "Arjun", Some(date("2026-11-20"))))),
            put("pupil/4", None),
        ],
    });
    let after: Vec<_> = d.register().tiles.iter().map(|t| t.pupil).collect();
    assert_eq!(after[..34], before[..]);
    assert_eq!(after[34], pupil(40));
    assert_eq!((d.tile(pupil(3)).state, d.tile(pupil(4)).state), (TileState::Gone, TileState::Gone));
}

#[test]
fn after_noon_the_morning_cannot_be_marked() {
    let mut d = Desk::signed_on("11:58");
    d.tap(named("Ben"));
    d.new_facts();
    d.now = at("12:01");
    d.tap(named("Ava"));
    assert!(d.new_facts().is_empty());
    let Screen::ChooseRegister(c) = d.view() else { panic!() };
    assert!(c.words.starts_with("Monday 23 November · Morning is over."), "{}", c.words);
    assert_eq!(c.choices.iter().map(|c| c.session).collect::<Vec<_>>(), [pm()]);
    d.send(Msg::PickRegister { class: class(1), session: am() });
    assert!(matches!(d.view(), Screen::ChooseRegister(_)));
    d.send(Msg::PickRegister { class: class(1), session: pm() });
    assert_eq!((d.register().session, d.tile(named("Ben")).state), (pm(), TileState::Blank));
}

#[test]
fn without_a_time_the_teacher_says_which_session() {
    let mut d = Desk::classroom("11:58");
    d.unsure();
    d.sign_on();
    let Screen::ChooseRegister(c) = d.view() else { panic!() };
    assert_eq!(c.bar.clock, "≈");
    let offered: Vec<_> = c.choices.iter().map(|c| c.label.as_str()).collect();
    assert_eq!(offered[..2], ["Friday 20 November · Afternoon", "Monday 23 November · Morning"]);
    d.send(Msg::PickRegister { class: class(1), session: am() });
    d.tap(named("Ben"));
    assert_eq!(d.register().closes_label, "closes at");
    assert!(matches!(d.facts.last(), Some(Observation::Marked { session, .. }) if *session == am()));
    // The clock becomes known: it is the afternoon. The morning's marks are kept, and not added to.
    (d.trusted, d.open) = (true, None);
    d.turn_to("12:01");
    assert!(matches!(d.view(), Screen::ChooseRegister(_)));
}

#[test]
fn sync_has_three_calm_forms() {
    let mut d = Desk::signed_on("08:55");
    let line = |d: &mut Desk, waiting, offline: Option<&str>| {
        let status = SyncStatus { waiting, acked: 0, offline_since: offline.map(at), connected: offline.is_none() };
        d.hear(Msg::Sync(status));
        d.register().bar.sync
    };
    assert_eq!(line(&mut d, 0, None).words, "All sent");
    assert_eq!(line(&mut d, 29, None).words, "29 waiting to send");
    let offline = line(&mut d, 29, Some("08:41"));
    assert_eq!((offline.words.as_str(), offline.form), ("No network since 08:41 · 29 kept here", SyncForm::Offline));
}

#[test]
fn what_was_on_disk_stands_after_a_new_start() {
    let mut d = Desk::classroom("09:02");
    let fact = |seq, what| Recalled {
        origin: Origin { log: log(), seq },
        when: Interval { earliest: at("08:55"), latest: at("08:55"), estimate: None },
        by: Some(staff(1)),
        what,
    };
    let (session, class) = (am(), class(1));
    d.hear(Msg::Recalled {
        facts: vec![
            fact(1, Observation::Marked { session, class, pupil: named("Ben"), mark: Mark::Absent }),
            fact(2, Observation::CameLate { session, class, pupil: named("Ben") }),
            fact(3, Observation::Noticed { notice: Notice::PinLocked { staff: staff(4) } }),
        ],
    });
    d.sign_on();
    let tile = d.tile(named("Ben"));
    assert_eq!((tile.state, tile.minutes, tile.saved), (TileState::Late, 5, true));
    d.send(Msg::SignOff);
    d.send(Msg::PickStaff { staff: staff(4) });
    let Screen::SignOn(s) = d.view() else { panic!() };
    assert!(!s.pin.unwrap().open, "a lock outlives the program");
}
