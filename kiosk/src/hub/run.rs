//! The hub's loop.
//!
//! Must never: wait for anything but its inbox.

use super::inbox::{Front, Heard, In, Written};
use super::live::Live;
use super::recall::{self, Memory};
use crate::clock::Clock;
use crate::core::{self, Draft, Effect, Look, Model, Msg, Screen, SyncStatus, Ticket, WhyNotSaved};
use crate::enrol::Door;
use crate::health::Health;
use crate::pin::PinChecker;
use crate::store::kept::Enrolled;
use crate::store::{Store, StoreError, log, timeline};
use crate::sync::{Link, Order};
use shared::observation::{Observation, Observed};
use shared::text::{Name, Text};
use shared::time::{Anchor, Interval, Millis, Reading, Timeline, resolve};
use shared::wire::v1::{Row, RowBody};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// The clock on the screen moves every second. A fast simulated one moves every 200 ms of real time; what a person does
/// brings a look at the clock with it in any case.
const TICK_MS: i64 = 1_000;
const SHORTEST_TICK: Duration = Duration::from_millis(200);
/// Most messages handled before the screen is shown.
const TOGETHER: usize = 64;

pub struct Run {
    pub(super) store: Store,
    pub(super) clock: Clock,
    door: Option<Door>,
    pub(super) front: Front,
    pub(super) live: Arc<Live>,
    pub(super) inbox: Sender<In>,
    pins: PinChecker,
    pub(super) link: Option<Link>,
    model: Model,
    pub(super) shown: Option<(Screen, Look)>,
    pub(super) timeline: Timeline,
    pub(super) now: (Reading, Interval, bool),
    outstanding: usize,
    pub(super) sync: SyncStatus,
    pub(super) head: u64,
    pub(super) unsent: VecDeque<u64>,
    pub(super) loose: Option<Anchor>,
    pub(super) health: Health,
    faults: Vec<shared::wire::v1::Fault>,
    seal_to: Option<Text<64>>,
    pub(super) rows: usize,
    /// The code and words that this kiosk shows while it asks for a school.
    pub(super) asked: (Option<Text<12>>, Option<Name>),
}

impl Run {
    pub fn new(
        store: Store,
        clock: Clock,
        door: Option<Door>,
        front: Front,
        live: Arc<Live>,
        inbox: Sender<In>,
    ) -> std::io::Result<Self> {
        let timeline = Timeline::new(Vec::new(), Vec::new(), Millis::FAR);
        let reading = clock.reading();
        Ok(Self {
            now: (reading, resolve(&reading, &timeline), false),
            store,
            clock,
            door,
            front,
            live,
            inbox,
            pins: PinChecker::start()?,
            link: None,
            model: Model::new(),
            shown: None,
            timeline,
            outstanding: 0,
            sync: SyncStatus::default(),
            head: 0,
            unsent: VecDeque::new(),
            loose: None,
            health: Health::default(),
            faults: Vec::new(),
            seal_to: None,
            rows: 0,
            asked: (None, None),
        })
    }

    /// Recalls what the disk holds and shows the first screen, before anybody is asked over a network.
    pub fn begin(&mut self) -> Result<(), StoreError> {
        let memory = match recall::begin(&self.store, self.clock) {
            Ok(memory) => memory,
            Err(error) => {
                tracing::error!(%error, "the start could not be written down");
                self.health.disk(true);
                let clock = self.clock;
                self.store.write_now(move |tx| recall::read(tx, clock))?
            }
        };
        let enrolled = self.recalled(memory);
        let inbox = self.inbox.clone();
        // The hub outlives its link; a message after its end has nobody to reach.
        let tell = Arc::new(move |told| drop(inbox.send(In::Told(told))));
        match Link::start(self.store.clone(), self.clock, enrolled, self.door.take(), tell) {
            Ok(link) => self.link = Some(link),
            Err(error) => tracing::error!(%error, "no thread for the exchange; everything is kept here"),
        }
        Ok(())
    }

