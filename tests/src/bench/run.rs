//! The benchmark from its first line to docs/PERFORMANCE.md.
//!
//! Must never: write a figure that this run did not measure.

use super::figures::Figures;
use super::office::today;
use super::pages::pages as every_page;
use super::proc;
use super::school::{PASSWORD, Scratch, Year, enrol_all, large};
use super::server::{Kiosks, Round, Way, tell_at_once, tell_in_turn};
use super::week::week;
use super::window::window;
use crate::clock::DayClock;
use crate::demo::school::School;
use crate::process::Trouble;
use chrono::NaiveDate;
use clap::Parser;
use std::path::PathBuf;
use std::time::Instant;

/// Rollbook's benchmark.
#[derive(Debug, Parser)]
#[command(name = "rollbook-bench")]
pub struct Args {
    /// Leaves out the kiosk's window and Chromium.
    #[arg(long)]
    pub no_window: bool,
    /// Leaves out the server.
    #[arg(long)]
    pub no_server: bool,
    /// Leaves out the pages of a school with many years.
    #[arg(long)]
    pub no_pages: bool,
    /// Years of history of the school whose pages are compared with those of one year.
    #[arg(long, default_value_t = 6)]
    pub years: u8,
    /// How often each page is fetched.
    #[arg(long, default_value_t = 200)]
    pub times: usize,
    /// Lets a kiosk live a fortnight as well, which takes seventeen minutes.
    #[arg(long)]
    pub week: bool,
    /// Kiosks in the large school; 0 leaves it out.
    #[arg(long, default_value_t = 400)]
    pub kiosks: usize,
    /// Where the schools and kiosks lie while they are measured: the disk that is measured.
    #[arg(long, value_name = "FOLDER", default_value = "target")]
    pub within: PathBuf,
    /// Writes the figures into this page, between its marks.
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// After a year of marks: the first Monday of the last half-term.
const LATE_IN_THE_YEAR: &str = "2027-06-07";
const IN_AUTUMN: &str = "2026-11-23";
/// Days of the school of 14, each with one register a class.
const DAYS_IN_TURN: usize = 12;
const DAYS_AT_ONCE: usize = 8;

/// Measures everything. Answers how many goals were missed. What was measured is written down, also when a later part
/// could not be.
///
/// # Errors
/// When something did not do what it should.
pub async fn bench(args: &Args) -> Result<usize, Trouble> {
    let begun = Instant::now();
    let scratch = Scratch::new(&args.within)?;
    let year = Year::new()?;
    let (mut servers, mut pages) = (Figures::default(), Figures::default());
    let (mut kiosks, mut lived) = (Figures::default(), Figures::default());
    println!("{}; load of the last minute {:.1}", proc::machine(), proc::load());
    if !args.no_server {
        let load = proc::load();
        let measured = server(&mut servers, args, &scratch, &year).await;
        tell(&servers, args, SERVER, load)?;
        measured?;
    }
    if !args.no_pages {
        let load = proc::load();
        let measured = every_page(&mut pages, &scratch, &year, date(IN_AUTUMN)?, (args.years, args.times)).await;
        tell(&pages, args, PAGES, load)?;
        measured?;
    }
    if !args.no_window {
        let load = proc::load();
        println!("The kiosk's window…");
        let measured = window(&mut kiosks, &scratch, &year, date(IN_AUTUMN)?).await;
        tell(&kiosks, args, KIOSK, load)?;
        measured?;
    }
    if args.week {
        let load = proc::load();
        println!("The kiosk's week…");
        let measured = week(&mut lived, &scratch, &year, date(IN_AUTUMN)?).await;
        tell(&lived, args, WEEK, load)?;
        measured?;
    }
    let missed = servers.missed() + pages.missed() + kiosks.missed() + lived.missed();
    println!("{} s in all; {missed} goals missed", begun.elapsed().as_secs());
    Ok(missed)
}

async fn server(figures: &mut Figures, args: &Args, scratch: &Scratch, year: &Year) -> Result<(), Trouble> {
    server_of_fourteen(figures, scratch, year).await?;
    if args.kiosks > 0 {
        server_of_many(figures, scratch, year, args.kiosks).await?;
    }
    Ok(())
}

/// Marks of the page, before and after the figures of one half of this.
type Marks = (&'static str, &'static str);
const SERVER: Marks = ("<!-- figures -->\n", "<!-- end of figures -->");
const WEEK: Marks = ("<!-- figures of the week -->\n", "<!-- end of figures of the week -->");
const PAGES: Marks = ("<!-- figures of the pages -->\n", "<!-- end of figures of the pages -->");
const KIOSK: Marks = ("<!-- figures of the kiosk -->\n", "<!-- end of figures of the kiosk -->");

/// Shows what was measured, and writes it into the page where one is asked for.
fn tell(figures: &Figures, args: &Args, marks: Marks, load: f64) -> Result<(), Trouble> {
    println!("{}", figures.text());
    let load = format!("load of the last minute {load:.1} at the start, {:.1} at the end", proc::load());
    println!("{load}");
    match &args.write {
        Some(page) => {
            write(page, marks, &format!("Measured on {}; {load}.\n\n{}", proc::machine(), figures.markdown()))
        }
        None => Ok(()),
    }
}

fn date(text: &str) -> Result<NaiveDate, Trouble> {
    text.parse().map_err(|e| format!("{text}: {e}").into())
}

/// Puts the figures between two marks of the page.
fn write(page: &std::path::Path, marks: Marks, figures: &str) -> Result<(), Trouble> {
    let text = std::fs::read_to_string(page)?;
    let missing = || format!("the page has no mark {}", marks.0.trim());
    let (before, rest) = text.split_once(marks.0).ok_or_else(missing)?;
    let (_, after) = rest.split_once(marks.1).ok_or_else(missing)?;
    std::fs::write(page, format!("{before}{}{figures}{}{after}", marks.0, marks.1))?;
    Ok(())
}

/// A school as most are: 14 classes, a year of history.
async fn server_of_fourteen(figures: &mut Figures, scratch: &Scratch, year: &Year) -> Result<(), Trouble> {
    let data = scratch.sub("fourteen")?;
    let first = date(LATE_IN_THE_YEAR)?;
    let clock = DayClock::starting(year.at(first, 6, 0), 1);
    println!("Making a school of 14 classes with a year of history…");
    let begun = Instant::now();
    let school = School::make(&data, LATE_IN_THE_YEAR, 1, clock.spec(None)).await?;
    let made = begun.elapsed();
    let user = school.user("office")?;
    let user = (user.username.as_str(), user.password.as_str());
    let passes = enrol_all(&data, year.at(first, 6, 30), user, usize::MAX).await?;
    let mut kiosks = Kiosks::new(passes);
    let days = year.days(first, DAYS_IN_TURN + DAYS_AT_ONCE + 3);
    let mut days = days.into_iter();
    let mut next = || days.next().ok_or("the year has ended");
    // The first day warms everything and is not counted; on it each mark comes alone.
    let (tapped, server) = kiosks.session(&data, year, next()?, Way::TapByTap).await?;
    server.stop().await?;
    let mut in_turn = Round::default();
    println!("Registers, one after the other…");
    for _ in 0..DAYS_IN_TURN {
        let (round, server) = kiosks.session(&data, year, next()?, Way::InTurn).await?;
        in_turn.add(&round);
        server.stop().await?;
    }
    println!("Registers, 14 at once…");
    let mut at_once = Vec::new();
    for _ in 0..DAYS_AT_ONCE {
        let (round, server) = kiosks.session(&data, year, next()?, Way::AtOnce).await?;
        at_once.push(round);
        server.stop().await?;
    }
    let words = format!(
        "{} classes, {} pupils, {} marks of history",
        school.classes.len(),
        school.pupils.len(),
        school.history_marks
    );
    figures.part("The server: a register (pull, then all marks and the submission in one push, on disk)");
    figures.note("School", words.clone());
    tell_in_turn(figures, "14 classes", &in_turn, true);
    tell_in_turn(figures, "14 classes, each mark in a push of its own", &tapped, false);
    tell_at_once(figures, kiosks.len(), &at_once);
    figures.note("`rollbook-server sample`, this school", format!("{:.1} s", made.as_secs_f64()));

    println!("The Today page…");
    let (_, server) = kiosks.session(&data, year, next()?, Way::InTurn).await?;
    figures.part("The office's Today page, over HTTP on loopback, registers taken");
    today(figures, &server, user, &words).await?;
    server.stop().await
}

/// A school that is larger than any: every class its own kiosk.
async fn server_of_many(figures: &mut Figures, scratch: &Scratch, year: &Year, many: usize) -> Result<(), Trouble> {
    let data = scratch.sub("many")?;
    let first = date(IN_AUTUMN)?;
    println!("Making a school of {many} classes…");
    let (import, pupils) = large(&data, year, first, many).await?;
    println!("Enrolling {many} kiosks…");
    let passes = enrol_all(&data, year.at(first, 6, 30), ("office", PASSWORD), many).await?;
    let mut kiosks = Kiosks::new(passes);
    let days = year.days(first, 5);
    let (warm, server) = kiosks.session(&data, year, days[0], Way::InTurn).await?;
    server.stop().await?;
    drop(warm); // the first of each day's pages are cold
    println!("Registers of {many} classes…");
    let (in_turn, server) = kiosks.session(&data, year, days[1], Way::InTurn).await?;
    server.stop().await?;
    let mut at_once = Vec::new();
    for date in &days[2..] {
        let (round, server) = kiosks.session(&data, year, *date, Way::AtOnce).await?;
        at_once.push(round);
        server.stop().await?;
    }
    figures.part(&format!("The server: one school of {many} classes (no school has so many)"));
    figures.note("Import of its roster (OneRoster 1.2)", format!("{pupils} pupils in {:.1} s", import.as_secs_f64()));
    tell_in_turn(figures, &format!("{many} classes"), &in_turn, false);
    tell_at_once(figures, kiosks.len(), &at_once);
    Ok(())
}
