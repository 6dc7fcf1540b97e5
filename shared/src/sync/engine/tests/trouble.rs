//! The engine where something fails: a call, a restored server, a fork, a refusal.

use super::*;

#[test]
fn every_failure_waits_and_says_hello_first() {
    let (mut engine, _) = up(7, 5, 5);
    let out = engine.on(failed(Call::Push, Failure::Unreachable), 0);
    assert_eq!(out, [Action::WakeIn { ms: 1_000 }, Action::Tell(Status::Offline { unsent: 2 })]);
    assert_eq!(engine.on(failed(Call::Pull, Failure::Unreachable), 0), [], "the same break, counted once");
    assert!(matches!(engine.on(Event::Woke, 0)[..], [Action::SendHello { .. }]));
    assert_eq!(engine.on(failed(Call::Hello, Failure::Malformed), 0), [Action::WakeIn { ms: 2_000 }]);
    engine.on(Event::Woke, 0);
    assert_eq!(
        engine.on(failed(Call::Hello, Failure::Unreachable), u16::MAX),
        [Action::WakeIn { ms: 2_000 }],
        "jitter"
    );
    engine.on(Event::Woke, 0);
    let back = only(engine.on(greeted(answer(6)), 0));
    assert_eq!(back[2..], [send(6), ask_rows(50, 0)], "what may have arrived is verified, not believed");
    engine.on(pushed(7, Pushed::Accepted { head: head(7) }), 0);
    engine.on(Event::Woke, 0);
    assert_eq!(
        only(engine.on(failed(Call::Hello, Failure::Unreachable), 0)),
        [Action::WakeIn { ms: 1_000 }],
        "begins again"
    );
}

#[test]
fn a_hello_that_outlives_the_link_decides_when_it_ends() {
    let (mut engine, _) = up(7, 5, 5);
    engine.on(Event::Woke, 0);
    engine.on(failed(Call::Push, Failure::Unreachable), 0);
    // The timer of that failure runs out while the hello is still in flight; then that fails too: a timer must run.
    assert_eq!(engine.on(Event::Woke, 0), []);
    assert_eq!(engine.on(failed(Call::Hello, Failure::Unreachable), 0), [Action::WakeIn { ms: 2_000 }]);
    assert_eq!(engine.on(failed(Call::Hello, Failure::Unreachable), 0), [], "not in flight");
}

#[test]
fn a_restored_server_is_filled_from_its_head() {
    let (_, out) = up(20, 20, 12);
    assert_eq!(only(out)[1..3], [Action::Acked { upto: 12, durable: 0 }, send(13)]);
    // The same, found by a push.
    let (mut engine, _) = up(21, 20, 20);
    let gap = only(engine.on(pushed(21, Pushed::Gap { head: head(12) }), 0));
    assert_eq!(gap, [Action::Acked { upto: 12, durable: 0 }, send(13)]);
}

#[test]
fn what_was_pruned_cannot_be_filled_again_so_a_new_log_is_begun() {
    let mut engine = Engine::new(Standing { first_kept: 16, ..standing(20, 20) });
    engine.on(Event::Started, 0);
    let out = only(engine.on(greeted(answer(12)), 0));
    assert!(out.contains(&Action::BeginLog { re_append_from: 16 }), "{out:?}");
    let (mut engine, _) = up(20, 20, 20);
    engine.on(Event::Pruned { first_kept: 18 }, 0);
    engine.on(Event::Woke, 0);
    assert!(engine.on(greeted(answer(12)), 0).contains(&Action::BeginLog { re_append_from: 18 }));
}

#[test]
fn a_fork_begins_a_new_log_with_what_was_not_taken() {
    for (at, re_append_from, case) in [(7, 7, "known exactly"), (5, 1, "somewhere before: everything kept")] {
        let (mut engine, _) = up(9, 5, 5);
        let out = only(engine.on(pushed(9, Pushed::Forked { at }), 0));
        assert_eq!(out, [Action::BeginLog { re_append_from }], "{case}");
        assert_eq!(only(engine.on(Event::Appended { log: LOG, head: head(10) }, 0)), [], "waits for the new log");
        let begun = only(engine.on(Event::LogBegun { log: NEW_LOG, head: head(4) }, 0));
        let hello = Action::SendHello { log: NEW_LOG, head: head(4), feed: Some(FEED), cursor: 50 };
        assert_eq!(begun, [hello, Action::SendPush { log: NEW_LOG, from: 1, max: BATCH_ENTRIES }]);
        assert_eq!(engine.acked(), 0);
    }
}

#[test]
fn an_answer_about_the_old_log_is_asked_again() {
    let (mut engine, _) = up(9, 5, 5);
    engine.on(Event::Woke, 0);
    engine.on(pushed(9, Pushed::Forked { at: 6 }), 0);
    engine.on(Event::LogBegun { log: NEW_LOG, head: head(4) }, 0);
    let out = only(engine.on(greeted(HelloAnswer { log: LogState::Sealed, ..answer(5) }), 0));
    assert!(matches!(out[..], [Action::SendHello { log: NEW_LOG, .. }]), "{out:?}");
}

