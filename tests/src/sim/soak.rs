//! Seeds one after another, for so many minutes: how much was simulated, which faults struck, what failed.
//!
//! Must never: leave a failing seed unsaid.

use super::run::{Tally, play};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How to soak.
#[derive(clap::Args)]
pub struct Args {
    /// Minutes.
    #[arg(long)]
    minutes: Option<f64>,
    /// Seeds, in place of minutes.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed. Without it, the record goes on where it ended.
    #[arg(long)]
    from: Option<u64>,
    /// The cumulative record: a line is added.
    #[arg(long)]
    record: Option<PathBuf>,
    /// Goes on after a seed that failed.
    #[arg(long)]
    on: bool,
}

const HEAD: &str = "from,until,seeds,kiosk_days,marks,faults,failed,core_minutes,commit";

/// Where a record ended.
fn next(args: &Args) -> u64 {
    let read = || {
        let text = std::fs::read_to_string(args.record.as_ref()?).ok()?;
        text.lines().filter_map(|line| line.split(',').nth(1)?.parse::<u64>().ok()).max()
    };
    // Below this are the seeds of `make test`.
    args.from.unwrap_or_else(|| read().map_or(1_000_000, |last| last + 1))
}

/// Soaks.
pub fn run(args: &Args) -> ExitCode {
    let (begun, first) = (Instant::now(), next(args));
    let limit = Duration::from_secs_f64(args.minutes.unwrap_or(1.0) * 60.0);
    let (mut all, mut failed, mut seed) = (Tally::default(), Vec::new(), first);
    loop {
        let done = match args.seeds {
            Some(seeds) => seed - first >= seeds,
            None => begun.elapsed() >= limit,
        };
        if done {
            break;
        }
        let outcome = play(seed, false);
        all.add(&outcome.tally);
        if let Some(wrong) = outcome.wrong {
            println!("seed {seed} FAILED: {wrong}");
            failed.push(seed);
            if !args.on {
                seed += 1;
                break;
            }
        }
        seed += 1;
    }
    let seeds = seed - first;
    let minutes = core_minutes();
    let faults: u64 = all.faults.values().sum();
    println!("seeds {first} to {}: {seeds}", seed.saturating_sub(1));
    println!("simulated kiosk-days: {}", all.kiosk_days);
    println!("minutes: {:.1}; of a core: {minutes:.1}", begun.elapsed().as_secs_f64() / 60.0);
    println!("kiosk-days per core-minute: {:.0}", all.kiosk_days as f64 / minutes);
    println!(
        "touches {}, confirmed facts {}, exchanges {}, registers taken {}, closed {}, deeds of the office {}",
        all.touches, all.confirmed, all.exchanges, all.registers, all.closed, all.deeds
    );
    println!("marks judged {}, of them with a certain time {}; uncertain {}", all.marks, all.certain, all.uncertain);
    println!("facts that went with a replaced card: {}", all.lost);
    println!("faults: {faults}");
    for (kind, n) in &all.faults {
        println!("  {n:>8}  {kind}");
    }
    println!("skipped:");
    for (what, n) in &all.skipped {
        println!("  {n:>8}  {what}");
    }
    println!("failed: {failed:?}");
    if let Some(path) = &args.record
        && let Err(error) = note(
            path,
            &[first, seed.saturating_sub(1), seeds, all.kiosk_days, all.marks, faults, failed.len() as u64],
            minutes,
        )
    {
        println!("the record could not be written: {error}");
        return ExitCode::FAILURE;
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Minutes of a core that this process has worked.
fn core_minutes() -> f64 {
    let worked = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    (worked.tv_sec as f64 + worked.tv_nsec as f64 / 1e9) / 60.0
}

fn note(path: &PathBuf, numbers: &[u64], minutes: f64) -> std::io::Result<()> {
    let new = !path.exists();
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    if new {
        writeln!(file, "{HEAD}")?;
    }
    let commit = std::process::Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    let commit = commit.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default();
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    writeln!(file, "{},{minutes:.1},{commit}", numbers.join(","))
}
