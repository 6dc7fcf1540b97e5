//! `school add`, `school list`, and what belongs to a school: its calendar, its choices.
//!
//! Must never: leave the person without the next step.

use super::{Outcome, calendar, choose, recovery_key};
use crate::store::Stores;
use crate::{recovery, school};
use chrono::Datelike;
use shared::calendar::Calendar;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// Add a school. Its calendar is that of a sample primary school until its own is given.
    Add {
        /// Short name, as elm-park.
        slug: String,
        /// Name, as "Elm Park Primary School".
        name: String,
        /// A calendar as JSON (docs/OPERATIONS.md).
        #[arg(long)]
        calendar: Option<PathBuf>,
        /// Who sets the closing times, as "name, position": it stands in the record of each close.
        #[arg(long, default_value = "the headteacher")]
        set_by: String,
    },
    /// List the schools.
    List,
    /// The calendar: terms, closures, session times.
    #[command(subcommand)]
    Calendar(calendar::Args),
    /// What the school chooses about its kiosks; without a choice, what stands.
    Choose(choose::Args),
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    match args {
        Args::Add { slug, name, calendar, set_by } => {
            let now = stores.clock().now().at;
            let calendar = match calendar {
                Some(path) => {
                    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
                    calendar::read(&text).map_err(|e| format!("{}: {e}", path.display()))?
                }
                None => sample(now)?,
            };
            let set_by = format!("{set_by}, {}", calendar.date_of(now));
            let school = school::add(stores, slug, name, &calendar, &set_by)?;
            println!("{name} was added; its register is {}.", school.path().display());
            if recovery::public(stores)?.is_none() {
                recovery_key::print(&recovery::renew(stores)?);
            }
            println!("Next:");
            println!("  rollbook-server import --school {slug} FILE      the roster that your directory exports");
            println!("  rollbook-server user add --school {slug} …       who logs in to the office pages");
            println!("  rollbook-server serve                            then enrol the kiosks on the page \"Kiosks\"");
        }
        Args::Calendar(args) => return calendar::run(args, stores),
        Args::Choose(args) => return choose::run(args, stores),
        Args::List => {
            for school in stores.all() {
                let (name, pupils) = school.read_now(|tx| {
                    let pupils: i64 = tx.query_row("SELECT count(*) FROM pupil", [], |r| r.get(0))?;
                    Ok((school::setting(tx, "name")?.unwrap_or_default(), pupils))
                })?;
                println!("{:<24} {name} ({pupils} pupils) {}", school.slug(), school.path().display());
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The sample calendar of the school year that an instant lies in.
fn sample(now: shared::time::Millis) -> Result<Calendar, String> {
    let date = Calendar::sample_primary(2026).ok_or("no sample calendar")?.date_of(now);
    let year = if date.month() >= 8 { date.year() } else { date.year() - 1 };
    Calendar::sample_primary(year).ok_or_else(|| format!("no sample calendar for {year}"))
}
