//! A server, its kiosks and the network between them: chaos first, then calm, then judgement.
//!
//! Must never: decide anything that the engine or `ingest` should decide.

use super::super::*;
use super::Step;
use super::parties::{Disk, Server, body, id, read};
use crate::id::FeedId;
use crate::log::{First, Hash};
use crate::sync::batch;
use crate::wire::v1::{Pull, Push};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

#[derive(Clone)]
pub(super) enum Request {
    Hello(LogId, Head),
    Push(Push),
    Pull(Pull),
}
#[derive(Clone)]
pub(super) enum Message {
    Ask(Request),
    Answer(Event),
}

pub(super) struct Kiosk {
    pub(super) disk: Disk,
    pub(super) engine: Engine,
    /// At most one message of each call is under way.
    pub(super) hello: Option<Message>,
    pub(super) push: Option<Message>,
    pub(super) pull: Option<Message>,
    pub(super) timer: bool,
    /// Work of the kiosk's own disk that is not done yet.
    pub(super) todo: Vec<Event>,
}

pub(super) struct World {
    pub(super) server: Server,
    pub(super) backup: Server,
    pub(super) restored: bool,
    pub(super) kiosks: Vec<Kiosk>,
    pub(super) old_card: Disk,
    /// Requests that the network kept a copy of.
    pub(super) ghosts: Vec<Request>,
    pub(super) facts: u64,
    pub(super) ids: u64,
    pub(super) exchanges: usize,
}

pub(super) fn boot_up(disk: Disk) -> Kiosk {
    let engine = Engine::new(Standing {
        boot: BootId::from_bytes([1; 16]),
        anchor: None,
        log: disk.log,
        head: disk.head(),
        first_kept: 1,
        acked: disk.acked,
        durable: 0,
        feed: disk.feed,
    });
    Kiosk { disk, engine, hello: None, push: None, pull: None, timer: false, todo: vec![Event::Started] }
}

impl World {
    pub(super) fn new() -> Self {
        let server =
            Server { logs: BTreeMap::new(), feed: FeedId::from_bytes(id(1)), rows: BTreeMap::new(), feed_head: 0 };
        let disk =
            Disk { log: LogId::from_bytes(id(1)), entries: vec![], acked: 0, feed: Feed::NONE, rows: BTreeMap::new() };
        Self {
            backup: server.clone(),
            server,
            restored: false,
            old_card: disk.clone(),
            kiosks: vec![boot_up(disk)],
            ghosts: vec![],
            facts: 0,
            ids: 1,
            exchanges: 0,
        }
    }

