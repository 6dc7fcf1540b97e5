//! What the hub makes of what the exchange tells it.
//!
//! Must never: wait for the exchange.

use super::inbox::{Heard, In};
use super::recall;
use super::run::Run;
use crate::core::Msg;
use crate::enrol::Step;
use crate::store::timeline;
use crate::sync::Told;
use shared::sync::Status;
use shared::text::Text;
use shared::time::{Interval, Millis};

impl Run {
    pub(super) fn told(&mut self, told: Told) {
        match told {
            Told::Status(status) => self.status(status),
            Told::Acked { upto } => {
                self.sync.acked = upto;
                while self.unsent.front().is_some_and(|seq| *seq <= upto) {
                    self.unsent.pop_front();
                }
                self.sending();
            }
            Told::Rows { rows, reflects } => {
                self.rows(rows);
                self.update(Msg::Reflected { upto: reflects });
            }
            Told::Whole(rows) => {
                if let Some(rows) = rows {
                    self.rows = 0;
                    self.update(Msg::Resnapshot);
                    self.rows(rows);
                }
                self.live.set(|state| state.whole = true);
            }
            Told::Anchored { anchor, fact, head } => {
                // The log keeps an anchor only if it is clearly better; the newest of the others is good for this boot.
                self.timeline.anchors.retain(|old| Some(*old) != self.loose);
                self.loose = fact.is_none().then_some(anchor);
                match fact {
                    Some(fact) => timeline::take(&mut self.timeline, &fact),
                    None => self.timeline.anchors.push(anchor),
                }
                self.head = self.head.max(head.seq);
                self.tick();
            }
            Told::Unanswered => {
                self.live.set(|state| state.unanswered += 1);
                if !self.sync.connected && self.sync.offline_since.is_none() {
                    self.sync.offline_since = best(&self.now.1);
                    self.sending();
                }
            }
            Told::LogBegun => self.recount(),
            Told::Disk(_) => self.health.disk(true),
            Told::Enrolling(step) => {
                let trouble = match step {
                    Step::Code { code, check_word } => {
                        self.asked = (Text::new(&code).ok(), Text::new(&check_word).ok());
                        None
                    }
                    Step::Trouble(trouble) => Some(trouble),
                    Step::Anew(why) => {
                        self.asked = (None, None);
                        Some(why)
                    }
                };
                let (code, check_word) = self.asked.clone();
                self.update(Msg::Enrolling { code, check_word, trouble });
            }
            Told::Enrolled => {
                self.live.set(|state| state.enrolled = true);
                self.update(Msg::Enrolled);
            }
            Told::NoServer => self.update(Msg::Enrolling {
                code: None,
                check_word: None,
                trouble: Some(crate::core::words::NO_SERVER.into()),
            }),
        }
    }

    fn status(&mut self, status: Status) {
        match status {
            Status::Online | Status::Waiting { .. } => {
                self.sync.connected = true;
                if self.live.get().revoked {
                    // The office took it back, or the server had lost its list of kiosks for a while.
                    self.live.set(|state| state.revoked = false);
                    self.update(Msg::Enrolled);
                }
                self.sync.offline_since = None;
                self.update(Msg::Update { needed: false });
            }
            Status::Offline { .. } | Status::Upgrade => {
                if status == Status::Upgrade {
                    self.update(Msg::Update { needed: true });
                }
                // The first word of every start is "offline": nobody has been asked yet, so no time is said.
                if std::mem::take(&mut self.sync.connected) {
                    self.sync.offline_since = best(&self.now.1);
                }
            }
            Status::Revoked => {
                self.sync.connected = false;
                self.live.set(|state| state.revoked = true);
                self.update(Msg::Revoked);
                (self.front.on_heard)(Heard::Revoked);
            }
        }
        self.sending();
    }

    pub(super) fn sending(&mut self) {
        self.sync.waiting = self.unsent.len() as u64;
        self.update(Msg::Sync(self.sync.clone()));
        (self.front.on_heard)(Heard::Sync(self.sync.clone()));
    }

    /// After a new log was begun its numbers are other ones. What comes from the store's thread comes in its order, so
    /// nothing is counted twice.
    fn recount(&self) {
        let (clock, inbox) = (self.clock, self.inbox.clone());
        self.store
            .write(move |tx| recall::read(tx, clock), move |done| drop(inbox.send(In::Recounted(done.map(Box::new)))));
    }
}

/// The best single instant of an interval, for words on a screen.
fn best(now: &Interval) -> Option<Millis> {
    now.estimate.or_else(|| (now.latest.since(now.earliest) < 60_000).then_some(now.latest))
}
