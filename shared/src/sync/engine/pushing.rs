//! The engine's pushes: one at a time, from the first entry that was not confirmed.
//!
//! Must never: have two in flight, or begin log after log because a server is confused.

use super::{Action, Engine, Jitter, Link, Status};
use crate::id::LogId;
use crate::log::Head;
use crate::wire::v1::Pushed;

/// `Gap` answers in a row that are followed without a wait.
const GAPS: u8 = 3;
/// New logs in a row that are begun before the server has taken anything of one.
const BEGINS: u8 = 2;

/// What the engine knows of its pushes.
#[derive(Debug, Clone)]
pub(super) struct Pushing {
    /// The first entry in flight. Always of the log written now: no log is begun while a push is in flight.
    flight: Option<u64>,
    /// Entries in one push.
    max: usize,
    gaps: u8,
    begins: u8,
    /// Push even if nothing is unsent: the logs may have parted.
    pub(super) ask: bool,
    /// The server did not understand an entry: not before the next hello.
    blocked: bool,
    /// A new log is needed, with the entries from this number on.
    pub(super) renew: Option<u64>,
    /// It was asked for.
    beginning: bool,
}

impl Pushing {
    pub(super) const fn new(most: usize) -> Self {
        Self { flight: None, max: most, gaps: 0, begins: 0, ask: false, blocked: false, renew: None, beginning: false }
    }

    /// The push in flight has ended; whether there was one.
    pub(super) const fn landed(&mut self) -> bool {
        self.flight.take().is_some()
    }

    /// A hello was answered: what stood in the way may be gone. `taken`: the server has something of this log.
    pub(super) const fn greeted(&mut self, taken: bool) {
        self.blocked = false;
        if taken {
            self.begins = 0;
        }
        self.renew = None;
    }

    /// Whether a new log was asked for and has not begun.
    pub(super) const fn beginning(&self) -> bool {
        self.beginning
    }

    /// The last one was too large.
    pub(super) fn smaller(&mut self) {
        self.max = (self.max / 2).max(1);
    }
}

impl Engine {
    /// Sends what is to be sent, if nothing is in flight.
    pub(super) fn push(&mut self, out: &mut Vec<Action>, jitter: Jitter) {
        let next = self.acked + 1;
        if self.pushing.flight.is_some() || self.pushing.beginning || self.pushing.blocked {
            return;
        }
        if self.pushing.renew.is_none() && next < self.first_kept && self.unsent() > 0 {
            // The server lost entries that were pruned here: this log can never be whole there again.
            self.pushing.renew = Some(self.first_kept);
        }
        if let Some(re_append_from) = self.pushing.renew {
            if self.pushing.begins >= BEGINS {
                return self.down(None, jitter, out);
            }
            self.pushing.begins += 1;
            self.pushing.beginning = true;
            out.push(Action::BeginLog { re_append_from });
        } else if self.unsent() > 0 || self.pushing.ask {
            self.pushing.ask = false;
            self.pushing.flight = Some(next);
            out.push(Action::SendPush { log: self.log, from: next, max: self.pushing.max });
        }
    }

    pub(super) fn pushed(&mut self, upto: u64, outcome: &Pushed, jitter: Jitter, out: &mut Vec<Action>) {
        let Some(from) = self.pushing.flight.take() else { return };
        match *outcome {
            // Confirmed is what was sent, not what the server holds beyond it: that may be a clone's.
            Pushed::Accepted { head } if head.seq >= upto && upto <= self.head.seq && upto + 1 >= from => {
                self.pushing.gaps = 0;
                self.pushing.begins = 0;
                self.acked = upto;
                out.push(Action::Acked { upto, durable: self.durable });
                if self.unsent() == 0 {
                    self.backoff.reset();
                    if head.seq > self.head.seq {
                        // The server holds more than we ever wrote: this card was restored.
                        self.pushing.renew = Some(self.head.seq + 1);
                    }
                }
            }
            Pushed::Gap { head } if head.seq + 1 < from && self.pushing.gaps < GAPS => {
                self.pushing.gaps += 1;
                self.acked = head.seq;
                out.push(Action::Acked { upto: self.acked, durable: self.durable });
            }
            Pushed::Forked { at } => {
                // Before `from` it is only known that they part there or earlier: everything kept goes again.
                self.pushing.renew = Some(if at >= from { at } else { self.first_kept });
            }
            Pushed::Sealed => self.pushing.renew = Some(self.acked + 1),
            Pushed::UpgradeRequired => {
                self.pushing.blocked = true;
                self.refused = Some(Status::Upgrade);
            }
            Pushed::Accepted { .. } | Pushed::Gap { .. } => {
                // An answer that contradicts the question, or a server that loses entries faster than they go.
                self.pushing.gaps = 0;
                if self.link == Link::Up {
                    self.down(None, jitter, out);
                }
            }
        }
    }

    pub(super) fn log_begun(&mut self, log: LogId, head: Head, out: &mut Vec<Action>) {
        self.log = log;
        self.head = head;
        self.acked = 0;
        self.durable = 0;
        self.first_kept = 1;
        self.pushing.renew = None;
        self.pushing.beginning = false;
        self.pushing.ask = false;
        self.pushing.gaps = 0;
        if self.link == Link::Up {
            self.greet(out);
        }
    }
}
