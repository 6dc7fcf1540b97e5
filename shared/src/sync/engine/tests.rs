//! Each transition of the engine, one by one.

use super::*;
use crate::id::FeedId;
use crate::limits::{PAGE_ROWS, PULL_WAIT_S};
use crate::log::{Hash, Origin};
use crate::text::Text;
use crate::time::Millis;
use crate::wire::v1::{Pulled, Pushed, Row};

const LOG: LogId = LogId::from_bytes([1; 16]);
const NEW_LOG: LogId = LogId::from_bytes([2; 16]);
const FEED: FeedId = FeedId::from_bytes([3; 16]);
const NEW_FEED: FeedId = FeedId::from_bytes([4; 16]);
const LIMIT: u32 = PAGE_ROWS as u32;

/// A head whose hash depends on nothing but its number.
fn head(seq: u64) -> Head {
    let byte = u8::try_from(seq).expect("small");
    Head { seq, hash: if seq == 0 { Hash::ZERO } else { Hash([byte; 32]) } }
}

fn standing(seq: u64, acked: u64) -> Standing {
    Standing {
        boot: BootId::from_bytes([9; 16]),
        anchor: None,
        log: LOG,
        head: head(seq),
        first_kept: 1,
        acked,
        durable: 0,
        feed: Feed { feed: Some(FEED), cursor: 50 },
    }
}

fn answer(server: u64) -> HelloAnswer {
    HelloAnswer {
        protocol: 1,
        server_head: head(server),
        log: LogState::Open,
        feed: FEED,
        feed_head: 50,
        durable_seq: 0,
        t1: Millis(1_000_000),
        t2: Millis(1_000_000),
        school_head: head(0),
        school_log: None,
        asks: None,
        unsure: false,
    }
}

fn greeted(answer: HelloAnswer) -> Event {
    Event::HelloAnswered { t0: Mono(100), t3: Mono(140), answer }
}

fn failed(call: Call, failure: Failure) -> Event {
    Event::Failed { call, failure }
}

fn pushed(upto: u64, outcome: Pushed) -> Event {
    Event::Pushed { upto, outcome }
}

fn send(from: u64) -> Action {
    Action::SendPush { log: LOG, from, max: BATCH_ENTRIES }
}

fn ask_rows(after: u64, wait: u32) -> Action {
    Action::SendPull { feed: FEED, after, limit: LIMIT, wait }
}

/// Started and greeted by a server that holds `server` of `seq` entries.
fn up(seq: u64, acked: u64, server: u64) -> (Engine, Vec<Action>) {
    let mut engine = Engine::new(standing(seq, acked));
    engine.on(Event::Started, 0);
    let out = engine.on(greeted(answer(server)), 0);
    (engine, out)
}

/// Everything but what is not asked about here.
fn only(out: Vec<Action>) -> Vec<Action> {
    out.into_iter().filter(|a| !matches!(a, Action::NoteAnchor { .. } | Action::Tell(_))).collect()
}

#[test]
fn it_begins_with_a_hello_and_nothing_else() {
    let mut engine = Engine::new(standing(7, 5));
    let hello = Action::SendHello { log: LOG, head: head(7), feed: Some(FEED), cursor: 50 };
    assert_eq!(engine.on(Event::Started, 0), [hello, Action::Tell(Status::Offline { unsent: 2 })]);
    assert_eq!(
        engine.on(Event::Appended { log: LOG, head: head(8) }, 0),
        [Action::Tell(Status::Offline { unsent: 3 })]
    );
    assert_eq!(engine.on(Event::Woke, 0), [], "one hello at a time");
}

#[test]
fn a_hello_brings_an_anchor_then_push_and_pull_go_side_by_side() {
    let (_, out) = up(7, 5, 5);
    let anchor =
        Anchor { boot: BootId::from_bytes([9; 16]), mono: Mono(140), server: Millis(1_000_020), uncertainty: 20 };
    assert_eq!(
        out,
        [
            Action::NoteAnchor { anchor, keep: true },
            Action::WakeIn { ms: HELLO_EVERY_MS },
            Action::Acked { upto: 5, durable: 0 },
            send(6),
            ask_rows(50, 0),
            Action::Tell(Status::Waiting { unsent: 2 }),
        ]
    );
}

