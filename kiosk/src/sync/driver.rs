//! Carries out what [`shared::sync::Engine`] asks: requests beside each other, the disk in order.
//!
//! Must never: decide anything that the engine decides, or tell the hub of rows that are not on disk.

use super::link::Tell;
use super::told::{Order, Told};
use super::wires::Wires;
use crate::clock::Clock;
use crate::store::{Store, StoreError, feed, kept, log, school, timeline};
use chrono::NaiveDate;
use shared::id::LogId;
use shared::observation::{Notice, Observation, Observed};
use shared::sim::Mutant;
use shared::sync::{Action, Call, Engine, Event, Failure, Standing};
use shared::time::{Anchor, Millis};
use shared::wire::v1::{Fault, Hello, HelloAnswer, PROTOCOL, ProblemCode, Pull, Pulled};
use std::collections::VecDeque;

/// After the disk refused something the exchange begins anew from what stands on it, not before this. Milliseconds.
const DISK_PATIENCE_MS: u64 = 10_000;

/// The exchange of one kiosk over some wires.
pub struct Driver<W> {
    store: Store,
    clock: Clock,
    engine: Engine,
    /// The network and the timer.
    pub wires: W,
    pending: VecDeque<Event>,
    faults: Vec<Fault>,
    /// The newest anchor, or the newest instant that the server named when it was sure.
    anchor: Option<Anchor>,
    heard: Millis,
    /// The last of the days gone by whose head was told to the server: they are told in turn.
    told: Option<NaiveDate>,
    /// The server does not know this kiosk.
    unknown: bool,
    /// The disk refused something: what the engine believes is in flight is not, so it is made anew before it goes on.
    anew: bool,
    tell: Tell,
}

async fn standing(store: &Store, clock: Clock) -> Result<Standing, StoreError> {
    let boot = clock.boot();
    store
        .write_soon(move |tx| {
            let log = log::current(tx)?;
            let timeline = timeline::read(tx)?;
            Ok(Standing {
                boot,
                anchor: timeline.anchors.iter().rfind(|anchor| anchor.boot == boot).copied(),
                log: log.log,
                head: log.head,
                first_kept: log::first_kept(tx)?,
                acked: log.acked,
                durable: log.durable,
                feed: feed::state(tx)?,
            })
        })
        .await
}

impl<W: Wires> Driver<W> {
    /// From what stands on the disk.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be read.
    pub async fn new(store: Store, clock: Clock, wires: W, tell: Tell) -> Result<Self, StoreError> {
        let standing = standing(&store, clock).await?;
        Ok(Self {
            engine: Engine::new(standing),
            wires,
            pending: VecDeque::from([Event::Started]),
            faults: Vec::new(),
            anchor: standing.anchor,
            heard: log::NOT_KNOWN,
            told: None,
            unknown: false,
            anew: false,
            store,
            clock,
            tell,
        })
    }

    /// The log, and the last entry of it that the server has confirmed.
    pub const fn confirmed(&self) -> (LogId, u64) {
        (self.engine.log(), self.engine.acked())
    }

    /// Something happened on the wires.
    pub fn happened(&mut self, event: Event) {
        self.pending.push_back(event);
    }

    /// Everything that is due, until there is only waiting left. When the disk refuses, the exchange begins anew from
    /// what stands on it, as soon as it can be read again. False: the server does not know this kiosk.
    pub async fn turn(&mut self) -> bool {
        if let Err(error) = self.work().await {
            tracing::error!(%error, "the disk refused; the exchange begins anew from what stands on it");
            (self.tell)(Told::Disk(error));
            self.anew = true;
            self.wires.abort();
            self.pending.clear();
            self.wires.wake_in(DISK_PATIENCE_MS);
        }
        !self.unknown
    }

    /// What is wrong with the kiosk, for whoever goes on.
    pub fn faults(self) -> Vec<Fault> {
        self.faults
    }

    /// The hub has an order.
    pub fn obey(&mut self, order: Order) {
        match order {
            Order::Appended { log, head } => self.pending.push_back(Event::Appended { log, head }),
            Order::Faults(faults) => self.faults = faults,
            Order::Network(up) => {
                self.wires.network(up);
                if up {
                    self.pending.push_back(Event::Woke);
                }
            }
            Order::Now => {
                if self.engine.unsent() > 0 && !self.wires.any() {
                    self.pending.push_back(Event::Woke);
                }
            }
        }
    }

    async fn work(&mut self) -> Result<(), StoreError> {
        while let Some(event) = self.pending.pop_front() {
            if self.anew {
                if event != Event::Woke {
                    continue; // about what is not in flight any more, or on the disk by then
                }
                self.engine = Engine::new(standing(&self.store, self.clock).await?);
                self.anew = false;
            }
            if let Event::HelloAnswered { answer, .. } = &event {
                self.note(answer).await?;
            }
            if let Event::Pulled(Pulled::Page { tail: Some(tail), .. }) = &event {
                let (at, tail) = (self.server_now(), tail.clone());
                self.store.write_soon(move |tx| school::keep_tail(tx, at, &tail)).await?;
            }
            if let Event::Failed { call, failure } = &event {
                tracing::info!(?call, ?failure, "no answer");
                (self.tell)(Told::Unanswered);
                self.unknown |= *failure == Failure::Refused(ProblemCode::NotEnrolled);
            }
            let mut jitter = [0; 2];
            // Without random bytes all kiosks wait equally long, which does no harm here.
            let _ = crate::random::fill(&mut jitter);
            for action in self.engine.on(event, u16::from_le_bytes(jitter)) {
                self.perform(action).await?;
            }
        }
        Ok(())
    }

