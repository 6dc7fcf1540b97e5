//! The command line: one file a subcommand.
//!
//! Must never: do what the server does in another way. Every command works on the stores like everybody else.

mod backup;
mod boxes;
mod calendar;
mod card;
mod check;
mod choose;
mod device;
mod export;
mod import;
mod recovery_key;
mod removal;
mod restore;
mod sample;
mod school;
mod serve;
mod staff;
mod user;

use crate::clock::Clock;
use crate::store::{School, StoreError, Stores};
use clap::{Parser, Subcommand};
use shared::act::Officer;
use shared::text::Name;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// What a command comes to: an exit code, or words for the person at the terminal.
type Outcome = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(
    name = "rollbook-server",
    version,
    about = "Holds each school's register, closes it on time and shows the office who is here"
)]
struct Cli {
    /// The data folder.
    #[arg(long, global = true, env = "ROLLBOOK_DATA", default_value = "/var/lib/rollbook")]
    data: PathBuf,
    /// A clock for demonstrations: sim:<real_ms>:<virtual_ms>:<speed>, or hands:<speed>:<wall offset ms>:<file>. Without
    /// it the system's.
    #[arg(long, global = true, env = "ROLLBOOK_CLOCK")]
    clock: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve kiosks and office pages until stopped.
    Serve(serve::Args),
    /// Schools: add one, list them.
    #[command(subcommand)]
    School(school::Args),
    /// People who log in to the office pages: add one, give a new password, disable, list.
    #[command(subcommand)]
    User(user::Args),
    /// Who signs on at kiosks: list them, add cover staff, set PINs.
    #[command(subcommand)]
    Staff(staff::Args),
    /// Cards: bind a box of them.
    #[command(subcommand)]
    Card(card::Args),
    /// Kiosks: list them, revoke one.
    #[command(subcommand)]
    Device(device::Args),
    /// A whole box of kiosks: make a code that enrols them all, list codes, end one.
    #[command(subcommand)]
    Box(boxes::Args),
    /// Copy everything into a second place, and read the copy back.
    Backup(backup::Args),
    /// The key that opens backups: make it, print it once.
    #[command(subcommand)]
    RecoveryKey(recovery_key::Args),
    /// Bring everything back from a backup, onto an empty machine.
    Restore(restore::Args),
    /// Look for damage: the files, the chains of the logs, the marks and their history.
    Check(check::Args),
    /// Take in a roster: OneRoster (zip or folder), or pupils.csv.
    Import(import::Args),
    /// Make a sample school with a roster and history, and print what a demonstration needs as JSON.
    Sample(sample::Args),
    /// What is over six years old: count it, or remove it for good.
    Removal(removal::Args),
    /// Write the record as CSV.
    #[command(subcommand)]
    Export(export::Args),
}

/// The command line as clap has it, for man pages and completions.
#[must_use]
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Runs the program: what `main` does.
#[must_use]
pub fn main() -> ExitCode {
    end_with_the_reader();
    let cli = Cli::parse();
    let done = Clock::from_text(cli.clock.as_deref()).map_err(Into::into).and_then(|clock| run(cli, clock));
    done.unwrap_or_else(|error| {
        eprintln!("rollbook-server: {error}");
        ExitCode::FAILURE
    })
}

/// Whoever reads what is printed may stop reading, as in `rollbook-server staff list | head`: that is no accident, and the
/// end is the one that a shell knows (SIGPIPE).
fn end_with_the_reader() {
    const NOBODY_READS: i32 = 128 + 13;
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str().is_some_and(|said| said.starts_with("failed printing to stdout")) {
            std::process::exit(NOBODY_READS);
        }
        usual(info);
    }));
}

fn run(cli: Cli, clock: Clock) -> Outcome {
    if let Command::Serve(args) = cli.command {
        return serve::run(&args, &cli.data, clock);
    }
    if let Command::Restore(args) = cli.command {
        return restore::run(&args, &cli.data, clock);
    }
    let makes = matches!(cli.command, Command::School(school::Args::Add { .. }) | Command::Sample(_));
    if !makes && !cli.data.join("trust.db").exists() {
        return Err(format!(
            "there is no Rollbook data in {}. Name the folder with --data, or begin with `rollbook-server school add`",
            cli.data.display()
        )
        .into());
    }
    if let Command::Check(args) = &cli.command {
        return check::run(args, &cli.data, &clock); // a damaged file must not keep it from looking
    }
    let stores = Stores::open(&cli.data, clock)?;
    let done = match cli.command {
        Command::Serve(_) | Command::Check(_) | Command::Restore(_) => Ok(ExitCode::SUCCESS), // done above
        Command::School(args) => school::run(&args, &stores),
        Command::User(args) => user::run(&args, &stores),
        Command::Staff(args) => staff::run(&args, &stores),
        Command::Card(args) => card::run(&args, &stores),
        Command::Device(args) => device::run(&args, &stores),
        Command::Box(args) => boxes::run(&args, &stores),
        Command::Backup(args) => backup::run(&args, &stores),
        Command::RecoveryKey(args) => recovery_key::run(&args, &stores),
        Command::Import(args) => import::run(&args, &stores),
        Command::Sample(args) => sample::run(&args, &stores),
        Command::Removal(args) => removal::run(&args, &stores),
        Command::Export(args) => export::run(&args, &stores),
    };
    stores.stop();
    done
}

/// The school that a command is about: by short name, or the only one.
fn chosen(stores: &Stores, slug: Option<&str>) -> Result<Arc<School>, StoreError> {
    let all = stores.all();
    if let Some(damaged) = stores.unopened().values().find(|school| slug.is_none_or(|slug| slug == school.slug)) {
        return Err(StoreError::Refused(format!("{}: {}. See `rollbook-server check`", damaged.slug, damaged.words)));
    }
    let names = || all.iter().map(|s| s.slug().to_owned()).collect::<Vec<_>>().join(", ");
    match slug {
        Some(slug) => stores
            .school_by_slug(slug)
            .ok_or_else(|| StoreError::Refused(format!("there is no school {slug}; there are: {}", names()))),
        None => match all.as_slice() {
            [one] => Ok(Arc::clone(one)),
            [] => Err(StoreError::Refused("there is no school yet: `rollbook-server school add`".to_owned())),
            _ => Err(StoreError::Refused(format!("which school? Say --school with one of: {}", names()))),
        },
    }
}

/// Who acts at the terminal, as the record shows it.
fn at_the_terminal(name: Option<&str>) -> Result<Officer, StoreError> {
    let bad = |_| StoreError::Refused("the name is too long, or holds a control character".to_owned());
    Ok(Officer::Person {
        name: Name::new(name.unwrap_or("IT staff")).map_err(bad)?,
        position: Name::new("at the server's terminal").map_err(bad)?,
    })
}
