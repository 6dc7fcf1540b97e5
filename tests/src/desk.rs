//! A desk of the office in a small world: real browsers, logged in, whose pages are pictured and checked to be open to everybody.
//!
//! Must never: reach behind the pages.

use crate::browser::{Browser, Driver, Eyes};
use crate::process::Trouble;
use crate::small::World;
use std::path::{Path, PathBuf};

/// The desk.
pub struct Desk {
    home: PathBuf,
    /// The school and its server.
    pub world: World,
    driver: Driver,
    axe: String,
    /// Where browsers reach the server, where not directly.
    pub through: Option<String>,
}

impl Desk {
    /// In a world whose folder this is.
    ///
    /// # Errors
    /// When the browser or axe-core is not there: says what is missing.
    pub async fn of(home: &Path, world: World) -> Result<Self, Trouble> {
        let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&axe).map_err(|e| format!("{}: {e}: run `make assets`", axe.display()))?;
        Ok(Self { home: home.to_owned(), world, driver: Driver::start().await?, axe, through: None })
    }

    /// Opens a browser of its own.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn sit(&self, name: &str, eyes: Eyes) -> Result<Browser, Trouble> {
        let base = self.through.as_ref().unwrap_or(&self.world.server.office);
        self.driver.open(&self.home.join(name), eyes, base).await
    }

    /// The same, logged in as the office.
    ///
    /// # Errors
    /// When it does not start, or the page says no.
    pub async fn logged_in(&self, name: &str, eyes: Eyes) -> Result<Browser, Trouble> {
        self.logged_in_as("office", name, eyes).await
    }

    /// The same, as somebody with this role.
    ///
    /// # Errors
    /// As for [`Desk::logged_in`].
    pub async fn logged_in_as(&self, role: &str, name: &str, eyes: Eyes) -> Result<Browser, Trouble> {
        let browser = self.sit(name, eyes).await?;
        let user = self.world.user(role)?;
        browser.log_in(&user.username, &user.password).await?;
        Ok(browser)
    }

    /// Pictures the page, and has axe-core, where scripts run, find nothing against it.
    ///
    /// # Errors
    /// What it finds.
    pub async fn accessible(&self, browser: &Browser, name: &str) -> Result<(), Trouble> {
        browser.picture(name).await?;
        if !browser.runs_scripts() {
            return Ok(());
        }
        let found = browser.violations(&self.axe).await?;
        if found.is_empty() { Ok(()) } else { Err(format!("{name}: {found:#?}").into()) }
    }
}
