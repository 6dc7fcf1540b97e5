//! `check`.
//!
//! Must never: exit with 0 when anything was found, or write to a file it looks at.

use super::Outcome;
use crate::check::{self, Found};
use crate::clock::Clock;
use crate::store::{Stores, open};
use rusqlite::Connection;
use shared::id::SchoolId;
use shared::kept::Kept;
use shared::log::Head;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// For programs.
    #[arg(long)]
    json: bool,
    /// Compare with what the kiosks keep: what they have told this server, and the files named, as each kiosk prints them
    /// with `rollbook-kiosk witness`.
    #[arg(long, num_args = 0.., value_name = "FILE")]
    against_kiosks: Option<Vec<PathBuf>>,
    /// Compare with the head that stands on an export, as 412:3f2a…
    #[arg(long, value_name = "NUMBER:HASH")]
    head: Option<String>,
}

/// A school as the folder has it: also when `trust.db` cannot be read any more.
struct Place {
    id: SchoolId,
    name: String,
    path: PathBuf,
}

pub(super) fn run(args: &Args, data: &Path, clock: &Clock) -> Outcome {
    let mut wrong = say(args.json, "trust.db", &check::other_file(&data.join("trust.db")));
    let papers = args.against_kiosks.as_deref().map(papers).transpose()?;
    let head = args.head.as_deref().map(head_of).transpose()?;
    let places = places(data)?;
    let mut headed = head.is_none();
    for place in &places {
        let mut found = check::school_file(&place.path, place.id, clock.now());
        if let Some(papers) = &papers {
            kiosks(data, place, papers, &mut found);
        }
        if let Some(head) = head {
            headed |= open::reader(&place.path).and_then(|c| check::head(&c, head)).unwrap_or(false);
        }
        wrong += say(args.json, &place.name, &found);
    }
    if !headed {
        wrong += 1;
        println!(
            "No school's record holds the head that was named: the export is of another record, or of another past of it."
        );
    } else if head.is_some() && !args.json {
        println!("The record still holds the head that was named: nothing before it was changed.");
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn papers(files: &[PathBuf]) -> Result<Vec<Kept>, Box<dyn std::error::Error + Send + Sync>> {
    let mut papers = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let kept: Kept = serde_json::from_str(&text)
            .map_err(|error| format!("{}: not what `rollbook-kiosk witness` prints: {error}", file.display()))?;
        papers.push(kept);
    }
    Ok(papers)
}

fn head_of(text: &str) -> Result<Head, String> {
    let bad = || format!("--head {text}: say it as it stands on the export, as 412:3f2a… with all 64 digits");
    let (seq, hash) = text.split_once(':').ok_or_else(bad)?;
    Ok(Head { seq: seq.parse().map_err(|_| bad())?, hash: hash.trim().parse().map_err(|_| bad())? })
}

fn kiosks(data: &Path, place: &Place, papers: &[Kept], found: &mut Found) {
    let mut all: Vec<check::Paper> =
        papers.iter().filter(|kept| kept.school == place.id).flat_map(check::of_file).collect();
    match Stores::open_trust(data).and_then(|trust| check::told(&trust, place.id)) {
        Ok(told) => all.extend(told),
        Err(error) => eprintln!("{}: what kiosks told this server cannot be read: {error}", place.name),
    }
    if all.is_empty() {
        found.doubts.push("no kiosk has said anything yet that this file could be compared with".to_owned());
        return;
    }
    match open::reader(&place.path).and_then(|c| check::against(&c, &all)) {
        Ok(parted) => found.wrong.extend(parted),
        Err(error) => found.wrong.push(format!("it cannot be compared with what the kiosks keep: {error}")),
    }
}

/// The schools of `trust.db`, and files in the folder that it does not know.
fn places(data: &Path) -> std::io::Result<Vec<Place>> {
    let known: Vec<(SchoolId, String)> =
        open::reader(&data.join("trust.db")).ok().and_then(|c| slugs(&c).ok()).unwrap_or_default();
    let mut places = Vec::new();
    for file in std::fs::read_dir(data.join("schools"))? {
        let path = file?.path();
        if path.extension().is_none_or(|ending| ending != "db") {
            continue;
        }
        let Some(id) = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok()) else {
            continue;
        };
        let name = known
            .iter()
            .find(|(school, _)| *school == id)
            .map_or_else(|| format!("{} (no school of trust.db)", path.display()), |(_, slug)| slug.clone());
        places.push(Place { id, name, path });
    }
    places.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(places)
}

fn slugs(c: &Connection) -> rusqlite::Result<Vec<(SchoolId, String)>> {
    let mut found = c.prepare("SELECT id, slug FROM school")?;
    found.query_map([], |r| Ok((SchoolId::from_bytes(r.get(0)?), r.get(1)?)))?.collect()
}

fn say(json: bool, what: &str, found: &Found) -> usize {
    if json {
        let line = serde_json::json!({
            "file": what, "wrong": found.wrong, "doubts": found.doubts, "pages": found.pages, "facts": found.facts,
            "removed": found.removed, "entries": found.entries, "vouched_for": found.witnessed, "marks": found.marks,
        });
        println!("{line}");
        return found.wrong.len();
    }
    if found.wrong.is_empty() {
        let gone =
            if found.removed == 0 { String::new() } else { format!(", {} of them removed by rule", found.removed) };
        println!(
            "{what}: sound ({} pages, {} facts{gone}, {} entries, {} marks).",
            found.pages, found.facts, found.entries, found.marks
        );
    } else {
        let things = if found.wrong.len() == 1 {
            "one thing is".to_owned()
        } else {
            format!("{} things are", found.wrong.len())
        };
        println!("{what}: {things} wrong. Keep this file as it is, and restore the last backup beside it.");
        for sentence in &found.wrong {
            println!("  {sentence}");
        }
    }
    for sentence in &found.doubts {
        println!("  {what}, to look at: {sentence}");
    }
    found.wrong.len()
}
