//! `user add`, `user password`, `user link`, `user reset-factor`, `user disable`, `user list`.
//!
//! Must never: print a password that somebody chose, or print a generated one twice.

use super::{Outcome, chosen};
use crate::auth::{factor, logins, password};
use crate::store::columns::DateCol;
use crate::store::{School, StoreError, Stores};
use crate::{secret, staff};
use rusqlite::{Connection, params};
use shared::id::SchoolId;
use shared::time::Millis;
use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub(super) enum Args {
    /// Add a person. At a terminal the password is asked for, twice and unseen; otherwise one is made and printed once.
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
        /// Who of the staff this is, by the name on the staff list: a teacher sees their own classes.
        #[arg(long, value_name = "NAME")]
        staff: Option<String>,
        /// How the password comes.
        #[command(flatten)]
        password: Way,
    },
    /// Say who of the staff a person is: a teacher sees their own classes.
    Link {
        /// What they log in with.
        username: String,
        /// The name on the staff list.
        #[arg(long, value_name = "NAME")]
        staff: String,
    },
    /// Take a person's second factor away, when telephone and recovery codes are lost. They set it up again.
    ResetFactor {
        /// What they log in with.
        username: String,
    },
    /// Give a person a new password. What they have open under the old one ends at once.
    Password {
        /// What they log in with.
        username: String,
        /// How the password comes.
        #[command(flatten)]
        password: Way,
    },
    /// Let a person log in no more, from this moment. What they did stays in the record under their name.
    Disable {
        /// What they log in with.
        username: String,
    },
    /// List the people of a school.
    List {
        /// The school, if there are several.
        #[arg(long)]
        school: Option<String>,
    },
}

/// How a password comes.
#[derive(clap::Args)]
pub(super) struct Way {
    /// Read the password from standard input.
    #[arg(long)]
    password_stdin: bool,
    /// Make a password and print it, this once.
    #[arg(long, conflicts_with = "password_stdin")]
    generate: bool,
}

/// A password, and whether it was made here and must be shown.
struct Chosen {
    text: String,
    made: bool,
}

impl Way {
    fn password(&self, terminal: bool) -> Result<Chosen, Box<dyn std::error::Error + Send + Sync>> {
        if self.password_stdin {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            return Ok(Chosen { text: text.trim_end_matches(['\r', '\n']).to_owned(), made: false });
        }
        if terminal && !self.generate {
            let text = twice(rpassword::prompt_password)?;
            return Ok(Chosen { text, made: false });
        }
        Ok(Chosen { text: secret::typeable(4)?.to_lowercase(), made: true })
    }
}

impl Chosen {
    fn show(&self) {
        if self.made {
            println!("Password (shown this once): {}", self.text);
        }
    }
}

/// An error that helps, when nobody has this user name.
fn known(stores: &Stores, username: &str) -> Result<(), String> {
    let found = stores.trust().read_now(|c| {
        Ok(c.query_row("SELECT EXISTS (SELECT 1 FROM account WHERE username = ?1)", [username], |r| r.get(0))?)
    });
    match found {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("nobody has the user name {username}: `rollbook-server user list`")),
        Err(error) => Err(error.to_string()),
    }
}

/// The member of staff of this name. Two of one name, or none, is an error that helps.
fn of_staff(
    stores: &Stores,
    school: &School,
    name: &str,
) -> Result<[u8; 16], Box<dyn std::error::Error + Send + Sync>> {
    let at = stores.clock().now().at;
    let found = school.read_now(|c| {
        let today = c.calendar()?.date_of(at);
        staff::named(c, name, DateCol(today))
    })?;
    match found.as_slice() {
        [one] => Ok(*one.id.as_bytes()),
        [] => Err(format!("nobody on the staff list is called {name}: `rollbook-server staff list`").into()),
        _ => Err(format!("{} on the staff list are called {name}", found.len()).into()),
    }
}

/// Ends what is open under a user name.
fn end_all(c: &Connection, username: &str, at: Millis) -> Result<usize, StoreError> {
    let id = c.query_row("SELECT id FROM account WHERE username = ?1", [username], |r| r.get(0))?;
    logins::end_all(c, id, None, at)
}

/// Asks until the same was typed twice. Nothing typed ends it.
fn twice(
    mut ask: impl FnMut(&'static str) -> std::io::Result<String>,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    loop {
        let first = ask("Password: ")?;
        if first.is_empty() {
            return Err("no password was typed; nothing was changed".into());
        }
        if ask("The same again: ")? == first {
            return Ok(first);
        }
        eprintln!("These were not the same. Once more.");
    }
}

