//! What a sample school came to: all that a demonstration needs.
//!
//! Must never: be written where a real school's data lies. It names passwords, PINs and card numbers.

use chrono::NaiveDate;
use serde::Serialize;
use shared::calendar::SessionKey;
use shared::id::{ClassId, PupilId, SchoolId, StaffId};

/// A person who may log in.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct User {
    pub username: String,
    pub password: String,
    pub name: String,
    pub position: String,
    pub role: &'static str,
}
/// A member of staff, with what they carry and know.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Staff {
    pub id: StaffId,
    pub name: String,
    pub position: String,
    pub pin: String,
    pub card: Option<String>,
    pub classes: Vec<ClassId>,
}
/// A class.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Class {
    pub id: ClassId,
    pub name: String,
    pub year: String,
    pub pupils: u32,
}
/// A pupil, with the number of the card they carry.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Pupil {
    pub id: PupilId,
    pub class: ClassId,
    pub first: String,
    pub last: String,
    pub card: Option<String>,
}
/// An absence that is planned for the day.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Planned {
    pub pupil: PupilId,
    pub from: SessionKey,
    pub until: SessionKey,
    pub code: &'static str,
}

/// What was made: all that a demonstration needs. Passwords, PINs and card numbers are nowhere else.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Made {
    pub school: SchoolId,
    pub slug: String,
    pub name: String,
    pub seed: u64,
    pub date: NaiveDate,
    pub users: Vec<User>,
    pub staff: Vec<Staff>,
    pub classes: Vec<Class>,
    pub pupils: Vec<Pupil>,
    pub planned: Vec<Planned>,
    pub history_from: Option<NaiveDate>,
    pub history_marks: u64,
}
