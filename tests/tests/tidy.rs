//! Keeps the house tidy: the arrows between the rooms, what each file says of itself, what may never change, licences.
//!
//! Must never: pass because it looked at nothing. Each check counts what it saw.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file that git tracks or would track.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(out.status.success());
    String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .filter(|l| endings.is_empty() || endings.iter().any(|e| l.ends_with(e)))
        .map(PathBuf::from)
        .filter(|p| root().join(p).is_file())
        .collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

fn metadata() -> Value {
    let out = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// shared ← kiosk, server ← tests; nothing else.
#[test]
fn arrows_run_one_way() {
    let may: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("rollbook-shared", &[][..]),
        ("rollbook-kiosk", &["rollbook-shared"]),
        ("rollbook-server", &["rollbook-shared"]),
        ("rollbook-tests", &["rollbook-shared", "rollbook-kiosk", "rollbook-server"]),
    ]);
    let data = metadata();
    let mut seen = 0;
    for package in data["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(allowed) = may.get(name) else { continue };
        seen += 1;
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap();
            assert!(!may.contains_key(to) || allowed.contains(&to), "{name} must not need {to}");
        }
    }
    assert_eq!(seen, may.len());
}

/// The core stays pure; one importer each for what must not spread.
#[test]
fn rooms_keep_their_walls() {
    // What, where it may stand (prefixes), where it is looked for.
    let walls: &[(&str, &[&str], &str)] = &[
        ("chrono_tz", &["shared/src/calendar/zone.rs"], "shared/src/"),
        ("chrono_tz", &[], "kiosk/src/"),
        ("chrono_tz", &[], "server/src/"),
        ("slint::", &["kiosk/src/ui/", "kiosk/src/main.rs"], "kiosk/src/"),
        ("std::fs", &[], "shared/src/"),
        ("std::net", &[], "shared/src/"),
        ("std::thread", &[], "shared/src/"),
        ("SystemTime", &[], "shared/src/"),
        ("rusqlite", &[], "shared/src/"),
        ("tokio", &[], "shared/src/"),
        ("rusqlite", &[], "kiosk/src/core/"),
        ("std::fs", &[], "kiosk/src/core/"),
        ("reqwest", &["kiosk/src/sync/", "kiosk/src/enrol.rs", "kiosk/src/config.rs"], "kiosk/src/"),
        ("SystemTime::now", &["kiosk/src/clock.rs"], "kiosk/src/"),
        ("SystemTime::now", &["server/src/clock.rs"], "server/src/"),
    ];
    let rust = files(&[".rs"]);
    let mut wrong = String::new();
    let mut looked = 0;
    for path in &rust {
        let name = path.to_str().unwrap();
        let text = read(path);
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (what, may, within) in walls {
            if !name.starts_with(within)
                || name.contains("/tests")
                || name.ends_with("testing.rs")
                || name.ends_with("/golden.rs")
            {
                continue;
            }
            looked += 1;
            let stands = code.lines().any(|l| !l.trim_start().starts_with("//") && l.contains(what));
            if stands && !may.iter().any(|m| name.starts_with(m)) {
                let _ = writeln!(wrong, "{name}: {what} may stand only in {may:?}");
            }
        }
    }
    assert!(looked > 100, "looked at {looked} pairs only");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// A file is one noun and says what it must never do. Large ones are named, and fail beyond 800 lines.
#[test]
fn files_are_small_and_say_what_they_are() {
    let mut wrong = String::new();
    let rust = files(&[".rs"]);
    assert!(rust.len() > 40, "only {} files", rust.len());
    for path in rust {
        let text = read(&path);
        let lines = text.lines().count();
        if !text.starts_with("//!") {
            let _ = writeln!(wrong, "{}: must open with a //! that says what it is", path.display());
        }
        let head: String = text.lines().take_while(|l| l.starts_with("//!")).collect();
        let name = path.to_string_lossy();
        let test = name.contains("/tests") || name.contains("_tests.rs") || name.ends_with("/golden.rs");
        let in_src = path.components().any(|c| c.as_os_str() == "src");
        if in_src && !test && !name.ends_with("lib.rs") && !head.to_lowercase().contains("must never") {
            let _ = writeln!(wrong, "{}: its head must say what it must never do", path.display());
        }
        if lines > 800 {
            let _ = writeln!(wrong, "{}: {lines} lines, at most 800", path.display());
        } else if lines > 400 {
            eprintln!("warning: {} has {lines} lines; about 400 is a room", path.display());
        }
    }
    for path in files(&[".slint", ".html", ".css", ".js"]) {
        let lines = read(&path).lines().count();
        if lines > 400 {
            eprintln!("warning: {} has {lines} lines; about 400 is a room", path.display());
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Migrations and golden wire files of a release never change. `tests/frozen.txt` holds their sums.
#[test]
fn frozen_files_are_as_released() {
    let list = read(Path::new("tests/frozen.txt"));
    let mut wrong = String::new();
    let mut named = BTreeSet::new();
    for line in list.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let (sum, name) = line.split_once("  ").expect("a line is: sum, two spaces, path");
        named.insert(name.to_owned());
        let Ok(bytes) = std::fs::read(root().join(name)) else {
            let _ = writeln!(wrong, "{name}: is gone");
            continue;
        };
        let now: String = Sha256::digest(&bytes).iter().fold(String::new(), |mut s, b| {
            let _ = write!(s, "{b:02x}");
            s
        });
        if now != sum {
            let _ = writeln!(wrong, "{name}: has changed. Add a new migration or a new field instead");
        }
    }
    for path in files(&[".sql", ".json"]) {
        let name = path.to_str().unwrap();
        let must = name.contains("/migrations/") || name.starts_with("shared/golden/");
        if must && !named.contains(name) {
            let _ = writeln!(wrong, "{name}: is not in tests/frozen.txt (run `make freeze`)");
        }
    }
    assert!(named.len() > 20, "only {} files are frozen", named.len());
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Everything we link may be combined into a work under GPL-3.0-only, and nothing banned comes in.
#[test]
fn licences_and_bans() {
    let deny: toml::Table = toml::from_str(&read(Path::new("deny.toml"))).unwrap();
    let allowed: BTreeSet<&str> =
        deny["licenses"]["allow"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    let banned: BTreeSet<&str> =
        deny["bans"]["deny"].as_array().unwrap().iter().map(|v| v["crate"].as_str().unwrap()).collect();
    let data = metadata();
    // Only what is really linked for our targets: the resolve of the lock file, not everything it could be.
    let tree = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["tree", "--locked", "--workspace", "--features", "rollbook-kiosk/window"])
        .args(["-e", "normal,build", "--prefix", "none", "-f", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let linked: BTreeSet<(String, String)> = String::from_utf8(tree.stdout)
        .unwrap()
        .lines()
        .filter_map(|l| {
            let mut words = l.split_whitespace();
            Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
        })
        .collect();
    assert!(linked.len() > 200, "only {} packages", linked.len());
    let mut wrong = String::new();
    let mut sqlite = BTreeSet::new();
    for package in data["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let version = package["version"].as_str().unwrap();
        if !linked.contains(&(name.to_owned(), version.to_owned())) {
            continue;
        }
        if name == "libsqlite3-sys" {
            sqlite.insert(version.to_owned());
        }
        if banned.contains(name) {
            let _ = writeln!(wrong, "{name} {version}: banned in deny.toml");
        }
        let licence = package["license"].as_str().unwrap_or("");
        if !licence_is_allowed(licence, &allowed) {
            let _ = writeln!(wrong, "{name} {version}: licence \"{licence}\" is not in deny.toml");
        }
    }
    assert_eq!(sqlite.len(), 1, "one SQLite: {sqlite:?}");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// SPDX with AND, OR, parentheses and the old slash.
fn licence_is_allowed(text: &str, allowed: &BTreeSet<&str>) -> bool {
    fn any(text: &str, allowed: &BTreeSet<&str>) -> bool {
        split(text, " OR ").iter().any(|part| split(part, " AND ").iter().all(|p| one(p, allowed)))
    }
    fn one(text: &str, allowed: &BTreeSet<&str>) -> bool {
        let text = text.trim();
        match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
            Some(inner) => any(inner, allowed),
            None => allowed.contains(text) || (text.contains(" OR ") && any(text, allowed)),
        }
    }
    fn split<'a>(text: &'a str, by: &str) -> Vec<&'a str> {
        let (mut depth, mut from, mut parts) = (0i32, 0, Vec::new());
        for (at, c) in text.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                ' ' if depth == 0 && text[at..].starts_with(by) => {
                    parts.push(&text[from..at]);
                    from = at + by.len();
                }
                _ => {}
            }
        }
        parts.push(&text[from..]);
        parts
    }
    any(&text.replace('/', " OR "), allowed)
}

#[test]
fn the_licence_reader_reads() {
    let allowed = BTreeSet::from(["MIT", "Apache-2.0", "GPL-3.0-only"]);
    for yes in ["MIT", "MIT OR Foo", "Foo/MIT", "(MIT OR Foo) AND Apache-2.0", "Foo OR (MIT AND Apache-2.0)"] {
        assert!(licence_is_allowed(yes, &allowed), "{yes}");
    }
    for no in ["", "Foo", "MIT AND Foo", "(Foo OR Bar) AND MIT", "Foo OR (MIT AND Bar)"] {
        assert!(!licence_is_allowed(no, &allowed), "{no}");
    }
}

/// No file names a place that only its author has, and nothing is left half done.
#[test]
fn nothing_private_and_nothing_unfinished() {
    let here = root();
    // A folder that every machine has says nothing about its author's.
    let common =
        ["/", "/tmp", "/var", "/var/tmp", "/root", "/home", "/srv", "/opt", "/usr", "/usr/src", "/mnt", "/data"];
    let above = here.parent().and_then(Path::to_str).filter(|p| !common.contains(p)).map(|p| format!("{p}/"));
    let unfinished = [concat!("to", "do!("), concat!("unimpl", "emented!("), concat!("FIX", "ME"), concat!("XX", "X:")];
    let mut wrong = String::new();
    let mut looked = 0;
    for path in files(&[".rs", ".slint", ".sh", ".html", ".css", ".js", ".md", ".toml", ".json", "Makefile", "run"]) {
        let text = read(&path);
        looked += 1;
        for (number, line) in text.lines().enumerate() {
            let said = |what: &str| format!("{}:{}: {what}\n", path.display(), number + 1);
            if let Some(above) = &above
                && line.contains(above.as_str())
                && above.len() > 3
            {
                wrong += &said("names a folder of this machine");
            }
            if line.contains(concat!("..", "/shared/")) && !line.contains("path =") && !path.ends_with("Cargo.toml") {
                wrong += &said("needs a folder beside the repository");
            }
            if unfinished.iter().any(|u| line.contains(u)) {
                wrong += &said("is unfinished");
            }
            if line.contains(concat!("registry.", "npmjs")) || line.contains(concat!("index.", "crates.io")) {
                wrong += &said("names a package registry's host");
            }
        }
    }
    assert!(looked > 60, "looked at {looked} files only");
    assert!(wrong.is_empty(), "\n{wrong}");
}
