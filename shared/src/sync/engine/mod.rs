//! The kiosk's side of the exchange: a state machine without IO. Events come in, actions go out.
//!
//! Hello first, after every failure, and every fifteen minutes; then pushes, one at a time, and a pull that waits for
//! news beside them. See docs/PROTOCOL.md.
//!
//! Must never: count an entry as taken that the server did not confirm, or try again without waiting.

mod event;
mod pulling;
mod pushing;

#[cfg(test)]
mod network;
#[cfg(test)]
mod tests;

pub use event::{Action, Call, Event, Failure, Jitter, Reflects, Standing, Status};

use super::{Backoff, Feed};
use crate::id::{BootId, LogId};
use crate::limits::BATCH_ENTRIES;
use crate::log::Head;
use crate::sim::Mutant;
use crate::time::{Anchor, Mono};
use crate::wire::v1::{HelloAnswer, LogState, PROTOCOL, ProblemCode};

/// A hello at least this often: it brings an anchor and `durable_seq`. Milliseconds.
pub const HELLO_EVERY_MS: u64 = 15 * 60 * 1000;

/// The exchange of one kiosk.
#[derive(Debug, Clone)]
pub struct Engine {
    boot: BootId,
    anchor: Option<Anchor>,
    log: LogId,
    head: Head,
    first_kept: u64,
    acked: u64,
    durable: u64,
    feed: Feed,
    link: Link,
    backoff: Backoff,
    refused: Option<Status>,
    told: Option<Status>,
    /// What stood when the hello in flight was sent.
    hello: Option<Sent>,
    pushing: pushing::Pushing,
    pulling: pulling::Pulling,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    log: LogId,
    head: Head,
    acked: u64,
    feed: Feed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// A timer runs.
    Down,
    /// A hello is in flight, and decides.
    Greeting,
    /// Pushes and pulls may go.
    Up,
}

impl Engine {
    /// From what stands on the disk. Nothing happens before [`Event::Started`].
    #[must_use]
    pub fn new(standing: Standing) -> Self {
        let Standing { boot, anchor, log, head, first_kept, acked, durable, feed } = standing;
        Self {
            boot,
            anchor: anchor.filter(|a| a.boot == boot),
            log,
            head,
            first_kept,
            acked: acked.min(head.seq),
            durable,
            feed,
            link: Link::Down,
            backoff: Backoff::default(),
            refused: None,
            told: None,
            hello: None,
            pushing: pushing::Pushing::new(BATCH_ENTRIES),
            pulling: pulling::Pulling::new(),
        }
    }

    /// Something happened: what to do now, in this order.
    pub fn on(&mut self, event: Event, jitter: Jitter) -> Vec<Action> {
        let mut out = Vec::new();
        match event {
            Event::Started | Event::Woke => self.greet(&mut out),
            Event::Appended { log, head } => {
                if log == self.log && head.seq > self.head.seq {
                    self.head = head;
                }
            }
            Event::HelloAnswered { t0, t3, answer } => self.hello_answered(t0, t3, &answer, jitter, &mut out),
            Event::Pushed { upto, outcome } => self.pushed(upto, &outcome, jitter, &mut out),
            Event::Pulled(pulled) => self.pulled(pulled, jitter, &mut out),
            Event::Stored { cursor } => self.stored(cursor, &mut out),
            Event::Failed { call, failure } => self.failed(call, failure, jitter, &mut out),
            Event::LogBegun { log, head } => self.log_begun(log, head, &mut out),
            Event::Pruned { first_kept } => self.first_kept = self.first_kept.max(first_kept),
        }
        if self.link == Link::Up {
            self.push(&mut out, jitter);
            self.pull(&mut out);
        }
        self.tell(&mut out);
        out
    }

    /// Entries that the server has not confirmed.
    #[must_use]
    pub const fn unsent(&self) -> u64 {
        self.head.seq.saturating_sub(self.acked)
    }

    /// The last entry that the server has confirmed.
    #[must_use]
    pub const fn acked(&self) -> u64 {
        self.acked
    }

    /// The log written now.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// Where the feed stands.
    #[must_use]
    pub const fn feed(&self) -> Feed {
        self.feed
    }

    /// The state, for the screen.
    #[must_use]
    pub fn status(&self) -> Status {
        match (self.refused, self.link, self.unsent()) {
            (Some(refused), ..) => refused,
            (None, Link::Up, 0) => Status::Online,
            (None, Link::Up, unsent) => Status::Waiting { unsent },
            (None, _, unsent) => Status::Offline { unsent },
        }
    }

    fn tell(&mut self, out: &mut Vec<Action>) {
        let status = self.status();
        if self.told != Some(status) {
            self.told = Some(status);
            out.push(Action::Tell(status));
        }
    }

