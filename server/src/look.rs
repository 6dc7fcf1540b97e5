//! Who looked at whom: each page that shows a pupil, or a class by name, is noted before it is shown.
//!
//! Must never: show such a page that could not be noted, or note what was on it.

use crate::auth::Actor;
use crate::store::{School, StoreError};
use rusqlite::{Connection, OptionalExtension as _, params};
use shared::id::{ClassId, PupilId};
use shared::time::Millis;
use std::sync::Arc;

/// The same look again within this time is the same look.
const SAME_MS: i64 = 10 * 60 * 1000;

/// Pages that show every class by name: of a session on paper, and in a roll call.
const ALL_CLASSES: [&str; 2] = ["/paper/{session}", "/roll-call"];

/// The pupils whom a page showed that its address does not name: a list. The page puts it into its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown(pub Vec<PupilId>);

/// What a page is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// The route.
    pub page: &'static str,
    /// The pupil, if it is about one.
    pub pupil: Option<PupilId>,
    /// The class, if it is about one.
    pub class: Option<ClassId>,
    /// The session, if it is about one.
    pub session: Option<String>,
    /// Whom a list showed.
    pub shown: Vec<PupilId>,
}

impl Look {
    /// A list that showed these pupils; none if it showed nobody.
    #[must_use]
    pub fn list(page: &'static str, shown: &Shown) -> Option<Self> {
        let mut pupils = shown.0.clone();
        pupils.sort_unstable();
        pupils.dedup();
        (!pupils.is_empty()).then(|| Self { page, shown: pupils, ..Self::default() })
    }

    /// What an address of this route shows; none if it names neither a pupil nor a class, nor a session with all of its classes.
    #[must_use]
    pub fn at(route: &'static str, path: &str) -> Option<Self> {
        let mut look = Self { page: route, ..Self::default() };
        for (name, value) in route.split('/').zip(path.split('/')) {
            match name {
                "{pupil}" => look.pupil = value.parse().ok(),
                "{class}" => look.class = value.parse().ok(),
                "{session}" => look.session = Some(value.to_owned()),
                "{about}" => {
                    let (class, pupil) = value.split_once('.').unwrap_or_default();
                    (look.class, look.pupil) = (class.parse().ok(), pupil.parse().ok());
                }
                _ => {}
            }
        }
        (look.pupil.is_some() || look.class.is_some() || ALL_CLASSES.contains(&route)).then_some(look)
    }
}

/// Notes a look, unless the same person has just had the same.
///
/// # Errors
/// When the school's file cannot be read or written: then the page is not shown.
pub async fn note(actor: &Actor, look: Look, now: Millis) -> Result<(), StoreError> {
    let (account, name, position) = (actor.account, actor.name.to_string(), actor.position.to_string());
    let same = look.clone();
    let school: &Arc<School> = &actor.school;
    let fresh = school.read(move |tx| {
        let Look { page, pupil, class, session, shown } = &same;
        let (pupil, class) = (pupil.map(|p| *p.as_bytes()), class.map(|c| *c.as_bytes()));
        let before: Option<i64> = tx
            .prepare_cached(
                "SELECT id FROM look WHERE at > ?1 AND account = ?2 AND page = ?3 AND pupil IS ?4 AND class IS ?5
                            AND session IS ?6 ORDER BY id DESC LIMIT 1",
            )?
            .query_row(params![now.0 - SAME_MS, account, page, pupil, class, session], |r| r.get(0))
            .optional()?;
        let Some(id) = before else { return Ok(Fresh::All) };
        let mut known = tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM look_shown WHERE pupil = ?1 AND look = ?2)")?;
        for pupil in shown {
            if !known.query_row(params![pupil.as_bytes(), id], |r| r.get::<_, bool>(0))? {
                return Ok(Fresh::More(id));
            }
        }
        Ok(Fresh::Nothing)
    });
    let of = match fresh.await? {
        Fresh::Nothing => return Ok(()),
        Fresh::More(id) => Some(id),
        Fresh::All => None,
    };
    school
        .write(move |tx| {
            let Look { page, pupil, class, session, shown } = &look;
            let (pupil, class) = (pupil.map(|p| *p.as_bytes()), class.map(|c| *c.as_bytes()));
            let id = if let Some(id) = of {
                id
            } else {
                tx.prepare_cached(
                    "INSERT INTO look(at, account, name, position, page, pupil, class, session) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![now.0, account, name, position, page, pupil, class, session])?;
                tx.last_insert_rowid()
            };
            let mut put = tx.prepare_cached("INSERT OR IGNORE INTO look_shown(look, pupil) VALUES (?1, ?2)")?;
            for pupil in shown {
                put.execute(params![id, pupil.as_bytes()])?;
            }
            Ok(())
        })
        .await
}

