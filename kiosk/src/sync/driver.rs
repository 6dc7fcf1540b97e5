//! The thread that carries out what [`shared::sync::Engine`] asks: requests beside each other, the disk in order.
//!
//! Must never: decide anything that the engine decides, or tell the hub of rows that are not on disk.

use super::call::{self, Calls};
use super::told::{Order, Told};
use crate::clock::Clock;
use crate::enrol::{self, Step};
use crate::store::kept::Enrolled;
use crate::store::{Store, StoreError, feed, kept, log, timeline};
use crate::sync::http::Http;
use crate::sync::tls::Pins;
use chrono::NaiveDate;
use shared::observation::{Notice, Observation, Observed};
use shared::sync::{Action, Engine, Event, Standing};
use shared::time::{Anchor, Millis};
use shared::wire::v1::{Fault, HelloAnswer};
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// After the disk refused something the exchange begins anew from what stands on it, not before this.
const DISK_PATIENCE: Duration = Duration::from_secs(10);
/// The shortest real wait, whatever a simulated clock says.
const SHORTEST: Duration = Duration::from_millis(25);

/// Tells the hub.
pub type Tell = Arc<dyn Fn(Told) + Send + Sync>;

/// The running thread. Dropping it ends the exchange; what was not acknowledged goes next time.
pub struct Link {
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Link {
    /// Starts the thread. Without an enrolment it asks `server` for one first.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(
        store: Store,
        clock: Clock,
        enrolled: Option<Enrolled>,
        server: Option<String>,
        tell: Tell,
    ) -> std::io::Result<Self> {
        let (orders, inbox) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("sync".into()).spawn(move || {
            runtime.block_on(run(store, clock, enrolled, server, inbox, tell));
            // A pull that waits for news is not worth waiting for.
            runtime.shutdown_background();
        })?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Gives an order.
    pub fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // A thread that has ended (it never had a server) has no use for orders.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run(
    store: Store,
    clock: Clock,
    enrolled: Option<Enrolled>,
    server: Option<String>,
    mut inbox: UnboundedReceiver<Order>,
    tell: Tell,
) {
    let mut waiting = Vec::new();
    let enrolled = match (enrolled, server) {
        (Some(enrolled), _) => enrolled,
        (None, None) => {
            tell(Told::NoServer);
            return;
        }
        (None, Some(server)) => {
            let asking = enrol::enrol_patiently(&store, &server, |step: Step| tell(Told::Enrolling(step)));
            tokio::pin!(asking);
            let done = loop {
                tokio::select! {
                    done = &mut asking => break done,
                    order = inbox.recv() => match order {
                        Some(order) => waiting.push(order),
                        None => return,
                    },
                }
            };
            match done {
                Ok(enrolled) => {
                    tell(Told::Enrolled);
                    enrolled
                }
                Err(error) => {
                    tell(Told::Enrolling(Step::Trouble(error.to_string())));
                    return;
                }
            }
        }
    };
    let pins = std::iter::once(enrolled.pin).chain(enrolled.next_pin).collect();
    let http = match Http::new(&enrolled.server, Pins::Known(pins), Some(enrolled.token)) {
        Ok(http) => http,
        Err(error) => {
            tracing::error!(%error, "no exchange with the server is possible");
            return;
        }
    };
    let (network, _) = watch::channel(true);
    let mut driver = match Driver::new(store, clock, http, network, tell).await {
        Ok(driver) => driver,
        Err(error) => {
            tracing::error!(%error, "the exchange cannot begin");
            return;
        }
    };
    for order in waiting {
        driver.obey(order);
    }
    driver.run(inbox).await;
}

struct Driver {
    store: Store,
    clock: Clock,
    http: Http,
    engine: Engine,
    calls: Calls,
    network: watch::Sender<bool>,
    wake: Option<tokio::time::Instant>,
    pending: VecDeque<Event>,
    faults: Vec<Fault>,
    /// The newest anchor, or the newest instant the server named.
    anchor: Option<Anchor>,
    heard: Millis,
    /// The last of the days gone by whose head was told to the server: they are told in turn.
    told: Option<NaiveDate>,
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

impl Driver {
    async fn new(
        store: Store,
        clock: Clock,
        http: Http,
        network: watch::Sender<bool>,
        tell: Tell,
    ) -> Result<Self, StoreError> {
        let standing = standing(&store, clock).await?;
        Ok(Self {
            engine: Engine::new(standing),
            calls: Calls::default(),
            wake: None,
            pending: VecDeque::from([Event::Started]),
            faults: Vec::new(),
            anchor: standing.anchor,
            heard: Millis(0),
            told: None,
            store,
            clock,
            http,
            network,
            tell,
        })
    }

