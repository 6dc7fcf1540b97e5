//! `rollbook-server import`: a roster from a zip, a folder or pupils.csv.
//!
//! Must never: write on a dry run, or print a name.

use super::{Outcome, at_the_terminal, chosen};
use crate::import::{self, ImportError, NewIds, Request, read, roster::Classes};
use crate::store::Stores;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The school's short name; not needed where there is only one.
    #[arg(long)]
    school: Option<String>,
    /// A zip or a folder of OneRoster, or pupils.csv.
    path: PathBuf,
    /// Only say what would change.
    #[arg(long)]
    dry_run: bool,
    /// Answer as JSON: counts, changes, every row that was not taken.
    #[arg(long)]
    json: bool,
    /// Which classes take a register: "homerooms", "all", or ids and names parted by commas. Kept for the next import.
    #[arg(long)]
    classes: Option<String>,
    /// Which school of an export that holds several: id or name. Kept for the next import.
    #[arg(long)]
    from_school: Option<String>,
    /// Go on although most pupils on roll are not in the file and would leave.
    #[arg(long)]
    many_leavers: bool,
    /// Do as the file says also with pupils whom the office moved to another class by hand.
    #[arg(long)]
    undo_moves: bool,
    /// Who imports, for the record.
    #[arg(long)]
    by: Option<String>,
}

/// Exit code when a person must choose something first and nothing was imported.
const CHOOSE: u8 = 2;

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let school = chosen(stores, args.school.as_deref())?;
    let files = read::path(&args.path)?;
    let request = Request {
        classes: args.classes.as_deref().map(Classes::from_words),
        school: args.from_school.clone(),
        many_leavers: args.many_leavers,
        undo_moves: args.undo_moves,
    };
    let now = stores.clock().now();
    let mut source = NewIds::new()?;
    let report = if args.dry_run {
        let looked = school.read_now(|tx| {
            let today = import::today(tx, now.at)?;
            Ok(import::look(tx, &files, &request, today, &mut || source.make()))
        })?;
        let mut report = looked?.report;
        report.dry_run = true;
        report
    } else {
        let by = at_the_terminal(args.by.as_deref())?;
        school
            .write_now(move |tx| import::run(tx, &files, &request, now, &by, &mut || source.make()))?
            .map_err(|error: ImportError| error)?
    };
    let text = if args.json { serde_json::to_string_pretty(&report)? + "\n" } else { report.words() };
    std::io::stdout().write_all(text.as_bytes())?;
    let undecided = !report.needs.is_empty() && !args.dry_run;
    Ok(if undecided { ExitCode::from(CHOOSE) } else { ExitCode::SUCCESS })
}
