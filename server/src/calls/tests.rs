//! The queue of a morning over a real school's file.

use super::{Caller, Claimed, Note, claim, note, queue, release, siblings};
use crate::testing::{World, at, class, day, now, officer, pupil, session, world};
use rusqlite::params;
use shared::act::Act;
use shared::call::{Outcome, Step, Whom};
use shared::codes::Code;
use shared::id::{CallId, PlanId, PupilId};
use shared::observation::Mark;
use shared::text::{Name, Remark};
use shared::wire::v1::Mode;

/// Class 1 is in but for 2, 3 and 4; 2 and 7, of another class, are of one family; 4 has a social worker.
pub(crate) async fn morning() -> World {
    let world = world();
    world
        .school
        .write_now(|tx| {
            for (n, rank, who, telephone) in [
                (2_u8, 1, "Sam Test", "07700 900142"),
                (2, 2, "Jo Test", "07700 900143"),
                (7, 1, "Jo Test", "+44 7700 900143"),
                (3, 1, "Ann Other", "07700 900150"),
            ] {
                tx.execute(
                    "INSERT INTO contact (pupil, rank, name, relation, telephone) VALUES (?1, ?2, ?3, 'Parent', ?4)",
                    params![pupil(n).as_bytes(), rank, who, telephone],
                )?;
            }
            tx.execute("UPDATE pupil SET social_worker = 1 WHERE id = ?1", [pupil(4).as_bytes()])?;
            tx.execute("UPDATE pupil SET born_on = '2019-01-01' WHERE id = ?1", [pupil(3).as_bytes()])?;
            Ok(())
        })
        .unwrap();
    let mut rooms = Vec::new();
    for (c, here, absent) in [(1, vec![1, 5], vec![2, 3, 4]), (2, vec![6, 8, 9, 10], vec![7])] {
        let mut room = world.enrol(Mode::Classroom, &[class(c)]).await;
        room.anchor(at(8, 45));
        for n in here {
            room.tap(at(8, 52), "am", c, n, Mark::Present);
        }
        for n in absent {
            room.tap(at(8, 53), "am", c, n, Mark::Absent);
        }
        room.submit(at(8, 57), "am", c, 5 * c - 4..=5 * c);
        rooms.push(room);
    }
    world.set(at(8, 58));
    for room in &rooms {
        world.push(room).await;
    }
    world.set(at(9, 30));
    world
}

fn families(world: &World) -> Vec<(Vec<PupilId>, Step)> {
    let read = |tx: &crate::store::ReadTx<'_>| queue(tx, &*tx.calendar()?, day(23), at(9, 30));
    let all = world.school.read_now(read).unwrap();
    all.into_iter().map(|f| (f.children.iter().map(|c| c.id).collect(), f.step)).collect()
}

fn called(id: u8, name: &str, outcome: Outcome) -> Note {
    let name = Some(Name::new(name).unwrap());
    Note { call: CallId::from_bytes([id; 16]), whom: Whom::Contact, name, outcome, said: None }
}

#[tokio::test]
async fn before_the_close_as_after_it_the_same_families_stand_in_the_same_order() {
    let world = morning().await;
    let before = families(&world);
    assert_eq!(
        before,
        [(vec![pupil(4)], Step::Visit), (vec![pupil(3)], Step::Call(0)), (vec![pupil(2), pupil(7)], Step::Call(0)),],
        "the social worker's first, then the youngest; brother and sister together"
    );
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
    assert_eq!(families(&world), before);
    let plan = Act::Planned {
        plan: PlanId::from_bytes([1; 16]),
        pupil: pupil(3),
        from: session("am"),
        until: session("pm"),
        code: Code::I,
        detail: None,
        reason: Remark::new("Ann Other: a cold").unwrap(),
    };
    world.act(now(9, 31), plan);
    assert_eq!(families(&world).len(), 2, "who is explained is off the list");
    assert_eq!(world.code(3, "am").as_deref(), Some("I"));
}

#[tokio::test]
async fn a_call_about_two_is_noted_once_and_climbs_the_ladder() {
    let world = morning().await;
    let about = vec![(pupil(2), session("am")), (pupil(7), session("am"))];
    for outcome in [Outcome::Message, Outcome::Message] {
        let about = about.clone();
        let one = called(1, "Sam Test", outcome);
        world.school.write_now(move |tx| note(tx, now(9, 32), &officer(), &about, &one, Vec::new())).unwrap();
    }
    assert_eq!(world.count("SELECT count(*) FROM call"), 2, "one for each child, and the form that came twice is one");
    assert_eq!(families(&world)[2].1, Step::Call(1));
    let one = called(2, "Jo Test", Outcome::NoAnswer);
    world.school.write_now(move |tx| note(tx, now(9, 33), &officer(), &about, &one, Vec::new())).unwrap();
    assert_eq!(families(&world)[2].1, Step::Visit);
    let wrong = world.school.read_now(|tx| crate::check::school(tx)).unwrap().wrong;
    assert_eq!(wrong, Vec::<String>::new(), "the record explains every row of it");
}

#[tokio::test]
async fn two_people_never_have_one_family_and_a_claim_lapses() {
    let world = morning().await;
    let who = |account, name: &str| Caller { account, name: name.to_owned() };
    let ask = |by: Caller, pupils: Vec<PupilId>, h, m| {
        world.school.write_now(move |tx| claim(tx, &by, &pupils, at(h, m))).unwrap()
    };
    assert_eq!(ask(who(1, "Rina"), vec![pupil(2), pupil(7)], 9, 30), Claimed::Yours);
    let Claimed::By(held) = ask(who(2, "Sam"), vec![pupil(7)], 9, 31) else { panic!("both call") };
    assert_eq!((held.name.as_str(), held.since), ("Rina", at(9, 30)));
    assert_eq!(ask(who(1, "Rina"), vec![pupil(2), pupil(7)], 9, 38), Claimed::Yours, "what goes on is kept");
    assert!(matches!(ask(who(2, "Sam"), vec![pupil(7)], 9, 47), Claimed::By(_)));
    assert_eq!(ask(who(2, "Sam"), vec![pupil(2), pupil(7)], 9, 48), Claimed::Yours, "ten minutes after the last word");
    world.school.write_now(|tx| release(tx, 2)).unwrap();
    assert_eq!(ask(who(1, "Rina"), vec![pupil(2)], 9, 49), Claimed::Yours);
}

#[tokio::test]
async fn siblings_are_found_by_the_first_number_however_it_is_written() {
    let world = morning().await;
    let of = |n| world.school.read_now(move |tx| siblings(tx, pupil(n), session("am"))).unwrap();
    assert_eq!(of(2), [(pupil(7), "Pupil7 Test, Class 2".to_owned())]);
    assert_eq!(of(7), [(pupil(2), "Pupil2 Test, Class 1".to_owned())]);
    assert!(of(3).is_empty() && of(4).is_empty());
}