    /// What every hello brings besides: the date of the exchange, the head of the school's log, a moment to prune, and
    /// what a restored server asks. That is looked up before the engine hears of the answer: it will begin a new snapshot.
    /// Of a server that is not sure of its clock no date is taken, and nothing is forgotten by one.
    async fn note(&mut self, answer: &HelloAnswer) -> Result<(), StoreError> {
        let (head, school, asks) = (answer.school_head, answer.school_log, answer.asks.clone());
        let at = if answer.unsure { self.server_now() } else { answer.t2 };
        self.heard = at;
        let (fits, first_kept, say) = self
            .store
            .write_soon(move |tx| {
                let known = at != log::NOT_KNOWN;
                if known {
                    kept::exchanged(tx, at)?;
                    log::prune(tx, at)?;
                }
                if let (true, Some(school)) = (known, school) {
                    school::prune(tx, at, school)?;
                }
                let fits = !known || school::head(tx, at, school.map(|school| school.log), head)?;
                let say = asks.map(|asks| school::asked(tx, &asks)).transpose()?.unwrap_or_default();
                Ok((fits, log::first_kept(tx)?, say))
            })
            .await?;
        if say {
            self.wires.witness(&self.store);
        }
        if !fits {
            tracing::error!("the server showed the school's own log with another past than before");
        }
        self.pending.push_back(Event::Pruned { first_kept });
        Ok(())
    }

    fn server_now(&self) -> Millis {
        self.anchor.map_or(self.heard, |anchor| anchor.at(self.clock.mono()).earliest)
    }

    async fn perform(&mut self, action: Action) -> Result<(), StoreError> {
        match action {
            Action::SendHello { log, head, feed, cursor } => {
                let after = self.told;
                let kept = self.store.write_soon(move |tx| kept::past_heads(tx, after)).await?;
                self.told = kept.last().map(|last| last.date);
                let (t0, app) = (self.clock.mono(), crate::enrol::app());
                let protocols = vec![PROTOCOL];
                let faults = self.faults.clone();
                self.wires.hello(Hello { protocols, log, head, feed, cursor, app, t0, faults, kept });
            }
            Action::SendPush { log, from, max } => {
                let gathered = self.store.write_soon(move |tx| log::batch(tx, log, from, max)).await;
                match gathered {
                    Ok(push) => {
                        // A tap may be on the disk of which the engine has not heard: its confirmation is no contradiction.
                        if let Some(last) = push.entries.last() {
                            self.pending.push_back(Event::Appended { log, head: last.head() });
                        }
                        self.wires.push(push);
                    }
                    Err(error) => {
                        tracing::error!(%error, "what is to be sent cannot be read");
                        let failed = Event::Failed { call: Call::Push, failure: Failure::Unreachable };
                        self.pending.push_back(failed);
                    }
                }
            }
            Action::SendPull { feed, after, limit, wait } => {
                // Which sealed part of the school's log is kept, so that the next one comes along.
                let tail = self.store.write_soon(|tx| school::tail_mark(tx)).await.unwrap_or_default();
                self.wires.pull(Pull { feed, after, limit, wait, tail });
            }
            Action::BeginSnapshot { feed } => {
                self.store.write_soon(move |tx| feed::begin_snapshot(tx, feed)).await?;
            }
            Action::StorePage { feed, rows, cursor, reflects } => {
                if Mutant::CursorBeforePage.lives() {
                    self.store.write_soon(move |tx| feed::apply(tx, feed, &[], cursor)).await?;
                }
                let (rows, reflects) = self
                    .store
                    .write_soon(move |tx| {
                        feed::apply(tx, feed, &rows, cursor)?;
                        Ok((rows, feed::note_reflects(tx, reflects)?))
                    })
                    .await?;
                (self.tell)(Told::Rows { rows, reflects });
                self.pending.push_back(Event::Stored { cursor });
            }
            Action::EndSnapshot => {
                let rows = self.store.write_soon(feed::end_snapshot).await?;
                (self.tell)(Told::Whole(rows));
            }
            Action::BeginLog { re_append_from } => {
                let what = Observation::Noticed { notice: Notice::LogBegunAnew };
                let notice = Observed { at: self.clock.reading(), by: None, what, origin: None };
                let begun = self.store.write_soon(move |tx| log::begin_anew(tx, re_append_from, &notice)).await?;
                tracing::warn!("this log was forked or retired; a new one was begun");
                (self.tell)(Told::LogBegun);
                self.pending.push_back(Event::LogBegun { log: begun.log, head: begun.head });
            }
            Action::NoteAnchor { anchor, keep } => self.anchor(anchor, keep).await?,
            Action::Acked { upto, durable } => {
                let at = self.server_now();
                self.store.write_soon(move |tx| log::acked(tx, upto, durable, at)).await?;
                (self.tell)(Told::Acked { upto });
            }
            Action::WakeIn { ms } => {
                tracing::debug!(ms, "the exchange wakes then");
                self.wires.wake_in(ms);
            }
            Action::Tell(status) => (self.tell)(Told::Status(status)),
        }
        Ok(())
    }

    async fn anchor(&mut self, anchor: Anchor, keep: bool) -> Result<(), StoreError> {
        self.anchor = Some(anchor);
        let what = Observation::Anchored { anchor };
        let fact = Observed { at: self.clock.reading(), by: None, what, origin: None };
        let written = fact.clone();
        let appended = self
            .store
            .write_soon(move |tx| {
                timeline::trust(tx, anchor.server.plus(-anchor.uncertainty))?;
                if keep {
                    log::append(tx, &[written])?;
                }
                log::current(tx)
            })
            .await?;
        (self.tell)(Told::Anchored { anchor, fact: keep.then(|| Box::new(fact)), head: appended.head });
        self.pending.push_back(Event::Appended { log: appended.log, head: appended.head });
        Ok(())
    }
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