    /// One event into a kiosk's engine, and what it asks of its own disk carried out at once, in order.
    pub(super) fn event(&mut self, k: usize, event: Event, jitter: Jitter) {
        let kiosk = &mut self.kiosks[k];
        for action in kiosk.engine.on(event, jitter) {
            match action {
                Action::SendHello { log, head, .. } => {
                    assert!(kiosk.hello.is_none(), "two hellos in flight");
                    kiosk.hello = Some(Message::Ask(Request::Hello(log, head)));
                }
                Action::SendPush { log, from, max } => {
                    assert!(kiosk.push.is_none(), "two pushes in flight");
                    assert_eq!(log, kiosk.disk.log);
                    let entries = kiosk.disk.entries.iter().filter(|e| e.seq >= from).cloned();
                    // Small batches, so that a week offline takes several.
                    let push = batch(log, kiosk.disk.head(), entries, max.min(4));
                    assert_eq!(push.from, from, "asked to send what is not there");
                    kiosk.push = Some(Message::Ask(Request::Push(push)));
                }
                Action::SendPull { feed, after, limit, wait } => {
                    assert!(kiosk.pull.is_none(), "two pulls in flight");
                    assert_eq!((Some(feed), after), (kiosk.disk.feed.feed, kiosk.disk.feed.cursor), "not yet stored");
                    kiosk.pull = Some(Message::Ask(Request::Pull(Pull { feed, after, limit, wait, tail: None })));
                }
                Action::BeginSnapshot { feed } => {
                    kiosk.disk.feed = Feed::beginning(feed);
                    kiosk.disk.rows.values_mut().for_each(|row| row.1 = true);
                }
                Action::StorePage { feed, rows, cursor, .. } => {
                    assert_eq!(Some(feed), kiosk.disk.feed.feed);
                    for row in rows {
                        let (key, value) = row.key.split_once('=').expect("ours");
                        kiosk.disk.rows.insert(key.to_owned(), (value.parse().expect("ours"), false));
                    }
                    kiosk.disk.feed.cursor = cursor;
                    kiosk.todo.push(Event::Stored { cursor });
                }
                Action::EndSnapshot => kiosk.disk.rows.retain(|_, row| !row.1),
                Action::BeginLog { re_append_from } => {
                    self.ids += 1;
                    let old = std::mem::take(&mut kiosk.disk.entries);
                    let old_log = std::mem::replace(&mut kiosk.disk.log, LogId::from_bytes(id(self.ids)));
                    for entry in old.iter().filter(|e| e.seq >= re_append_from) {
                        let (fact, first) = read(entry);
                        let here = First { log: old_log, seq: entry.seq, hash: entry.hash() };
                        kiosk.disk.append(body(fact, Some(first.unwrap_or(here))));
                    }
                    kiosk.disk.acked = 0;
                    kiosk.todo.push(Event::LogBegun { log: kiosk.disk.log, head: kiosk.disk.head() });
                }
                Action::Acked { upto, .. } => {
                    assert!(upto <= kiosk.disk.head().seq, "more confirmed than was written");
                    kiosk.disk.acked = upto;
                    let held = self.server.logs.get(&kiosk.disk.log).map_or(&[][..], Vec::as_slice);
                    let mine = usize::try_from(upto).expect("small");
                    assert!(self.restored || held.len() >= mine, "confirmed what the server does not hold");
                }
                Action::WakeIn { ms } => {
                    assert!((1_000..=HELLO_EVERY_MS).contains(&ms));
                    kiosk.timer = true;
                }
                Action::NoteAnchor { .. } | Action::Tell(_) => {}
            }
        }
    }

    pub(super) fn append(&mut self, k: usize) {
        self.facts += 1;
        let kiosk = &mut self.kiosks[k];
        kiosk.disk.append(body(self.facts, None));
        let event = Event::Appended { log: kiosk.disk.log, head: kiosk.disk.head() };
        kiosk.todo.push(event);
    }

    pub(super) fn slot(&mut self, k: usize, call: Call) -> &mut Option<Message> {
        let kiosk = &mut self.kiosks[k];
        match call {
            Call::Hello => &mut kiosk.hello,
            Call::Push => &mut kiosk.push,
            Call::Pull => &mut kiosk.pull,
        }
    }

    pub(super) fn at_server(&mut self, request: Request) -> Event {
        self.exchanges += 1;
        match request {
            Request::Hello(log, head) => {
                Event::HelloAnswered { t0: Mono(0), t3: Mono(20), answer: self.server.hello(log, head) }
            }
            Request::Push(push) => {
                let upto = push.from - 1 + push.entries.len() as u64;
                Event::Pushed { upto, outcome: self.server.push(&push) }
            }
            Request::Pull(pull) => Event::Pulled(self.server.pull(&pull)),
        }
    }

    /// Whether the server would let this wait.
    pub(super) fn parked(&self, message: &Message) -> bool {
        matches!(message, Message::Ask(Request::Pull(p))
            if p.wait > 0 && p.feed == self.server.feed && p.after == self.server.feed_head)
    }

    /// The message of this call moves one hop: to the server, or back to the kiosk.
    pub(super) fn hop(&mut self, k: usize, call: Call, jitter: Jitter) -> bool {
        let Some(message) = self.slot(k, call).take() else { return false };
        if self.parked(&message) {
            *self.slot(k, call) = Some(message);
            return false;
        }
        match message {
            Message::Ask(request) => {
                let answer = self.at_server(request);
                *self.slot(k, call) = Some(Message::Answer(answer));
            }
            Message::Answer(event) => self.event(k, event, jitter),
        }
        true
    }

    /// The message of this call is lost, on the way there or back.
    pub(super) fn lose(&mut self, k: usize, call: Call, jitter: Jitter) {
        if self.slot(k, call).take().is_some() {
            self.event(k, Event::Failed { call, failure: Failure::Unreachable }, jitter);
        }
    }

