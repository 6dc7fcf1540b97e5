//! Staff in a real school's file, and what kiosks are told of it.

use super::{Member, add, end, list, named, pin::Pin, set_pin};
use crate::feed;
use crate::store::columns::DateCol;
use crate::testing::{World, day, now, officer, world};
use shared::text::Name;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

#[test]
fn cover_staff_come_sign_on_and_go() {
    let world = world();
    let today = DateCol(day(23));
    let id = world
        .school
        .write_now(move |tx| add(tx, now(8, 50), &officer(), &name("Mr Lowe"), &name("cover teacher")))
        .unwrap();
    let again =
        world.school.write_now(move |tx| add(tx, now(8, 51), &officer(), &name("mr  lowe"), &name("cover teacher")));
    assert!(again.unwrap_err().to_string().contains("tell them apart"));
    let phc = Pin::new("4711").unwrap().hash().unwrap();
    world
        .school
        .write_now(move |tx| {
            set_pin(tx, now(9, 0), &officer(), id, Some(&phc))?;
            feed::refresh_roster(tx, now(9, 0))
        })
        .unwrap();
    let told = "SELECT count(*) FROM feed WHERE key LIKE 'staff:%' AND body LIKE '%$argon2id$%' AND audience = 'all'";
    assert_eq!(world.count(told), 1);
    let stands: Vec<Member> = world.school.read_now(|tx| named(tx, "MR LOWE", today)).unwrap();
    assert!(stands.len() == 1 && stands[0].pin && !stands[0].from_roster);
    world
        .school
        .write_now(move |tx| {
            end(tx, now(9, 1), &officer(), id, DateCol(day(22)))?;
            feed::refresh_roster(tx, now(9, 1))
        })
        .unwrap();
    assert_eq!(world.count(told), 0, "gone from the kiosks");
    assert!(world.school.read_now(|tx| list(tx, today)).unwrap().is_empty());
    assert_eq!(acts(&world), ["staff_added by Sam Okoro", "pin_set by Sam Okoro", "staff_ended by Sam Okoro"]);
    let log = world.count("SELECT count(*) FROM fact WHERE body LIKE '%4711%' OR body LIKE '%argon2%'");
    assert_eq!(log, 0, "neither the PIN nor its hash is in the log");
}

/// What stands in the school's own log, in its order.
fn acts(world: &World) -> Vec<String> {
    world
        .school
        .read_now(|tx| {
            let mut found = tx.prepare(
                "SELECT json_extract(body, '$.act.kind') || ' by ' || json_extract(body, '$.by.name')
                 FROM fact JOIN log ON log.id = fact.log WHERE log.kiosk IS NULL ORDER BY seq",
            )?;
            let acts = found.query_map([], |r| r.get(0))?;
            Ok(acts.collect::<Result<_, _>>()?)
        })
        .unwrap()
}

#[test]
fn whom_the_roster_names_is_ended_there() {
    let world = world();
    world
        .school
        .write_now(|tx| {
            tx.execute("INSERT INTO staff(id, source_id, name, position) VALUES (zeroblob(16), 's1', 'Ms Patel', 'class teacher')", [])?;
            Ok(())
        })
        .unwrap();
    let id = shared::id::StaffId::from_bytes([0; 16]);
    let refused = world.school.write_now(move |tx| end(tx, now(9, 0), &officer(), id, DateCol(day(22)))).unwrap_err();
    assert!(refused.to_string().contains("in your directory"));
    assert_eq!(world.count("SELECT count(*) FROM staff WHERE ended_on IS NULL"), 1);
}