#[test]
fn a_hello_that_says_forked_asks_where_with_an_empty_batch_if_need_be() {
    // A card from last week: the server is ahead, nothing is unsent.
    let mut engine = Engine::new(standing(9, 9));
    engine.on(Event::Started, 0);
    let out = only(engine.on(greeted(HelloAnswer { log: LogState::Forked, ..answer(30) }), 0));
    assert_eq!(out[2], send(10));
    let found = only(engine.on(pushed(9, Pushed::Accepted { head: head(30) }), 0));
    assert_eq!(found[1], Action::BeginLog { re_append_from: 10 }, "all of ours is there, and more");
    assert_eq!(engine.acked(), 9, "never more than was appended");
}

#[test]
fn a_sealed_log_goes_on_as_a_new_one() {
    let (mut engine, _) = up(9, 5, 5);
    assert_eq!(only(engine.on(pushed(9, Pushed::Sealed), 0)), [Action::BeginLog { re_append_from: 6 }]);
    for (server, re_append_from) in [(7, 6), (5, 6), (3, 1)] {
        let mut engine = Engine::new(standing(9, 5));
        engine.on(Event::Started, 0);
        let out = engine.on(greeted(HelloAnswer { log: LogState::Sealed, ..answer(server) }), 0);
        assert!(out.contains(&Action::BeginLog { re_append_from }), "{server}: {out:?}");
    }
}

#[test]
fn a_confused_server_leads_to_waits_not_to_loops() {
    // Gap after gap: followed three times, then a wait.
    let (mut engine, _) = up(30, 25, 25);
    for seq in [20, 15, 10] {
        assert!(only(engine.on(pushed(30, Pushed::Gap { head: head(seq) }), 0)).contains(&send(seq + 1)));
    }
    assert_eq!(only(engine.on(pushed(30, Pushed::Gap { head: head(5) }), 0)), [Action::WakeIn { ms: 1_000 }]);
    // A gap that is none; a confirmation of less than was sent.
    for outcome in [Pushed::Gap { head: head(25) }, Pushed::Accepted { head: head(26) }] {
        let (mut engine, _) = up(30, 25, 25);
        assert_eq!(only(engine.on(pushed(30, outcome), 0)), [Action::WakeIn { ms: 1_000 }]);
        assert_eq!(engine.acked(), 25);
    }
    // Every new log forks at once: two are begun, then no more until something was taken.
    let (mut engine, _) = up(9, 5, 5);
    for n in 0..2 {
        assert!(
            only(engine.on(pushed(9, Pushed::Forked { at: 1 }), 0)).contains(&Action::BeginLog { re_append_from: 1 }),
            "{n}"
        );
        engine.on(Event::LogBegun { log: LogId::from_bytes([40 + n; 16]), head: head(9) }, 0);
    }
    assert_eq!(only(engine.on(pushed(9, Pushed::Forked { at: 1 }), 0)), [Action::WakeIn { ms: 1_000 }]);
}

#[test]
fn what_the_server_does_not_understand_is_kept_and_tried_at_the_next_hello() {
    let (mut engine, _) = up(9, 5, 5);
    assert_eq!(engine.on(pushed(9, Pushed::UpgradeRequired), 0), [Action::Tell(Status::Upgrade)]);
    assert_eq!(engine.on(Event::Appended { log: LOG, head: head(10) }, 0), [], "kept");
    let page = Pulled::Page { rows: vec![], next: 50, more: false, own: vec![], tail: None };
    assert!(engine.on(Event::Pulled(page), 0).contains(&ask_rows(50, PULL_WAIT_S)), "the feed goes on");
    engine.on(Event::Woke, 0);
    assert!(engine.on(greeted(answer(5)), 0).contains(&send(6)));
}

#[test]
fn a_refusal_that_only_a_person_can_lift_is_tried_at_the_pace_of_hellos() {
    for (code, status) in [
        (ProblemCode::Revoked, Status::Revoked),
        (ProblemCode::NotEnrolled, Status::Revoked),
        (ProblemCode::UpgradeRequired, Status::Upgrade),
    ] {
        let mut engine = Engine::new(standing(9, 5));
        engine.on(Event::Started, 0);
        let out = engine.on(failed(Call::Hello, Failure::Refused(code)), 0);
        assert_eq!(out, [Action::WakeIn { ms: HELLO_EVERY_MS }, Action::Tell(status)]);
        engine.on(Event::Woke, 0);
        assert!(engine.on(greeted(answer(5)), 0).contains(&Action::Tell(Status::Waiting { unsent: 4 })));
    }
    let mut engine = Engine::new(standing(9, 5));
    engine.on(Event::Started, 0);
    let out = engine.on(greeted(HelloAnswer { protocol: 2, ..answer(5) }), 0);
    assert!(out.ends_with(&[Action::WakeIn { ms: HELLO_EVERY_MS }, Action::Tell(Status::Upgrade)]), "{out:?}");
}

#[test]
fn too_large_halves_the_next_batch() {
    let (mut engine, _) = up(9, 5, 5);
    engine.on(failed(Call::Push, Failure::Refused(ProblemCode::TooLarge)), 0);
    engine.on(Event::Woke, 0);
    let out = engine.on(greeted(answer(5)), 0);
    assert!(out.contains(&Action::SendPush { log: LOG, from: 6, max: BATCH_ENTRIES / 2 }), "{out:?}");
}
