//! `user add`, `user list`.
//!
//! Must never: print a password that somebody chose, or print a generated one twice.

use super::{Outcome, chosen};
use crate::auth::password;
use crate::secret;
use crate::store::Stores;
use rusqlite::params;
use std::io::Read;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// Add a person. Without --password-stdin a password is made and printed once.
    Add {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
        /// What they log in with.
        username: String,
        /// Name, as it stands in the record.
        #[arg(long)]
        name: String,
        /// Position, as it stands in the record: "office manager".
        #[arg(long)]
        position: String,
        /// What they may do.
        #[arg(long, value_parser = ["teacher", "office", "champion", "head", "committee", "trust", "it"])]
        role: String,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the people of a school.
    List {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
    },
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    match args {
        Args::Add { school, username, name, position, role, password_stdin } => {
            let school = chosen(stores, school.as_deref())?;
            let password = if *password_stdin {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            } else {
                secret::typeable(4)?.to_lowercase()
            };
            let hash = password::hash(&password)?;
            let at = stores.clock().now().at.0;
            let added = stores.trust().write_now(|t| {
                Ok(t.execute(
                    "INSERT INTO account(school, username, name, position, role, password_hash, created_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(username) DO NOTHING",
                    params![school.id().as_bytes(), username, name, position, role, hash, at],
                )?)
            })?;
            if added == 0 {
                return Err(format!("there is somebody with the user name {username} already").into());
            }
            println!("{username} may log in to {} as {role}.", school.slug());
            if !password_stdin {
                println!("Password (shown this once): {password}");
            }
        }
        Args::List { school } => {
            let school = chosen(stores, school.as_deref())?;
            let id = *school.id().as_bytes();
            let rows = stores.trust().read_now(|c| {
                let mut found = c.prepare(
                    "SELECT username, role, name, position, disabled_at IS NOT NULL FROM account WHERE school = ?1 ORDER BY username",
                )?;
                let rows = found.query_map([id], |r| {
                    Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?, r.get::<_, String>(3)?, r.get::<_, bool>(4)?))
                })?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            })?;
            for (username, role, name, position, disabled) in rows {
                println!("{username:<20} {role:<10} {name}, {position}{}", if disabled { " (disabled)" } else { "" });
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
