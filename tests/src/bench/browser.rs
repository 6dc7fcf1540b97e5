//! The same register in Chromium's kiosk mode, beside which the kiosk is measured: a page from the disk, no server, no
//! script but the taps.
//!
//! Must never: be heavier than it has to be: what is measured is the browser.

use super::figures::Sample;
use super::proc;
use super::screen::Screen;
use crate::process::{PATIENCE, Trouble};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FIRST: [&str; 34] = [
    "Aaliyah", "Adam", "Aisha", "Alfie", "Amelia", "Arjun", "Ava", "Ben", "Chidi", "Chloe", "Daniel", "Elif", "Ella",
    "Emeka", "Fatima", "Finley", "Freya", "George", "Grace", "Hana", "Harry", "Ibrahim", "Isla", "Jack", "Jakub",
    "Lily", "Maya", "Mei", "Noah", "Olivia", "Priya", "Rosa", "Samuel", "Zofia",
];
const LAST: [&str; 34] = [
    "Ahmed", "Baker", "Begum", "Brown", "Clark", "Das", "Evans", "Fox", "Okafor", "Green", "Hall", "Kaya", "Hughes",
    "Nwosu", "Khan", "Lewis", "Moore", "Morris", "Owen", "Sato", "Parker", "Osman", "Reid", "Scott", "Nowak", "Turner",
    "Shah", "Chen", "Ward", "White", "Patel", "Silva", "Young", "Wojcik",
];

/// The pupils of the class that both show.
pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    FIRST.into_iter().zip(LAST)
}

/// The page: a heading, 34 tiles in six columns, two buttons.
fn page() -> String {
    let mut tiles = String::new();
    for (first, last) in names() {
        let initial = last.get(..1).unwrap_or("");
        let _ = write!(tiles, "<button class=tile><b>{first}</b> {initial}<i></i></button>");
    }
    include_str!("register.html").replace("<!-- tiles -->", &tiles)
}

/// Chromium and its page.
pub struct Browser {
    program: PathBuf,
    page: PathBuf,
    profile: PathBuf,
}

/// A Chromium that runs. It ends with this.
pub struct Running(Child);

/// What is said of one run.
pub struct Seen {
    /// Process start to the page on the screen.
    pub first_paint: Duration,
    /// MiB over all its processes.
    pub pss: f64,
    /// How many processes.
    pub processes: usize,
}

impl Browser {
    /// With a page and a profile of its own. None: there is no Chromium here.
    ///
    /// # Errors
    /// When the page cannot be written.
    pub fn new(folder: &Path) -> Result<Option<Self>, Trouble> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path)
            .flat_map(|dir| ["chromium", "chromium-browser", "google-chrome"].map(|name| dir.join(name)))
            .find(|at| at.is_file());
        let Some(program) = found else { return Ok(None) };
        let page = folder.join("register.html");
        std::fs::write(&page, self::page())?;
        Ok(Some(Self { program, page, profile: folder.join("profile") }))
    }

    /// Its version, as it says.
    #[must_use]
    pub fn version(&self) -> String {
        let out = Command::new(&self.program).arg("--version").stderr(Stdio::null()).output();
        out.map_or_else(|_| "Chromium".to_owned(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
    }

    /// Starts it and waits until the page is painted; then, when it has settled, weighs it.
    ///
    /// # Errors
    /// When nothing is painted.
    pub fn run(&self, screen: &Screen) -> Result<(Seen, Running), Trouble> {
        screen.until_blank()?;
        let begun = Instant::now();
        let child = Command::new(&self.program)
            .args(["--kiosk", "--no-first-run", "--no-default-browser-check", "--disable-extensions"])
            .args(["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-breakpad", "--no-sandbox", "--ozone-platform=x11", "--window-position=0,0"])
            .arg(format!("--window-size={},{}", super::screen::WIDTH, super::screen::HEIGHT))
            .arg(format!("--user-data-dir={}", self.profile.display()))
            .arg(format!("file://{}", self.page.display()))
            .env("DISPLAY", &screen.display)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let running = Running(child);
        let first_paint = screen.until_painted()?.duration_since(begun);
        std::thread::sleep(super::window::SETTLE);
        let (pss, processes) = proc::pss_mib_of_family(running.pid());
        Ok((Seen { first_paint, pss, processes }, running))
    }
}

impl Running {
    /// The process that was started.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Taps tiles and watches their ground.
    ///
    /// # Errors
    /// When a tile does not change.
    pub fn taps(&self, screen: &Screen, repaint: &mut Sample) -> Result<(), Trouble> {
        for n in 0..34_u32 {
            let (left, top) = (8 + n % 6 * 131, 50 + n / 6 * 61);
            let quiet = super::window::BETWEEN;
            let seen = screen.tap_and_watch((left + 60, top + 20), (left + 60, top + 52), quiet, |_| true)?;
            repaint.push_ms(seen.ok_or("a tile of Chromium's page did not change")?);
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its own processes, by number, the children first: Chromium leaves some behind when only the first is ended.
        for pid in proc::family(self.0.id()).into_iter().rev() {
            if let Some(pid) = rustix::process::Pid::from_raw(pid.cast_signed()) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE && matches!(self.0.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
