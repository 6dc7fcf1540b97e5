//! What an import will write, and writing it.
//!
//! Must never: delete a pupil, an enrolment that has begun, or anything that a register was taken on.

use super::held::{ClassRow, Enrolment, Member, PupilRow, StaffRow};
use super::reject::Reject;
use super::roster::Contact;
use crate::store::columns::{DateCol, HalfCol};
use rusqlite::{Connection, params};
use serde::Serialize;
use shared::id::{ClassId, PupilId, StaffId};

/// Counts of what changes, for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // each says itself
pub struct Tally {
    pub new_classes: u32,
    pub changed_classes: u32,
    pub ended_classes: u32,
    pub new_pupils: u32,
    pub changed_pupils: u32,
    pub leavers: u32,
    pub returners: u32,
    pub movers: u32,
    pub changed_contacts: u32,
    pub new_staff: u32,
    pub changed_staff: u32,
    pub ended_staff: u32,
}

/// Everything that changes.
#[derive(Debug, Default)]
#[allow(missing_docs)] // the tables, by their names
pub struct Changes {
    pub classes: Vec<ClassRow>,
    pub pupils: Vec<PupilRow>,
    pub enrolments: Vec<(PupilId, Vec<Enrolment>)>,
    pub members: Vec<(PupilId, Vec<Member>)>,
    /// Whom the office moved, and the class that the file has instead: they stay where the office put them.
    pub by_hand: Vec<(PupilId, ClassId)>,
    pub contacts: Vec<(PupilId, Vec<Contact>)>,
    pub staff: Vec<StaffRow>,
    pub teaching_new: Vec<(StaffId, ClassId)>,
    pub teaching_gone: Vec<(StaffId, ClassId)>,
    pub tally: Tally,
}