    async fn run(mut self, mut inbox: UnboundedReceiver<Order>) {
        loop {
            if let Err(error) = self.work().await {
                tracing::error!(%error, "the disk refused; the exchange begins anew from what stands on it");
                (self.tell)(Told::Disk(error));
                self.calls.abort();
                self.pending.clear();
                self.wake = Some(tokio::time::Instant::now() + DISK_PATIENCE);
                match standing(&self.store, self.clock).await {
                    Ok(standing) => self.engine = Engine::new(standing),
                    Err(error) => tracing::error!(%error, "the store cannot be read"),
                }
            }
            let wake = self.wake;
            tokio::select! {
                order = inbox.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                Some(event) = self.calls.next() => self.pending.push_back(event),
                () = call::at(wake), if wake.is_some() => {
                    self.wake = None;
                    self.pending.push_back(Event::Woke);
                }
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Appended { log, head } => self.pending.push_back(Event::Appended { log, head }),
            Order::Faults(faults) => self.faults = faults,
            Order::Network(up) => {
                self.network.send_replace(up);
                if up {
                    self.pending.push_back(Event::Woke);
                }
            }
            Order::Now => {
                if self.engine.unsent() > 0 && !self.calls.any() {
                    self.pending.push_back(Event::Woke);
                }
            }
        }
    }

    /// Everything that is due, until there is only waiting left.
    async fn work(&mut self) -> Result<(), StoreError> {
        while let Some(event) = self.pending.pop_front() {
            if let Event::HelloAnswered { answer, .. } = &event {
                self.note(answer).await?;
            }
            if matches!(event, Event::Failed { .. }) {
                (self.tell)(Told::Unanswered);
            }
            let mut jitter = [0; 2];
            // Without random bytes all kiosks wait equally long, which does no harm here.
            let _ = getrandom::fill(&mut jitter);
            for action in self.engine.on(event, u16::from_le_bytes(jitter)) {
                self.perform(action).await?;
            }
        }
        Ok(())
    }

    /// What every hello brings besides: the date of the exchange, the head of the school's log, and a moment to prune.
    async fn note(&mut self, answer: &HelloAnswer) -> Result<(), StoreError> {
        let (at, school) = (answer.t2, answer.school_head);
        self.heard = at;
        let (fits, first_kept) = self
            .store
            .write_soon(move |tx| {
                kept::exchanged(tx, at)?;
                log::prune(tx, at)?;
                Ok((kept::school_head(tx, at, school)?, log::first_kept(tx)?))
            })
            .await?;
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
                let hello = call::hello(
                    self.http.clone(),
                    self.clock,
                    (log, head),
                    (feed, cursor),
                    (self.faults.clone(), kept),
                );
                self.calls.send(shared::sync::Call::Hello, &self.network, hello);
            }
            Action::SendPush { log, from, max } => {
                let push = call::push(self.http.clone(), self.store.clone(), log, from, max);
                self.calls.send(shared::sync::Call::Push, &self.network, push);
            }
            Action::SendPull { feed, after, limit, wait } => {
                let pull = shared::wire::v1::Pull { feed, after, limit, wait };
                self.calls.send(shared::sync::Call::Pull, &self.network, call::pull(self.http.clone(), pull));
            }
            Action::BeginSnapshot { feed } => {
                self.store.write_soon(move |tx| feed::begin_snapshot(tx, feed)).await?;
            }
            Action::StorePage { feed, rows, cursor } => {
                let rows = self.store.write_soon(move |tx| feed::apply(tx, feed, &rows, cursor).map(|()| rows)).await?;
                (self.tell)(Told::Rows(rows));
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
                let wait = self.clock.real(i64::try_from(ms).unwrap_or(i64::MAX)).max(SHORTEST);
                self.wake = Some(tokio::time::Instant::now() + wait);
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
