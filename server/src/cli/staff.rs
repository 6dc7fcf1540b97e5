//! `staff list`, `staff add`, `staff pin`.
//!
//! Must never: print a PIN that somebody chose, or keep one.

use super::{Outcome, at_the_terminal, chosen};
use crate::feed;
use crate::staff::{self, Member, pin::Pin};
use crate::store::columns::DateCol;
use crate::store::{School, Stores};
use shared::id::StaffId;
use shared::text::Name;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// List the staff of a school: who can sign on at a kiosk, and how.
    List {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
    },
    /// Add somebody whom the roster does not name: cover staff.
    Add {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
        /// Name, as it shall stand on the kiosk and in the register.
        #[arg(long)]
        name: String,
        /// Position, as "cover teacher".
        #[arg(long)]
        position: String,
    },
    /// Set, make or remove a PIN. Without --generate or --remove it is read from standard input.
    Pin {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
        /// Whose, as the list names them.
        #[arg(long, required_unless_present_any = ["id", "everyone"])]
        name: Option<String>,
        /// Whose, where two share a name: the id that `staff list` shows.
        #[arg(long, conflicts_with = "name")]
        id: Option<StaffId>,
        /// Everybody who has none yet.
        #[arg(long, conflicts_with_all = ["name", "id", "remove"], requires = "generate")]
        everyone: bool,
        /// Make one and print it, this once.
        #[arg(long)]
        generate: bool,
        /// Take the PIN away.
        #[arg(long, conflicts_with = "generate")]
        remove: bool,
    },
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    match args {
        Args::List { school } => {
            let school = chosen(stores, school.as_deref())?;
            for m in everybody(&school, stores)? {
                let pin = if m.pin { "PIN" } else { "no PIN" };
                let cards = if m.cards == 0 { "no card".to_owned() } else { format!("{} card(s)", m.cards) };
                println!("{}  {:<26} {:<22} {pin:<7} {cards:<10} {}", m.id, m.name, m.position, m.classes);
            }
        }
        Args::Add { school, name, position } => {
            let school = chosen(stores, school.as_deref())?;
            let (shown, now, by) = (name.clone(), stores.clock().now(), at_the_terminal(None)?);
            let text = |text: &str| {
                let text = Name::new(text).map_err(|bad| bad.to_string())?;
                if text.is_empty() { Err("the name and the position are needed".to_owned()) } else { Ok(text) }
            };
            let (name, position) = (text(name)?, text(position)?);
            school.write_now(move |tx| {
                staff::add(tx, now, &by, &name, &position)?;
                feed::refresh_roster(tx, now)
            })?;
            println!("{shown} is on the list. Next: rollbook-server staff pin --name \"{shown}\" --generate");
        }
        Args::Pin { school, name, id, everyone, generate, remove } => {
            let school = chosen(stores, school.as_deref())?;
            let all = everybody(&school, stores)?;
            let whose: Vec<&Member> = match (name, id) {
                _ if *everyone => all.iter().filter(|m| !m.pin).collect(),
                (_, Some(id)) => all.iter().filter(|m| m.id == *id).collect(),
                (Some(name), None) => all.iter().filter(|m| staff::plain(&m.name) == staff::plain(name)).collect(),
                (None, None) => Vec::new(),
            };
            if *everyone && whose.is_empty() {
                println!("Everybody has a PIN already.");
                return Ok(ExitCode::SUCCESS);
            }
            if whose.is_empty() {
                return Err("nobody of this name is on the staff list: `rollbook-server staff list`".into());
            }
            if whose.len() > 1 && !*everyone {
                let ids: Vec<String> = whose.iter().map(|m| format!("{} ({})", m.id, m.position)).collect();
                return Err(
                    format!("{} people share this name; say --id with one of: {}", ids.len(), ids.join(", ")).into()
                );
            }
            let mut set: Vec<(StaffId, Option<String>)> = Vec::new();
            let mut show = Vec::new();
            for member in whose {
                let pin = if *remove {
                    None
                } else if *generate {
                    Some(Pin::generate()?)
                } else {
                    Some(typed()?)
                };
                set.push((member.id, pin.as_ref().map(Pin::hash).transpose()?));
                show.push((member.name.clone(), pin));
            }
            let (now, by) = (stores.clock().now(), at_the_terminal(None)?);
            school.write_now(move |tx| {
                for (id, phc) in &set {
                    staff::set_pin(tx, now, &by, *id, phc.as_deref())?;
                }
                feed::refresh_roster(tx, now)
            })?;
            for (name, pin) in show {
                match pin {
                    Some(pin) if *generate => println!("{name:<26} {}", pin.show_once()),
                    Some(_) => println!("{name} has a new PIN."),
                    None => println!("{name} has no PIN any more."),
                }
            }
            if *generate {
                eprintln!("PINs are shown this once. A PIN keeps pupils out, and is no more than that.");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn everybody(school: &School, stores: &Stores) -> Result<Vec<Member>, crate::store::StoreError> {
    let now = stores.clock().now().at;
    school.read_now(|tx| staff::list(tx, DateCol(tx.calendar()?.date_of(now))))
}

fn typed() -> Result<Pin, Box<dyn std::error::Error + Send + Sync>> {
    use std::io::IsTerminal as _;
    if std::io::stdin().is_terminal() {
        eprint!("PIN (it shows while you type): ");
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(Pin::new(&line)?)
}