    pub(super) fn own_work(&mut self, k: usize, jitter: Jitter) -> bool {
        if self.kiosks[k].todo.is_empty() {
            return false;
        }
        let event = self.kiosks[k].todo.remove(0);
        self.event(k, event, jitter);
        true
    }

    pub(super) fn keep_ghosts(&mut self, k: usize) {
        let kiosk = &self.kiosks[k];
        for message in [&kiosk.hello, &kiosk.push, &kiosk.pull].into_iter().flatten() {
            if let Message::Ask(request) = message {
                self.ghosts.push(request.clone());
            }
        }
    }

    pub(super) fn chaos(&mut self, step: Step) {
        let Step { what, who, call, jitter } = step;
        let k = usize::from(who) % self.kiosks.len();
        let call = [Call::Hello, Call::Push, Call::Push, Call::Pull][usize::from(call % 4)];
        match what {
            0..=24 => self.append(k),
            25..=59 => drop(self.own_work(k, jitter)),
            60..=129 => drop(self.hop(k, call, jitter)),
            130..=149 => self.lose(k, call, jitter),
            150..=164 => self.keep_ghosts(k),
            165..=179 => {
                if !self.ghosts.is_empty() {
                    let ghost = self.ghosts.remove(usize::from(jitter) % self.ghosts.len());
                    self.at_server(ghost);
                }
            }
            180..=199 => {
                if std::mem::take(&mut self.kiosks[k].timer) {
                    self.event(k, Event::Woke, jitter);
                }
            }
            200..=219 => {
                self.facts += 1;
                self.server.change(format!("row{}", jitter % 7), self.facts);
            }
            220..=229 => {
                // The power fails: what was on its way may still arrive.
                self.keep_ghosts(k);
                self.kiosks[k] = boot_up(self.kiosks[k].disk.clone());
            }
            230..=234 => self.old_card = self.kiosks[k].disk.clone(),
            235..=237 => self.kiosks[k] = boot_up(self.old_card.clone()),
            238..=241 => {
                if self.kiosks.len() < 3 {
                    self.kiosks.push(boot_up(self.kiosks[k].disk.clone()));
                }
            }
            242..=248 => self.backup = self.server.clone(),
            _ => {
                self.restored = true;
                self.ids += 1;
                self.server = Server { feed: FeedId::from_bytes(id(self.ids)), ..self.backup.clone() };
            }
        }
    }

    /// Faults stop: everything moves until nothing can. Fifteen minutes pass, so that everybody says hello.
    pub(super) fn calm(&mut self) {
        for _round in 0..8 {
            for k in 0..self.kiosks.len() {
                self.event(k, Event::Woke, 0);
            }
            loop {
                let mut moved = false;
                for k in 0..self.kiosks.len() {
                    moved |= self.own_work(k, 0);
                    for call in [Call::Hello, Call::Push, Call::Pull] {
                        moved |= self.hop(k, call, 0);
                    }
                }
                if !moved {
                    break;
                }
            }
        }
    }

    /// Every fact that stands on a living card is at the server as one fact, and in the order of its card.
    pub(super) fn judge(&self) -> Result<(), TestCaseError> {
        let mut identities: HashMap<u64, HashSet<Hash>> = HashMap::new();
        for entry in self.server.logs.values().flatten() {
            let (fact, first) = read(entry);
            identities.entry(fact).or_default().insert(first.map_or(entry.hash(), |f| f.hash));
        }
        for (fact, held) in &identities {
            prop_assert_eq!(held.len(), 1, "fact {} counts {} times", fact, held.len());
        }
        let rows: BTreeMap<_, _> = self.server.rows.values().map(|(k, v)| (k.clone(), (*v, false))).collect();
        for kiosk in &self.kiosks {
            prop_assert_eq!(kiosk.engine.status(), Status::Online);
            prop_assert_eq!(kiosk.engine.acked(), kiosk.disk.head().seq);
            let held = self.server.logs.get(&kiosk.disk.log).map_or(&[][..], Vec::as_slice);
            prop_assert_eq!(held, &kiosk.disk.entries[..], "the same log on both sides, in order, without a hole");
            prop_assert_eq!(&kiosk.disk.rows, &rows);
        }
        Ok(())
    }
}