/// What of a look was not noted yet.
enum Fresh {
    Nothing,
    /// Pupils whom the same list showed since.
    More(i64),
    All,
}

/// One look, as the list has it.
#[derive(Debug, Clone)]
pub struct Noted {
    /// When.
    pub at: Millis,
    /// Who, and in what position.
    pub who: String,
    /// The route.
    pub page: String,
    /// The pupil's name and id, if it was about one.
    pub pupil: Option<(PupilId, String)>,
    /// The class's name.
    pub class: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// Pupils whom a list showed.
    pub shown: usize,
}

/// The latest looks, at one pupil or at all, and whether there are more. A look at the register of a class is one at each of
/// its pupils of that day.
///
/// # Errors
/// When the file cannot be read.
pub fn list(c: &Connection, pupil: Option<PupilId>, most: usize) -> Result<(Vec<Noted>, bool), StoreError> {
    let mut found = c.prepare_cached(
        "SELECT l.at, l.name || ', ' || l.position, l.page, l.pupil, p.first || ' ' || p.last, c.name, l.session,
                (SELECT count(*) FROM look_shown s WHERE s.look = l.id)
         FROM look l LEFT JOIN pupil p ON p.id = l.pupil LEFT JOIN class c ON c.id = l.class
         WHERE ?1 IS NULL OR l.pupil = ?1 OR l.page IN (?3, ?4)
               OR EXISTS (SELECT 1 FROM look_shown s WHERE s.pupil = ?1 AND s.look = l.id) OR l.pupil IS NULL AND l.class IN (SELECT m.class FROM membership m WHERE m.pupil = ?1
               AND m.from_on <= substr(l.session, 1, 10) AND (m.until_on IS NULL OR m.until_on >= substr(l.session, 1, 10)))
         ORDER BY l.at DESC, l.id DESC LIMIT ?2",
    )?;
    let limit = i64::try_from(most.saturating_add(1)).unwrap_or(i64::MAX);
    let [paper, roll_call] = ALL_CLASSES;
    let rows = found.query_map(params![pupil.map(|p| *p.as_bytes()), limit, paper, roll_call], |r| {
        let id = r.get::<_, Option<[u8; 16]>>(3)?.map(PupilId::from_bytes);
        let name = r.get::<_, Option<String>>(4)?.unwrap_or_else(|| "a pupil who is not here any more".to_owned());
        Ok(Noted {
            at: Millis(r.get(0)?),
            who: r.get(1)?,
            page: r.get(2)?,
            pupil: id.map(|id| (id, name)),
            class: r.get(5)?,
            session: r.get(6)?,
            shown: r.get(7)?,
        })
    })?;
    let mut all = rows.collect::<Result<Vec<_>, _>>()?;
    let more = all.len() > most;
    all.truncate(most);
    Ok((all, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_whom_it_shows() {
        let (pupil, class) = (PupilId::from_bytes([7; 16]), ClassId::from_bytes([8; 16]));
        let register = Look::at("/register/{class}/{session}", &format!("/register/{class}/2026-11-23-am")).unwrap();
        assert_eq!((register.class, register.session.as_deref()), (Some(class), Some("2026-11-23-am")));
        let asked = "/question/{kind}/{session}/{about}";
        let about = Look::at(asked, &format!("/question/no_tile/2026-11-23-pm/0.{pupil}")).unwrap();
        assert_eq!((about.pupil, about.class), (Some(pupil), None));
        assert_eq!(Look::at("/cards/{pupil}", &format!("/cards/{pupil}")).unwrap().pupil, Some(pupil));
        assert_eq!(Look::at("/cards/{pupil}", "/cards/nobody"), None);
        assert_eq!(Look::at("/today", "/today"), None);
    }
}
