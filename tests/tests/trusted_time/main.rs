//! Trusted time from end to end: a real kiosk (core, store, exchange) on loopback TLS to a real server, on clocks whose
//! hands the test moves. Booted in 1970 without a network; rebooted before it met the server.
//!
//! Must never: look at the machine's own clock, but for patience.
#![allow(clippy::unwrap_used)]

mod world;

use kiosk::core::{Msg, Screen};
use kiosk::hub::State;
use shared::act::Act;
use shared::codes::Code;
use shared::id::PlanId;
use shared::register::Answer;
use shared::text::{Remark, Text};
use shared::wire::v1::Mode;
use std::sync::atomic::Ordering;
use world::*;

#[test]
fn a_morning_of_1970_is_dated_rightly_at_three_in_the_afternoon() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster(&world, dir.path());
    let plan = Act::Planned {
        plan: PlanId::from_bytes([8; 16]),
        pupil: pupil(5),
        from: session(),
        until: session(),
        code: Code::M,
        detail: None,
        reason: Remark::new("Mum: dentist").unwrap(),
    };
    world.act(plan);
    world.cable.send_replace(false);
    // 08:40: power on, no network, the clock says midnight of 1 January 1970.
    let (hub, hands) = boots(dir.path(), 2, 0);
    let kiosk = hub.handle();
    pass(hands, 17); // 08:57
    open_register(&kiosk);
    for n in 1..=5 {
        kiosk.send(Msg::Tap { pupil: pupil(n) });
    }
    kiosk.send(Msg::Tap { pupil: pupil(3) }); // absent
    kiosk.send(Msg::Submit);
    let state = wait(&kiosk, "saved", |s| s.is_idle() && matches!(s.screen, Some(Screen::Submitted(_))));
    assert!(clock(&state).starts_with('≈') && state.unsent >= 7, "{state:?}");
    // The server closes the register without it; the office has one call, and writes down what it was told.
    world.set(at(9, 20));
    world.close();
    assert_eq!(world.count("SELECT count(*) FROM register WHERE state = 'missing'"), 1);
    assert_eq!(world.code(5), "M");
    world.set(at(10, 0));
    world.act(Act::Amended {
        pupil: pupil(4),
        session: session(),
        code: Some(Code::I),
        minutes: None,
        detail: None,
        reason: Remark::new("Dad rang: ill").unwrap(),
        seen: Vec::new(),
    });
    // 15:00: the cable is back.
    world.set(at(15, 0) + 30_000);
    pass(hands, 6 * 60 + 3);
    world.cable.send_replace(true);
    kiosk.network(false);
    kiosk.network(true);
    let state = wait(&kiosk, "synced", State::is_synced);
    assert!(!clock(&state).starts_with('≈'), "{state:?}");

    let codes: Vec<String> = (1..=5).map(|n| world.code(n)).collect();
    assert_eq!(codes, ["/", "/", "N", "I", "/"]);
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 0);
    let late = "received late from kiosk Room 7, taken 08:57";
    assert_eq!(world.history(1), format!("->/ {late} [Ms Patel, class teacher]"));
    let plan = world.history(5);
    assert!(
        plan.ends_with(&format!("| M>/ {late} [Ms Patel, class teacher]")),
        "a changed entry, with its reason: {plan}"
    );
    assert!(world.history(4).starts_with("->I Dad rang: ill [Sam Okoro, office manager]"), "{}", world.history(4));
    assert_eq!(world.questions(), ["disagrees"], "the office said ill, the class saw a child");
    let (from, until) = world
        .school
        .read_now(|tx| {
            Ok(tx.query_row(
                "SELECT happened_from, happened_until FROM entry WHERE pupil = ?1",
                [pupil(1).as_bytes()],
                |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?)),
            )?)
        })
        .unwrap();
    let tapped = at(8, 57) + 30_000; // by the hands that the test moved
    assert!((from..=until).contains(&tapped) && until - from < 10_000, "{from} to {until}, tapped {tapped}");
    assert_eq!(world.count("SELECT count(*) FROM register WHERE state = 'submitted'"), 1);
    let found = server::check::school_file(world.school.path(), world.school.id(), world.app.clock.now());
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}

