//! The demo as a stranger would run it, and a join of its taps with the server's export that shares nothing with the
//! demo's own check.
//!
//! Must never: use the demo's types or functions to judge the demo.
#![allow(clippy::unwrap_used)] // what cannot be unwrapped fails the test

use rollbook_tests::process::{free_port, program};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

/// A row by column names.
type Row = BTreeMap<String, String>;

fn csv(text: &[u8]) -> Vec<Row> {
    csv::Reader::from_reader(text).deserialize().map(Result::unwrap).collect()
}

/// Runs a program with the environment of this test, and nobody's clock.
fn run(name: &str, args: &[&str]) -> Output {
    Command::new(program(name).unwrap()).args(args).env_remove("ROLLBOOK_CLOCK").output().unwrap()
}

fn export(home: &Path, what: &str) -> Vec<Row> {
    let data = home.join("server");
    let out = run("rollbook-server", &["--data", data.to_str().unwrap(), "export", what, "--date", "2026-11-23"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    csv(&out.stdout)
}

/// What is wrong between the taps and the record, in words.
///
/// A tap is (room, what, pupil, half). The record may have it as often as the file, and, for the one kiosk that is killed,
/// once less: that tap may not have reached the disk.
fn join(taps: &[Row], facts: &[Row]) -> (usize, Vec<String>) {
    let mut wrong = Vec::new();
    let mut open: BTreeMap<[String; 3], Vec<i64>> = BTreeMap::new();
    for tap in taps {
        let key = [tap["room"].clone(), tap["what"].clone(), tap["pupil"].clone()];
        open.entry(key).or_default().push(tap["true_ms"].parse().unwrap());
    }
    let mut identities = BTreeSet::new();
    for fact in facts.iter().filter(|f| ["marked", "came_late", "arrived"].contains(&f["kind"].as_str())) {
        let what = if fact["kind"] == "marked" { &fact["mark"] } else { &fact["kind"] };
        let key = [fact["room"].clone(), what.clone(), fact["pupil"].clone()];
        if !identities.insert((fact["first_log"].clone(), fact["first_seq"].clone())) {
            wrong.push(format!("{key:?} stands twice"));
            continue;
        }
        // The latest tap that was made before the kiosk says it was.
        let until: i64 = fact["taken_until_ms"].parse().unwrap();
        let made = open.get_mut(&key).and_then(|at| at.iter().rposition(|at| *at <= until).map(|i| at.remove(i)));
        if made.is_none() {
            wrong.push(format!("{key:?} is in the record, and nobody tapped it"));
        }
    }
    let lost: Vec<[String; 3]> = open.into_iter().flat_map(|(key, at)| vec![key; at.len()]).collect();
    (lost.len(), wrong.into_iter().chain(lost.iter().map(|key| format!("{key:?} is not in the record"))).collect())
}

#[test]
fn the_demo_holds_and_its_figures_are_not_trivial() {
    let folder = tempfile::tempdir().unwrap();
    let (home, file) = (folder.path().join("day"), folder.path().join("taps.csv"));
    let port = free_port().unwrap().to_string();
    let args = ["--once", "--speed", "600", "--no-window", "--office-port", &port];
    let paths = ["--taps", file.to_str().unwrap(), "--data", home.to_str().unwrap()];
    let out = run("rollbook-demo", &[args.as_slice(), paths.as_slice()].concat());
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{said}");
    assert!(said.contains("http://127.0.0.1:") && said.contains("Log in"), "{said}");

    let taps = csv(&std::fs::read(&file).unwrap());
    let (facts, marks) = (export(&home, "facts"), export(&home, "marks"));
    let (lost, wrong) = join(&taps, &facts);
    // Exactly one tap was made as the plug was pulled: nobody had called it saved.
    assert!(lost <= 1 && wrong.len() == lost, "{wrong:#?}\n{said}");
    assert!(taps.len() > 700, "{} taps", taps.len());

    let of = |kind: &str, half: &str| -> Vec<&Row> {
        facts.iter().filter(|f| f["kind"] == kind && f["half"] == half).collect()
    };
    let rooms = |rows: &[&Row]| rows.iter().map(|f| f["room"].clone()).collect::<BTreeSet<_>>().len();
    assert_eq!((rooms(&of("submitted", "am")), rooms(&of("submitted", "pm"))), (14, 13), "one is missing\n{said}");

    let code = |code: &str| marks.iter().filter(|m| m["code"] == code).count();
    let (before, after) = (code("L"), code("U"));
    assert!(before >= 3 && after >= 3, "{before} late before close, {after} after\n{said}");
    assert!(code("/") > 300 && code("\\") > 300 && code("N") > 10, "{said}");
    assert!(marks.iter().all(|m| m["provisional"] == "0"), "{said}");

    // One room's register was taken in time and received an hour later, when its network was back.
    let ms = |row: &Row, column: &str| row[column].parse::<i64>().unwrap();
    let hour = |f: &&Row| ms(f, "received_ms") - ms(f, "taken_until_ms") > 30 * 60_000;
    let late: Vec<&Row> = facts.iter().filter(hour).collect();
    assert!(rooms(&late) == 1 && late.len() > 20, "{} facts received late\n{said}", late.len());
    let room = &late[0]["room"];
    assert!(late.iter().any(|f| f["kind"] == "submitted"), "{said}");
    assert!(facts.iter().filter(|f| &f["room"] == room && f["half"] == "am").all(|f| hour(&f)), "{said}");

    // A record with a hole or with something that nobody tapped would have been found.
    let at = facts.iter().position(|f| f["kind"] == "marked").unwrap();
    let mut hole = facts.clone();
    hole.remove(at);
    assert_eq!(join(&taps, &hole).0, lost + 1);
    let mut twice = facts.clone();
    twice.push(facts[at].clone());
    assert!(join(&taps, &twice).1.len() > wrong.len());
    let mut again = facts[at].clone();
    again.insert("first_seq".into(), "999999".into());
    let mut more = facts.clone();
    more.push(again);
    assert!(join(&taps, &more).1.len() > wrong.len());
}
