//! After a restore: the server stands where its backup stood, and the kiosks bring back what happened since.
//!
//! Must never: treat the hours since the backup as known before the kiosks have spoken, or a person has said to go on.

pub mod list;
mod onto;
pub mod tail;
pub mod witness;

pub use onto::{Asked, Done, restore};

use crate::recovery;
use crate::school;
use crate::store::columns::{json, to_json};
use crate::store::{StoreError, Stores, WriteTx};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use shared::id::LogId;
use shared::log::Head;
use shared::time::Millis;

/// The setting that holds it.
const SETTING: &str = "restored";

/// That a school was restored, and how far that has come. It stands until the office has worked through its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Names this restore: a kiosk answers each once.
    pub id: String,
    /// The school's own log until then.
    pub log: LogId,
    /// Its head as the backup had it.
    pub head: Head,
    /// When the backup was made.
    pub backup: Millis,
    /// When it was restored.
    pub at: Millis,
    /// By whom, with position.
    pub by: String,
    /// When everybody had spoken, or a person said to go on. Until then nobody is called.
    #[serde(default)]
    pub settled: Option<Millis>,
}

/// Whether, and how, the school was restored.
///
/// # Errors
/// An accident of the store.
pub fn state(c: &Connection) -> Result<Option<Restored>, StoreError> {
    school::setting(c, SETTING)?.map(|text| json(&text, "what is kept of the restore")).transpose()
}

/// Writes it.
fn keep(tx: &WriteTx<'_>, restored: &Restored) -> Result<(), StoreError> {
    school::set(tx, SETTING, &to_json(restored, "the restore")?)
}

/// Deletes the recovery key that a restore left, once no school waits for kiosks any more.
///
/// # Errors
/// An accident of the store.
pub fn forget_key(stores: &Stores) -> Result<(), StoreError> {
    for school in stores.all() {
        if school.read_now(|tx| state(tx))?.is_some() {
            return Ok(());
        }
    }
    stores.trust().write_now(|t| {
        t.pragma_update(None, "secure_delete", "ON")?; // its bytes go too
        t.execute("DELETE FROM secret WHERE name = ?1", [recovery::WAITING])?;
        Ok(())
    })
}

/// "name, position"
fn words(by: &shared::act::Officer) -> String {
    match by {
        shared::act::Officer::Person { name, position } => format!("{name}, {position}"),
        shared::act::Officer::Rule { rule, .. } => format!("rule {rule}"),
    }
}

#[cfg(test)]
mod tests;
