//! `removal`.
//!
//! Must never: remove without being told by name who decided it.

use super::{Outcome, chosen};
use crate::removal;
use crate::store::{StoreError, Stores};
use shared::act::Officer;
use shared::text::Name;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The school's short name; may be left out where there is one only.
    #[arg(long)]
    school: Option<String>,
    /// Who decided it: name and position, as "Ada Head, headteacher". Without it nothing is removed, only counted.
    #[arg(long, value_name = "NAME, POSITION")]
    decided_by: Option<String>,
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let school = chosen(stores, args.school.as_deref())?;
    let now = stores.clock().now();
    let Some(by) = &args.decided_by else {
        let (due, last) = school.read_now(|tx| {
            let calendar = tx.calendar()?;
            let last = removal::last_day(calendar.date_of(now.at));
            let before = calendar.instant((last + chrono::Days::new(1)).and_time(chrono::NaiveTime::MIN));
            Ok((removal::due(tx, last, before)?, last))
        })?;
        match due.days {
            Some((from, until)) => println!(
                "{}: {} marks of {from} to {until} are due (made up to {last}); {} as old stay, because something about them is younger. \
                 Nothing was removed: say --decided-by.",
                school.slug(),
                due.marks,
                due.younger
            ),
            None => println!("{}: nothing is due (made up to {last}).", school.slug()),
        }
        return Ok(ExitCode::SUCCESS);
    };
    let by = officer(by)?;
    let went = school.write_now(move |tx| removal::remove(tx, now, &by))?;
    if went.is_nothing() {
        println!("{}: nothing is due.", school.slug());
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}: removed {went}.", school.slug());
    removal::sweep(&school)?;
    println!("{}: the file was written anew; nothing of what was removed is left in it.", school.slug());
    Ok(ExitCode::SUCCESS)
}

fn officer(text: &str) -> Result<Officer, StoreError> {
    let bad = || StoreError::Refused("--decided-by: name and position, as \"Ada Head, headteacher\"".to_owned());
    let (name, position) = text.split_once(',').ok_or_else(bad)?;
    let name = Name::new(name.trim()).map_err(|_| bad())?;
    let position = Name::new(position.trim()).map_err(|_| bad())?;
    Ok(Officer::Person { name, position })
}