#[test]
fn rebooted_before_it_met_the_server_gives_intervals_and_questions_and_never_u() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster(&world, dir.path());
    world.cable.send_replace(false);
    let (hub, hands) = boots(dir.path(), 2, 0);
    let kiosk = hub.handle();
    pass(hands, 5);
    open_register(&kiosk);
    for n in [1, 2, 3, 3] {
        kiosk.send(Msg::Tap { pupil: pupil(n) });
    }
    kiosk.send(Msg::Tap { pupil: pupil(3) }); // absent: came late, or my mistake?
    kiosk.send(Msg::Late { pupil: pupil(3) });
    kiosk.send(Msg::Submit);
    wait(&kiosk, "saved", |s| s.is_idle() && matches!(s.screen, Some(Screen::Submitted(_) | Screen::Register(_))));
    drop(hub); // the power goes
    world.set(at(9, 20));
    world.close();
    world.set(at(10, 0));
    world.cable.send_replace(true);
    let (hub, _) = boots(dir.path(), 3, 0);
    wait(&hub.handle(), "synced", State::is_synced);
    assert_eq!((world.code(1).as_str(), world.code(2).as_str()), ("/", "/"));
    assert_eq!(world.count("SELECT count(*) FROM entry WHERE code = 'U'"), 0, "never U");
    assert!(world.count("SELECT count(*) FROM mark WHERE provisional = 1") >= 2, "until somebody says so");
    let asked = world.questions();
    assert!(!asked.is_empty() && asked.len() <= 2 && asked.iter().all(|kind| kind == "unsure_time"), "{asked:?}");
    let wide = world
        .count("SELECT min(happened_until - happened_from) FROM entry WHERE basis_seq IS NOT NULL AND provisional = 1");
    assert!(wide > 3_600_000, "from the last moment known to the next: {wide} ms");
    // The office asks Ms Patel, and one click is enough for the whole register.
    let before = world.history(1);
    world.click(Answer::Stands);
    assert_eq!(world.questions(), Vec::<String>::new());
    assert_eq!((world.history(1), world.code(1).as_str()), (before, "/"));
    let found = server::check::school_file(world.school.path(), world.school.id(), world.app.clock.now());
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}

/// The token and the key are all that is needed: no date in a certificate is looked at.
#[test]
fn tls_survives_a_clock_of_1970() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster(&world, dir.path());
    let (hub, _) = boots(dir.path(), 2, -1_000_000);
    wait(&hub.handle(), "synced before 1970", State::is_synced);
}

#[test]
fn an_arrival_of_which_nobody_knows_the_time_is_one_question_and_one_click_with_its_reason() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster_as(&world, dir.path(), Mode::Reception);
    world.cable.send_replace(false);
    let (hub, hands) = boots(dir.path(), 2, 0);
    let kiosk = hub.handle();
    wait(&kiosk, "at its first screen", |s| s.mode == Some(Mode::Reception) && s.screen.is_some());
    pass(hands, 35);
    kiosk.send(Msg::Card { number: kiosk::core::CardNumber(Text::new(PUPILS_CARD).unwrap()) });
    let state = wait(&kiosk, "saved", |s| s.is_idle() && s.unsent >= 2);
    assert!(!state.trusted, "{state:?}");
    drop(hub); // the power goes
    world.set(at(9, 20));
    world.close();
    world.set(at(10, 0));
    world.cable.send_replace(true);
    let (hub, _) = boots(dir.path(), 3, 0);
    wait(&hub.handle(), "synced", State::is_synced);
    assert_eq!(world.count("SELECT count(*) FROM entry WHERE code = 'U'"), 0, "never U");
    assert_eq!(world.questions(), ["unsure_time"], "one, for the arrival");
    world.click(Answer::Late);
    assert_eq!((world.code(4).as_str(), world.questions()), ("L", Vec::new()));
    let history = world.history(4);
    assert!(
        history.ends_with(">L question settled: late [Sam Okoro, office manager]"),
        "what was clicked, and who: {history}"
    );
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 0);
    let found = server::check::school_file(world.school.path(), world.school.id(), world.app.clock.now());
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}

/// The server's machine came up without its time service, an hour slow. It says so, and what it takes for the time dates
/// nothing; when it knows the time, the morning is dated, and the question is gone without anybody.
#[test]
fn a_question_settles_itself_when_the_time_becomes_known() {
    let world = world();
    let dir = tempfile::tempdir().unwrap();
    had_a_roster(&world, dir.path());
    world.hands.synchronised.store(false, Ordering::Relaxed);
    world.hands.wall.store(at(7, 35), Ordering::Relaxed);
    assert!(!world.app.clock.now().sure);
    let (hub, hands) = boots(dir.path(), 2, 0); // 08:35
    let kiosk = hub.handle();
    pass(hands, 20); // 08:55
    open_register(&kiosk);
    for n in 1..=5 {
        kiosk.send(Msg::Tap { pupil: pupil(n) });
    }
    kiosk.send(Msg::Submit);
    let state = wait(&kiosk, "synced", |s| s.is_synced() && matches!(s.screen, Some(Screen::Submitted(_))));
    assert!(!state.trusted && clock(&state).starts_with('≈'), "{state:?}");
    assert_eq!(world.code(1), "/");
    assert_eq!(world.questions(), ["unsure_time"], "one for the register");
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 5);
    assert_eq!(world.count("SELECT count(*) FROM anchor"), 1, "the first boot's alone");
    // 09:30: the time service has found its servers.
    world.set(at(9, 30));
    world.hands.synchronised.store(true, Ordering::Relaxed);
    world.close();
    pass(hands, 35);
    kiosk.network(false);
    kiosk.network(true);
    let state = wait(&kiosk, "synced", |s| s.is_synced() && s.trusted);
    assert!(!clock(&state).starts_with('≈'), "{state:?}");
    assert_eq!(world.questions(), Vec::<String>::new());
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 0);
    assert_eq!(world.code(1), "/");
    let found = server::check::school_file(world.school.path(), world.school.id(), world.app.clock.now());
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}
