//! Each transition of the engine, one by one.

mod trouble;

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
