//! `box new`, `box list`, `box end`.
//!
//! Must never: print a code a second time.

use super::{Outcome, at_the_terminal, chosen};
use crate::enrol::whole_box;
use crate::store::{StoreError, Stores};
use crate::tls;
use chrono::NaiveDate;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// Make a code that enrols a whole box of kiosks, and print it this once, as lines for rollbook.toml.
    New {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
        /// How many kiosks it is for.
        #[arg(long)]
        kiosks: u32,
        /// The last day on which it may be used, as 2026-12-18.
        #[arg(long)]
        until: NaiveDate,
        /// In whose name they are enrolled, for the record.
        #[arg(long)]
        by: Option<String>,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// List the codes of a school: what is left of each, and until when.
    List {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
    },
    /// End a code before its time.
    End {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
        /// Its number, as `box list` shows it.
        number: i64,
    },
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let now = stores.clock().now().at;
    match args {
        Args::New { school, kiosks, until, by, json } => {
            let school = chosen(stores, school.as_deref())?;
            let key = tls::identity(stores.dir())?.pin;
            let by = at_the_terminal(by.as_deref())?;
            let calendar = school.read_now(|tx| tx.calendar())?;
            let end = whole_box::last_day(&calendar, *until)?;
            let code = stores.trust().write_now(|t| whole_box::make(t, school.id(), *kiosks, end, &by, now))?;
            if *json {
                println!("{}", serde_json::json!({ "code": code, "key": key }));
            } else {
                println!(
                    "For {kiosks} kiosks, to the end of {until}. In rollbook.toml on each card, beside its server and room:"
                );
                println!();
                println!("key = \"{key}\"");
                println!("code = \"{code}\"");
            }
        }
        Args::List { school } => {
            let school = chosen(stores, school.as_deref())?;
            let calendar = school.read_now(|tx| tx.calendar())?;
            for code in stores.trust().read_now(|t| whole_box::list(t, school.id()))? {
                let state = match (code.holds(now), code.ended) {
                    (true, _) => "in use",
                    (false, true) => "ended",
                    (false, false) => "over",
                };
                let last = calendar.date_of(code.until.plus(-1));
                let by = code.by.name();
                println!(
                    "{:>4}  {state:<7} {} of {} left, to the end of {last}, made by {by}",
                    code.id, code.remaining, code.uses
                );
            }
        }
        Args::End { school, number } => {
            let school = chosen(stores, school.as_deref())?;
            if !stores.trust().write_now(|t| whole_box::end(t, school.id(), *number, now))? {
                return Err(StoreError::Missing("code with this number that still runs").into());
            }
            println!("Ended. Kiosks that it has enrolled stay enrolled.");
        }
    }
    Ok(ExitCode::SUCCESS)
}
