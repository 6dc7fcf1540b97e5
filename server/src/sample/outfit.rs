//! What no directory holds: cards, PINs, log-ins, and the flags of pupils.
//!
//! Must never: leave a number, a PIN or a password anywhere but in the answer.

use super::SampleError;
use super::made::{Pupil, Staff, User};
use super::people::People;
use super::rng::Rng;
use crate::card;
use crate::clock::Now;
use crate::store::{School, StoreError, Stores};
use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use rusqlite::params;
use shared::id::{PupilId, SchoolId, StaffId};

/// What no directory holds: flags, cards, PINs.
pub fn extras(
    school: &School,
    people: &People,
    pupils: &mut [Pupil],
    staff: &mut [Staff],
    root: &Rng,
    now: Now,
) -> Result<(), SampleError> {
    let mut rng = root.part("cards");
    let mut number = 0;
    // Ten digits as readers of 125 kHz cards type them; no two alike.
    let mut next = |rng: &mut Rng| {
        number += 1;
        format!("{:010}", 3_000_000 + number * 1000 + rng.below(1000))
    };
    for pupil in pupils.iter_mut() {
        pupil.card = rng.per_mille(940).then(|| next(&mut rng));
    }
    let mut hashes = Vec::new();
    for person in staff.iter_mut() {
        let digits = 4 + rng.below(3);
        person.pin = (0..digits).map(|_| char::from(b'0' + u8::try_from(rng.below(10)).unwrap_or(0))).collect();
        person.card = rng.per_mille(850).then(|| next(&mut rng));
        let phc =
            Argon2::default().hash_password(person.pin.as_bytes()).map_err(|e| SampleError::Hash(e.to_string()))?;
        hashes.push((person.id, phc.to_string()));
    }
    let cards: Vec<(String, Option<PupilId>, Option<StaffId>)> = pupils
        .iter()
        .filter_map(|p| p.card.clone().map(|c| (c, Some(p.id), None)))
        .chain(staff.iter().filter_map(|s| s.card.clone().map(|c| (c, None, Some(s.id)))))
        .collect();
    let flags: Vec<(String, bool, bool, &'static str, bool, bool)> = people
        .children
        .iter()
        .map(|c| (c.source_id.clone(), c.fsm, c.premium, c.send, c.looked_after, c.social_worker))
        .collect();
    school.write_now(move |tx| {
        for (source, fsm, premium, send, looked_after, social_worker) in flags {
            tx.execute(
                "UPDATE pupil SET fsm = ?2, pupil_premium = ?3, send = ?4, looked_after = ?5, social_worker = ?6, ehcp = ?7 WHERE source_id = ?1",
                params![source, fsm, premium, send, looked_after, social_worker, send == "EHC plan"],
            )?;
        }
        for (staff, hash) in hashes {
            tx.execute("UPDATE staff SET pin_hash = ?2 WHERE id = ?1", params![staff.as_bytes(), hash])?;
        }
        for (digits, pupil, staff) in cards {
            let hash = card::Number::new(&digits).ok_or(StoreError::Missing("card number"))?.keyed(tx)?;
            tx.execute(
                "INSERT INTO card(hash, pupil, staff, bound_at) VALUES (?1, ?2, ?3, ?4)",
                params![hash.as_str(), pupil.map(|p| *p.as_bytes()), staff.map(|s| *s.as_bytes()), now.at.0],
            )?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Accounts of every role.
pub fn users(
    stores: &Stores,
    school: SchoolId,
    staff: &[Staff],
    root: &Rng,
    now: Now,
) -> Result<Vec<User>, SampleError> {
    const WORDS: [&str; 16] = [
        "amber", "birch", "cobalt", "dapple", "ember", "fallow", "garnet", "heron", "indigo", "juniper", "kestrel",
        "linden", "marlin", "nettle", "osprey", "pepper",
    ];
    let mut rng = root.part("passwords");
    let named = |position: &str| {
        staff.iter().find(|s| s.position.starts_with(position)).map(|s| (s.name.clone(), s.position.clone()))
    };
    let own = |name: &str, position: &str| Some((name.to_owned(), position.to_owned()));
    let who = [
        ("office", "office", named("office manager")),
        ("attendance", "office", named("attendance officer")),
        ("champion", "champion", named("deputy headteacher")),
        ("head", "head", named("headteacher")),
        ("teacher", "teacher", named("class teacher")),
        ("committee", "committee", own("Canon Pryor", "Local School Committee member")),
        ("trust", "trust", own("Dr Ellwood", "trust attendance lead")),
        ("it", "it", own("Mr Dunmore", "IT staff")),
    ];
    let mut made = Vec::new();
    // A sample's accounts count as new for a year: nobody has a telephone for their second factor.
    let new_until = now.at.plus(365 * 24 * 60 * 60 * 1000).0;
    for (username, role, who) in who {
        let Some((name, position)) = who else { continue };
        let password = format!("{}-{}-{:04}", rng.pick(&WORDS), rng.pick(&WORDS), rng.below(10_000));
        let hash = crate::auth::password::hash(&password).map_err(|e| SampleError::Hash(e.to_string()))?;
        let linked = match stores.school(school) {
            Some(file) => file.read_now(|c| {
                let today = c.calendar()?.date_of(now.at);
                let found = crate::staff::named(c, &name, crate::store::columns::DateCol(today))?;
                Ok(found.first().map(|member| *member.id.as_bytes()))
            })?,
            None => None,
        };
        let user = User { username: username.to_owned(), password, name, position, role };
        stores.trust().write_now(|t| {
            let added = t.execute(
                "INSERT INTO account(school, username, name, position, role, password_hash, created_at, staff)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(username) DO NOTHING",
                params![school.as_bytes(), user.username, user.name, user.position, user.role, hash, new_until, linked],
            )?;
            if added == 0 {
                return Err(StoreError::Refused(format!("there is somebody with the user name {username} already")));
            }
            Ok(())
        })?;
        made.push(user);
    }
    Ok(made)
}
