//! The world: true time, what is going to happen, the machines, and the order in which everything goes on.
//!
//! Must never: take a decision from anything but the seed.

use super::day::{Day, Deed, Passage, Sitting};
use super::faults::Fault;
use super::judge::Judge;
use super::kiosk::Kiosk;
use super::net::{Link, Parked};
use super::places::{Place, mount, template};
use super::recorded::Step;
use super::run::Tally;
use super::school::{RECEPTION, School};
use super::server::{Answer, Ask, Server};
use super::spoil::OnlyCopies;
use super::trace::Trace;
use crate::forget::Image;
use fastrand::Rng;

use shared::id::{BootId, KioskId, LogId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Something that is going to happen.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A teacher looks at the screen and touches it.
    Teacher(usize),
    /// Somebody at reception.
    Reception(Passage),
    /// The office.
    Office(Deed),
    /// The server's jobs.
    Jobs,
    /// Seconds pass on a kiosk.
    Tick(usize),
    /// A request reaches the server.
    Arrives { kiosk: usize, life: u64, id: u64, ask: Box<Ask>, ghost: bool },
    /// An answer reaches a kiosk.
    Answered { kiosk: usize, life: u64, id: u64, ask: Box<Ask>, answer: Answer },
    /// A kiosk gives up waiting for an answer.
    GivenUp { kiosk: usize, life: u64, id: u64, ask: Box<Ask> },
    /// A pull has waited long enough.
    Unparks(u64),
    /// A kiosk's timer.
    Woke { kiosk: usize, life: u64, timer: u64 },
    /// A machine is switched on again.
    PowerOn(usize),
    /// Somebody pulls the plug for the night.
    PowerOff(usize),
    /// Every kiosk is switched off.
    AllOff,
    /// A program starts again, the machine was on.
    Restart(usize),
    /// What a kiosk says to a server that was restored is there.
    Witnesses { kiosk: usize, life: u64 },
    /// The server starts again; true: its machine too.
    ServerOn(bool),
    /// A fault.
    Strikes(Fault),
    /// A link is mended.
    Mended(usize),
    /// The kiosk's disk has room again.
    Room(usize),
    /// The server's clock is put right.
    ClockRight,
}

/// A place in a kiosk's work where its program may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Something was tapped and is not committed.
    BeforeCommit,
    /// It is committed, and the screen has not heard.
    BeforeScreen,
    /// The screen has confirmed it, and nothing has happened since.
    AfterScreen,
    /// In the middle of an exchange, before this many more commits.
    InExchange(u8),
}

/// Everything.
pub struct World {
    pub rng: Rng,
    pub now: i64,
    queue: BTreeMap<(i64, u64), Happening>,
    order: u64,
    pub school: &'static School,
    pub server: Server,
    pub kiosks: Vec<Kiosk>,
    /// Who each kiosk is, for the server.
    pub ids: Vec<KioskId>,
    pub links: Vec<Link>,
    pub parked: BTreeMap<u64, Parked>,
    pub parks: u64,
    /// The changes of the server that the parked pulls have seen.
    pub seen_changes: u64,
    pub sittings: Vec<Sitting>,
    pub trace: Trace,
    pub tally: Tally,
    /// True time of power-on and quartz of every boot.
    pub boots: BTreeMap<BootId, (i64, i64)>,
    pub judge: Judge,
    /// Where a kiosk is going to end, and whether its machine goes too.
    pub armed: Vec<Option<(Point, bool)>>,
    /// The server is going to end: after the next push was committed, or before it.
    pub server_armed: Option<bool>,
    /// The server's power is going to go as it closes registers next.
    pub cut_at_close: Option<u64>,
    pub timers: Vec<u64>,
    /// The newest whole backup.
    pub backup: Option<PathBuf>,
    /// The second in which it was begun.
    pub backed_up: i64,
    /// What kiosks carried of the school's own log when the server was restored: which kiosk, the log, up to which entry.
    pub carried: Vec<(usize, LogId, u64)>,
    pub old_card: Option<(usize, Image)>,
    /// Kiosks whose card was put back or copied: what only it held may be lost.
    pub replaced: BTreeSet<usize>,
    /// What only the server has, by the kiosk whose file was damaged.
    pub only_copies: BTreeMap<usize, OnlyCopies>,
    pub wrong: Option<String>,
    /// True time at the beginning.
    pub begins: i64,
    /// What happened at the server, if somebody records it.
    pub tape: Option<Vec<Step>>,
    pub calm: bool,
    /// Kiosks that the server has revoked.
    pub revoked: BTreeSet<usize>,
    /// The server was restored: acts of the office may be lost.
    pub restored: bool,
    pub place: Place,
}

