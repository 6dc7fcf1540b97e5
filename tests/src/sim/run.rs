//! One seed played from its first moment to the verdict.
//!
//! Must never: let a run count in which nothing happened.

use super::day;
use super::faults;
use super::judge;
use super::net::Link;
use super::places::template;
use super::recorded::{self, Recording};
use super::school::{CLASSES, RECEPTION};
use super::world::World;
use chrono::{Days, NaiveDate};
use fastrand::Rng;
use shared::sim::Mutant;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What happened in a run, counted.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// Events.
    pub events: u64,
    /// Requests that the server answered.
    pub exchanges: u64,
    /// Touches of a screen.
    pub touches: u64,
    /// Facts that a screen confirmed.
    pub confirmed: u64,
    /// Registers that were taken to their end.
    pub registers: u64,
    /// Registers that were closed.
    pub closed: u64,
    /// Deeds of the office.
    pub deeds: u64,
    /// Marks that were judged.
    pub marks: u64,
    /// Of them those whose time was certain.
    pub certain: u64,
    /// Pupils and sessions whose time was not.
    pub uncertain: u64,
    /// Kiosk-days.
    pub kiosk_days: u64,
    /// Touches that could not be saved, and were said to be not.
    pub not_saved: u64,
    /// Facts that went with a replaced card.
    pub lost: u64,
    /// Faults by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// What somebody wanted and could not do.
    pub skipped: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// A fault struck.
    pub fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }
    /// Something could not be done.
    pub fn skip(&mut self, what: &'static str) {
        *self.skipped.entry(what).or_default() += 1;
    }
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.events, other.events),
            (&mut self.exchanges, other.exchanges),
            (&mut self.touches, other.touches),
            (&mut self.confirmed, other.confirmed),
            (&mut self.registers, other.registers),
            (&mut self.closed, other.closed),
            (&mut self.deeds, other.deeds),
            (&mut self.marks, other.marks),
            (&mut self.certain, other.certain),
            (&mut self.uncertain, other.uncertain),
            (&mut self.kiosk_days, other.kiosk_days),
            (&mut self.not_saved, other.not_saved),
            (&mut self.lost, other.lost),
        ] {
            *mine += theirs;
        }
        for (kind, n) in &other.faults {
            *self.faults.entry(kind).or_default() += n;
        }
        for (what, n) in &other.skipped {
            *self.skipped.entry(what).or_default() += n;
        }
    }
}

/// What came of a seed.
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The hash of its trace.
    pub hash: String,
    /// The trace, if it was wanted.
    pub lines: Vec<String>,
    /// What is wrong, if anything is.
    pub wrong: Option<String>,
    /// What happened.
    pub tally: Tally,
}

/// Plays a seed. `keep`: the trace is wanted.
pub fn play(seed: u64, keep: bool) -> Outcome {
    play_with(seed, keep, None)
}

/// Plays a seed with a bug in the code.
pub fn play_with(seed: u64, keep: bool, bug: Option<Mutant>) -> Outcome {
    template(); // before the seed's own random bytes, and without the bug
    shared::sim::seed(Some(seed ^ 0x0011_00c4));
    shared::sim::breed(bug);
    let played = catch_unwind(AssertUnwindSafe(|| whole(seed, keep)));
    shared::sim::breed(None);
    shared::sim::seed(None);
    match played {
        Ok(World { trace, tally, wrong, .. }) => {
            let (hash, lines) = trace.end();
            Outcome { seed, hash, lines, wrong, tally }
        }
        Err(panic) => {
            let words = panic.downcast_ref::<String>().cloned();
            let words = words.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            let wrong = Some(format!("panic: {}", words.unwrap_or_default()));
            Outcome { seed, hash: String::new(), lines: Vec::new(), wrong, tally: Tally::default() }
        }
    }
}

/// Records what the kiosks say to the server in a day with faults of the network and of kiosks only.
///
/// # Errors
/// When the seed fails, or the recording cannot be written.
pub fn record(seed: u64, version: &str, into: &Path) -> Result<usize, String> {
    let made = template();
    shared::sim::seed(Some(seed ^ 0x0011_00c4));
    let world = staged(seed, false, true);
    shared::sim::seed(None);
    if let Some(wrong) = world.wrong {
        return Err(wrong);
    }
    let steps = world.tape.unwrap_or_default();
    let n = steps.len();
    let marks = recorded::marks(&world.server);
    let recording = Recording { version: version.to_owned(), seed, begins: world.begins, steps, marks };
    recorded::write(into, &recording, &made.server).map_err(|e| e.to_string())?;
    Ok(n)
}

