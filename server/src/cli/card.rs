//! `card import`: a box of cards at once.
//!
//! Must never: print or keep a number.

use super::{Outcome, at_the_terminal, chosen};
use crate::card::{self, list::List};
use crate::feed;
use crate::store::Stores;
use crate::store::columns::DateCol;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// Bind the cards of a list: columns number, and upn, or class, first and last, or staff. Only keyed hashes are kept.
    Import {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
        /// The list, as CSV with a first line that names the columns.
        file: PathBuf,
        /// Only say what would change.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Exit code when lines were left out.
const SOME_BAD: u8 = 2;

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let Args::Import { school, file, dry_run } = args;
    let school = chosen(stores, school.as_deref())?;
    let named = |what: &dyn std::fmt::Display| format!("{}: {what}", file.display());
    let bytes = std::fs::read(file).map_err(|e| named(&e))?;
    let list = List::read(&bytes).map_err(|e| named(&e))?;
    let (now, by) = (stores.clock().now(), at_the_terminal(None)?);
    let report = if *dry_run {
        school.read_now(|tx| {
            let today = DateCol(tx.calendar()?.date_of(now.at));
            list.take(tx, today, |hash, holder| card::look(tx, now, hash, holder))
        })?
    } else {
        school.write_now(move |tx| {
            let today = DateCol(tx.calendar()?.date_of(now.at));
            let report = list.take(tx, today, |hash, holder| card::bind(tx, now, &by, hash, holder, false))?;
            if report.bound > 0 {
                feed::refresh_roster(tx, now)?;
            }
            Ok(report)
        })?
    };
    for bad in &report.bad {
        println!("{}: line {}: {}", file.display(), bad.line, bad.reason);
    }
    let word = if *dry_run { "would be bound" } else { "bound" };
    println!("{} {word}, {} bound already, {} left out", report.bound, report.already, report.bad.len());
    if !*dry_run && report.bound > 0 {
        println!("The file still holds the numbers in clear: delete it when you are done.");
    }
    Ok(if report.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME_BAD) })
}
