//! `export marks`, `export facts`.
//!
//! Must never: write names unless asked to.

use super::{Outcome, chosen};
use crate::export::{self, Dates, Marks};
use crate::record;
use crate::store::Stores;
use chrono::NaiveDate;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// Marks as they stand, one a row; with --history every state that an entry ever had.
    Marks {
        #[command(flatten)]
        common: Common,
        /// Every state, oldest first.
        #[arg(long)]
        history: bool,
        /// With the names of pupils.
        #[arg(long)]
        names: bool,
    },
    /// Facts of kiosks (taps, arrivals, submissions), one a row.
    Facts {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(clap::Args)]
pub(super) struct Common {
    /// The school, if there are several.
    #[arg(long)]
    school: Option<String>,
    /// One date only.
    #[arg(long, conflicts_with_all = ["from", "until"], value_parser = date)]
    date: Option<NaiveDate>,
    /// From this date on.
    #[arg(long, value_parser = date)]
    from: Option<NaiveDate>,
    /// Up to this date.
    #[arg(long, value_parser = date)]
    until: Option<NaiveDate>,
    /// The file to write; without it, standard output.
    #[arg(long, short)]
    out: Option<PathBuf>,
}

pub(super) fn date(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "expected a date as 2026-11-23".to_owned())
}

impl Common {
    fn dates(&self) -> Option<Dates> {
        if let Some(date) = self.date {
            return Some(Dates { from: date, until: date });
        }
        let far = NaiveDate::from_ymd_opt(9999, 12, 31)?;
        (self.from.is_some() || self.until.is_some())
            .then(|| Dates { from: self.from.unwrap_or_default(), until: self.until.unwrap_or(far) })
    }
    fn sink(&self) -> Result<Box<dyn Write>, String> {
        Ok(match &self.out {
            Some(path) => Box::new(std::fs::File::create(path).map_err(|e| format!("{}: {e}", path.display()))?),
            None => Box::new(std::io::stdout().lock()),
        })
    }
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let (Args::Marks { common, .. } | Args::Facts { common }) = args;
    let school = chosen(stores, common.school.as_deref())?;
    let (sink, dates) = (common.sink()?, common.dates());
    // The head on the export then vouches for all that is in it, also for what came in today.
    let now = stores.clock().now();
    school.write_now(move |tx| record::witness(tx, now))?;
    let rows = school.read_now(|tx| match args {
        Args::Marks { history, names, .. } => {
            let all =
                Dates { from: NaiveDate::default(), until: NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default() };
            export::marks(tx, dates.unwrap_or(all), Marks { history: *history, names: *names }, sink)
        }
        Args::Facts { .. } => export::facts(tx, dates, sink),
    })?;
    if let Some(path) = &common.out {
        println!("{rows} rows were written to {}.", path.display());
    }
    Ok(ExitCode::SUCCESS)
}
