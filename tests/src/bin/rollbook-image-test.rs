//! `make image-test`: the card's image in an emulated machine, against a real server. Each step says what was seen; pictures
//! of the screen are kept, to be looked at.
//!
//! Must never: say that something ran on a real Raspberry Pi.

#![allow(clippy::disallowed_methods)] // an emulated machine is waited for in real time

use clap::{Parser, ValueEnum};
use rollbook_tests::image::card::{Part, damage, partition};
use rollbook_tests::image::cuts::{self, Confirmed};
use rollbook_tests::image::machine::Board;
use rollbook_tests::image::recorded::{self, SIZE};
use rollbook_tests::image::recorder::Recorder;
use rollbook_tests::image::scene::{BLANKS, PATIENCE, RATHER_NOT, SUBMIT, Scene, tile, until};
use rollbook_tests::image::seat::Seat;
use rollbook_tests::image::wiegand::Pins;
use rollbook_tests::image::writes;
use rollbook_tests::process::Trouble;
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
    /// Only these [default: all but moments and here]
    #[arg(long, value_delimiter = ',')]
    only: Vec<Stage>,
    /// The day that is played.
    #[arg(long, default_value = "2026-11-23")]
    date: String,
    /// Power cuts, each with a full start.
    #[arg(long, default_value_t = 10)]
    cuts: usize,
    /// Moments of recorded writes at which the power is cut.
    #[arg(long, default_value_t = 500)]
    moments: usize,
    /// Of those moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is tried, each with machines of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// A classroom's kiosk from power-on to a register that was sent, with the cable out for a while.
    Register,
    /// A rollbook.toml with mistakes.
    Mistakes,
    /// Reception: late pupils by cards on the pins, the power cut after each; a full data partition.
    Reception,
    /// The card's root, and its data partition, damaged.
    Damage,
    /// The start on a Raspberry Pi 3 as QEMU has it.
    Pi3,
    /// A register in the emulated machine with every write recorded, and the power cut at moments of that record.
    Moments,
    /// The same with the kiosk's program on this machine, on an ext4 of its own: quick, and without the image.
    Here,
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

fn said(what: &str) {
    println!("  {what}");
}

async fn test(args: &Args) -> Result<(), Trouble> {
    std::fs::create_dir_all(args.folder.join("pictures"))?;
    let set = Set { image: args.image.canonicalize()?, folder: args.folder.canonicalize()?, date: args.date.clone() };
    println!("The image {} in QEMU (nothing here is a real Raspberry Pi)", set.image.display());
    let all = [Stage::Mistakes, Stage::Register, Stage::Reception, Stage::Damage, Stage::Pi3];
    let stages = if args.only.is_empty() { &all } else { args.only.as_slice() };
    for stage in stages {
        println!("{stage:?}");
        match stage {
            Stage::Register => register(&set).await?,
            Stage::Mistakes => mistakes(&set).await?,
            Stage::Reception => reception(&set, args.cuts).await?,
            Stage::Damage => damaged(&set).await?,
            Stage::Pi3 => pi3(&set).await?,
            Stage::Moments => moments(&set, args.moments, args.seed).await?,
            Stage::Here => here(&set, args.moments, args.seed).await?,
        }
    }
    Ok(())
}

/// What all stages have.
struct Set {
    image: PathBuf,
    folder: PathBuf,
    date: String,
}

impl Set {
    /// A school of its own for a stage, at this time of the morning.
    async fn scene(&self, name: &str, hour: i64, minute: i64) -> Result<Scene, Trouble> {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Scene::set(&folder, &self.date, hour, minute).await
    }

    fn pictures(&self) -> PathBuf {
        self.folder.join("pictures")
    }
}

/// The card of a kiosk that enrols by itself.
fn page(scene: &Scene, room: &str, rest: &str) -> Result<String, Trouble> {
    let (server, key, code) = (scene.address()?, &scene.key, &scene.code);
    Ok(format!("server = \"{server}\"\nkey = \"{key}\"\ncode = \"{code}\"\nroom = \"{room}\"\n{rest}"))
}

