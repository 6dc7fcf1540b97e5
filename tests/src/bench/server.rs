//! What a register costs the server, and how many it takes at once.
//!
//! Must never: count the client's work as the server's.

use super::figures::{Figures, Sample};
use super::proc;
use super::school::Year;
use super::terminal::{Pass, Terminal};
use crate::clock::DayClock;
use crate::process::{Server, Trouble};
use chrono::NaiveDate;
use shared::calendar::{Half, SessionKey};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// How registers are taken in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One kiosk after the other.
    InTurn,
    /// One after the other, each mark in a push of its own.
    TapByTap,
    /// All kiosks begin at the same moment.
    AtOnce,
}

/// What a round of registers took.
#[derive(Debug, Clone, Default)]
pub struct Round {
    /// Registers taken.
    pub registers: usize,
    /// Marks in them.
    pub marks: usize,
    /// The server's processor time.
    pub cpu: Duration,
    /// The server's processor time for its start and its daily look at the whole file, before the first request.
    pub start: Duration,
    /// From the first request to the last answer.
    pub wall: Duration,
    /// Each register, in milliseconds.
    pub each: Sample,
}

impl Round {
    /// Adds another round.
    pub fn add(&mut self, other: &Self) {
        self.registers += other.registers;
        self.marks += other.marks;
        self.cpu += other.cpu;
        self.start = self.start.max(other.start);
        self.wall += other.wall;
        self.each.extend(&other.each);
    }
    /// Milliseconds of the server's processor time a register.
    #[must_use]
    pub fn cpu_ms(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e3 / self.count()
    }
    /// Registers a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.count() / self.wall.as_secs_f64()
    }
    /// Marks a register.
    #[must_use]
    pub fn marks_each(&self) -> f64 {
        f64::from(u32::try_from(self.marks).unwrap_or(u32::MAX)) / self.count()
    }
    fn count(&self) -> f64 {
        f64::from(u32::try_from(self.registers).unwrap_or(u32::MAX))
    }
}

/// A school's kiosks, over several days.
pub struct Kiosks {
    seats: Vec<(Pass, Option<Terminal>)>,
}

impl Kiosks {
    /// These.
    #[must_use]
    pub fn new(passes: Vec<Pass>) -> Self {
        Self { seats: passes.into_iter().map(|pass| (pass, None)).collect() }
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.seats.len()
    }

    /// Takes every class's register of one afternoon on a server that is started for it, and keeps that server running.
    /// The morning's registers come in before, late, as after a morning without a network: they are not counted, and
    /// warm what a server that has run for a day has warm.
    ///
    /// # Errors
    /// When a kiosk was refused.
    pub async fn session(
        &mut self,
        data: &Path,
        year: &Year,
        date: NaiveDate,
        way: Way,
    ) -> Result<(Round, Server), Trouble> {
        let at = year.busy(date, Half::Pm)?;
        let server = Server::start(data, Some(DayClock::starting(at, 1).spec(None)), None).await?;
        let pid = server.pid().ok_or("the server has no process number")?;
        let start = proc::at_rest(pid).await?;
        for (pass, terminal) in &mut self.seats {
            if terminal.is_none() {
                *terminal = Some(Terminal::new(&server, pass)?);
            }
            if let Some(terminal) = terminal {
                terminal.morning(&server, pass, at).await?;
            }
        }
        self.in_turn(SessionKey { date, half: Half::Am }, Way::InTurn).await?;
        let before = proc::cpu(pid)?;
        let session = SessionKey { date, half: Half::Pm };
        let mut round = match way {
            Way::InTurn | Way::TapByTap => self.in_turn(session, way).await?,
            Way::AtOnce => self.at_once(session).await?,
        };
        round.cpu = proc::cpu(pid)?.saturating_sub(before);
        round.start = start;
        Ok((round, server))
    }

    async fn in_turn(&mut self, session: SessionKey, way: Way) -> Result<Round, Trouble> {
        let mut round = Round::default();
        let begun = Instant::now();
        for terminal in self.seats.iter_mut().filter_map(|(_, t)| t.as_mut()) {
            let one = Instant::now();
            round.marks += match way {
                Way::TapByTap => terminal.register_tap_by_tap(session).await?,
                _ => terminal.register(session).await?,
            };
            round.each.push_ms(one.elapsed());
            round.registers += 1;
        }
        round.wall = begun.elapsed();
        Ok(round)
    }

    async fn at_once(&mut self, session: SessionKey) -> Result<Round, Trouble> {
        let mut round = Round::default();
        let gate = Arc::new(Barrier::new(self.seats.len() + 1));
        let mut running = JoinSet::new();
        for (at, (_, terminal)) in self.seats.iter_mut().enumerate() {
            let (gate, mut terminal) = (Arc::clone(&gate), terminal.take().ok_or("a kiosk is not switched on")?);
            running.spawn(async move {
                gate.wait().await;
                let one = Instant::now();
                let marks = terminal.register(session).await;
                (at, terminal, marks, one.elapsed())
            });
        }
        gate.wait().await;
        let begun = Instant::now();
        while let Some(done) = running.join_next().await {
            let (at, terminal, marks, took) = done?;
            self.seats[at].1 = Some(terminal);
            round.marks += marks?;
            round.each.push_ms(took);
            round.registers += 1;
        }
        round.wall = begun.elapsed();
        Ok(round)
    }
}

/// Writes what rounds in turn came to.
pub fn tell_in_turn(figures: &mut Figures, where_: &str, round: &Round, goal: bool) {
    let cpu = round.cpu_ms();
    let got = format!("{cpu:.2} ms ({} registers of {:.1} marks)", round.registers, round.marks_each());
    let what = format!("Server CPU a register, {where_}");
    if goal {
        figures.at_most(&what, got, cpu, 1.0, "≤ 1 ms");
        figures.note(
            "… against RosarioSIS 12.0 (quoted, 201–240 ms, not measured here)",
            format!("{:.0} to {:.0} times less", 201.0 / cpu, 240.0 / cpu),
        );
    } else {
        figures.note(&what, got);
    }
    figures.note(
        &format!("Server CPU for its start and the daily look at the whole file, {where_}"),
        format!("{:.2} s", round.start.as_secs_f64()),
    );
    let each = &round.each;
    figures.note(
        &format!("Time a register, durable, {where_}"),
        format!("median {:.1} ms, p99 {:.1} ms", each.median(), each.p99()),
    );
}

/// Writes what rounds at once came to.
pub fn tell_at_once(figures: &mut Figures, kiosks: usize, rounds: &[Round]) {
    let (mut rate, mut last, mut all) = (Sample::default(), Sample::default(), Round::default());
    for round in rounds {
        rate.push(round.per_second());
        last.push(round.each.quantile(1.0));
        all.add(round);
    }
    figures.note(
        &format!("{kiosks} kiosks at once"),
        format!(
            "{:.0} registers a second; the last of {kiosks} had its answer after {:.0} ms (medians of {} rounds); \
             server CPU {:.2} ms a register",
            rate.median(),
            last.median(),
            rounds.len(),
            all.cpu_ms()
        ),
    );
}
