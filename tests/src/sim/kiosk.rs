//! A kiosk of the simulator: the real hub, store and driver, and the machine they run on.
//!
//! Must never: know the true time, but as the hands of its clocks.

use super::server::{Answer, Ask};
use crate::forget::Disk;
use axum::http::StatusCode;
use kiosk::clock::Clock;
use kiosk::hub::by_hand::ByHand;
use kiosk::hub::{Front, Heard};
use kiosk::store::kept::{self, Enrolled, Token};
use kiosk::store::{Store, StoreError};
use kiosk::sync::Wires;
use shared::id::BootId;
use shared::observation::Observed;
use shared::sim::Dial;
use shared::sync::{Call, Event, Failure};
use shared::wire::v1::{Enrolment, Hello, Problem, Pull, Push};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// Requests that wait to be put on the simulated network, and the timer.
#[derive(Default)]
pub struct SimWires {
    next: u64,
    flying: [Option<u64>; 3],
    /// What was asked since anybody looked.
    pub sent: Vec<(u64, Ask)>,
    /// The timer that was set since anybody looked: milliseconds of the kiosk's clock.
    pub wake: Option<u64>,
    /// A server that was restored asks what it keeps.
    pub asked: bool,
}

fn slot(ask: &Ask) -> usize {
    match ask {
        Ask::Hello(_) => 0,
        Ask::Push(_) => 1,
        Ask::Pull(_) => 2,
    }
}

impl SimWires {
    fn send(&mut self, ask: Ask) {
        self.next += 1;
        self.flying[slot(&ask)] = Some(self.next);
        self.sent.push((self.next, ask));
    }
    /// A request has ended; false when it had ended before, or was forgotten.
    pub fn ended(&mut self, id: u64) -> bool {
        let found = self.flying.iter_mut().find(|flying| **flying == Some(id));
        found.is_some_and(|flying| flying.take().is_some())
    }
}

impl Wires for SimWires {
    fn hello(&mut self, hello: Hello) {
        self.send(Ask::Hello(hello));
    }
    fn push(&mut self, push: Push) {
        self.send(Ask::Push(push));
    }
    fn pull(&mut self, pull: Pull) {
        self.send(Ask::Pull(pull));
    }
    fn witness(&mut self, _store: &Store) {
        self.asked = true;
    }
    fn abort(&mut self) {
        self.flying = [None; 3];
    }
    fn any(&self) -> bool {
        self.flying.iter().any(Option::is_some)
    }
    fn wake_in(&mut self, ms: u64) {
        self.wake = Some(ms);
    }
    fn network(&mut self, _up: bool) {}
}

/// One kiosk.
pub struct Kiosk {
    /// Its card.
    pub disk: Disk,
    hands: &'static Dial,
    /// This run of the machine.
    pub boot: BootId,
    /// True time of power-on.
    pub booted: i64,
    /// How fast its quartz runs, in parts per million.
    pub ppm: i64,
    /// What the wall clock is off by, from true time.
    pub wall_off: i64,
    /// Counts starts of the program: what was under way before a start has nobody to reach.
    pub life: u64,
    /// Its device token.
    pub token: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    /// The program, if it runs.
    pub on: Option<ByHand<SimWires>>,
}

/// What enrolment gave, as the kiosk keeps it.
///
/// # Panics
/// When it gave nothing.
pub fn enrolled(answer: Enrolment) -> Enrolled {
    let Enrolment::Granted { kiosk, school, room, token, pin, next_pin, .. } = answer else { panic!("not granted") };
    Enrolled {
        kiosk,
        school,
        room: room.to_string(),
        server: "https://rollbook.example".to_owned(),
        token: Token(token.to_string()),
        pin,
        next_pin,
    }
}

