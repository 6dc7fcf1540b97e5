//! The kiosk with its window, on a screen of its own: how soon it stands there, what it weighs, how fast it answers a tap.
//!
//! Must never: help the kiosk: it is started, typed at and tapped as on a wall.

use super::browser::Browser;
use super::disk::Yardstick;
use super::figures::{Figures, Sample};
use super::proc;
use super::school::{PASSWORD, Scratch, Year, one_class};
use super::screen::Screen;
use super::tile::tile;
use crate::clock::DayClock;
use crate::demo::school::enrol;
use crate::office::Office;
use crate::process::{PATIENCE, Server, Trouble, program, run};
use chrono::NaiveDate;
use serde_json::Value;
use shared::calendar::Half;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// After a page stands there, until it is weighed.
pub const SETTLE: Duration = Duration::from_secs(2);
/// Between two taps: a teacher who is quick.
pub const BETWEEN: Duration = Duration::from_millis(120);
/// Starts of each program; a first one of each warms the disk and is not counted.
const STARTS: usize = 7;
/// Of these so many are tapped at, twice on each tile.
const TAPPED: usize = 4;
const IDLE: Duration = Duration::from_secs(20);

/// A kiosk's program that runs. It ends with this.
pub(super) struct Running {
    child: Child,
    events: Receiver<(Instant, Value)>,
}

impl Running {
    pub(super) fn start(data: &Path, clock: DayClock, screen: &Screen) -> Result<(Self, Instant), Trouble> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(data.join("kiosk.log"))?;
        let begun = Instant::now();
        let mut child = Command::new(program("rollbook-kiosk")?)
            .arg("--data")
            .arg(data)
            .args(["run", "--events"])
            .env("DISPLAY", &screen.display)
            .env_remove("WAYLAND_DISPLAY")
            .env("ROLLBOOK_CLOCK", clock.spec(None))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let out = child.stdout.take().ok_or("no output")?;
        let (send, events) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let at = Instant::now();
                if let Ok(value) = serde_json::from_str(&line)
                    && send.send((at, value)).is_err()
                {
                    return;
                }
            }
        });
        Ok((Self { child, events }, begun))
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for an event.
    pub(super) fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Instant, Trouble> {
        let begun = Instant::now();
        while let Ok((at, event)) = self.events.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
            if holds(&event) {
                return Ok(at);
            }
        }
        Err(format!("the kiosk did not say {what}").into())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything measured of the window and of the browser beside it.
#[derive(Default)]
struct Beside {
    start: Sample,
    pss: Sample,
    repaint: Sample,
    durable: Sample,
    idle: f64,
}

/// Measures the kiosk's window and Chromium in turn.
///
/// # Errors
/// When either does not do what it should.
pub async fn window(figures: &mut Figures, scratch: &Scratch, year: &Year, from: NaiveDate) -> Result<(), Trouble> {
    let data = scratch.sub("one-class")?;
    let days = year.days(from, STARTS + 2);
    let card = one_class(&data, year, days[0]).await?;
    let seat = scratch.sub("kiosk")?;
    put_up(&data, year, days[0], &seat).await?;
    let screen = Screen::on(&scratch.sub("screen")?)?;
    let browser = Browser::new(&scratch.sub("chromium")?)?;
    let mut yardstick = Yardstick::new(&seat)?;
    let (mut ours, mut theirs) = (Beside::default(), Beside::default());
    let mut processes = 0;
    for (n, date) in days.iter().skip(1).enumerate() {
        let last = n == STARTS;
        let clock = DayClock::starting(year.busy(*date, Half::Am)?, 1);
        let server = Server::start(&data, Some(clock.spec(None)), Some(ports(&data)?)).await?;
        screen.until_blank()?;
        let (kiosk, begun) = Running::start(&seat, clock, &screen)?;
        let stands = screen.until_painted()?.duration_since(begun);
        kiosk.until("that it has met the server", |e| e["event"] == "sync" && e["connected"] == true)?;
        screen.focus()?;
        screen.type_card(card)?;
        kiosk.until("that somebody signed on", |e| e["kind"] == "signed_on")?;
        std::thread::sleep(SETTLE);
        if n > 0 {
            ours.start.push_ms(stands);
            ours.pss.push(proc::pss_mib(kiosk.pid())?);
        }
        if n > 0 && n <= TAPPED {
            taps(&kiosk, &screen, &mut yardstick, &mut ours)?;
        }
        if last {
            std::thread::sleep(SETTLE * 3);
            ours.idle = idle(|| proc::cpu(kiosk.pid()).unwrap_or_default());
        }
        drop(kiosk);
        server.stop().await?;
        if let Some(browser) = &browser {
            let (seen, running) = browser.run(&screen)?;
            if n > 0 {
                theirs.start.push_ms(seen.first_paint);
                theirs.pss.push(seen.pss);
                processes = seen.processes;
            }
            if n > 0 && n <= TAPPED {
                running.taps(&screen, &mut theirs.repaint)?;
            }
            if last {
                std::thread::sleep(SETTLE * 3);
                theirs.idle = idle(|| proc::cpu_of_family(running.pid()));
            }
        }
    }
    tell(figures, &ours, &yardstick, browser.as_ref().map(|b| (b.version(), &theirs, processes)));
    Ok(())
}