#[test]
fn a_server_that_is_not_sure_of_its_clock_gives_no_anchor_and_everything_else() {
    let mut engine = Engine::new(standing(7, 5));
    engine.on(Event::Started, 0);
    let out = engine.on(greeted(HelloAnswer { unsure: true, ..answer(5) }), 0);
    assert_eq!(
        out,
        [
            Action::WakeIn { ms: HELLO_EVERY_MS },
            Action::Acked { upto: 5, durable: 0 },
            send(6),
            ask_rows(50, 0),
            Action::Tell(Status::Waiting { unsent: 2 }),
        ]
    );
    engine.on(Event::Woke, 0);
    let out = engine.on(greeted(answer(5)), 0);
    assert!(matches!(out[0], Action::NoteAnchor { keep: true, .. }), "as soon as it is sure: {out:?}");
}

#[test]
fn a_confirmed_push_is_followed_by_the_next_and_a_tap_goes_at_once() {
    let (mut engine, _) = up(7, 5, 5);
    assert_eq!(
        engine.on(Event::Appended { log: LOG, head: head(8) }, 0),
        [Action::Tell(Status::Waiting { unsent: 3 })]
    );
    let next = only(engine.on(pushed(7, Pushed::Accepted { head: head(7) }), 0));
    assert_eq!(next, [Action::Acked { upto: 7, durable: 0 }, send(8)]);
    let done = engine.on(pushed(8, Pushed::Accepted { head: head(8) }), 0);
    assert_eq!(done, [Action::Acked { upto: 8, durable: 0 }, Action::Tell(Status::Online)]);
    let tap = only(engine.on(Event::Appended { log: LOG, head: head(9) }, 0));
    assert_eq!(tap, [send(9)], "at once");
    assert_eq!(engine.on(Event::Appended { log: NEW_LOG, head: head(99) }, 0), [], "of another log");
}

#[test]
fn a_page_says_what_of_the_own_log_it_reflects_also_when_it_has_no_rows() {
    let (mut engine, _) = up(5, 5, 5);
    let upto = |seq| Origin { log: LOG, seq };
    let page = |own: &[Origin], more| Pulled::Page { rows: vec![], next: 50, more, own: own.to_vec(), tail: None };
    let stored = |seq, last| {
        [Action::StorePage { feed: FEED, rows: vec![], cursor: 50, reflects: Reflects { upto: upto(seq), last } }]
    };
    assert_eq!(engine.on(Event::Pulled(page(&[Origin { log: NEW_LOG, seq: 9 }, upto(3)], false)), 0), stored(3, true));
    only(engine.on(Event::Stored { cursor: 50 }, 0));
    let same = only(engine.on(Event::Pulled(page(&[upto(3)], false)), 0));
    assert!(matches!(same[..], [Action::SendPull { .. }]), "nothing new: nothing is stored");
    assert_eq!(
        engine.on(Event::Pulled(page(&[Origin { log: NEW_LOG, seq: 9 }], false)), 0),
        stored(0, true),
        "another log's"
    );
    only(engine.on(Event::Stored { cursor: 50 }, 0));
    let row = Row { seq: 51, key: Text::new("k").expect("short"), body: None };
    let silent = Pulled::Page { rows: vec![row.clone()], next: 51, more: false, own: vec![], tail: None };
    let reflects = Reflects { upto: upto(5), last: true };
    let store = Action::StorePage { feed: FEED, rows: vec![row], cursor: 51, reflects };
    assert_eq!(engine.on(Event::Pulled(silent), 0), [store], "a server that does not say: what it has acknowledged");
}

