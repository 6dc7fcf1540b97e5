//! The sample school as the demo needs it: made by the server's own command, its kiosks enrolled through the protocol.
//!
//! Must never: write into a store.

use super::plan::{Pupil, Room};
use crate::office::Office;
use crate::process::{PATIENCE, Server, Trouble, program, run};
use serde::Deserialize;
use serde_json::Value;
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, StaffId};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// What `rollbook-server sample` prints.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // each says itself
pub struct School {
    pub slug: String,
    pub name: String,
    pub users: Vec<User>,
    pub staff: Vec<Staff>,
    pub classes: Vec<Class>,
    pub pupils: Vec<Child>,
    pub planned: Vec<Planned>,
    pub history_marks: u64,
}
/// Who may log in.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // each says itself
pub struct User {
    pub username: String,
    pub password: String,
    pub role: String,
}
/// Who may sign on.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // each says itself
pub struct Staff {
    pub id: StaffId,
    pub name: String,
    pub pin: String,
    pub card: Option<String>,
    pub classes: Vec<ClassId>,
}
/// A class.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // each says itself
pub struct Class {
    pub id: ClassId,
    pub name: String,
}
/// A pupil.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // each says itself
pub struct Child {
    pub id: PupilId,
    pub class: ClassId,
    pub card: Option<String>,
}
/// An absence that the office knows of.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs)] // each says itself
pub struct Planned {
    pub pupil: PupilId,
    pub from: SessionKey,
    pub until: SessionKey,
    pub code: String,
}

impl School {
    /// Makes it, in this data folder.
    ///
    /// # Errors
    /// What the server's command says.
    pub async fn make(data: &Path, date: &str, seed: u64, clock: String) -> Result<Self, Trouble> {
        Self::with_years(data, date, seed, clock, 0).await
    }

    /// The same with so many years of history; 0: two terms.
    ///
    /// # Errors
    /// What the server's command says.
    pub async fn with_years(data: &Path, date: &str, seed: u64, clock: String, years: u8) -> Result<Self, Trouble> {
        let (data, seed, years) = (data.to_string_lossy().into_owned(), seed.to_string(), years.to_string());
        let args = ["--data", &data, "sample", "--seed", &seed, "--date", date, "--years", &years];
        let out = run("rollbook-server", &args, &[("ROLLBOOK_CLOCK", clock)], "").await?;
        Ok(serde_json::from_str(&out)?)
    }

    /// The classrooms, one a class.
    #[must_use]
    pub fn rooms(&self) -> Vec<Room> {
        let room = |(number, class): (usize, &Class)| {
            let teacher = self.staff.iter().find(|s| s.classes.contains(&class.id)).or(self.staff.first());
            Room {
                name: format!("Room {}", number + 1),
                class: class.id,
                class_name: class.name.clone(),
                card: teacher.and_then(|t| t.card.clone()),
                staff: teacher.map(|t| (t.id, t.pin.clone())),
                teacher: teacher.map(|t| t.name.clone()).unwrap_or_default(),
                pupils: self
                    .pupils
                    .iter()
                    .filter(|p| p.class == class.id)
                    .map(|p| Pupil { id: p.id, card: p.card.clone() })
                    .collect(),
            }
        };
        self.classes.iter().enumerate().map(room).collect()
    }

    /// Somebody with this role.
    ///
    /// # Errors
    /// When the sample has nobody.
    pub fn user(&self, role: &str) -> Result<&User, Trouble> {
        self.users.iter().find(|u| u.role == role).ok_or_else(|| format!("the sample has no {role}").into())
    }
}

/// Enrols a kiosk as IT does: it shows a code and a check word, IT types the one and compares the other.
///
/// # Errors
/// What either side says.
pub async fn enrol(
    server: &Server,
    office: &mut Office,
    data: &Path,
    clock: String,
    room: &str,
    mode: &str,
    classes: &[String],
) -> Result<PathBuf, Trouble> {
    std::fs::create_dir_all(data)?;
    let mut child = Command::new(program("rollbook-kiosk")?)
        .args(["--server", &server.kiosks, "--data"])
        .arg(data)
        .args(["enrol", "--json"])
        .env("ROLLBOOK_CLOCK", clock)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let mut said = String::new();
    let mut typed = false;
    let done = async {
        while let Some(line) = lines.next_line().await? {
            let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
            said = line;
            match event["event"].as_str() {
                Some("enrol_code") => {
                    let text = |field: &str| event[field].as_str().unwrap_or("").to_owned();
                    if !typed && !text("check_word").is_empty() {
                        typed = true; // the code stands on the screen until somebody has typed it, and a moment longer
                        office.enrol(&text("code"), &text("check_word"), room, mode, classes).await?;
                    }
                }
                Some("enrolled") => return Ok(()),
                _ => {}
            }
        }
        Err(Trouble::from(format!("{room} was not enrolled; its last word was {said}")))
    };
    tokio::time::timeout(PATIENCE, done).await.map_err(|_| format!("{room}: enrolment takes too long"))??;
    child.wait().await?;
    Ok(data.to_owned())
}
