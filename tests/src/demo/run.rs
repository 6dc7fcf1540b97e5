//! The demo from its first line to its verdict.
//!
//! Must never: say that the check held when it did not run.

use super::hands::Hands;
use super::plan::{self, Bells, Trouble as Matter};
use super::school::{School, enrol};
use super::seat::Seat;
use super::taps::Taps;
use super::{check, play, summary};
use crate::office::Office;
use crate::process::{Server, Trouble, program, run};
use chrono::NaiveDate;
use clap::Parser;
use shared::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Rollbook's demo: a sample school's day, from 08:40 to 13:40.
#[derive(Debug, Parser)]
#[command(name = "rollbook-demo")]
pub struct Args {
    /// How many times faster than real time the day runs, at most: the clock waits for people who are not done.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub speed: u32,
    /// Ends after the day; the exit code is 0 only if the check held.
    #[arg(long)]
    pub once: bool,
    /// Leaves out the classroom kiosk's window.
    #[arg(long)]
    pub no_window: bool,
    /// Writes each tap with its true time to this file, before it is made.
    #[arg(long, value_name = "FILE")]
    pub taps: Option<PathBuf>,
    /// Keeps everything in this (new or empty) folder; without it, in a folder that is removed at the end.
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// The same seed makes the same school and the same day.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The port of the office pages.
    #[arg(long, default_value_t = 8080)]
    pub office_port: u16,
}

/// The day: a Monday in the autumn term of the sample calendar.
const DATE: &str = "2026-11-23";

/// Plays the day. Answers whether the check held.
///
/// # Errors
/// When something could not be started, or a kiosk refused what a person did.
pub async fn demo(args: &Args) -> Result<bool, Trouble> {
    let scratch;
    let home = match &args.data {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            if std::fs::read_dir(folder)?.next().is_some() {
                return Err(format!("{} is not empty: name a new folder", folder.display()).into());
            }
            folder.clone()
        }
        None => {
            scratch = Scratch::new()?;
            scratch.0.clone()
        }
    };
    let data = home.join("server");
    std::fs::create_dir_all(&data)?;
    let date: NaiveDate = DATE.parse().map_err(|e| format!("{DATE}: {e}"))?;
    let midnight = Millis(date.and_hms_opt(0, 0, 0).ok_or("no midnight")?.and_utc().timestamp_millis()); // GMT in November
    let bells = Bells { midnight };

    // The evening before: the school is made, the kiosks are enrolled and get their rosters.
    let face = home.join("clock");
    let evening = Hands::starting(&face, bells.at(-15, 0), 1)?;
    println!("Making a sample school (seed {})…", args.seed);
    let school = School::make(&data, DATE, args.seed, evening.spec(None)).await?;
    println!(
        "{}: {} classes, {} pupils, {} marks of earlier terms.",
        school.name,
        school.classes.len(),
        school.pupils.len(),
        school.history_marks
    );
    let rooms = school.rooms();
    let ports = (crate::process::free_port()?, office_port(args.office_port)?);
    let seats = enrol_all(&home, &data, &school, &rooms, &evening, ports).await?;

    drop(evening);

    // The day.
    let expected: BTreeSet<_> = school.planned.iter().map(|p| p.pupil).collect();
    let day = plan::day(&rooms, &expected, bells, args.seed);
    let taps = Arc::new(Mutex::new(Taps::begin(args.taps.as_deref())?));
    let begins = bells.at(8, 38);
    let clock = Hands::starting(&face, begins, args.speed)?;
    // Nobody's time passes while the kiosks are switched on.
    let caretaker = clock.person();
    let server = Server::start(&data, Some(clock.spec(None)), Some(ports)).await?;
    let user = school.user("office")?;
    println!("\n  The office page   {}", server.office);
    println!("  Log in            {}  {}", user.username, user.password);
    let head = school.user("head")?;
    println!("  or the head       {}  {}\n", head.username, head.password);
    let window = if args.no_window { None } else { window(&home, &clock, &rooms[0])? };

    let mut playing = tokio::task::JoinSet::new();
    for (index, (room, data)) in rooms.iter().cloned().zip(&seats.classrooms).enumerate() {
        let matter = day.troubles[index];
        let wall = (matter == Matter::WrongClock).then(|| Millis(86_400_000).since(begins));
        let seat = Seat::switch_on(&room.name, data.clone(), clock.clone(), wall, Arc::clone(&taps))?;
        playing.spawn(play::room(seat, room, matter, day.lessons[index].clone(), clock.person(), bells));
    }
    let cards: BTreeMap<_, _> =
        rooms.iter().flat_map(|r| r.pupils.iter().filter_map(|p| Some((p.id, p.card.clone()?)))).collect();
    let seat = Seat::switch_on("Reception", seats.reception.clone(), clock.clone(), None, Arc::clone(&taps))?;
    playing.spawn(play::reception(seat, day.arrivals.clone(), cards, clock.person()));

    let progress = tokio::spawn(progress(clock.clone(), bells, Arc::clone(&taps)));
    drop(caretaker);
    let mut done = Vec::new();
    while let Some(seat) = playing.join_next().await {
        done.push(seat??);
    }
    clock.person().until(bells.at(13, 40)).await;
    for seat in &mut done {
        seat.until_sent().await?;
    }
    progress.abort();
    let _ = progress.await;

    // The verdict, from what the server exports.
    let dir = data.to_string_lossy().into_owned();
    let export = async |what: &str| {
        let args = ["--data", dir.as_str(), "export", what, "--date", DATE];
        run("rollbook-server", &args, &[("ROLLBOOK_CLOCK", clock.spec(None))], "").await
    };
    let facts: Vec<check::FactRow> = check::rows(&export("facts").await?)?;
    let marks: Vec<check::MarkRow> = check::rows(&export("marks").await?)?;
    let made = taps.lock().unwrap_or_else(PoisonError::into_inner).all().to_vec();
    let mut found = check::taps_against_facts(&made, &facts);
    check::marks_against_taps(&mut found, &check::expected_marks(&made, bells), &marks);
    let pupils: Vec<_> = rooms.iter().map(|r| r.pupils.clone()).collect();
    check::nobody_forgotten(&mut found, &made, &day.lessons, &pupils);
    let classes: Vec<_> = school.classes.iter().map(|c| (c.id.to_string(), c.name.clone())).collect();
    println!("\n{}{}", summary::table(&marks, &facts, &classes, bells), summary::verdict(&found));

    if !args.once {
        println!("The school stays open until Ctrl-C: {}", server.office);
        tokio::signal::ctrl_c().await?;
        println!();
    }
    drop(window);
    for seat in done {
        seat.switch_off().await?;
    }
    server.stop().await?;
    Ok(found.wrong.is_empty())
}

