//! What a backup says of itself: when it was made, by which program.
//!
//! Must never: hold anything about a school.

use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use shared::time::Millis;
use std::path::Path;

/// The file's name.
pub const NAME: &str = "about.json";

/// It.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// When the backup was made, by the server's clock.
    pub made_at: Millis,
    /// Version of the program that made it.
    pub program: String,
}

impl About {
    /// Of a backup made now.
    #[must_use]
    pub fn of(made_at: Millis) -> Self {
        Self { made_at, program: env!("CARGO_PKG_VERSION").to_owned() }
    }
    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(self).map_err(|_| StoreError::Corrupt { what: "the backup" })?;
        super::write_file(&folder.join(NAME), (text + "\n").as_bytes())
    }
    /// Reads it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(NAME);
        let text = std::fs::read_to_string(&path).map_err(StoreError::file(&path))?;
        serde_json::from_str(&text).map_err(|_| {
            StoreError::Refused(format!("{} cannot be read: is this a backup of Rollbook?", path.display()))
        })
    }
}
