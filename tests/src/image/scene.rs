//! The school around an emulated kiosk: a real server on this machine, a sample school at a quarter to nine, a box's code, and the
//! places on the screen where a finger goes.
//!
//! Must never: look into the kiosk for what the server can be asked.

use super::machine::{Board, Machine, Parts, layer};
use super::{card, pi3};
use crate::demo::check::{FactRow, rows};
use crate::demo::school::School;
use crate::process::{Server, Trouble, run};
use chrono::{DateTime, NaiveDate};
use serde_json::Value;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// An emulated machine shares its processor: whatever it does may take so long.
pub const PATIENCE: Duration = Duration::from_secs(900);

/// A school's morning with a server.
pub struct Scene {
    /// Where everything of it lies.
    pub folder: PathBuf,
    /// The sample school.
    pub school: School,
    /// Its server.
    pub server: Server,
    data: PathBuf,
    /// When it began in real time, and what its clock said then.
    began: (i64, i64),
    /// The lines `key` and `code` of a card.
    pub key: String,
    /// For a box of kiosks.
    pub code: String,
}

fn real_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|d| i64::try_from(d.as_millis()).ok())
        .unwrap_or_default()
}

impl Scene {
    /// Makes the school, with its clock at this time of this day, and starts its server.
    ///
    /// # Errors
    /// What the programs say.
    pub async fn set(folder: &Path, date: &str, hour: i64, minute: i64) -> Result<Self, Trouble> {
        let data = folder.join("server");
        std::fs::create_dir_all(&data)?;
        let day: NaiveDate = date.parse()?;
        let midnight = day.and_hms_opt(0, 0, 0).ok_or("no such day")?.and_utc().timestamp_millis();
        let began = (real_ms(), midnight + (hour * 60 + minute) * 60_000);
        let clock = format!("sim:{}:{}:1", began.0, began.1);
        let school = School::make(&data, date, 1, clock.clone()).await?;
        let server = Server::start(&data, Some(clock.clone()), None).await?;
        let at = data.to_string_lossy().into_owned();
        let args = ["--data", &at, "box", "new", "--kiosks", "9", "--until", date, "--json"];
        let made: Value =
            serde_json::from_str(&run("rollbook-server", &args, &[("ROLLBOOK_CLOCK", clock)], "").await?)?;
        let text = |name: &str| made[name].as_str().map(str::to_owned).ok_or("box new said no such thing");
        let (key, code) = (text("key")?, text("code")?);
        Ok(Self { folder: folder.to_owned(), school, server, data, began, key, code })
    }

    fn now_ms(&self) -> i64 {
        self.began.1 + real_ms() - self.began.0
    }

    fn clock(&self) -> String {
        format!("sim:{}:{}:1", self.began.0, self.began.1)
    }

    /// What the school's clock says, as QEMU wants it.
    #[must_use]
    pub fn clock_for_machine(&self) -> String {
        let now = DateTime::from_timestamp_millis(self.now_ms()).unwrap_or_default();
        now.format("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// The server as a machine behind QEMU's network reaches it.
    ///
    /// # Errors
    /// When it has no port.
    pub fn address(&self) -> Result<String, Trouble> {
        let (port, _) = self.server.ports().ok_or("the server has no port")?;
        Ok(format!("https://10.0.2.2:{port}"))
    }

    /// The facts of today that the server has.
    ///
    /// # Errors
    /// What the server's command says.
    pub async fn facts(&self) -> Result<Vec<FactRow>, Trouble> {
        let at = self.data.to_string_lossy().into_owned();
        rows(
            &run("rollbook-server", &["--data", &at, "export", "facts"], &[("ROLLBOOK_CLOCK", self.clock())], "")
                .await?,
        )
    }

    /// The kiosks that the server knows, a line each.
    ///
    /// # Errors
    /// What the server's command says.
    pub async fn kiosks(&self) -> Result<String, Trouble> {
        let at = self.data.to_string_lossy().into_owned();
        let args = ["--data", &at, "device", "list", "--json"];
        run("rollbook-server", &args, &[("ROLLBOOK_CLOCK", self.clock())], "").await
    }

    /// A machine with a card of its own: a copy of the image with this `rollbook.toml`, which `spoil` may damage.
    ///
    /// # Errors
    /// When the card cannot be made.
    pub fn parts(
        &self,
        image: &Path,
        board: Board,
        name: &str,
        setup: &str,
        spoil: impl FnOnce(&Path) -> Result<(), Trouble>,
    ) -> Result<Parts, Trouble> {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let raw = folder.join("card.img");
        let done = std::process::Command::new("cp").arg("--sparse=always").arg(image).arg(&raw).status()?;
        if !done.success() {
            return Err("the image cannot be copied".into());
        }
        card::write_setup(&raw, setup)?;
        let (kernel, initrd, words) = card::boot_files(&raw, &folder)?;
        spoil(&raw)?;
        // The machine's own console, and a shell on it for this test: whoever has the card could write this too.
        let (line, more) = match board {
            Board::Virt => ("ttyAMA0", ""),
            // Its picture comes by the frame buffer alone: QEMU has nothing of the Pi's own graphics. And it takes the arming of the
            // Pi's watchdog for a reset at once.
            Board::Pi3 => ("ttyS1", " modprobe.blacklist=vc4 systemd.watchdog_sec=0"),
        };
        if board == Board::Pi3 {
            pi3::tree(&raw, &folder)?;
        }
        let words = format!("{words} console={line} systemd.debug_shell={line} loglevel=5{more}");
        let over = folder.join("card.qcow2");
        layer(&raw, &over, 2048)?;
        let clock = self.clock_for_machine();
        Ok(Parts { folder, board, card: over, boot: (kernel, initrd, words), clock, log: None })
    }

    /// Switches a machine on, at the time it is.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&self, parts: &Parts) -> Result<Machine, Trouble> {
        Machine::start(&Parts { clock: self.clock_for_machine(), ..parts.clone() })
    }
}

/// Waits until something holds, looking every second.
///
/// # Errors
/// When it does not come to that.
pub async fn until<F: Future<Output = Result<bool, Trouble>>>(
    what: &str,
    mut holds: impl FnMut() -> F,
) -> Result<f64, Trouble> {
    let begun = Instant::now();
    loop {
        if holds().await? {
            return Ok(begun.elapsed().as_secs_f64());
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("it did not come to this: {what}").into());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

// Places on the 800 × 480 screen, as the pictures of kiosk/tests/shots have them.

/// The first name of the sign-on.
pub const FIRST_NAME: (f64, f64) = (417.0, 130.0);
/// "Go on" of the key pad.
pub const GO_ON: (f64, f64) = (706.0, 430.0);
/// "Mark the blanks present".
pub const BLANKS: (f64, f64) = (500.0, 447.0);
/// "I would rather not say", when reception asks why.
pub const RATHER_NOT: (f64, f64) = (400.0, 431.0);
/// "Submit".
pub const SUBMIT: (f64, f64) = (720.0, 447.0);

/// A key of the key pad.
#[must_use]
pub fn key(digit: u8) -> (f64, f64) {
    let at = match digit {
        0 => 10,
        n => n - 1,
    };
    (375.0 + f64::from(at % 3) * 166.0, 196.0 + f64::from(at / 3) * 78.0)
}

/// A tile of the register.
#[must_use]
pub fn tile(number: u8) -> (f64, f64) {
    (72.0 + f64::from(number % 6) * 131.5, 87.0 + f64::from(number / 6) * 60.0)
}