impl Kiosk {
    /// Makes the store of an enrolled kiosk.
    ///
    /// # Panics
    /// When there is no store to be had.
    pub fn furnish(folder: &Path, enrolled: Enrolled) {
        let (store, mut hand) = Store::open_by_hand(folder, None).expect("a store");
        store.write(move |tx| kept::enrol(tx, &enrolled), |done| done.expect("enrolled"));
        hand.step();
    }

    /// A machine that is off.
    pub fn new(disk: Disk, ppm: i64) -> Self {
        Self {
            disk,
            hands: Box::leak(Box::default()),
            boot: BootId::from_bytes([0; 16]),
            booted: 0,
            ppm,
            wall_off: 0,
            life: 0,
            token: String::new(),
            heard: Arc::default(),
            on: None,
        }
    }

    /// Moves its clocks to this true moment.
    pub fn set(&self, at: i64) {
        let since = at - self.booted;
        self.hands.mono.store(since + since * self.ppm / 1_000_000, Ordering::Relaxed);
        self.hands.wall.store(at + self.wall_off, Ordering::Relaxed);
    }

    /// What its monotonic clock says.
    pub fn mono(&self) -> i64 {
        self.hands.mono.load(Ordering::Relaxed)
    }

    /// The machine is switched on: a new boot.
    ///
    /// # Errors
    /// When its store cannot be opened.
    pub fn power_on(&mut self, at: i64, boot: BootId) -> Result<(), StoreError> {
        self.boot = boot;
        self.booted = at;
        self.start(at)
    }

    /// The program starts, in the boot that is running.
    ///
    /// # Errors
    /// When its store cannot be opened.
    pub fn start(&mut self, at: i64) -> Result<(), StoreError> {
        self.set(at);
        self.life += 1;
        let clock = Clock::by_hand(self.boot, self.hands);
        let heard = self.heard.clone();
        let front = Front {
            on_screen: Box::new(|_, _| {}),
            on_heard: Box::new(move |what| heard.lock().unwrap_or_else(PoisonError::into_inner).push(what)),
        };
        let on = ByHand::switch_on(self.disk.folder(), clock, SimWires::default(), front)?;
        self.token = on.enrolled().map(|e| e.token.0.clone()).unwrap_or_default();
        self.on = Some(on);
        Ok(())
    }

    /// The program ends without a word: what was committed is on the card, and nothing is tidied up. `machine`: the power
    /// goes, and with it what was not synced.
    pub fn kill(&mut self, machine: bool) {
        if machine {
            self.disk.cut();
        } else {
            self.disk.kill();
        }
        self.on = None;
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What its front end has heard since anybody asked.
    pub fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What an answer over HTTP is to the driver.
pub fn event(ask: &Ask, answer: Answer, t3: shared::time::Mono) -> Event {
    let (status, body) = answer;
    let call = match ask {
        Ask::Hello(_) => Call::Hello,
        Ask::Push(_) => Call::Push,
        Ask::Pull(_) => Call::Pull,
    };
    let malformed = Event::Failed { call, failure: Failure::Malformed };
    if status != StatusCode::OK {
        let problem = serde_json::from_slice::<Problem>(&body);
        return problem.map_or(malformed, |p| Event::Failed { call, failure: Failure::Refused(p.code) });
    }
    let read = match ask {
        Ask::Hello(hello) => {
            serde_json::from_slice(&body).map(|answer| Event::HelloAnswered { t0: hello.t0, t3, answer })
        }
        Ask::Push(push) => {
            let upto = push.entries.last().map_or(push.from.saturating_sub(1), |last| last.seq);
            serde_json::from_slice(&body).map(|outcome| Event::Pushed { upto, outcome })
        }
        Ask::Pull(_) => serde_json::from_slice(&body).map(Event::Pulled),
    };
    read.unwrap_or(malformed)
}

/// What a fact says, wherever it stands: its body without the place where it stood first.
pub fn identity(fact: &Observed) -> String {
    serde_json::to_string(&Observed { origin: None, ..fact.clone() }).unwrap_or_default()
}
