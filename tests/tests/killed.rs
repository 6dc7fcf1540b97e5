//! The real server under `kill -9` where it does most at once: while it closes registers, and while a backup is made.
//!
//! Must never: kill at moments that a person chose, or count a run in which every kill came too late or too early.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a test's own clock; what cannot be unwrapped fails the test

use fastrand::Rng;
use rollbook_tests::clock::DayClock;
use rollbook_tests::process::{program, run, start_unseen};
use rollbook_tests::small::{MORNING, World, sign_on, tiles};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The day's registers are all closed by then: ten hours after [`MORNING`].
const EVENING_MS: i64 = 10 * 60 * 60 * 1000;

fn school_file(data: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(data.join("schools")).unwrap().map(|f| f.unwrap().path());
    files.find(|path| path.extension().is_some_and(|e| e == "db")).unwrap()
}

/// Looks into a file that nobody has open, or beside who has.
fn number(file: &Path, sql: &str) -> i64 {
    let c = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    c.busy_timeout(Duration::from_secs(10)).unwrap();
    c.pragma_update(None, "query_only", true).unwrap();
    c.query_row(sql, [], |r| r.get(0)).unwrap()
}

/// A random part of this long goes by. This is no wait for anything: it is the moment of the kill.
fn moment(dice: &mut Rng, longest: Duration) {
    let part = longest.mul_f64(dice.f64());
    let begun = Instant::now();
    while begun.elapsed() < part {
        std::thread::yield_now();
    }
}