/// No run has a tenth of these: one that has them goes round in circles.
const MOST_EVENTS: u64 = 300_000;

impl World {
    /// A world at this moment, with these kiosks running.
    ///
    /// # Panics
    /// When the machines cannot be made.
    pub fn new(mut rng: Rng, at: i64, running: &[usize], keep: bool, tape: bool) -> Self {
        let made = template();
        let place = Place::new();
        let disk = mount(&place.folder("server"), rng.u64(..));
        disk.restore(&made.server);
        let kiosks: Vec<Kiosk> = made
            .kiosks
            .iter()
            .enumerate()
            .map(|(n, image)| {
                let disk = mount(&place.folder(&format!("kiosk-{n}")), rng.u64(..));
                disk.restore(image);
                Kiosk::new(disk, rng.i64(-45..45))
            })
            .collect();
        let n = kiosks.len();
        let mut world = Self {
            server: Server::new(disk, at),
            rng,
            now: at,
            queue: BTreeMap::new(),
            order: 0,
            school: &made.school,
            kiosks,
            ids: made.ids.clone(),
            links: vec![Link::default(); n],
            parked: BTreeMap::new(),
            parks: 0,
            seen_changes: 0,
            sittings: Vec::new(),
            trace: Trace::new(keep),
            tally: Tally::default(),
            boots: BTreeMap::new(),
            judge: Judge::default(),
            armed: vec![None; n],
            server_armed: None,
            cut_at_close: None,
            timers: vec![0; n],
            backup: None,
            backed_up: 0,
            carried: Vec::new(),
            old_card: None,
            replaced: BTreeSet::new(),
            only_copies: BTreeMap::new(),
            wrong: None,
            tape: tape.then(Vec::new),
            begins: at,
            calm: false,
            revoked: BTreeSet::new(),
            restored: false,
            place,
        };
        world.server.start(at, true).expect("the server starts");
        for kiosk in running {
            world.power_on(*kiosk);
        }
        world.later(0, Happening::Jobs);
        world
    }

    /// A day's plans.
    pub fn take(&mut self, day: Day) {
        for passage in day.passages {
            self.at(passage.at, Happening::Reception(passage));
        }
        for (at, deed) in day.deeds {
            self.at(at, Happening::Office(deed));
        }
        for sitting in day.sittings {
            self.at(sitting.begins, Happening::Teacher(self.sittings.len()));
            self.sittings.push(sitting);
        }
    }

    /// Something happens then.
    pub fn at(&mut self, at: i64, what: Happening) {
        self.order += 1;
        self.queue.insert((at.max(self.now), self.order), what);
    }

    /// Something happens so many milliseconds from now.
    pub fn later(&mut self, ms: i64, what: Happening) {
        self.at(self.now + ms, what);
    }

    /// A line of the trace.
    pub fn say(&mut self, words: std::fmt::Arguments<'_>) {
        self.trace.say(self.now, words);
    }

    /// Something is wrong: the run ends here.
    pub fn fail(&mut self, words: String) {
        if self.wrong.is_none() {
            self.trace.say(self.now, format_args!("WRONG: {words}"));
            self.wrong = Some(words);
        }
    }

