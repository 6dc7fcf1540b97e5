//! `rollbook-server sample`: a made-up school, to try Rollbook with.
//!
//! Must never: run on a school that exists.

use super::Outcome;
use crate::sample::{self, Wish};
use crate::store::Stores;
use chrono::{Datelike, Days, NaiveDate, Weekday};
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The new school's short name.
    #[arg(long, default_value = "elm-park")]
    school: String,
    /// The same seed makes the same school.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The day of the demonstration, yyyy-mm-dd; without it today, or the school day before.
    #[arg(long, value_parser = date)]
    date: Option<NaiveDate>,
    /// Leave out the two terms of history.
    #[arg(long)]
    no_history: bool,
    /// So many years of history in their place, for measuring.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=20), conflicts_with = "no_history")]
    years: u8,
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    let date = args.date.or_else(|| weekday(stores.clock().now().at.0)).ok_or("no date: say --date yyyy-mm-dd")?;
    let wish = Wish { slug: args.school.clone(), seed: args.seed, date, history: !args.no_history, years: args.years };
    let made = sample::create(stores, &wish)?;
    println!("{}", serde_json::to_string_pretty(&made)?);
    Ok(ExitCode::SUCCESS)
}

fn weekday(at: i64) -> Option<NaiveDate> {
    let today = chrono::DateTime::from_timestamp_millis(at)?.date_naive();
    match today.weekday() {
        Weekday::Sat => today.checked_sub_days(Days::new(1)),
        Weekday::Sun => today.checked_sub_days(Days::new(2)),
        _ => Some(today),
    }
}

fn date(text: &str) -> Result<NaiveDate, &'static str> {
    text.parse().map_err(|_| "a date is written yyyy-mm-dd")
}