#[test]
fn until_the_last_page_what_is_held_reflects_no_more_than_before() {
    let upto = |log, seq| Origin { log, seq };
    let page = |seq, last| Reflects { upto: upto(LOG, seq), last };
    assert_eq!(page(9, true).after(None), upto(LOG, 9));
    assert_eq!(page(9, false).after(None), upto(LOG, 0));
    assert_eq!(page(9, false).after(Some(upto(LOG, 4))), upto(LOG, 4));
    assert_eq!(page(3, false).after(Some(upto(LOG, 4))), upto(LOG, 3), "a restored server has less");
    assert_eq!(page(3, true).after(Some(upto(LOG, 4))), upto(LOG, 3));
    assert_eq!(page(3, false).after(Some(upto(NEW_LOG, 4))), upto(LOG, 0));
}

#[test]
fn pages_are_stored_before_the_next_is_asked_for_and_then_it_waits_for_news() {
    let (mut engine, _) = up(5, 5, 5);
    let rows = vec![Row { seq: 60, key: Text::new("k").expect("short"), body: None }];
    let page = Pulled::Page { rows: rows.clone(), next: 61, more: true, own: vec![], tail: None };
    let reflects = Reflects { upto: Origin { log: LOG, seq: 5 }, last: false };
    assert_eq!(engine.on(Event::Pulled(page), 0), [Action::StorePage { feed: FEED, rows, cursor: 61, reflects }]);
    assert_eq!(engine.on(Event::Stored { cursor: 60 }, 0), [], "another page");
    assert_eq!(engine.on(Event::Stored { cursor: 61 }, 0), [ask_rows(61, 0)]);
    let end = Pulled::Page { rows: vec![], next: 61, more: false, own: vec![], tail: None };
    assert_eq!(engine.on(Event::Pulled(end.clone()), 0), [Action::EndSnapshot, ask_rows(61, PULL_WAIT_S)]);
    assert_eq!(engine.on(Event::Pulled(end), 0), [ask_rows(61, PULL_WAIT_S)], "no news, ask again");
    assert_eq!(engine.feed(), Feed { feed: Some(FEED), cursor: 61 });
}

#[test]
fn another_feed_is_begun_at_the_beginning() {
    for (case, changed) in [
        ("another feed", HelloAnswer { feed: NEW_FEED, ..answer(5) }),
        ("the same, but shorter", HelloAnswer { feed_head: 49, ..answer(5) }),
    ] {
        let mut engine = Engine::new(standing(5, 5));
        engine.on(Event::Started, 0);
        let out = only(engine.on(greeted(changed.clone()), 0));
        let begin = Action::BeginSnapshot { feed: changed.feed };
        let pull = Action::SendPull { feed: changed.feed, after: 0, limit: LIMIT, wait: 0 };
        assert_eq!(out[2..], [begin, pull], "{case}");
    }
    let (mut engine, _) = up(5, 5, 5);
    let again = engine.on(Event::Pulled(Pulled::Resnapshot { feed: NEW_FEED }), 0);
    let pull = Action::SendPull { feed: NEW_FEED, after: 0, limit: LIMIT, wait: 0 };
    assert_eq!(again, [Action::BeginSnapshot { feed: NEW_FEED }, pull]);
    let same = only(engine.on(Event::Pulled(Pulled::Resnapshot { feed: NEW_FEED }), 0));
    assert_eq!(same, [Action::WakeIn { ms: 1_000 }], "it is at the beginning already: wait");
}

#[test]
fn a_page_of_the_feed_before_is_not_applied() {
    let (mut engine, _) = up(5, 5, 5);
    engine.on(Event::Woke, 0);
    engine.on(greeted(HelloAnswer { feed: NEW_FEED, ..answer(5) }), 0);
    let old = Pulled::Page { rows: vec![], next: 80, more: false, own: vec![], tail: None };
    let pull = Action::SendPull { feed: NEW_FEED, after: 0, limit: LIMIT, wait: 0 };
    assert_eq!(engine.on(Event::Pulled(old), 0), [pull]);
    assert_eq!(engine.feed(), Feed::beginning(NEW_FEED));
}