/// Waits until the server knows the kiosk and the kiosk has its roster.
async fn ready(scene: &Scene, seat: &mut Seat, room: &str) -> Result<(), Trouble> {
    let begun = Instant::now();
    until("the kiosk is enrolled", || async { Ok(scene.kiosks().await?.contains(room)) }).await?;
    said(&format!("power on to enrolled, with no keyboard: {:.0} s of emulation", begun.elapsed().as_secs_f64()));
    until("the kiosk has its roster", || {
        let rows = seat.status().ok().and_then(|s| s["rows"].as_u64()).unwrap_or(0);
        async move { Ok(rows > 20) }
    })
    .await?;
    Ok(())
}

/// Waits until the kiosk has nothing that the server does not have.
async fn sent(seat: &mut Seat) -> Result<(), Trouble> {
    until("what was taken arrives", || {
        let unsent = seat.status().ok().and_then(|s| s["unsent"].as_u64());
        async move { Ok(unsent == Some(0)) }
    })
    .await?;
    Ok(())
}

async fn register(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("register", 8, 40).await?;
    let room = scene.school.rooms().into_iter().next().ok_or("the school has no room")?;
    let setup = page(&scene, &room.name, &format!("classes = [\"{}\"]\n", room.class_name))?;
    let parts = scene.parts(&set.image, Board::Virt, "kiosk", &setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, &room.name).await?;
    seat.picture("register-1-ready")?;
    shut(&mut seat)?;

    let (_, pin) = room.staff.clone().ok_or("the class has no teacher")?;
    seat.sign_on(&pin)?;
    seat.picture("register-2-signed-on")?;
    seat.mark(&[tile(0), tile(1), tile(2)], 3)?;
    seat.picture("register-3-three-marks")?;

    // The cable out, marks, the cable back.
    seat.machine.cable(false)?;
    seat.mark(&[tile(3), tile(4)], 2)?;
    let waiting = seat.status()?["unsent"].as_u64().unwrap_or(0);
    seat.picture("register-4-no-network")?;
    if waiting < 2 {
        return Err(format!("with the cable out {waiting} entries wait").into());
    }
    seat.machine.cable(true)?;
    sent(&mut seat).await?;
    let facts = scene.facts().await?.iter().filter(|f| f.kind == "marked" && f.room == room.name).count();
    said(&format!("five marks by finger, two of them with the cable out: the server has {facts}"));
    if facts != 5 {
        return Err("not every mark arrived".into());
    }
    seat.mark(&[BLANKS], 5)?;
    seat.mark(&[SUBMIT], 1)?;
    seat.picture("register-5-submitted")?;
    sent(&mut seat).await?;
    if !scene.facts().await?.iter().any(|f| f.kind == "submitted" && f.room == room.name) {
        return Err("the register did not arrive".into());
    }
    said("the register is submitted, and the server has it");
    Ok(())
}

/// No port listens, no log-in waits, the root cannot be written, the data partition has grown.
fn shut(seat: &mut Seat) -> Result<(), Trouble> {
    let mut ask = |what: &str| seat.machine.shell(what, PATIENCE);
    let listening = ask("cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == \"0A\"' | wc -l")?;
    let udp = ask("cat /proc/net/udp /proc/net/udp6 | awk '$4 == \"07\" {print $2}' | tr '\\n' ' '")?;
    let getty = ask("cat /proc/[0-9]*/comm 2>/dev/null | grep -c getty")?;
    let root = ask("findmnt -n -o FSTYPE /; findmnt -n -o FSTYPE,OPTIONS /run/root/card")?;
    let data = ask("findmnt -n -b -o SIZE,OPTIONS /var/lib/rollbook-kiosk")?;
    let swap = ask("tail -n +2 /proc/swaps | wc -l")?;
    let journal = ask("du -sk /run/log/journal | cut -f1; ls /var/log/journal 2>&1 | head -1")?;
    let failed = ask("systemctl --failed --no-legend --plain | cut -d' ' -f1 | tr '\\n' ' '")?;
    said(&format!("listening TCP ports: {listening}; UDP sockets: {udp}; log-ins: {getty}; swap: {swap}"));
    said(&format!("root: {}; data: {data}", root.replace('\n', ", ")));
    said(&format!("journal in memory: {} KiB; failed units: {failed}", journal.replace('\n', ", on disk: ")));
    let grown = data.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).is_some_and(|n| n > 500 << 20);
    match (listening.as_str(), getty.as_str(), swap.as_str(), failed.as_str(), grown) {
        ("0", "0", "0", "", true) => Ok(()),
        _ => Err("the machine is not as shut, or not as whole, as it is to be".into()),
    }
}

