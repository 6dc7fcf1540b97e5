//! A transaction in a school's file: [`ReadTx`] and [`WriteTx`], two types, so that a page cannot write by mistake.
//!
//! Must never: be made anywhere but in this folder.

use rusqlite::Connection;
use shared::id::SchoolId;
use std::cell::Cell;
use std::ops::Deref;

/// What is read often and changes rarely, kept beside the file.
#[derive(Default)]
pub(super) struct Cache {
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
}

impl WriteTx<'_> {
    /// Whose register this is.
    #[must_use]
    pub const fn school(&self) -> SchoolId {
        self.school
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
