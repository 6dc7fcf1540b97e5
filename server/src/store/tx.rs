//! A transaction in a school's file: [`ReadTx`] and [`WriteTx`], two types, so that a page cannot write by mistake.
//!
//! Must never: be made anywhere but in this folder.

use super::columns;
use super::error::StoreError;
use rusqlite::{Connection, OptionalExtension};
use shared::calendar::Calendar;
use shared::id::SchoolId;
use std::cell::Cell;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// What is read often and changes rarely, kept beside the file.
#[derive(Default)]
pub(super) struct Cache {
    calendar: Mutex<Option<(i64, Arc<Calendar>)>>,
}

impl Cache {
    fn calendar(&self, c: &Connection) -> Result<Arc<Calendar>, StoreError> {
        let newest: Option<i64> = c.prepare_cached("SELECT max(id) FROM calendar")?.query_row([], |r| r.get(0))?;
        let newest = newest.ok_or(StoreError::Missing("calendar"))?;
        let mut kept = self.calendar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((id, calendar)) = kept.as_ref()
            && *id == newest
        {
            return Ok(Arc::clone(calendar));
        }
        let body: Option<String> = c
            .prepare_cached("SELECT body FROM calendar WHERE id = ?1")?
            .query_row([newest], |r| r.get(0))
            .optional()?;
        let body = body.ok_or(StoreError::Missing("calendar"))?;
        let calendar: Calendar = columns::json(&body, "the calendar")?;
        let calendar = Arc::new(calendar);
        *kept = Some((newest, Arc::clone(&calendar)));
        Ok(calendar)
    }
}

/// A view of the register as it stood at one moment. Cannot write: its connection is `query_only`.
pub struct ReadTx<'c> {
    pub(super) conn: &'c Connection,
    pub(super) school: SchoolId,
    pub(super) cache: &'c Cache,
}

/// The one writer's transaction.
pub struct WriteTx<'c> {
    pub(super) conn: &'c Connection,
    pub(super) school: SchoolId,
    pub(super) cache: &'c Cache,
    pub(super) touched: Cell<bool>,
}

impl ReadTx<'_> {
    /// Whose register this is.
    #[must_use]
    pub const fn school(&self) -> SchoolId {
        self.school
    }
    /// The calendar in force, parsed once and kept until a newer one is set.
    ///
    /// # Errors
    /// When no calendar was set, or it cannot be read.
    pub fn calendar(&self) -> Result<Arc<Calendar>, StoreError> {
        self.cache.calendar(self.conn)
    }
}

impl WriteTx<'_> {
    /// Whose register this is.
    #[must_use]
    pub const fn school(&self) -> SchoolId {
        self.school
    }
    /// The calendar in force.
    ///
    /// # Errors
    /// As for [`ReadTx::calendar`].
    pub fn calendar(&self) -> Result<Arc<Calendar>, StoreError> {
        self.cache.calendar(self.conn)
    }
    /// Wakes those who wait on `School::changes()`, also when neither feed nor record changed.
    pub fn touch(&self) {
        self.touched.set(true);
    }
}

impl Deref for ReadTx<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.conn
    }
}
impl Deref for WriteTx<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.conn
    }
}