fn whole(seed: u64, keep: bool) -> World {
    staged(seed, keep, false)
}

fn staged(seed: u64, keep: bool, tape: bool) -> World {
    let mut rng = Rng::with_seed(seed);
    let school = &template().school;
    let mut plan = faults::Plan::make_up(&mut rng, school);
    if tape {
        plan.dates.truncate(1);
    }
    let first = school.calendar.instant(plan.dates[0].and_hms_opt(7, 20, 0).unwrap_or_default()).0;
    let mut rooms: Vec<usize> = (0..CLASSES).collect();
    while rooms.len() > usize::from(plan.rooms) {
        rooms.swap_remove(rng.usize(0..rooms.len()));
    }
    rooms.sort_unstable();
    let mut running = rooms.clone();
    if plan.desk {
        running.push(RECEPTION);
    }
    let mut world = World::new(rng, first, &running, keep, tape);
    world.say(format_args!("seed {seed}: {} kiosks, {plan}", running.len()));
    for n in 0..world.links.len() {
        let (base, jitter) = (world.rng.i64(1..200), world.rng.i64(1..400));
        world.links[n] = Link { base, jitter, ..plan.link };
    }
    for date in &plan.dates {
        let mut day = day::make_up(&mut world.rng, school, *date, &rooms);
        if !plan.desk {
            day.passages.clear();
        }
        world.take(day);
        world.tally.kiosk_days += running.len() as u64;
    }
    for (at, fault) in plan.strikes(&mut world.rng, school, &running) {
        if tape && fault.is_the_servers() {
            continue;
        }
        world.at(at, super::world::Happening::Strikes(fault));
    }
    for date in &plan.dates[..plan.dates.len() - 1] {
        // Most kiosks are switched off over night; some stay on.
        for kiosk in &running {
            if plan.away || world.rng.u8(0..4) > 0 {
                let off = school.calendar.instant(date.and_hms_opt(16, 30, 0).unwrap_or_default()).0;
                let on = plan
                    .dates
                    .iter()
                    .find(|d| *d > date)
                    .copied()
                    .unwrap_or(*date)
                    .and_hms_opt(7, 30, 0)
                    .unwrap_or_default();
                let (off, on) = (off + world.rng.i64(0..3_600_000), school.calendar.instant(on).0);
                world.at(off, super::world::Happening::PowerOff(*kiosk));
                let late = world.rng.i64(0..4_500_000);
                world.at(on + late, super::world::Happening::PowerOn(*kiosk));
            }
        }
    }
    if plan.away {
        // Also a second machine with a copy of a card, which is not among them: four hundred days of its exchanges show nothing.
        let night = plan.dates[0].and_hms_opt(17, 31, 0).unwrap_or_default();
        world.at(school.calendar.instant(night).0, super::world::Happening::AllOff);
    }
    let last = plan.dates.last().copied().unwrap_or_default();
    let end = school.calendar.instant(last.and_hms_opt(16, 0, 0).unwrap_or_default()).0;
    world.until(end);
    if world.wrong.is_none() {
        world.calm_down();
        world.come_together();
    }
    if world.wrong.is_none()
        && let Err(words) = judge::verdict(&mut world, &plan.dates)
    {
        world.fail(words);
    }
    if world.wrong.is_none()
        && let Some(words) = vacuous(&world)
    {
        world.fail(words);
    }
    world
}

/// A run in which hardly anything happened shows nothing.
fn vacuous(world: &World) -> Option<String> {
    let Tally { touches, exchanges, closed, skipped, .. } = &world.tally;
    let skipped: u64 = skipped.values().sum();
    if *exchanges < 10 || *closed == 0 {
        return Some(format!("vacuous: {exchanges} exchanges, {closed} registers closed"));
    }
    (skipped > 12 + touches / 2).then(|| format!("vacuous: {skipped} actions were skipped, {touches} done"))
}

/// The next school day.
pub fn next_day(school: &super::school::School, date: NaiveDate) -> NaiveDate {
    let mut next = date + Days::new(1);
    while school.calendar.sessions(next, next).next().is_none() {
        next = next + Days::new(1);
    }
    next
}
