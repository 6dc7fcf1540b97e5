//! What is done with bytes from a network, one function a kind (rosters stand in `import.rs`, with all of the server). The fuzzer calls them with whatever it finds; the tests
//! (`tests/tests/hostile.rs`) call the same ones with everything in `fuzz/corpus`.
//!
//! Must never: pass over bytes that are taken. What can be read must be written again as it was.

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::act::Acted;
use shared::id::{BootId, FeedId, LogId};
use shared::log::{Entry, Hash, Head, Salt, verify};
use shared::observation::{Observation, Observed};
use shared::sync::{Call, Engine, Event, Failure, Feed, Ingested, Standing, ingest, observed};
use shared::time::{Millis, Mono, Timeline, resolve};
use shared::wire::v1::{
    EnrolPoll, EnrolRequest, EnrolTicket, Enrolment, Hello, HelloAnswer, LogState, Problem, Pull, Pulled, Push, Pushed,
    Row,
};
use std::fmt::Debug;

/// Actions that one event may lead to.
const ACTIONS: usize = 64;

/// A message of the protocol, in either direction.
pub fn wire(bytes: &[u8]) {
    again::<Hello>(bytes);
    again::<Pull>(bytes);
    again::<EnrolRequest>(bytes);
    again::<EnrolTicket>(bytes);
    again::<EnrolPoll>(bytes);
    again::<Enrolment>(bytes);
    again::<Problem>(bytes);
    again::<Row>(bytes);
    if let Some(push) = again::<Push>(bytes) {
        pushed(&push);
    }
    if let Some(answer) = again::<HelloAnswer>(bytes) {
        let mut engine = Engine::new(standing());
        hear(&mut engine, Event::Started);
        hear(&mut engine, Event::HelloAnswered { t0: Mono(0), t3: Mono(40), answer });
    }
    if let Some(outcome) = again::<Pushed>(bytes) {
        let mut engine = greeted();
        hear(&mut engine, Event::Pushed { upto: 3, outcome });
    }
    if let Some(pulled) = again::<Pulled>(bytes) {
        let mut engine = greeted();
        hear(&mut engine, Event::Pulled(pulled));
    }
}

/// The bodies of a log, a line each, as somebody with a device token may write them.
pub fn log(bytes: &[u8]) {
    let mut head = Head::EMPTY;
    let mut entries = Vec::new();
    let mut timeline = Timeline::new(Vec::new(), Vec::new(), Millis::FAR);
    let mut seen: Vec<Observed> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').take(64) {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        again::<Acted>(line.as_bytes());
        let entry = head.append(Salt([7; 16]), line.to_owned());
        head = entry.head();
        if let Ok(one) = observed(&entry) {
            same(&one);
            let floor = match &one.what {
                Observation::Booted { floor } => *floor,
                _ => None,
            };
            timeline.see(one.at.boot, one.at.mono, floor);
            if let Observation::Anchored { anchor } = &one.what {
                timeline.anchors.push(*anchor);
            }
            seen.push(one);
        }
        entries.push(entry);
    }
    assert_eq!(verify(&entries), Ok(head), "a chain that was just made");
    for received in [Millis(i64::MIN), Millis(0), Millis(1_795_420_800_000), Millis::FAR] {
        timeline.received = received;
        for one in &seen {
            let when = resolve(&one.at, &timeline);
            assert!(when.earliest <= when.latest, "{when:?}");
            assert!(when.estimate.is_none_or(|at| when.earliest <= at && at <= when.latest), "{when:?}");
        }
    }
    let push = Push { log: LogId::from_bytes([1; 16]), from: 1, prev: Hash::ZERO, entries };
    pushed(&push);
}

fn pushed(push: &Push) {
    let known = |_: u64| None;
    if let Ingested::Append { entries, head } = ingest(Head::EMPTY, false, known, push) {
        assert_eq!(entries.last().map(Entry::head), Some(head));
        for entry in entries {
            if let Ok(one) = observed(entry) {
                same(&one);
            }
        }
    }
    assert!(!matches!(ingest(Head::EMPTY, true, known, push), Ingested::Append { .. }), "a sealed log takes nothing");
}

/// Reads bytes as a message; what can be read can be written, and read again as the same.
fn again<T: DeserializeOwned + Serialize + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(bytes).ok()?;
    same(&value);
    Some(value)
}

fn same<T: DeserializeOwned + Serialize + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).expect("what was read can be written");
    let back: T = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(*value, back, "{text}");
}

fn standing() -> Standing {
    Standing {
        boot: BootId::from_bytes([2; 16]),
        anchor: None,
        log: LogId::from_bytes([1; 16]),
        head: Head { seq: 5, hash: Hash([5; 32]) },
        first_kept: 1,
        acked: 2,
        durable: 0,
        feed: Feed { feed: Some(FeedId::from_bytes([3; 16])), cursor: 9 },
    }
}

/// An engine that has met its server and waits for a push and a pull.
fn greeted() -> Engine {
    let mut engine = Engine::new(standing());
    hear(&mut engine, Event::Started);
    let answer = HelloAnswer {
        protocol: 1,
        server_head: Head { seq: 2, hash: Hash([5; 32]) },
        log: LogState::Open,
        feed: FeedId::from_bytes([3; 16]),
        feed_head: 9,
        durable_seq: 0,
        t1: Millis(1_795_420_800_000),
        t2: Millis(1_795_420_800_000),
        school_head: Head::EMPTY,
        school_log: None,
        asks: None,
        unsure: false,
    };
    hear(&mut engine, Event::HelloAnswered { t0: Mono(0), t3: Mono(40), answer });
    engine
}

/// Whatever a server answers, the kiosk goes on: an event leads to few actions, and the next failure is survived.
fn hear(engine: &mut Engine, event: Event) {
    let actions = engine.on(event, 7);
    assert!(actions.len() <= ACTIONS, "{} actions", actions.len());
    for call in [Call::Hello, Call::Push, Call::Pull] {
        let _ = engine.clone().on(Event::Failed { call, failure: Failure::Malformed }, 7);
    }
    let _ = engine.clone().on(Event::Woke, 7);
}
