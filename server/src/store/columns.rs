//! How ids, sessions, hashes and JSON stand in columns.
//!
//! Must never: guess. A column that cannot be read is an error.

use super::error::StoreError;
use chrono::NaiveDate;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::de::DeserializeOwned;
use shared::calendar::{Half, SessionKey};
use shared::codes::Code;
use shared::log::Hash;

/// A half of a day as its column: `am` or `pm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HalfCol(pub Half);

impl HalfCol {
    /// `am` or `pm`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self.0 {
            Half::Am => "am",
            Half::Pm => "pm",
        }
    }
}
impl ToSql for HalfCol {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.text().as_bytes())))
    }
}
impl FromSql for HalfCol {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "am" => Ok(Self(Half::Am)),
            "pm" => Ok(Self(Half::Pm)),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// A date as its column: `yyyy-mm-dd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateCol(pub NaiveDate);

impl ToSql for DateCol {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.to_string()))
    }
}
impl FromSql for DateCol {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(|_| FromSqlError::InvalidType)
    }
}

/// A code as its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeCol(pub Code);

impl ToSql for CodeCol {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_str().as_bytes())))
    }
}
impl FromSql for CodeCol {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(|_| FromSqlError::InvalidType)
    }
}

/// A hash as its column: 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCol(pub Hash);

impl ToSql for HashCol {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0.0)))
    }
}
impl FromSql for HashCol {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(|bytes| Self(Hash(bytes)))
    }
}

/// A session from two columns, date and half, beginning at `index`.
///
/// # Errors
/// When a column does not hold a date or a half.
pub fn session(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<SessionKey> {
    let date: DateCol = row.get(index)?;
    let half: HalfCol = row.get(index + 1)?;
    Ok(SessionKey { date: date.0, half: half.0 })
}

/// A number of a log or feed as SQLite holds it.
#[must_use]
pub fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A number of a log or feed from SQLite; negative ones do not exist.
#[must_use]
pub fn uint(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// Reads JSON from a column.
///
/// # Errors
/// [`StoreError::Corrupt`] naming `what`.
pub fn json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { what })
}

/// Writes JSON for a column.
///
/// # Errors
/// [`StoreError::Corrupt`] naming `what`.
pub fn to_json<T: serde::Serialize>(value: &T, what: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt { what })
}
