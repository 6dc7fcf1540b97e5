//! A kiosk that runs for a fortnight without a pause: whether it weighs in its second week what it weighed in its first.
//!
//! Must never: start the kiosk anew in between, or help it.

use super::figures::{Figures, Sample};
use super::proc;
use super::school::{Scratch, Year, one_class};
use super::screen::Screen;
use super::tile::{DONE, SUBMIT, tile};
use super::window::{Running, ports, put_up};
use crate::clock::DayClock;
use crate::process::{Server, Trouble};
use chrono::{Days, NaiveDate};
use shared::calendar::Half;
use std::cell::Cell;
use std::time::Duration;

/// The school's clocks run so many times faster: a fortnight takes seventeen minutes.
const SPEED: u32 = 1200;
/// A first week, in which what the screen shows of the last five days fills, and the one that counts.
const DAYS: u64 = 14;
/// The evenings that are compared: of the first Friday and of the second.
const FRIDAYS: (usize, usize) = (4, 11);
/// Between two taps, in real time.
const BETWEEN: Duration = Duration::from_millis(30);
/// After the card, until the register stands on the screen; after *Submit*, until *Done* does.
const SIGNED_ON: Duration = Duration::from_millis(250);
/// What it may weigh more after the second week than after the first, in hundredths.
const FLAT: f64 = 2.0;

/// Lets a kiosk and its server live a fortnight: a register each morning and afternoon, every tile tapped, nights and weekends
/// between; weighs the kiosk each evening.
///
/// # Errors
/// When either does not do what it should.
pub async fn week(figures: &mut Figures, scratch: &Scratch, year: &Year, from: NaiveDate) -> Result<(), Trouble> {
    let data = scratch.sub("week-school")?;
    let card = one_class(&data, year, from).await?;
    let seat = scratch.sub("week-kiosk")?;
    put_up(&data, year, from, &seat).await?;
    let screen = Screen::on(&scratch.sub("week-screen")?)?;
    let clock = DayClock::starting(year.at(from, 7, 0), SPEED);
    let server = Server::start(&data, Some(clock.spec(None)), Some(ports(&data)?)).await?;
    let (kiosk, _) = Running::start(&seat, clock, &screen)?;
    screen.until_painted()?;
    let mut evenings = Sample::default();
    let (mut registers, marks) = (0, Cell::new(0));
    for date in from.iter_days().take_while(|date| *date < from + Days::new(DAYS)) {
        for half in [Half::Am, Half::Pm] {
            let Ok(at) = year.busy(date, half) else { continue }; // a Saturday
            clock.until(at).await;
            screen.focus()?;
            screen.type_card(card)?;
            kiosk.until("that somebody signed on", |e| e["kind"] == "signed_on")?;
            tokio::time::sleep(SIGNED_ON).await;
            for n in 0..34 {
                let (left, top) = tile(n);
                screen.tap(left + 60, top + 20)?;
                tokio::time::sleep(BETWEEN).await;
            }
            // Sent, and away from the screen, as a teacher goes: people are as fast as ever, however fast the clock runs.
            screen.tap(SUBMIT.0, SUBMIT.1)?;
            kiosk.until("that the register was submitted", |e| {
                marks.set(marks.get() + usize::from(e["event"] == "saved" && e["kind"] == "marked"));
                e["event"] == "saved" && e["kind"] == "submitted"
            })?;
            tokio::time::sleep(SIGNED_ON).await;
            screen.tap(DONE.0, DONE.1)?;
            registers += 1;
        }
        clock.until(year.at(date, 22, 0)).await;
        evenings.push(proc::pss_mib(kiosk.pid())?);
    }
    drop(kiosk);
    server.stop().await?;
    let marks = marks.get();
    if marks != registers * 34 {
        return Err(format!("{marks} marks in {registers} registers of 34").into());
    }
    let evening = |n: usize| evenings.each().get(n).copied().unwrap_or(f64::NAN);
    let (first, second) = (evening(FRIDAYS.0), evening(FRIDAYS.1));
    let grown = (second - first) * 100.0 / first;
    figures.part("A fortnight without a pause, 800×480, a register of 34 pupils each morning and afternoon");
    figures
        .note("Registers and marks saved", format!("{registers} registers, {marks} marks, at {SPEED} times the speed"));
    let each: Vec<String> = evenings.each().iter().map(|mib| format!("{mib:.1}")).collect();
    figures.note("Memory each evening, MiB", each.join(" · "));
    figures.at_most(
        "Memory (PSS), from Friday evening to the next",
        format!("{first:.1} MiB to {second:.1} MiB: {grown:+.1} %"),
        grown,
        FLAT,
        "flat: at most 2 % more",
    );
    Ok(())
}