    fn greet(&mut self, out: &mut Vec<Action>) {
        if self.link == Link::Down {
            self.link = Link::Greeting;
        }
        if self.hello.is_some() {
            return;
        }
        self.hello = Some(Sent { log: self.log, head: self.head, acked: self.acked, feed: self.feed });
        let Feed { feed, cursor } = self.feed;
        out.push(Action::SendHello { log: self.log, head: self.head, feed, cursor });
    }

    fn hello_answered(&mut self, t0: Mono, t3: Mono, answer: &HelloAnswer, jitter: Jitter, out: &mut Vec<Action>) {
        let Some(sent) = self.hello.take() else { return };
        // A server that is not sure of its clock can still be spoken to; what it takes for the time is nobody's.
        let anchor = Anchor::from_exchange(self.boot, t0, answer.t1, answer.t2, t3);
        if let Some(anchor) = anchor.filter(|_| !answer.unsure) {
            let keep = anchor.is_worth_keeping(self.anchor.as_ref());
            if keep {
                self.anchor = Some(anchor);
            }
            out.push(Action::NoteAnchor { anchor, keep });
        }
        if sent.log != self.log {
            // A new log was begun meanwhile: the answer is about the old one.
            return self.greet(out);
        }
        if answer.protocol != PROTOCOL {
            return self.down(Some(Status::Upgrade), jitter, out);
        }
        self.link = Link::Up;
        self.refused = self.refused.filter(|_| self.pulling.revoked());
        out.push(Action::WakeIn { ms: HELLO_EVERY_MS });
        if !self.pushing.beginning() {
            // Else the answer is about a log that is being left; the new one gets a hello of its own.
            self.greeted(sent, answer, out);
        }
        self.follow(sent.feed, answer, out);
    }

    /// What a hello says of the log.
    fn greeted(&mut self, sent: Sent, answer: &HelloAnswer, out: &mut Vec<Action>) {
        let server = answer.server_head;
        self.pushing.greeted(server.seq > 0 && answer.log == LogState::Open);
        // Not `self.acked`: a push may have been confirmed since.
        let behind = server.seq < sent.acked && !Mutant::RestoredServerTrusted.lives();
        match answer.log {
            LogState::Sealed => {
                // What the server lost besides cannot be told apart: everything kept goes again, doubles do no harm.
                self.pushing.renew = Some(if behind { self.first_kept } else { self.acked + 1 });
            }
            LogState::Open if server.seq <= sent.head.seq => {
                if behind {
                    // The server was restored: from its head on, all goes again.
                    self.acked = server.seq;
                } else if server == sent.head {
                    self.acked = self.acked.max(server.seq);
                }
            }
            // Ask where the logs part, from the first entry that was never confirmed.
            LogState::Open | LogState::Forked => {
                self.acked = self.acked.min(server.seq);
                self.pushing.ask = true;
            }
        }
        self.durable = answer.durable_seq;
        out.push(Action::Acked { upto: self.acked, durable: self.durable });
    }

    fn failed(&mut self, call: Call, failure: Failure, jitter: Jitter, out: &mut Vec<Action>) {
        let was_in_flight = match call {
            Call::Hello => self.hello.take().is_some(),
            Call::Push => self.pushing.landed(),
            Call::Pull => self.pulling.landed(),
        };
        if !was_in_flight {
            return;
        }
        if call == Call::Pull && failure == Failure::Refused(ProblemCode::Revoked) {
            // What a revoked kiosk writes is still taken, and held for the office.
            self.pulling.refuse();
            self.refused = Some(Status::Revoked);
            return;
        }
        let status = match failure {
            Failure::Refused(ProblemCode::Revoked | ProblemCode::NotEnrolled) => Some(Status::Revoked),
            Failure::Refused(ProblemCode::UpgradeRequired) => Some(Status::Upgrade),
            Failure::Refused(ProblemCode::TooLarge) if call == Call::Push => {
                self.pushing.smaller();
                None
            }
            _ => None,
        };
        // While a hello is in flight, that decides; while the link is down, a timer runs already.
        let decides = match self.link {
            Link::Up => true,
            Link::Greeting => call == Call::Hello,
            Link::Down => false,
        };
        if decides || status.is_some() {
            self.down(status, jitter, out);
        }
    }

    /// The link is down until the timer wakes us: after a refusal that only a person can lift, at the pace of hellos.
    fn down(&mut self, refused: Option<Status>, jitter: Jitter, out: &mut Vec<Action>) {
        self.link = Link::Down;
        self.refused = refused;
        let ms = if refused.is_some() { HELLO_EVERY_MS } else { self.backoff.next(jitter) };
        out.push(Action::WakeIn { ms });
    }
}