/// A card with mistakes says so, with its lines.
async fn mistakes(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("mistakes", 8, 40).await?;
    let setup = "# Room 7\nserver = \"http://rollbook.school.example\"\nkey = \"65\"\n[screen]\nrotation = 45\n";
    let parts = scene.parts(&set.image, Board::Virt, "kiosk", setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    until("the kiosk says what is wrong with its card", || {
        let count = "journalctl -u rollbook-kiosk -o cat --no-pager | grep -c 'line 5'";
        let log = seat.machine.shell(count, PATIENCE).unwrap_or_default();
        async move { Ok(log.lines().last().is_some_and(|n| n != "0")) }
    })
    .await?;
    seat.machine.shell("sleep 15", PATIENCE)?; // its window comes after its log
    seat.picture("mistakes")?;
    said("a card with three mistakes: said with their lines (mistakes.png)");
    Ok(())
}

/// Late pupils by card, and the power cut after each; then a full data partition.
async fn reception(set: &Set, cuts: usize) -> Result<(), Trouble> {
    let scene = set.scene("reception", 9, 40).await?;
    let reader = "kind = \"reception\"\n[reader]\nkind = \"wiegand\"\nd0 = 0\nd1 = 1\npins = \"chip\"\n\
                  number = \"whole\"\ntimeout_ms = 250\n";
    let setup = page(&scene, "Reception", reader)?;
    let parts = scene.parts(&set.image, Board::Virt, "kiosk", &setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, "Reception").await?;
    seat.picture("reception-1-ready")?;
    let away: Vec<_> = scene.school.planned.iter().map(|p| p.pupil).collect();
    let mut pupils = scene.school.pupils.iter().filter(|p| p.card.is_some() && !away.contains(&p.id));
    let mut came = Vec::new();
    let mut confirmed = seat.written()?;
    for cut in 1..=cuts {
        let pupil = pupils.next().ok_or("too few pupils have cards")?;
        confirmed = hold(&mut seat, pupil.card.as_deref().unwrap_or_default(), confirmed)?;
        if cut == 1 {
            seat.picture("reception-2-card")?;
            seat.press(RATHER_NOT)?;
            seat.picture("reception-3-signed-in")?;
            confirmed = seat.written()?;
        }
        came.push(pupil.id);
        seat.machine.cut()?;
        seat.machine = scene.start(&parts)?;
        let after = seat.written()?;
        if after < confirmed {
            return Err(format!("power cut {cut}: {confirmed} entries were confirmed, {after} are there").into());
        }
        confirmed = after;
        said(&format!("power cut {cut}: all {confirmed} entries are there"));
    }
    seat.picture("reception-4-after-the-cuts")?;
    sent(&mut seat).await?;
    let facts = scene.facts().await?;
    let arrived =
        came.iter().filter(|id| facts.iter().any(|f| f.kind == "arrived" && f.pupil == id.to_string())).count();
    said(&format!(
        "{} late pupils by 26 bits on the pins, the power cut after each: the server has {arrived}",
        came.len()
    ));
    if arrived != came.len() {
        return Err("not everybody who came has arrived".into());
    }
    let cards = pupils.filter_map(|p| p.card.clone()).take(2).collect::<Vec<_>>();
    full(&mut seat, &cards)
}

/// Holds a card to the reader until an entry more is in the store. Under emulation a frame may come in pieces: it is held again,
/// as a person would.
fn hold(seat: &mut Seat, card: &str, confirmed: u64) -> Result<u64, Trouble> {
    let socket = seat.machine.pins();
    until_heard(seat)?;
    let mut pins = Pins::open(&socket, &mut seat.machine.qmp)?;
    for attempt in 1..=8 {
        pins.card(card)?;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            let now = seat.written()?;
            if now > confirmed {
                said(&format!("a card on the pins, held {attempt} times: {now} entries"));
                return Ok(now);
            }
        }
    }
    seat.picture("no-card")?;
    Err("the kiosk does not hear the card".into())
}