impl Changes {
    /// True when the school's file says the same already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
            && self.pupils.is_empty()
            && self.enrolments.is_empty()
            && self.members.is_empty()
            && self.contacts.is_empty()
            && self.staff.is_empty()
            && self.teaching_new.is_empty()
            && self.teaching_gone.is_empty()
    }

    /// Writes them. Inside the school's one write transaction: all or nothing.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn write(&self, c: &Connection) -> rusqlite::Result<()> {
        self.write_classes(c)?;
        self.write_pupils(c)?;
        self.write_places(c)?;
        self.write_contacts(c)?;
        self.write_staff(c)
    }

    fn write_classes(&self, c: &Connection) -> rusqlite::Result<()> {
        let mut put = c.prepare_cached(
            "INSERT INTO class(id, source_id, name, year, sort, ended_on) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT(id) DO UPDATE SET source_id = ?2, name = ?3, year = ?4, sort = ?5, ended_on = ?6",
        )?;
        for k in &self.classes {
            put.execute(params![k.id.as_bytes(), k.source_id, k.name, k.year, k.sort, k.ended_on.map(DateCol)])?;
        }
        Ok(())
    }

    fn write_pupils(&self, c: &Connection) -> rusqlite::Result<()> {
        // Two pupils may exchange a UPN: let go of all before taking any.
        let mut free = c.prepare_cached("UPDATE pupil SET upn = NULL, source_id = NULL WHERE id = ?1")?;
        for p in &self.pupils {
            free.execute([p.id.as_bytes()])?;
        }
        let mut put = c.prepare_cached(
            "INSERT INTO pupil(id, source_id, upn, first, last, legal_first, legal_last, born_on, sex, fsm, pupil_premium,
                               send, looked_after, social_worker, ehcp)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT(id) DO UPDATE SET source_id = ?2, upn = ?3, first = ?4, last = ?5, legal_first = ?6,
                 legal_last = ?7, born_on = ?8, sex = ?9, fsm = ?10, pupil_premium = ?11, send = ?12,
                 looked_after = ?13, social_worker = ?14, ehcp = ?15",
        )?;
        for p in &self.pupils {
            put.execute(params![
                p.id.as_bytes(),
                p.source_id,
                p.upn,
                p.first,
                p.last,
                p.legal_first,
                p.legal_last,
                p.born_on.map(DateCol),
                p.sex,
                p.fsm,
                p.pupil_premium,
                p.send,
                p.looked_after,
                p.social_worker,
                p.ehcp
            ])?;
        }
        Ok(())
    }

    fn write_places(&self, c: &Connection) -> rusqlite::Result<()> {
        let mut clear = c.prepare_cached("DELETE FROM enrolment WHERE pupil = ?1")?;
        let mut put = c.prepare_cached("INSERT INTO enrolment(pupil, joined_on, left_on) VALUES (?1, ?2, ?3)")?;
        for (pupil, all) in &self.enrolments {
            clear.execute([pupil.as_bytes()])?;
            for e in all {
                put.execute(params![pupil.as_bytes(), DateCol(e.joined), e.left.map(DateCol)])?;
            }
        }
        let mut clear = c.prepare_cached("DELETE FROM membership WHERE pupil = ?1")?;
        let mut put = c.prepare_cached(
            "INSERT INTO membership(pupil, class, from_on, from_half, until_on, until_half) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for (pupil, all) in &self.members {
            clear.execute([pupil.as_bytes()])?;
            for m in all {
                put.execute(params![
                    pupil.as_bytes(),
                    m.class.as_bytes(),
                    DateCol(m.from),
                    HalfCol(m.from_half),
                    m.until.map(DateCol),
                    HalfCol(m.until_half)
                ])?;
            }
        }
        Ok(())
    }

    fn write_contacts(&self, c: &Connection) -> rusqlite::Result<()> {
        let mut clear = c.prepare_cached("DELETE FROM contact WHERE pupil = ?1")?;
        let mut put = c.prepare_cached(
            "INSERT INTO contact(pupil, rank, name, relation, telephone, source_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for (pupil, all) in &self.contacts {
            clear.execute([pupil.as_bytes()])?;
            for (rank, k) in (1_i64..).zip(all) {
                put.execute(params![pupil.as_bytes(), rank, k.name, k.relation, k.telephone, k.source_id])?;
            }
        }
        Ok(())
    }

    fn write_staff(&self, c: &Connection) -> rusqlite::Result<()> {
        let mut put = c.prepare_cached(
            "INSERT INTO staff(id, source_id, name, position, ended_on) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT(id) DO UPDATE SET source_id = ?2, name = ?3, position = ?4, ended_on = ?5",
        )?;
        for s in &self.staff {
            put.execute(params![s.id.as_bytes(), s.source_id, s.name, s.position, s.ended_on.map(DateCol)])?;
        }
        for (staff, class) in &self.teaching_gone {
            c.execute(
                "DELETE FROM staff_class WHERE staff = ?1 AND class = ?2",
                params![staff.as_bytes(), class.as_bytes()],
            )?;
        }
        for (staff, class) in &self.teaching_new {
            c.execute(
                "INSERT OR IGNORE INTO staff_class(staff, class) VALUES (?1, ?2)",
                params![staff.as_bytes(), class.as_bytes()],
            )?;
        }
        Ok(())
    }
}

/// Keeps the rejects of this import in place of the last one's; when they are the same, nothing is written.
///
/// # Errors
/// When SQLite refuses.
pub fn keep_rejects(
    c: &Connection,
    rejects: &[Reject],
    before: &[(String, u32, String)],
    at: i64,
) -> rusqlite::Result<bool> {
    let now: Vec<(String, u32, String)> =
        rejects.iter().map(|r| (r.file.clone(), r.line, r.reason.to_string())).collect();
    if now == before {
        return Ok(false);
    }
    c.execute("DELETE FROM import_reject", [])?;
    let mut put = c.prepare_cached("INSERT INTO import_reject(file, line, reason, at) VALUES (?1, ?2, ?3, ?4)")?;
    for (file, line, reason) in &now {
        put.execute(params![file, line, reason, at])?;
    }
    Ok(true)
}
