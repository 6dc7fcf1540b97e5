//! The driver over wires that a test holds in its hands, and a real store: what the disk does to the exchange.
//!
//! Must never: answer what a server would not.

use super::*;
use shared::id::{FeedId, StaffId};
use shared::limits::PULL_WAIT_S;
use shared::log::{Head, Origin};
use shared::observation::Means;
use shared::sync::HELLO_EVERY_MS;
use shared::time::Mono;
use shared::wire::v1::{LogState, Push, Pushed};
use std::path::Path;
use std::sync::Arc;

const FEED: FeedId = FeedId::from_bytes([3; 16]);

/// What was asked for and not answered.
#[derive(Default)]
struct Held {
    hellos: Vec<Hello>,
    pushes: Vec<Push>,
    pulls: Vec<Pull>,
    wakes: Vec<u64>,
}

impl Wires for Held {
    fn hello(&mut self, hello: Hello) {
        self.hellos.push(hello);
    }
    fn push(&mut self, push: Push) {
        self.pushes.push(push);
    }
    fn pull(&mut self, pull: Pull) {
        self.pulls.push(pull);
    }
    fn witness(&mut self, _: &Store) {}
    fn abort(&mut self) {
        *self = Self { wakes: std::mem::take(&mut self.wakes), ..Self::default() };
    }
    fn any(&self) -> bool {
        !(self.hellos.is_empty() && self.pushes.is_empty() && self.pulls.is_empty())
    }
    fn wake_in(&mut self, ms: u64) {
        self.wakes.push(ms);
    }
    fn network(&mut self, _: bool) {}
}

async fn driver(dir: &Path) -> (Store, Driver<Held>) {
    let store = Store::open(dir).unwrap();
    let clock = Clock::new(None).unwrap();
    let driver = Driver::new(store.clone(), clock, Held::default(), Arc::new(|_| {})).await.unwrap();
    (store, driver)
}

/// A server that has everything the kiosk has said so far.
async fn greeted(driver: &mut Driver<Held>) {
    driver.turn().await;
    let hello = driver.wires.hellos.pop().expect("a hello");
    let answer = HelloAnswer {
        protocol: PROTOCOL,
        server_head: hello.head,
        log: LogState::Open,
        feed: FEED,
        feed_head: 0,
        durable_seq: 0,
        t1: Millis(10),
        t2: Millis(10),
        school_head: Head::EMPTY,
        school_log: None,
        asks: None,
        unsure: true,
    };
    driver.happened(Event::HelloAnswered { t0: hello.t0, t3: Mono(hello.t0.0 + 5), answer });
    driver.turn().await;
}

/// One more tap on the disk; the log and its head after it.
async fn tap(store: &Store, clock: Clock) -> (LogId, Head) {
    let by = Some(StaffId::from_bytes([5; 16]));
    let fact = Observed { at: clock.reading(), by, what: Observation::SignedOn { means: Means::Card }, origin: None };
    let standing = store.write_soon(move |tx| log::append(tx, &[fact]).and_then(|_| log::current(tx))).await.unwrap();
    (standing.log, standing.head)
}

#[tokio::test]
async fn a_tap_that_the_engine_has_not_heard_of_is_confirmed_without_a_wait() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut driver) = driver(dir.path()).await;
    greeted(&mut driver).await;
    let (log, head) = tap(&store, driver.clock).await;
    // The second one is on the disk before anybody has told of it.
    let (_, second) = tap(&store, driver.clock).await;
    driver.obey(Order::Appended { log, head });
    driver.turn().await;
    let push = driver.wires.pushes.pop().expect("a push");
    let sent = push.entries.last().unwrap().head();
    assert_eq!(sent, second, "both go together");
    driver.happened(Event::Pushed { upto: sent.seq, outcome: Pushed::Accepted { head: sent } });
    driver.turn().await;
    assert_eq!(driver.confirmed(), (log, second.seq));
    assert_eq!(driver.wires.wakes, [HELLO_EVERY_MS], "nothing was strange");
}

#[tokio::test]
async fn an_exchange_whose_disk_refuses_goes_on_from_what_stands_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut driver) = driver(dir.path()).await;
    greeted(&mut driver).await;
    let (log, head) = tap(&store, driver.clock).await;
    driver.obey(Order::Appended { log, head });
    driver.turn().await;
    assert_eq!((driver.wires.pushes.len(), driver.wires.pulls.len()), (1, 1), "both are under way");

    // Nothing more can be written, and a page comes.
    #[allow(clippy::disallowed_methods)] // somebody else, who keeps the store from writing
    let other = rusqlite::Connection::open(dir.path().join("kiosk.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let own = vec![Origin { log, seq: head.seq }];
    driver.happened(Event::Pulled(Pulled::Page { rows: Vec::new(), next: 0, more: false, own, tail: None }));
    driver.turn().await;
    assert_eq!(driver.wires.wakes.last(), Some(&DISK_PATIENCE_MS));
    assert!(!driver.wires.any(), "what was under way is forgotten");
    // What was on its way comes too late.
    driver.happened(Event::Pushed { upto: head.seq, outcome: Pushed::Accepted { head } });
    driver.turn().await;
    assert!(!driver.wires.any(), "nothing goes on before the timer");

    other.execute_batch("ROLLBACK").unwrap();
    driver.happened(Event::Woke);
    greeted(&mut driver).await;
    let pull = driver.wires.pulls.pop().expect("rows are asked for again");
    assert!(pull.wait < PULL_WAIT_S, "at once");
    assert_eq!(driver.confirmed(), (log, head.seq), "the hello said so");
}
