//! Both ends as they lie on a disk: a server's logs and rows, and a kiosk's card.
//!
//! Must never: decide anything that the engine or `ingest` should decide.

use super::super::*;
use crate::id::FeedId;
use crate::log::{Entry, First, Salt};
use crate::sync::{Ingested, greet, ingest};
use crate::text::Text;
use crate::time::Millis;
use crate::wire::v1::{Pull, Pulled, Push, Pushed, Row};
use std::collections::BTreeMap;

/// A body that says which fact it is, and where it stood first.
pub(super) fn body(fact: u64, first: Option<First>) -> String {
    serde_json::to_string(&(fact, first)).expect("json")
}
pub(super) fn read(entry: &Entry) -> (u64, Option<First>) {
    serde_json::from_str(&entry.body).expect("ours")
}
pub(super) fn id(n: u64) -> [u8; 16] {
    u128::from(n).to_be_bytes()
}

#[derive(Clone)]
pub(super) struct Server {
    pub(super) logs: BTreeMap<LogId, Vec<Entry>>,
    pub(super) feed: FeedId,
    pub(super) rows: BTreeMap<u64, (String, u64)>,
    pub(super) feed_head: u64,
}

impl Server {
    pub(super) fn head(&self, log: LogId) -> Head {
        self.logs.get(&log).and_then(|l| l.last()).map_or(Head::EMPTY, Entry::head)
    }
    pub(super) fn hello(&self, log: LogId, theirs: Head) -> HelloAnswer {
        let head = self.head(log);
        HelloAnswer {
            protocol: PROTOCOL,
            server_head: head,
            log: greet(head, false, theirs),
            feed: self.feed,
            feed_head: self.feed_head,
            durable_seq: 0,
            t1: Millis(10),
            t2: Millis(10),
            school_head: Head::EMPTY,
            school_log: None,
            asks: None,
            unsure: false,
        }
    }
    pub(super) fn push(&mut self, push: &Push) -> Pushed {
        let log = self.logs.entry(push.log).or_default();
        let head = log.last().map_or(Head::EMPTY, Entry::head);
        let known = |seq: u64| log.get(usize::try_from(seq - 1).expect("small")).map(Entry::hash);
        let found = ingest(head, false, known, push);
        let answer = found.answer().unwrap_or_else(|| panic!("our own kiosk sent {found:?}"));
        if let Ingested::Append { entries, .. } = found {
            let new = entries.to_vec();
            log.extend(new);
        }
        answer
    }
    pub(super) fn change(&mut self, key: String, value: u64) {
        self.rows.retain(|_, row| row.0 != key);
        self.feed_head += 1;
        self.rows.insert(self.feed_head, (key, value));
    }
    pub(super) fn pull(&self, pull: &Pull) -> Pulled {
        if pull.feed != self.feed || pull.after > self.feed_head {
            return Pulled::Resnapshot { feed: self.feed };
        }
        // Small pages, so that a snapshot takes several.
        let mut rows: Vec<Row> = self
            .rows
            .range(pull.after + 1..)
            .take(3)
            .map(|(seq, (key, value))| Row {
                seq: *seq,
                key: Text::new(&format!("{key}={value}")).expect("short"),
                body: None,
            })
            .collect();
        let more = rows.len() == 3;
        rows.truncate(2);
        let next = if more { rows.last().map_or(pull.after, |r| r.seq) } else { self.feed_head };
        Pulled::Page { rows, next, more, own: Vec::new(), tail: None }
    }
}

#[derive(Clone)]
pub(super) struct Disk {
    pub(super) log: LogId,
    pub(super) entries: Vec<Entry>,
    pub(super) acked: u64,
    pub(super) feed: Feed,
    /// key → value, old.
    pub(super) rows: BTreeMap<String, (u64, bool)>,
}

impl Disk {
    pub(super) fn head(&self) -> Head {
        self.entries.last().map_or(Head::EMPTY, Entry::head)
    }
    pub(super) fn append(&mut self, body: String) {
        let entry = self.head().append(Salt([0; 16]), body);
        self.entries.push(entry);
    }
}
