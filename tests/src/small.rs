//! A small world for tests over processes: a sample school without history on a Monday morning, its server, and as many
//! enrolled classroom kiosks as the test asks for.
//!
//! Must never: write into a store.

use crate::clock::DayClock;
use crate::demo::plan::Room;
use crate::demo::school::{School, User, enrol};
use crate::office::Office;
use crate::process::{Kiosk, PATIENCE, Server, Trouble, run};
use serde_json::{Value, json};
use shared::id::PupilId;
use shared::time::Millis;
use std::path::{Path, PathBuf};

/// The day: a Monday in the autumn term of the sample calendar.
pub const DATE: &str = "2026-11-23";
/// 08:52 of that day, when registers are open; GMT.
pub const MORNING: Millis = Millis(1_795_392_000_000 + (8 * 60 + 52) * 60_000);

/// The school and its server.
pub struct World {
    /// What the sample command printed.
    pub school: School,
    /// Its classrooms.
    pub rooms: Vec<Room>,
    /// The server's process.
    pub server: Server,
    /// Runs at speed 1 from [`MORNING`].
    pub clock: DayClock,
    home: PathBuf,
    ports: (u16, u16),
}

impl World {
    /// Makes it in this folder.
    ///
    /// # Errors
    /// What the programs say.
    pub async fn make(home: &Path) -> Result<Self, Trouble> {
        let clock = DayClock::starting(MORNING, 1);
        let data = home.join("server");
        std::fs::create_dir_all(&data)?;
        let dir = data.to_string_lossy().into_owned();
        let args = ["--data", dir.as_str(), "sample", "--no-history", "--date", DATE];
        let out = run("rollbook-server", &args, &[("ROLLBOOK_CLOCK", clock.spec(None))], "").await?;
        let school: School = serde_json::from_str(&out)?;
        let server = Server::start(&data, Some(clock.spec(None)), None).await?;
        let ports = server.ports().ok_or("no ports")?;
        Ok(Self { rooms: school.rooms(), school, server, clock, home: home.to_owned(), ports })
    }

    /// Enrols a classroom kiosk for this room, as IT does. Returns its data folder.
    ///
    /// # Errors
    /// What either side says.
    pub async fn enrol(&self, room: usize) -> Result<PathBuf, Trouble> {
        let it = self.school.user("it")?;
        let mut office = Office::open(&self.server.office)?;
        office.log_in(&it.username, &it.password).await?;
        let name = &self.rooms[room].name;
        let classes = [self.rooms[room].class.to_string()];
        let at = self.home.join(format!("kiosk-{room}"));
        enrol(&self.server, &mut office, &at, self.clock.spec(None), name, "classroom", &classes).await
    }

    /// Kills the server with -9.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill_server(&mut self) -> Result<(), Trouble> {
        self.server.kill().await
    }

    /// Asks it to stop, and waits for its end.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop_server(&mut self) -> Result<(), Trouble> {
        self.server.end().await
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.home.join("server")
    }

    /// Starts it again on the same ports.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart_server(&mut self) -> Result<(), Trouble> {
        self.server = Server::start(&self.home.join("server"), Some(self.clock.spec(None)), Some(self.ports)).await?;
        Ok(())
    }

    /// What `rollbook-server export` prints of the day, with the server running.
    ///
    /// # Errors
    /// What it says.
    pub async fn export(&self, what: &str) -> Result<String, Trouble> {
        let dir = self.home.join("server").to_string_lossy().into_owned();
        let args = ["--data", dir.as_str(), "export", what, "--date", DATE];
        run("rollbook-server", &args, &[("ROLLBOOK_CLOCK", self.clock.spec(None))], "").await
    }

    /// Somebody with this role.
    ///
    /// # Errors
    /// When the sample has nobody.
    pub fn user(&self, role: &str) -> Result<&User, Trouble> {
        self.school.user(role)
    }

    /// Switches a kiosk on.
    ///
    /// # Errors
    /// When it does not start.
    pub fn switch_on(&self, data: &Path) -> Result<Kiosk, Trouble> {
        Kiosk::start(data, Some(self.clock.spec(None)))
    }
}

/// What stands on the screen.
///
/// # Errors
/// What the kiosk says.
pub async fn screen(kiosk: &mut Kiosk) -> Result<Value, Trouble> {
    Ok(kiosk.ask(json!({ "do": "screen" })).await?["screen"].take())
}

/// The tiles on the screen: pupil, state, whether it says "saved".
#[must_use]
pub fn tiles(screen: &Value) -> Vec<(PupilId, String, bool)> {
    let tile = |tile: &Value| {
        let text = |field: &str| tile[field].as_str().unwrap_or_default();
        Some((text("pupil").parse().ok()?, text("state").to_owned(), tile["saved"] == true))
    };
    screen["tiles"].as_array().map(|all| all.iter().filter_map(tile).collect()).unwrap_or_default()
}

/// Signs the room's teacher on, whatever stands on the screen, and answers the register's screen (`register` or
/// `submitted`). Works without a network once the kiosk has had its roster.
///
/// # Errors
/// When it does not come to a register.
pub async fn sign_on(kiosk: &mut Kiosk, room: &Room) -> Result<Value, Trouble> {
    let begun = tokio::time::Instant::now();
    loop {
        let shown = screen(kiosk).await?;
        match shown["screen"].as_str() {
            Some("register" | "submitted") => return Ok(shown),
            Some("choose_register") => {
                let session = format!("{DATE}-am");
                kiosk.ask(json!({ "do": "register", "class": room.class, "session": session })).await?;
            }
            Some("sign_on") => {
                match (&room.card, &room.staff) {
                    (Some(number), _) => kiosk.ask(json!({ "do": "card", "number": number })).await?,
                    (None, Some((staff, pin))) => {
                        kiosk.ask(json!({ "do": "sign_on", "staff": staff, "pin": pin })).await?
                    }
                    (None, None) => return Err(format!("nobody can sign on in {}", room.name).into()),
                };
            }
            _ => {}
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("{} does not come to a register: {shown}", room.name).into());
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
