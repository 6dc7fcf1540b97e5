//! `make image-test`: the card's image in an emulated machine, against a real server. Each step says what was seen; pictures
//! of the screen are kept, to be looked at.
//!
//! Must never: say that something ran on a real Raspberry Pi.

use clap::Parser;
use rollbook_tests::demo::plan::Room;
use rollbook_tests::image::cuts::{self, Confirmed};
use rollbook_tests::image::machine::{Machine, Parts};
use rollbook_tests::image::scene::{BLANKS, FIRST_NAME, GO_ON, PATIENCE, SUBMIT, Scene, key, settled, tile, until};
use rollbook_tests::image::wiegand::Pins;
use rollbook_tests::image::writes;
use rollbook_tests::process::Trouble;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The image in an emulated machine.
#[derive(Parser)]
struct Args {
    /// The raw image, as `make image` writes it.
    image: PathBuf,
    /// Where pictures, logs and the server's data go.
    folder: PathBuf,
    /// The day that is played.
    #[arg(long, default_value = "2026-11-23")]
    date: String,
    /// Power cuts, each with a full start.
    #[arg(long, default_value_t = 10)]
    cuts: u32,
    /// Moments of recorded writes at which the power is cut; nothing else is tested then.
    #[arg(long, default_value_t = 0)]
    moments: usize,
    /// Of those moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leave out the card with mistakes, which takes a start of its own.
    #[arg(long)]
    no_mistakes: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match test(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("\nrollbook-image-test: {trouble}");
            ExitCode::FAILURE
        }
    }
}

/// A machine and where its pictures go.
struct Seat {
    machine: Machine,
    pictures: PathBuf,
}

impl Seat {
    fn picture(&mut self, name: &str) -> Result<(), Trouble> {
        settled(&mut self.machine.qmp, &self.pictures.join(format!("{name}.png")))
    }

    /// What the kiosk's own store says of itself, asked in the machine.
    fn status(&mut self) -> Result<Value, Trouble> {
        let command = "rollbook-kiosk status --json --data /var/lib/rollbook-kiosk";
        let said = self.machine.shell(command, PATIENCE)?;
        let json = said.lines().find(|line| line.starts_with('{')).ok_or("the kiosk's status is no JSON")?;
        Ok(serde_json::from_str(json)?)
    }

    fn written(&mut self) -> Result<u64, Trouble> {
        self.status()?["written"].as_u64().ok_or_else(|| "no count of entries".into())
    }

    /// Touches, and waits until so many entries more are in the kiosk's store.
    fn mark(&mut self, places: &[(f64, f64)], more: u64) -> Result<u64, Trouble> {
        let before = self.written()?;
        for place in places {
            self.machine.tap(*place)?;
            std::thread::sleep(Duration::from_millis(400));
        }
        let begun = Instant::now();
        loop {
            let now = self.written()?;
            if now >= before + more {
                return Ok(now);
            }
            if begun.elapsed() > PATIENCE {
                self.picture("no-mark")?;
                return Err(format!("{more} touches came to {} entries", now - before).into());
            }
        }
    }
}

fn said(what: &str) {
    println!("  {what}");
}