/// The ports of the server that the kiosk was enrolled at: it comes up there again each day.
pub(super) fn ports(data: &Path) -> Result<(u16, u16), Trouble> {
    let text = std::fs::read_to_string(data.join("ports"))?;
    let (kiosks, office) = text.split_once(' ').ok_or("no ports")?;
    Ok((kiosks.parse()?, office.parse()?))
}

pub(super) async fn put_up(data: &Path, year: &Year, date: NaiveDate, seat: &Path) -> Result<(), Trouble> {
    let clock = DayClock::starting(year.busy(date, Half::Am)?, 1);
    let server = Server::start(data, Some(clock.spec(None)), None).await?;
    let (kiosks, office_port) = server.ports().ok_or("a server without ports")?;
    std::fs::write(data.join("ports"), format!("{kiosks} {office_port}"))?;
    let mut office = Office::open(&server.office)?;
    office.log_in("office", PASSWORD).await?;
    let class = super::school::offered(&server, &mut office).await?;
    let classes: Vec<String> = class.iter().map(ToString::to_string).collect();
    enrol(&server, &mut office, seat, clock.spec(None), "Room 1", "classroom", &classes).await?;
    let wait = "{\"do\":\"wait\",\"for\":\"roster\"}\n{\"do\":\"wait\",\"for\":\"synced\"}\n";
    let args = ["--data", &seat.to_string_lossy(), "run", "--headless", "--script", "-"];
    run("rollbook-kiosk", &args, &[("ROLLBOOK_CLOCK", clock.spec(None))], wait).await?;
    server.stop().await
}

/// Every tile twice: present, then absent.
fn taps(kiosk: &Running, screen: &Screen, yardstick: &mut Yardstick, ours: &mut Beside) -> Result<(), Trouble> {
    for n in 0..68_u32 {
        let (left, top) = tile(n % 34);
        yardstick.once()?;
        while kiosk.events.try_recv().is_ok() {}
        let mut saved = None;
        let repaint = screen.tap_and_watch((left + 60, top + 20), (left + 60, top + 51), BETWEEN, |begun| {
            while let Ok((at, event)) = kiosk.events.try_recv() {
                if event["event"] == "saved" && event["kind"] == "marked" {
                    saved = Some(at.duration_since(begun));
                }
            }
            saved.is_some()
        })?;
        ours.durable.push_ms(saved.ok_or("a tap on a tile was not saved")?);
        ours.repaint.push_ms(repaint.ok_or("a tile did not change its ground")?);
    }
    Ok(())
}

/// The share of one core that somebody takes who has nothing to do, in hundredths.
fn idle(cpu: impl Fn() -> Duration) -> f64 {
    let (before, begun) = (cpu(), Instant::now());
    std::thread::sleep(IDLE);
    cpu().saturating_sub(before).as_secs_f64() * 100.0 / begun.elapsed().as_secs_f64()
}

fn tell(figures: &mut Figures, ours: &Beside, yardstick: &Yardstick, theirs: Option<(String, &Beside, usize)>) {
    figures.part("The kiosk's window, 800×480, a register of 34 pupils");
    let start = format!("median {:.0} ms ({} starts)", ours.start.median(), ours.start.len());
    let pss = format!("{:.1} MiB", ours.pss.median());
    if let Some((version, theirs, processes)) = theirs {
        let (start_share, pss_share) =
            (ours.start.median() / theirs.start.median(), ours.pss.median() / theirs.pss.median());
        let share = |share: f64| format!("1/{:.1} of Chromium's", 1.0 / share);
        let goal = "a tenth of Chromium's";
        figures.at_most(
            "Process start to first frame",
            format!("{start}, {}", share(start_share)),
            start_share,
            0.1,
            goal,
        );
        figures.note("… Chromium, to first paint", format!("median {:.0} ms", theirs.start.median()));
        figures.at_most(
            "Memory (PSS), register on the screen",
            format!("{pss}, {}", share(pss_share)),
            pss_share,
            0.1,
            goal,
        );
        figures.note("… Chromium", format!("{:.1} MiB in {processes} processes", theirs.pss.median()));
        figures.note("… Chromium, tap to repaint", quantiles(&theirs.repaint));
        figures.note("… Chromium, idle CPU over 20 s", format!("{:.2} % of one core", theirs.idle));
        figures.note("… which Chromium", version);
    } else {
        figures.note("Process start to first frame", start);
        figures.note("Memory (PSS), register on the screen", pss);
        figures.note("… Chromium", "not here: not compared".to_owned());
    }
    figures.at_most("Tap to repaint", quantiles(&ours.repaint), ours.repaint.p99(), 16.0, "p99 ≤ 16 ms");
    let fsync = &yardstick.took;
    figures.note("One fsync on this disk, between the taps", quantiles(fsync));
    let (half, most) = (ours.durable.median() / fsync.median(), ours.durable.p99() / fsync.p99());
    figures.at_most(
        "Tap to durable (finger to \"saved\")",
        format!(
            "{}: {half:.2} fsyncs median on median, {most:.2} p99 on p99, {:.2} p99 on median",
            quantiles(&ours.durable),
            ours.durable.p99() / fsync.median()
        ),
        most,
        1.5,
        "p99 ≤ 1.5 fsyncs",
    );
    let idle = format!("{:.2} % of one core", ours.idle);
    figures.at_most("Idle CPU over 20 s", idle, ours.idle, 0.5, "under 0.5 %");
}

fn quantiles(sample: &Sample) -> String {
    format!("median {:.1} ms, p99 {:.1} ms (of {})", sample.median(), sample.p99(), sample.len())
}
