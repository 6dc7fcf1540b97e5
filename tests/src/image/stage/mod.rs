//! What is tried with the card's image, one file a stage, and what all stages have: a school of their own, the card's page, and
//! the waits that belong to a kiosk that comes.
//!
//! Must never: say that something ran on a real Raspberry Pi.

use super::scene::{Scene, until};
use super::seat::Seat;
use crate::process::Trouble;
use std::path::PathBuf;

pub mod cage;
pub mod damage;
pub mod keyboard;
pub mod mistakes;
pub mod moments;
pub mod pi3;
pub mod reception;
pub mod register;

/// Tells whoever runs the test what was seen.
pub fn said(what: &str) {
    println!("  {what}");
}

/// What all stages have.
pub struct Set {
    /// The raw image.
    pub image: PathBuf,
    /// Where pictures, logs and servers go.
    pub folder: PathBuf,
    /// The day that is played, as 2026-11-23.
    pub date: String,
}

impl Set {
    /// A school of its own for a stage, at this time of the morning.
    ///
    /// # Errors
    /// As for [`Scene::set`].
    pub async fn scene(&self, name: &str, hour: i64, minute: i64) -> Result<Scene, Trouble> {
        let folder = self.folder.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Scene::set(&folder, &self.date, hour, minute).await
    }

    /// Where pictures go.
    #[must_use]
    pub fn pictures(&self) -> PathBuf {
        self.folder.join("pictures")
    }
}

/// The card of a kiosk that enrols by itself.
///
/// # Errors
/// When the server has no port.
pub fn page(scene: &Scene, room: &str, rest: &str) -> Result<String, Trouble> {
    let (server, key, code) = (scene.address()?, &scene.key, &scene.code);
    Ok(format!("server = \"{server}\"\nkey = \"{key}\"\ncode = \"{code}\"\nroom = \"{room}\"\n{rest}"))
}

/// Waits until the server knows the kiosk and the kiosk has its roster.
///
/// # Errors
/// When it does not come to that.
pub async fn ready(scene: &Scene, seat: &mut Seat, room: &str) -> Result<(), Trouble> {
    let waited = until("the kiosk is enrolled", || async { Ok(scene.kiosks().await?.contains(room)) }).await?;
    said(&format!("power on to enrolled, with no keyboard: {waited:.0} s of emulation"));
    until("the kiosk has its roster", || {
        let rows = seat.status().ok().and_then(|s| s["rows"].as_u64()).unwrap_or(0);
        async move { Ok(rows > 20) }
    })
    .await?;
    Ok(())
}

/// Waits until the kiosk has nothing that the server does not have.
///
/// # Errors
/// When it does not come to that.
pub async fn sent(seat: &mut Seat) -> Result<(), Trouble> {
    until("what was taken arrives", || {
        let unsent = seat.status().ok().and_then(|s| s["unsent"].as_u64());
        async move { Ok(unsent == Some(0)) }
    })
    .await?;
    Ok(())
}