    /// Goes on until then, or until something is wrong.
    pub fn until(&mut self, end: i64) {
        while self.wrong.is_none() {
            let Some((&(at, n), _)) = self.queue.first_key_value() else { break };
            if at > end {
                break;
            }
            let Some(what) = self.queue.remove(&(at, n)) else { break };
            self.turn_clocks(at);
            self.tally.events += 1;
            if self.tally.events > MOST_EVENTS {
                return self.fail(format!("{MOST_EVENTS} events, and no end"));
            }
            self.happen(what);
            self.look();
        }
        self.turn_clocks(end.max(self.now));
    }

    /// Nobody is at school.
    pub fn night(&self) -> bool {
        let hour = self.now.rem_euclid(86_400_000) / 3_600_000;
        !(6..17).contains(&hour)
    }

    fn turn_clocks(&mut self, at: i64) {
        self.now = at;
        self.server.set(at);
        for kiosk in &self.kiosks {
            kiosk.set(at);
        }
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Teacher(n) => self.teacher(n),
            Happening::Reception(passage) => self.reception(passage),
            // An act in the very moment of the verdict is on its way to kiosks still.
            Happening::Office(_) if self.calm => self.tally.skip("an act of the office when the day is over"),
            Happening::Office(deed) => self.office(&deed),
            Happening::Jobs => self.jobs(),
            Happening::Tick(kiosk) => {
                if let Some(on) = &mut self.kiosks[kiosk].on {
                    on.tick();
                    if self.rng.u8(0..8) == 0 {
                        on.fold();
                    }
                    self.go_on(kiosk);
                    let pause = if self.night() { 900_000 } else { 100_000 };
                    self.later(pause, Happening::Tick(kiosk));
                }
            }
            Happening::Arrives { kiosk, life, id, ask, ghost } => self.arrives(kiosk, life, id, *ask, ghost),
            Happening::Answered { kiosk, life, id, ask, answer } => self.answered(kiosk, life, id, &ask, answer),
            Happening::GivenUp { kiosk, life, id, ask } => self.given_up(kiosk, life, id, &ask),
            Happening::Unparks(park) => self.unpark(park),
            Happening::Woke { kiosk, life, timer } => {
                if self.kiosks[kiosk].life == life && self.timers[kiosk] == timer {
                    self.event(kiosk, shared::sync::Event::Woke);
                }
            }
            Happening::PowerOn(kiosk) => self.power_on(kiosk),
            Happening::AllOff => (0..self.kiosks.len()).for_each(|kiosk| self.happen(Happening::PowerOff(kiosk))),
            Happening::PowerOff(kiosk) => {
                if self.kiosks[kiosk].on.is_some() {
                    self.say(format_args!("k{kiosk} plug pulled"));
                    self.listen(kiosk);
                    self.kiosks[kiosk].kill(true);
                }
            }
            Happening::Restart(kiosk) => self.restart(kiosk),
            Happening::Witnesses { kiosk, life } => self.witnesses(kiosk, life),
            Happening::ServerOn(machine) => self.server_on(machine),
            Happening::Strikes(fault) => self.strike(fault),
            Happening::Mended(kiosk) => {
                self.say(format_args!("k{kiosk} network mended"));
                self.links[kiosk] = Link { base: self.links[kiosk].base, ..Link::default() };
            }
            Happening::Room(kiosk) => self.room(kiosk),
            Happening::ClockRight => {
                self.say(format_args!("server clock put right"));
                self.server.off_by = 0;
                self.server.synchronised = true;
                self.server.set(self.now);
                self.later(0, Happening::Jobs);
            }
        }
    }

    /// Invariants that must hold after every event.
    fn look(&mut self) {
        if !self.server.is_up() || self.wrong.is_some() {
            return;
        }
        let found = self.judge.step(&self.server);
        if let Err(words) = found {
            self.fail(words);
        }
    }

    /// The true moment of a reading, if its boot is known.
    pub fn true_time(&self, boot: BootId, mono: i64) -> Option<i64> {
        let (booted, ppm) = self.boots.get(&boot)?;
        Some(booted + mono * 1_000_000 / (1_000_000 + ppm))
    }

    /// The kiosk at reception, if it runs.
    pub fn desk(&self) -> Option<usize> {
        self.kiosks[RECEPTION].on.is_some().then_some(RECEPTION)
    }
}