/// Waits until the kiosk has asked the kernel for the pins.
fn until_heard(seat: &mut Seat) -> Result<(), Trouble> {
    let begun = Instant::now();
    loop {
        let said = seat.machine.shell("ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c gpio", PATIENCE)?;
        if said.lines().last().is_some_and(|n| n.trim() != "0") {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err("the kiosk does not watch the pins".into());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// A full data partition: the kiosk goes on, says so, and writes again once there is room.
fn full(seat: &mut Seat, cards: &[String]) -> Result<(), Trouble> {
    let [first, second] = cards else { return Err("too few pupils have cards".into()) };
    let fill = "dd if=/dev/zero of=/var/lib/rollbook-kiosk/fill bs=64k 2>/dev/null; sync; df --output=avail /var/lib/rollbook-kiosk | tail -1";
    let free = seat.machine.shell(fill, PATIENCE)?;
    until_heard(seat)?;
    let before = seat.written()?;
    Pins::open(&seat.machine.pins(), &mut seat.machine.qmp)?.card(first)?;
    seat.machine.shell("sleep 20", PATIENCE)?;
    seat.picture("reception-5-full")?;
    let taken = seat.written()? - before;
    let running = seat.machine.shell("systemctl is-active rollbook-kiosk", PATIENCE)?;
    said(&format!(
        "the data partition full ({} KiB left): the kiosk is {running}, {taken} entries were taken",
        free.trim()
    ));
    if running.trim() != "active" {
        return Err("the kiosk did not survive a full disk".into());
    }
    seat.machine.shell("rm /var/lib/rollbook-kiosk/fill; sync; sleep 30", PATIENCE)?;
    let before = seat.written()?;
    hold(seat, second, before)?;
    seat.picture("reception-6-room-again")?;
    said("with room again it takes cards again");
    Ok(())
}

/// The root's first block, the root's middle, the data partition's superblock, and most of the data partition, are something else.
async fn damaged(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("damage", 8, 40).await?;
    let setup = page(&scene, "Room 1", "kind = \"reception\"\n")?;
    let look = |name: &str, seen: &str, spoil: &dyn Fn(&Path) -> Result<(), Trouble>| -> Result<(), Trouble> {
        let parts = scene.parts(&set.image, Board::Virt, name, &setup, spoil)?;
        let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
        let begun = Instant::now();
        let log = parts.folder.join("serial.log");
        // The kernel's own console says it, for there may be no shell.
        while !String::from_utf8_lossy(&std::fs::read(&log)?).contains(seen) {
            if begun.elapsed() > PATIENCE {
                seat.picture(&format!("damage-{name}"))?;
                return Err(format!("{name}: nobody said {seen:?}").into());
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        std::thread::sleep(Duration::from_secs(5)); // the words stand on the screen a moment after
        seat.picture(&format!("damage-{name}"))
    };
    look("root", "rollbook: the system on the card cannot be read", &|card| damage(card, Part::Root, 0, 4096))?;
    said("the root's first block damaged: said on the screen (damage-root.png)");
    look("data", "rollbook: the data partition cannot be read", &|card| damage(card, Part::Data, 0, 40 << 20))?;
    said("most of the data partition damaged: said on the screen (damage-data.png)");

    let parts =
        scene.parts(&set.image, Board::Virt, "superblock", &setup, |card| damage(card, Part::Data, 1024, 1024))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, "Room 1").await?;
    seat.picture("damage-superblock")?;
    said("the data partition's superblock damaged: fsck takes another, and the kiosk enrols");
    Ok(())
}

/// The start on a Raspberry Pi 3 as QEMU has it: no network there, so the kiosk says that it cannot reach its server.
async fn pi3(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("pi3", 8, 40).await?;
    let setup = page(&scene, "Room 1", "kind = \"reception\"\n")?;
    let parts = scene.parts(&set.image, Board::Pi3, "kiosk", &setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    let begun = Instant::now();
    until("the kiosk runs", || {
        let said = seat.machine.shell("systemctl is-active rollbook-kiosk", PATIENCE).unwrap_or_default();
        async move { Ok(said.trim() == "active") }
    })
    .await?;
    seat.status()?;
    said(&format!("power on to a kiosk that runs: {:.0} s of emulation", begun.elapsed().as_secs_f64()));
    seat.machine.shell("sleep 20", PATIENCE)?;
    seat.picture("pi3")?;
    Ok(())
}

/// A register is taken while every write is recorded; then the power is cut at random moments of that record.
async fn moments(set: &Set, points: usize, seed: u64) -> Result<(), Trouble> {
    let scene = set.scene("moments", 8, 40).await?;
    let room = scene.school.rooms().into_iter().next().ok_or("the school has no room")?;
    let setup = page(&scene, &room.name, &format!("classes = [\"{}\"]\n", room.class_name))?;
    let mut parts = scene.parts(&set.image, Board::Virt, "kiosk", &setup, |_| Ok(()))?;
    // The card is as large as the image: its data partition is rebuilt for each moment.
    let before = parts.folder.join("card.img");
    parts.card = parts.folder.join("run.img");
    std::fs::copy(&before, &parts.card)?;
    let log = parts.folder.join("writes.log");
    parts.log = Some(log.clone());
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, &room.name).await?;
    let mut confirmed = Vec::new();
    let mut note = |written: u64| -> Result<(), Trouble> {
        confirmed.push(Confirmed { log: std::fs::metadata(&log)?.len(), written });
        Ok(())
    };
    note(seat.written()?)?;
    let (_, pin) = room.staff.clone().ok_or("the class has no teacher")?;
    seat.sign_on(&pin)?;
    for number in 0..12 {
        note(seat.mark(&[tile(number)], 1)?)?;
    }
    note(seat.mark(&[BLANKS], 2)?)?;
    note(seat.mark(&[SUBMIT], 1)?)?;
    seat.picture("moments")?;
    seat.machine.cut()?;
    let entries = writes::read(&log)?;
    let flushes = entries.iter().filter(|e| e.flushes).count();
    let last = confirmed.last().map_or(0, |c| c.written);
    said(&format!("{} writes and flushes recorded ({flushes} flushes), {last} entries confirmed", entries.len()));
    let card = std::fs::read(&before)?;
    let (first, _) = partition(&card, Part::Data)?;
    let begin = card.get(usize::try_from(first * 512)?..).ok_or("the card ends before its data partition")?;
    let found = cuts::look(&parts.folder, "", begin, first, &entries, &confirmed, points, seed).await?;
    said(&format!(
        "{} power cuts at random moments (seed {seed}), {} with writes that no flush had come after; fsck mended {}; wrong: {}",
        found.cuts,
        found.torn,
        found.repaired,
        found.wrong.len()
    ));
    if found.wrong.is_empty() { Ok(()) } else { Err(found.wrong.join("\n").into()) }
}

async fn here(set: &Set, points: usize, seed: u64) -> Result<(), Trouble> {
    let home = set.folder.join("here");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    let recorder = Recorder::start(&home.join("card"), SIZE)?;
    let recorded = recorded::register(&recorder, &home).await?;
    let found = recorded.cut(points, seed).await?;
    said(&recorded.said(&found, seed));
    let lied = recorded.cut_on_a_liar(10, seed).await?;
    said(&format!(
        "the same on a disk that does not do what it is told: {} of 10 cuts lost something",
        lied.wrong.len()
    ));
    if found.wrong.is_empty() { Ok(()) } else { Err(found.wrong.join("\n").into()) }
}
