//! The engine's pulls: one that waits for news, and a page that is stored before the next is asked for.
//!
//! Must never: ask for the next page before the last one is on the disk.

use super::{Action, Engine, Jitter, Link, Reflects};
use crate::id::FeedId;
use crate::limits::{PAGE_ROWS, PULL_WAIT_S};
use crate::log::Origin;
use crate::sync::Feed;
use crate::wire::v1::{HelloAnswer, Pulled};

/// `Resnapshot` answers in a row that are followed without a wait.
const RESNAPSHOTS: u8 = 2;

/// What the engine knows of its pulls.
#[derive(Debug, Clone)]
pub(super) struct Pulling {
    /// The feed and cursor that the pull in flight asked for.
    flight: Option<Feed>,
    /// The feed and cursor that are being stored, and whether more waits.
    storing: Option<Storing>,
    /// Whether all that was there has been pulled since the last hello: then it is worth waiting for news.
    caught_up: bool,
    /// Rows of before the snapshot may be there still.
    snapshot: bool,
    resnapshots: u8,
    /// What the last page that was stored reflects.
    reflects: Option<Reflects>,
    /// The server gives this kiosk no rows: not before the next hello.
    blocked: bool,
    /// The same, until a page shows that it does again.
    revoked: bool,
}

#[derive(Debug, Clone, Copy)]
struct Storing {
    at: Feed,
    more: bool,
    /// A snapshot was begun since.
    stale: bool,
}

impl Pulling {
    pub(super) const fn new() -> Self {
        Self {
            flight: None,
            storing: None,
            caught_up: false,
            snapshot: true,
            resnapshots: 0,
            reflects: None,
            blocked: false,
            revoked: false,
        }
    }

    /// The last pull was refused because the kiosk was revoked. What it writes may still be sent.
    pub(super) const fn refuse(&mut self) {
        self.blocked = true;
        self.revoked = true;
    }

    /// Whether no page has come since.
    pub(super) const fn revoked(&self) -> bool {
        self.revoked
    }

    /// The pull in flight has ended; whether there was one.
    pub(super) const fn landed(&mut self) -> bool {
        self.flight.take().is_some()
    }
}

impl Engine {
    /// What a hello says of the feed; `sent` is where it stood then.
    pub(super) fn follow(&mut self, sent: Feed, answer: &HelloAnswer, out: &mut Vec<Action>) {
        self.pulling.caught_up = false;
        self.pulling.blocked = false;
        // Behind what we told it: restored, without a new feed. (A page that came meanwhile may be ahead of the answer.)
        let behind = sent.feed == Some(answer.feed) && answer.feed_head < sent.cursor;
        if self.feed.feed != Some(answer.feed) || behind {
            self.begin_snapshot(answer.feed, out);
        }
    }

    fn begin_snapshot(&mut self, feed: FeedId, out: &mut Vec<Action>) {
        self.feed = Feed::beginning(feed);
        self.pulling.snapshot = true;
        self.pulling.caught_up = false;
        if let Some(storing) = &mut self.pulling.storing {
            storing.stale = true;
        }
        out.push(Action::BeginSnapshot { feed });
    }

    /// Asks for rows, if nothing is in flight or on its way to the disk.
    pub(super) fn pull(&mut self, out: &mut Vec<Action>) {
        let Some(feed) = self.feed.feed else { return };
        if self.pulling.flight.is_some() || self.pulling.storing.is_some() || self.pulling.blocked {
            return;
        }
        self.pulling.flight = Some(self.feed);
        let wait = if self.pulling.caught_up { PULL_WAIT_S } else { 0 };
        // The bound of a page fits into any integer.
        let limit = u32::try_from(PAGE_ROWS).unwrap_or(u32::MAX);
        out.push(Action::SendPull { feed, after: self.feed.cursor, limit, wait });
    }

    pub(super) fn pulled(&mut self, pulled: Pulled, jitter: Jitter, out: &mut Vec<Action>) {
        let Some(asked) = self.pulling.flight.take() else { return };
        if asked != self.feed {
            // A hello moved us to another feed meanwhile.
            return;
        }
        if std::mem::take(&mut self.pulling.revoked) {
            self.refused = None;
        }
        match pulled {
            Pulled::Page { rows, next, more, own, .. } => {
                let Some(feed) = self.feed.feed else { return };
                if self.feed.check(&rows, next, more).is_err() {
                    return self.confused(jitter, out);
                }
                self.pulling.resnapshots = 0;
                let at = Feed { feed: Some(feed), cursor: next };
                let reflects = Reflects { upto: self.reflected(&own), last: !more };
                // A page without rows may still say that they are no news to what was said here.
                let no_news = own.is_empty() || self.pulling.reflects == Some(reflects);
                if rows.is_empty() && next == self.feed.cursor && no_news {
                    self.page_done(at, more, out);
                } else {
                    self.pulling.reflects = Some(reflects);
                    self.pulling.storing = Some(Storing { at, more, stale: false });
                    out.push(Action::StorePage { feed, rows, cursor: next, reflects });
                }
            }
            Pulled::Resnapshot { feed } => {
                self.pulling.resnapshots += 1;
                let already = self.feed == Feed::beginning(feed);
                if already || self.pulling.resnapshots > RESNAPSHOTS {
                    self.pulling.resnapshots = 0;
                    return self.confused(jitter, out);
                }
                self.begin_snapshot(feed, out);
            }
        }
    }

    /// How far a page reflects the log that is written now.
    fn reflected(&self, own: &[Origin]) -> Origin {
        let seq = match own.iter().find(|upto| upto.log == self.log) {
            Some(upto) => upto.seq,
            // A server that does not say: what it has acknowledged is the best guess.
            None if own.is_empty() => self.acked,
            None => 0,
        };
        Origin { log: self.log, seq }
    }

    pub(super) fn stored(&mut self, cursor: u64, out: &mut Vec<Action>) {
        let Some(Storing { at, more, stale }) = self.pulling.storing.filter(|s| s.at.cursor == cursor) else { return };
        self.pulling.storing = None;
        if !stale {
            self.page_done(at, more, out);
        }
    }

    fn page_done(&mut self, at: Feed, more: bool, out: &mut Vec<Action>) {
        self.feed = at;
        self.pulling.caught_up = !more;
        if !more && self.pulling.snapshot {
            self.pulling.snapshot = false;
            out.push(Action::EndSnapshot);
        }
        if self.unsent() == 0 {
            self.backoff.reset();
        }
    }

    /// An answer that contradicts what is known: wait, and begin with a hello.
    fn confused(&mut self, jitter: Jitter, out: &mut Vec<Action>) {
        if self.link == Link::Up {
            self.down(None, jitter, out);
        }
    }
}