pub(super) fn run(args: &Args, stores: &Stores) -> Outcome {
    match args {
        Args::Add { school, username, name, position, role, staff, password } => {
            let school = chosen(stores, school.as_deref())?;
            let staff = staff.as_deref().map(|name| of_staff(stores, &school, name)).transpose()?;
            let chosen = password.password(std::io::stdin().is_terminal())?;
            let hash = password::hash(&chosen.text)?;
            let at = stores.clock().now().at.0;
            let added = stores.trust().write_now(|t| {
                Ok(t.execute(
                    "INSERT INTO account(school, username, name, position, role, password_hash, created_at, staff)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(username) DO NOTHING",
                    params![school.id().as_bytes(), username, name, position, role, hash, at, staff],
                )?)
            })?;
            if added == 0 {
                return Err(format!("there is somebody with the user name {username} already").into());
            }
            println!("{username} may log in to {} as {role}.", school.slug());
            chosen.show();
        }
        Args::Password { username, password } => {
            known(stores, username)?;
            let chosen = password.password(std::io::stdin().is_terminal())?;
            let hash = password::hash(&chosen.text)?;
            let at = stores.clock().now().at;
            stores.trust().write_now(|t| {
                let set = "UPDATE account SET password_hash = ?2 WHERE username = ?1";
                t.execute(set, params![username, hash])?;
                end_all(t, username, at)
            })?;
            println!("{username} has a new password, and what was open under the old one has ended.");
            chosen.show();
        }
        Args::Link { username, staff } => {
            known(stores, username)?;
            let school: [u8; 16] = stores.trust().read_now(|c| {
                Ok(c.query_row("SELECT school FROM account WHERE username = ?1", [username], |r| r.get(0))?)
            })?;
            let school = stores.school(SchoolId::from_bytes(school)).ok_or("the school's file is not open")?;
            let id = of_staff(stores, &school, staff)?;
            let set = "UPDATE account SET staff = ?2 WHERE username = ?1";
            stores.trust().write_now(|t| Ok(t.execute(set, params![username, id])?))?;
            println!("{username} is {staff} of the staff list.");
        }
        Args::ResetFactor { username } => {
            known(stores, username)?;
            let at = stores.clock().now().at;
            stores.trust().write_now(|t| {
                let id = t.query_row("SELECT id FROM account WHERE username = ?1", [username], |r| r.get(0))?;
                factor::remove(t, id)?;
                // A telephone that is lost may be in somebody's hand, with a log-in open on it.
                end_all(t, username, at)
            })?;
            println!("{username} logs in with the password alone and sets the second factor up again.");
        }
        Args::Disable { username } => {
            known(stores, username)?;
            let at = stores.clock().now().at.0;
            let disabled = stores.trust().write_now(|t| {
                let set = "UPDATE account SET disabled_at = ?2 WHERE username = ?1 AND disabled_at IS NULL";
                end_all(t, username, Millis(at))?;
                Ok(t.execute(set, params![username, at])?)
            })?;
            let already = if disabled == 0 { " already" } else { "" };
            println!("{username} may not log in{already}, and what they had open has ended.");
        }
        Args::List { school } => {
            let school = chosen(stores, school.as_deref())?;
            let id = *school.id().as_bytes();
            let rows = stores.trust().read_now(|c| {
                let mut found = c.prepare(
                    "SELECT username, role, name, position, disabled_at IS NOT NULL, factor_secret IS NOT NULL
                     FROM account WHERE school = ?1 ORDER BY username",
                )?;
                let rows = found.query_map([id], |r| {
                    Ok((
                        r.get::<_, String>(0)?,
                        r.get::<_, String>(1)?,
                        r.get::<_, String>(2)?,
                        r.get::<_, String>(3)?,
                        r.get::<_, bool>(4)?,
                        r.get::<_, bool>(5)?,
                    ))
                })?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            })?;
            for (username, role, name, position, disabled, factor) in rows {
                let factor = if factor { " · second factor" } else { "" };
                let disabled = if disabled { " (disabled)" } else { "" };
                println!("{username:<20} {role:<10} {name}, {position}{factor}{disabled}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Role;
    use crate::office::visit::{self, Visitor};
    use crate::testing::world;
    use axum::http::StatusCode;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(subcommand)]
        args: Args,
    }

    fn typed(words: &[&'static str]) -> Result<String, String> {
        let mut words = words.iter();
        twice(|_| Ok((*words.next().unwrap()).to_owned())).map_err(|e| e.to_string())
    }

    #[test]
    fn a_password_is_typed_twice() {
        assert_eq!(typed(&["heron", "heron"]), Ok("heron".to_owned()));
        assert_eq!(typed(&["heron", "herno", "egret", "egret"]), Ok("egret".to_owned()));
        assert!(typed(&[""]).unwrap_err().contains("nothing was changed"));
    }

    #[test]
    fn without_a_terminal_one_is_made_and_shown() {
        let way = Way { password_stdin: false, generate: false };
        let (one, other) = (way.password(false).unwrap(), way.password(false).unwrap());
        assert!(one.made && one.text.len() >= 8 && one.text != other.text);
        let way = Way { password_stdin: false, generate: true };
        assert!(way.password(true).unwrap().made, "asked for, also at a terminal");
    }

    #[tokio::test]
    async fn somebody_disabled_is_out_at_once_and_an_old_password_opens_nothing() {
        let world = world();
        for name in ["office", "head"] {
            visit::account(&world, world.school.id(), name, Role::Office);
        }
        let server = visit::server(&world).await;
        let mut person = Visitor::logged_in(&server, "office").await;
        assert_eq!(person.get("/today").await.status, StatusCode::OK);
        let run = |line: &[&str]| {
            let line = Line::try_parse_from([&["user"], line].concat()).map_err(|e| e.to_string())?;
            let stores = &world.stores;
            std::thread::scope(|s| {
                s.spawn(|| super::run(&line.args, stores).map(drop).map_err(|e| e.to_string())).join()
            })
            .unwrap()
        };
        run(&["disable", "office"]).unwrap();
        assert_eq!(person.get("/today").await.to(), "/login");
        assert_ne!(Visitor::new(&server).log_in("office", visit::PASSWORD).await.status, StatusCode::SEE_OTHER);
        let mut open = Visitor::logged_in(&server, "head").await;
        assert_eq!(open.get("/today").await.status, StatusCode::OK);
        run(&["password", "head", "--generate"]).unwrap();
        assert_eq!(open.get("/today").await.to(), "/login", "what was open under the old password has ended");
        assert_ne!(Visitor::new(&server).log_in("head", visit::PASSWORD).await.status, StatusCode::SEE_OTHER);
        assert!(run(&["disable", "nobody"]).unwrap_err().contains("user list"));
    }
}