    /// Takes in what the disk holds and shows the first screen; answers who this kiosk is, if it is somebody.
    pub(super) fn recalled(&mut self, memory: Memory) -> Option<Enrolled> {
        let Memory { enrolled, timeline, rows, reflects, whole, facts, standing, unsent } = memory;
        self.timeline = timeline;
        self.head = standing.head.seq;
        self.unsent = unsent.into();
        self.sync.acked = standing.acked;
        self.sync.waiting = self.unsent.len() as u64;
        self.update(Msg::Pace { times: self.clock.pace() });
        self.tick();
        self.update(Msg::Recalled { facts });
        let is_enrolled = enrolled.is_some();
        self.live.set(|state| {
            state.enrolled = is_enrolled;
            state.whole = whole;
        });
        if is_enrolled {
            self.rows(rows);
        } else {
            self.update(Msg::Enrolling { code: None, check_word: None, trouble: None });
        }
        self.update(Msg::Reflected { upto: reflects });
        self.update(Msg::Sync(self.sync.clone()));
        self.show();
        enrolled
    }

    pub fn run(&mut self, inbox: &Receiver<In>) {
        let tick = self.clock.real(TICK_MS).max(SHORTEST_TICK).min(Duration::from_secs(1));
        'kiosk: loop {
            match inbox.recv_timeout(tick) {
                Ok(first) => {
                    let mut next = Some(first);
                    for _ in 0..TOGETHER {
                        match next {
                            Some(In::Stop) => break 'kiosk,
                            Some(event) => self.take(event),
                            None => break,
                        }
                        next = inbox.try_recv().ok();
                    }
                    match next {
                        Some(In::Stop) => break 'kiosk,
                        Some(event) => self.take(event),
                        None => {}
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.tick(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.show();
        }
        self.link = None;
        self.live.set(|state| state.gone = true);
    }

    pub(super) fn take(&mut self, event: In) {
        match event {
            In::Msg(msg) => {
                if matches!(msg, Msg::PinChecked { .. }) {
                    self.outstanding = self.outstanding.saturating_sub(1);
                }
                self.tick();
                self.update(msg);
            }
            In::Appended { ticket, done } => self.appended(ticket, done),
            In::Told(told) => self.told(told),
            In::Recounted(Ok(memory)) => {
                self.head = memory.standing.head.seq;
                self.unsent = memory.unsent.into();
                self.sync.acked = memory.standing.acked;
                self.timeline = memory.timeline;
                self.update(Msg::Recalled { facts: memory.facts });
                self.update(Msg::Reflected { upto: memory.reflects });
                self.sending();
            }
            In::Recounted(Err(error)) => tracing::error!(%error, "the new log cannot be read"),
            In::Reader { missing } => {
                self.health.reader(missing);
                self.tick();
            }
            In::Order(order) => self.order(order),
            In::Probe(tell) => {
                self.show();
                // Whoever asked may have gone away.
                let _ = tell.send(self.live.get());
            }
            In::Stop => {}
        }
    }

    pub(super) fn tick(&mut self) {
        let reading = self.clock.reading();
        let now = resolve(&reading, &self.timeline);
        let trusted = self.timeline.anchors.iter().any(|anchor| anchor.boot == reading.boot);
        self.now = (reading, now, trusted);
        self.health.clock(&reading, &now, trusted);
        self.update(Msg::Tick { reading, now, trusted });
        let faults = self.health.faults();
        if faults != self.faults {
            self.faults.clone_from(&faults);
            self.order(Order::Faults(faults.clone()));
            self.update(Msg::Faults { faults });
        }
    }

    pub(super) fn update(&mut self, msg: Msg) {
        for effect in core::update(&mut self.model, msg) {
            match effect {
                Effect::Append { ticket, facts } => self.append(ticket, facts),
                Effect::CheckPin { ticket, staff, phc, pin } => {
                    tracing::debug!(%staff, "checking a PIN");
                    self.outstanding += 1;
                    let inbox = self.inbox.clone();
                    self.pins.check(pin, phc.to_string(), move |right| {
                        let _ = inbox.send(In::Msg(Msg::PinChecked { ticket, right }));
                    });
                }
                Effect::Beep(beep) => (self.front.on_heard)(Heard::Beep(beep)),
                Effect::SyncNow => self.order(Order::Now),
            }
        }
    }

    pub(super) fn append(&mut self, ticket: Ticket, drafts: Vec<Draft>) {
        let (at, now, trusted) = self.now;
        let facts: Vec<Observed> = drafts.into_iter().map(|draft| self.stamp(at, draft)).collect();
        self.outstanding += 1;
        let inbox = self.inbox.clone();
        self.store.write(
            move |tx| {
                if trusted {
                    timeline::trust(tx, now.earliest)?;
                }
                let origins = log::append(tx, &facts)?;
                Ok(Written { facts: origins.into_iter().zip(facts).collect(), head: log::current(tx)?.head })
            },
            move |done| drop(inbox.send(In::Appended { ticket, done })),
        );
    }

    fn stamp(&self, at: Reading, draft: Draft) -> Observed {
        let Draft { by, mut what, seal } = draft;
        let place = match &mut what {
            Observation::Noted { note, .. } => Some(note),
            Observation::Explained { reason, .. } => Some(reason),
            Observation::Left { collected, .. } => Some(collected),
            _ => None,
        };
        if let (Some(place), Some(said), Some(key)) = (place, seal, &self.seal_to) {
            match crate::seal::seal(&said, key) {
                Ok(sealed) => *place = Some(sealed),
                Err(error) => tracing::error!(%error, "a fact goes without what was said"),
            }
        }
        Observed { at, by, what, origin: None }
    }

    fn appended(&mut self, ticket: Ticket, done: Result<Written, StoreError>) {
        self.outstanding = self.outstanding.saturating_sub(1);
        match done {
            Ok(Written { facts, head }) => {
                self.health.disk(false);
                for (origin, fact) in &facts {
                    timeline::take(&mut self.timeline, fact);
                    if fact.what.by_a_person() {
                        self.unsent.push_back(origin.seq);
                    }
                }
                self.head = self.head.max(head.seq);
                let origins = facts.iter().map(|(origin, _)| *origin).collect::<Vec<_>>();
                if let Some(log) = origins.first().map(|origin| origin.log) {
                    self.order(Order::Appended { log, head });
                }
                self.update(Msg::Saved { ticket, origins });
                (self.front.on_heard)(Heard::Saved(facts));
                self.sending();
            }
            Err(error) => {
                tracing::error!(%error, "not saved");
                self.health.disk(true);
                let damaged = matches!(error, StoreError::Damaged(_));
                let why = match error {
                    StoreError::DiskFull => WhyNotSaved::DiskFull,
                    _ => WhyNotSaved::Disk,
                };
                self.update(Msg::NotSaved { ticket, why });
                (self.front.on_heard)(Heard::NotSaved(why));
                if damaged {
                    (self.front.on_heard)(Heard::Damaged);
                }
            }
        }
    }

    pub(super) fn rows(&mut self, rows: Vec<Row>) {
        for row in &rows {
            if let Some(RowBody::Settings(settings)) = &row.body {
                self.seal_to = Some(settings.seal_to.clone());
            }
        }
        self.rows += rows.len();
        self.update(Msg::Rows { rows });
    }

    pub(super) fn order(&self, order: Order) {
        if let Some(link) = &self.link {
            link.order(order);
        }
    }

    pub(super) fn show(&mut self) {
        let (screen, look) = (core::view(&self.model), core::look(&self.model));
        let changed = self.shown.as_ref().is_none_or(|(s, l)| *s != screen || *l != look);
        if changed {
            (self.front.on_screen)(&screen, look);
        }
        let (outstanding, connected, trusted) = (self.outstanding, self.sync.connected, self.now.2);
        let unsent = self.head.saturating_sub(self.sync.acked);
        let (mode, rows) = (self.model.mode(), self.rows);
        let new = changed.then(|| screen.clone());
        self.live.set(|state| {
            state.outstanding = outstanding;
            state.connected = connected;
            state.trusted = trusted;
            state.unsent = unsent;
            state.mode = mode;
            state.rows = rows;
            if new.is_some() {
                state.screen = new;
            }
        });
        if changed {
            self.shown = Some((screen, look));
        }
    }
}