async fn test(args: &Args) -> Result<(), Trouble> {
    let pictures = args.folder.join("pictures");
    std::fs::create_dir_all(&pictures)?;
    let folder = args.folder.canonicalize()?;
    let pictures = pictures.canonicalize()?;
    let image = args.image.canonicalize()?;
    println!("The image {} in QEMU -M virt (nothing here is a real Raspberry Pi)", image.display());
    let scene = Scene::set(&folder, &args.date, 8, 40).await?;
    if args.moments > 0 {
        return by_the_hundred(&scene, &image, &pictures, args).await;
    }
    if !args.no_mistakes {
        mistakes(&scene, &image, &pictures)?;
    }

    let (room, setup) = first_room(&scene)?;
    let parts = scene.parts(&image, "kiosk", &setup)?;
    let begun = Instant::now();
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: pictures.clone() };
    until("the kiosk is enrolled", || async { Ok(scene.kiosks().await?.contains(&room.name)) }).await?;
    said(&format!("power on to enrolled, with no keyboard: {:.0} s of emulation", begun.elapsed().as_secs_f64()));
    until("the kiosk has its roster", || {
        let rows = seat.status().ok().and_then(|s| s["rows"].as_u64()).unwrap_or(0);
        async move { Ok(rows > 20) }
    })
    .await?;
    seat.picture("1-ready")?;
    shut(&mut seat)?;

    // A register by finger.
    sign_on(&mut seat, &room)?;
    seat.mark(&[tile(0), tile(1), tile(2)], 3)?;
    seat.picture("4-three-marks")?;

    // The cable out, marks, the cable back.
    seat.machine.cable(false)?;
    let offline = seat.mark(&[tile(3), tile(4)], 2)?;
    seat.picture("5-no-network")?;
    seat.machine.cable(true)?;
    until("what was taken without a network arrives", || {
        let unsent = seat.status().ok().and_then(|s| s["unsent"].as_u64());
        async move { Ok(unsent == Some(0)) }
    })
    .await?;
    let facts = scene.facts().await?.iter().filter(|f| f.kind == "marked" && f.room == room.name).count();
    said(&format!("five marks by finger, two of them with the cable out: the server has {facts}"));
    if facts != 5 {
        return Err("not every mark arrived".into());
    }

    // Power cuts: a mark that the store confirmed is there after each.
    let mut confirmed = offline;
    for cut in 1..=args.cuts {
        seat.machine.cut()?;
        seat.machine = scene.start(&parts)?;
        let after = seat.written()?;
        if after < confirmed {
            return Err(format!("power cut {cut}: {confirmed} entries were confirmed, {after} are there").into());
        }
        confirmed = after;
        if cut == 1 {
            seat.picture("6-after-a-power-cut")?;
        }
    }
    said(&format!("{} power cuts with a full start each: all {confirmed} entries are there", args.cuts));

    // A card in front of the reader on the pins: the teacher signs on, and the register is sent.
    let card = room.card.clone().ok_or("the teacher has no card")?;
    let (facility, number) = (card.get(..3).and_then(|t| t.parse().ok()), card.get(3..).and_then(|t| t.parse().ok()));
    let pins = seat.machine.pins();
    let mut pins = Pins::open(&pins, &mut seat.machine.qmp)?;
    if let (Some(facility), Some(number)) = (facility, number) {
        pins.card(facility, number)?;
        std::thread::sleep(Duration::from_secs(4));
        seat.picture("7-by-card")?;
    }
    seat.mark(&[BLANKS], 5)?;
    seat.picture("8-blanks")?;
    seat.mark(&[SUBMIT], 1)?;
    seat.picture("9-submitted")?;
    until("the register arrives", || async {
        Ok(scene.facts().await?.iter().any(|f| f.kind == "submitted" && f.room == room.name))
    })
    .await?;
    said(
        "a card on the pins (26 bits through the kernel's GPIO) signs the teacher on; the register is submitted and arrives",
    );
    full(&mut seat)?;
    Ok(())
}

/// The first classroom, and the card of its kiosk.
fn first_room(scene: &Scene) -> Result<(Room, String), Trouble> {
    let room = scene.school.rooms().into_iter().next().ok_or("the school has no room")?;
    let setup = format!(
        "server = \"{}\"\nkey = \"{}\"\nroom = \"{}\"\nclasses = [\"{}\"]\ncode = \"{}\"\n\
         [reader]\nkind = \"wiegand\"\nd0 = 0\nd1 = 1\npins = \"chip\"\n",
        scene.address()?,
        scene.key,
        room.name,
        room.class_name,
        scene.code
    );
    Ok((room, setup))
}

fn sign_on(seat: &mut Seat, room: &Room) -> Result<(), Trouble> {
    let (_, pin) = room.staff.clone().ok_or("the class has no teacher")?;
    seat.machine.tap(FIRST_NAME)?;
    std::thread::sleep(Duration::from_secs(2));
    seat.picture("2-pin")?;
    for digit in pin.bytes() {
        seat.machine.tap(key(digit - b'0'))?;
        std::thread::sleep(Duration::from_millis(500));
    }
    seat.machine.tap(GO_ON)?;
    std::thread::sleep(Duration::from_secs(4));
    seat.picture("3-register")
}