#[test]
fn a_page_that_does_not_follow_is_not_applied() {
    let (mut engine, _) = up(5, 5, 5);
    let rows = vec![Row { seq: 50, key: Text::new("k").expect("short"), body: None }];
    let out = engine.on(Event::Pulled(Pulled::Page { rows, next: 51, more: false, own: vec![], tail: None }), 0);
    assert_eq!(out, [Action::WakeIn { ms: 1_000 }, Action::Tell(Status::Offline { unsent: 0 })]);
    assert_eq!(engine.feed().cursor, 50);
}

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

#[test]
fn a_push_confirmed_while_a_hello_was_under_way_is_not_taken_back() {
    let (mut engine, _) = up(9, 5, 5);
    engine.on(Event::Woke, 0);
    engine.on(pushed(9, Pushed::Accepted { head: head(9) }), 0);
    let out = only(engine.on(greeted(answer(5)), 0));
    assert!(out.contains(&Action::Acked { upto: 9, durable: 0 }), "{out:?}");
    assert!(!out.iter().any(|a| matches!(a, Action::SendPush { .. })), "{out:?}");
}

#[test]
fn what_is_durable_is_passed_on_for_pruning() {
    let mut engine = Engine::new(standing(9, 9));
    engine.on(Event::Started, 0);
    let out = engine.on(greeted(HelloAnswer { durable_seq: 8, ..answer(9) }), 0);
    assert!(out.contains(&Action::Acked { upto: 9, durable: 8 }));
}

#[test]
fn a_revoked_kiosk_gets_no_rows_but_what_it_wrote_is_still_sent() {
    let (mut engine, _) = up(9, 5, 5);
    let out = engine.on(failed(Call::Pull, Failure::Refused(ProblemCode::Revoked)), 0);
    assert_eq!(out, [Action::Tell(Status::Revoked)]);
    let next = engine.on(pushed(8, Pushed::Accepted { head: head(8) }), 0);
    assert_eq!(next, [Action::Acked { upto: 8, durable: 0 }, send(9)]);
    engine.on(Event::Woke, 0);
    let again = only(engine.on(greeted(answer(8)), 0));
    assert_eq!(again.last(), Some(&ask_rows(50, 0)), "asks once more");
    assert_eq!(engine.status(), Status::Revoked, "until a page comes");
    engine.on(Event::Pulled(Pulled::Page { rows: vec![], next: 50, more: false, own: vec![], tail: None }), 0);
    assert_eq!(engine.status(), Status::Waiting { unsent: 1 });
}

#[test]
fn a_page_that_came_while_a_hello_was_under_way_is_no_regression() {
    let (mut engine, _) = up(5, 5, 5);
    engine.on(Event::Woke, 0);
    engine.on(Event::Pulled(Pulled::Page { rows: vec![], next: 55, more: false, own: vec![], tail: None }), 0);
    engine.on(Event::Stored { cursor: 55 }, 0);
    let out = engine.on(greeted(answer(5)), 0);
    assert!(!out.iter().any(|a| matches!(a, Action::BeginSnapshot { .. })), "{out:?}");
    assert_eq!(engine.feed().cursor, 55);
}

#[test]
fn a_hello_answered_while_a_new_log_is_begun_confirms_nothing_of_the_old_one() {
    let (mut engine, _) = up(9, 5, 5);
    engine.on(Event::Woke, 0);
    engine.on(pushed(9, Pushed::Forked { at: 6 }), 0);
    let out = engine.on(greeted(answer(5)), 0);
    assert!(!out.iter().any(|a| matches!(a, Action::Acked { .. } | Action::BeginLog { .. })), "{out:?}");
    let begun = engine.on(Event::LogBegun { log: NEW_LOG, head: head(4) }, 0);
    assert!(begun.iter().any(|a| matches!(a, Action::SendHello { log: NEW_LOG, .. })), "{begun:?}");
}