struct Seats {
    classrooms: Vec<PathBuf>,
    reception: PathBuf,
}

async fn enrol_all(
    home: &Path,
    data: &Path,
    school: &School,
    rooms: &[plan::Room],
    evening: &Hands,
    ports: (u16, u16),
) -> Result<Seats, Trouble> {
    let server = Server::start(data, Some(evening.spec(None)), Some(ports)).await?;
    let mut office = Office::open(&server.office)?;
    let it = school.user("it")?;
    office.log_in(&it.username, &it.password).await?;
    print!("Enrolling {} kiosks", rooms.len() + 2);
    let mut classrooms = Vec::new();
    for (index, room) in rooms.iter().enumerate() {
        let at = home.join(format!("kiosk-{:02}", index + 1));
        let classes = [room.class.to_string()];
        classrooms.push(enrol(&server, &mut office, &at, evening.spec(None), &room.name, "classroom", &classes).await?);
        print!(".");
        std::io::stdout().flush()?;
    }
    let reception =
        enrol(&server, &mut office, &home.join("kiosk-reception"), evening.spec(None), "Reception", "reception", &[])
            .await?;
    let window = home.join("kiosk-window");
    let classes = [rooms[0].class.to_string()];
    enrol(&server, &mut office, &window, evening.spec(None), "Try it", "classroom", &classes).await?;
    println!(" done.");
    // Each comes up once to take its roster, as it would after it was hung on the wall.
    let taps = Arc::new(Mutex::new(Taps::default()));
    for at in classrooms.iter().chain([&reception, &window]) {
        let mut seat = Seat::switch_on("", at.clone(), evening.clone(), None, Arc::clone(&taps))?;
        seat.ask(serde_json::json!({ "do": "wait", "for": "roster" })).await?;
        seat.switch_off().await?;
    }
    server.stop().await?;
    Ok(Seats { classrooms, reception })
}

/// A port for the office pages: the usual one, or another when somebody has it.
fn office_port(wanted: u16) -> Result<u16, Trouble> {
    match std::net::TcpListener::bind(("127.0.0.1", wanted)) {
        Ok(_) => Ok(wanted),
        Err(_) => crate::process::free_port(),
    }
}

/// Opens a kiosk's window, where there is a display.
fn window(home: &Path, clock: &Hands, room: &plan::Room) -> Result<Option<tokio::process::Child>, Trouble> {
    let shown = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    if !shown("DISPLAY") && !shown("WAYLAND_DISPLAY") {
        println!("  No display here: the kiosk's window is left out.\n");
        return Ok(None);
    }
    let data = home.join("kiosk-window");
    let log = std::fs::File::create(data.join("kiosk.log"))?;
    let mut command = tokio::process::Command::new(program("rollbook-kiosk")?);
    command.args(["--data"]).arg(&data).arg("run").env("ROLLBOOK_CLOCK", clock.spec(None)).kill_on_drop(true);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(log);
    let child = command.spawn()?;
    let (pin, card) = (room.staff.as_ref().map_or("", |(_, pin)| pin.as_str()), room.card.as_deref());
    println!("  A kiosk's window  {}: pick {}, PIN {pin}", room.class_name, room.teacher);
    if let Some(card) = card {
        println!("                    or type their card, {card}, and Enter\n");
    }
    Ok(Some(child))
}

/// One line that shows the day.
async fn progress(clock: Hands, bells: Bells, taps: Arc<Mutex<Taps>>) {
    let rewrite = std::io::stdout().is_terminal();
    let mut next = bells.at(8, 40);
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        if !rewrite && clock.now() < next {
            continue;
        }
        while next <= clock.now() {
            next = next.plus(20 * 60_000);
        }
        let minutes = clock.now().since(bells.midnight) / 60_000;
        let (made, saved) = {
            let taps = taps.lock().unwrap_or_else(PoisonError::into_inner);
            (taps.all().len(), taps.all().iter().filter(|t| t.saved.is_some()).count())
        };
        let line = format!("  {:02}:{:02}  {made} taps made, {saved} saved on kiosks", minutes / 60, minutes % 60);
        if rewrite {
            print!("\r{line}   ");
            let _ = std::io::stdout().flush();
        } else {
            println!("{line}");
        }
    }
}

/// A folder that goes with the demo.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Trouble> {
        let at = std::env::temp_dir().join(format!("rollbook-demo-{}", std::process::id()));
        std::fs::create_dir_all(&at)?;
        Ok(Self(at))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