async fn sound(data: &Path) {
    let dir = data.to_string_lossy().into_owned();
    let said = run("rollbook-server", &["--data", &dir, "check"], &[], "").await.unwrap();
    assert!(!said.contains("wrong"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_register_is_closed_once_however_often_the_server_dies() {
    const CLOSED: &str = "SELECT count(*) FROM register WHERE closed_at IS NOT NULL";
    let home = tempfile::tempdir().unwrap();
    let mut world = World::make(home.path()).await.unwrap();
    world.stop_server().await.unwrap();
    let (data, file) = (world.data(), school_file(&world.data()));
    let mut dice = Rng::with_seed(20_261_123);
    let clock = |day: i64| DayClock::starting(MORNING.plus(day * DAY_MS + EVENING_MS), 1);
    // How long a start and a day's closing take here: the first day tells.
    let begun = Instant::now();
    world.clock = clock(0);
    world.restart_server().await.unwrap();
    while number(&file, CLOSED) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is closed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let takes = begun.elapsed();
    world.stop_server().await.unwrap();
    let one_day = number(&file, CLOSED);
    assert!(one_day >= 10, "{one_day}");
    // Tuesday to Friday, and the Monday after: each day the server dies until it has closed that day's registers.
    let (mut early, mut late) = (0, 0);
    for (n, day) in [1, 2, 3, 4, 7].into_iter().enumerate() {
        let due = one_day * (i64::try_from(n).unwrap() + 2);
        while number(&file, CLOSED) < due {
            let mut server = start_unseen(&data, &clock(day).spec(None)).unwrap();
            // A machine with other work starts a server more slowly than the first time: each kill that came early lengthens it.
            moment(&mut dice, takes.mul_f64(1.3 * 1.02_f64.powi(early)));
            server.kill().await.unwrap();
            let closed = number(&file, CLOSED);
            assert!(closed == due || closed == due - one_day, "all of a day, or none: {closed} of {due}");
            early += i32::from(closed < due);
            late += i32::from(closed == due);
            assert!(early < 200, "it never comes to closing in {takes:?}");
        }
    }
    println!("{early} kills before a day was closed, {late} after; a start and a closing take {takes:?}");
    assert!(early >= 2 && late == 5);
    world.restart_server().await.unwrap();
    world.stop_server().await.unwrap();
    assert_eq!(number(&file, CLOSED), one_day * 6);
    let twice = "SELECT count(*) FROM (SELECT 1 FROM fact WHERE body LIKE '%\"closed\"%'
                 GROUP BY json_extract(body, '$.act.class'), json_extract(body, '$.act.session') HAVING count(*) > 1)";
    let acts = "SELECT count(DISTINCT json_extract(body, '$.act.class') || json_extract(body, '$.act.session'))
                FROM fact WHERE body LIKE '%\"closed\"%'";
    assert_eq!((number(&file, twice), number(&file, acts)), (0, one_day * 6));
    sound(&data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_dies_makes_nothing_durable_that_it_does_not_hold() {
    const DURABLE: &str = "SELECT ifnull(max(durable_seq), 0) FROM log WHERE kiosk IS NOT NULL";
    let home = tempfile::tempdir().unwrap();
    let mut world = World::make(home.path()).await.unwrap();
    let kiosk_data = world.enrol(0).await.unwrap();
    let room = world.rooms[0].clone();
    let mut kiosk = world.switch_on(&kiosk_data).unwrap();
    kiosk.ask(json!({ "do": "wait", "for": "roster" })).await.unwrap();
    let shown = sign_on(&mut kiosk, &room).await.unwrap();
    let pupils: Vec<_> = tiles(&shown).into_iter().filter(|tile| tile.1 == "blank").map(|tile| tile.0).collect();
    let (data, file) = (world.data(), school_file(&world.data()));
    let places = home.path().join("backups");
    let backup = |place: &Path| {
        std::fs::create_dir_all(place).unwrap();
        let mut command = tokio::process::Command::new(program("rollbook-server").unwrap());
        command.arg("--data").arg(&data).arg("backup").arg(place).arg("--elsewhere");
        command.env("ROLLBOOK_CLOCK", world.clock.spec(None)).kill_on_drop(true);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let begun = Instant::now();
    // 3: made and read back, but without the keys, since this school has no recovery key.
    let whole = |status: std::process::ExitStatus| matches!(status.code(), Some(0 | 3));
    assert!(whole(backup(&places.join("first")).wait().await.unwrap()));
    let takes = begun.elapsed();
    let mut held = number(&file, DURABLE);
    assert!(held > 0);
    let mut dice = Rng::with_seed(20_261_124);
    let (mut unfinished, mut finished, mut behind) = (0, 0, false);
    for (n, pupil) in pupils.iter().take(16).enumerate() {
        // The kiosk goes on, and every entry is new to this backup.
        kiosk.ask(json!({ "do": "tap", "pupil": pupil })).await.unwrap();
        kiosk.ask(json!({ "do": "wait", "for": "synced" })).await.unwrap();
        let mut one = backup(&places.join(n.to_string()));
        moment(&mut dice, takes.mul_f64(1.1));
        let ended = one.try_wait().unwrap().is_some_and(whole);
        one.kill().await.unwrap();
        let durable = number(&file, DURABLE);
        if durable > held {
            // Then a copy that holds it is there, whole.
            let made = std::fs::read_dir(places.join(n.to_string())).unwrap().next().unwrap().unwrap().path();
            assert_eq!(server::backup::manifest::compare(&made).unwrap(), Vec::<String>::new());
            let copied = school_file(&made);
            assert!(number(&copied, "SELECT max(head_seq) FROM log WHERE kiosk IS NOT NULL") >= durable);
            held = durable;
            finished += 1;
            behind = false;
        } else {
            assert!(!ended, "it said that it was done");
            unfinished += 1;
            behind = true;
        }
    }
    println!("{unfinished} backups died unfinished, {finished} were whole; one takes {takes:?}");
    assert!(unfinished >= 4, "every kill came too late");
    // The server never stood still, and the next backup is a whole one.
    assert!(whole(backup(&places.join("last")).wait().await.unwrap()));
    let durable = number(&file, DURABLE);
    assert!(if behind { durable > held } else { durable == held }, "{durable} after {held}");
    kiosk.end().await.unwrap();
    world.stop_server().await.unwrap();
    sound(&data).await;
}