/// A register is taken while every write is recorded; then the power is cut at random moments of that record.
async fn by_the_hundred(scene: &Scene, image: &Path, pictures: &Path, args: &Args) -> Result<(), Trouble> {
    let (room, setup) = first_room(scene)?;
    let mut parts = scene.parts(image, "recorded", &setup)?;
    let before = parts.folder.join("card.img");
    // Room to grow, and little of it: the partition is rebuilt for each moment.
    let file = std::fs::OpenOptions::new().write(true).open(&before)?;
    file.set_len(file.metadata()?.len() + (48 << 20))?;
    parts.card = parts.folder.join("run.img");
    std::fs::copy(&before, &parts.card)?;
    let log = parts.folder.join("writes.log");
    parts.log = Some(log.clone());
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: pictures.to_owned() };
    until("the kiosk is enrolled", || async { Ok(scene.kiosks().await?.contains(&room.name)) }).await?;
    until("the kiosk has its roster", || {
        let rows = seat.status().ok().and_then(|s| s["rows"].as_u64()).unwrap_or(0);
        async move { Ok(rows > 20) }
    })
    .await?;
    let mut confirmed = Vec::new();
    let mut note = |seat: &mut Seat| -> Result<(), Trouble> {
        let written = seat.written()?;
        confirmed.push(Confirmed { log: std::fs::metadata(&log)?.len(), written });
        Ok(())
    };
    note(&mut seat)?;
    sign_on(&mut seat, &room)?;
    for number in 0..20 {
        seat.mark(&[tile(number)], 1)?;
        note(&mut seat)?;
    }
    seat.mark(&[BLANKS], 2)?;
    note(&mut seat)?;
    seat.mark(&[SUBMIT], 1)?;
    note(&mut seat)?;
    seat.picture("20-recorded")?;
    seat.machine.cut()?;
    let entries = writes::read(&log)?;
    let flushes = entries.iter().filter(|e| e.flushes).count();
    let last = confirmed.last().map_or(0, |c| c.written);
    said(&format!("{} writes and flushes recorded ({flushes} flushes), {last} entries confirmed", entries.len()));
    let found = cuts::look(&parts.folder, &before, &entries, &confirmed, args.moments, args.seed).await?;
    said(&format!(
        "{} power cuts at random moments (seed {}), {} with writes that no flush had come after; fsck changed {}; wrong: {}",
        found.cuts,
        args.seed,
        found.torn,
        found.repaired,
        found.wrong.len()
    ));
    match found.wrong.first() {
        None => Ok(()),
        Some(_) => Err(found.wrong.join("\n").into()),
    }
}

/// No port listens, no log-in waits, the root cannot be written, the data partition has grown.
fn shut(seat: &mut Seat) -> Result<(), Trouble> {
    let listening = seat.machine.shell("cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == \"0A\"' | wc -l", PATIENCE)?;
    let getty = seat.machine.shell(
        "ps -e -o comm= 2>/dev/null | grep -c getty || ls /proc/*/comm | xargs grep -l getty | wc -l",
        PATIENCE,
    )?;
    let root = seat.machine.shell("findmnt -n -o FSTYPE / ; findmnt -n -o FSTYPE,OPTIONS /run/root/card", PATIENCE)?;
    let data = seat.machine.shell("findmnt -n -b -o SIZE,OPTIONS /var/lib/rollbook-kiosk", PATIENCE)?;
    let failed = seat.machine.shell("systemctl --failed --no-legend --plain | cat", PATIENCE)?;
    said(&format!("listening ports: {listening}; log-ins: {getty}; root: {}; data: {data}", root.replace('\n', ", ")));
    said(&format!("failed units: {}", if failed.is_empty() { "none" } else { &failed }));
    if listening != "0" {
        return Err("a port listens".into());
    }
    Ok(())
}

/// A card with mistakes says so, with its lines.
fn mistakes(scene: &Scene, image: &Path, pictures: &Path) -> Result<(), Trouble> {
    let setup = "# Room 7\nserver = \"http://rollbook.school.example\"\nkey = \"65\"\n[screen]\nrotation = 45\n";
    let parts: Parts = scene.parts(image, "mistakes", setup)?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: pictures.to_owned() };
    let begun = Instant::now();
    loop {
        let log = seat.machine.shell("journalctl -u rollbook-kiosk -o cat --no-pager | grep -c 'line 5'", PATIENCE)?;
        if log.lines().last().is_some_and(|n| n != "0") {
            break;
        }
        if begun.elapsed() > PATIENCE {
            return Err("the kiosk said nothing of the mistakes on its card".into());
        }
    }
    std::thread::sleep(Duration::from_secs(10));
    seat.picture("0-mistakes")?;
    said("a card with three mistakes: said on the screen with their lines (0-mistakes.png)");
    Ok(())
}

/// A full data partition is said, and ends.
fn full(seat: &mut Seat) -> Result<(), Trouble> {
    let fill = "dd if=/dev/zero of=/var/lib/rollbook-kiosk/lost+found/fill bs=1M 2>/dev/null; sync; df --output=avail /var/lib/rollbook-kiosk | tail -1";
    let free = seat.machine.shell(fill, PATIENCE)?;
    std::thread::sleep(Duration::from_secs(3));
    let running = seat.machine.shell("systemctl is-active rollbook-kiosk", PATIENCE)?;
    seat.picture("10-full")?;
    seat.machine.shell("rm /var/lib/rollbook-kiosk/lost+found/fill; sync", PATIENCE)?;
    said(&format!("the data partition full ({free} KiB left): the kiosk is {running}"));
    if running.trim() == "active" { Ok(()) } else { Err("the kiosk did not survive a full disk".into()) }
}
