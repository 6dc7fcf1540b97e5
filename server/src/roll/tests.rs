//! Joining, leaving, moving: what registers say of it, and what stands against it.

use super::*;
use crate::testing::{World, class, day, now, officer, pupil, session, world};
use shared::id::PupilId;
use shared::observation::Mark;
use shared::pupil::Provision;
use shared::text::{Name, Remark};
use shared::wire::v1::Mode;

fn does(world: &World, at: Now, who: PupilId, what: Change) -> Result<(), NotDone> {
    world.school.write_now(move |tx| change(tx, at, &officer(), who, what)).unwrap()
}

fn moved(to: u8, from: SessionKey) -> Change {
    Change::Moved { class: class(to), from, why: None }
}

fn in_class(world: &World, who: PupilId, at: SessionKey) -> Option<ClassId> {
    world.school.read_now(move |tx| record::class_in(tx, who, at)).unwrap()
}

fn joined(from: SessionKey) -> Change {
    let name = |text: &str| Name::new(text).unwrap();
    Change::Joined { first: name("Ada"), last: name("New"), born_on: None, class: class(2), from }
}

#[tokio::test]
async fn a_mover_is_in_one_register_in_the_morning_and_in_another_after_noon() {
    let world = world();
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(crate::testing::at(8, 40));
    room.tap(crate::testing::at(8, 55), "am", 1, 1, Mark::Present);
    world.push(&room).await;
    let (am, pm) = (session("am"), session("pm"));
    assert_eq!(does(&world, now(11, 0), pupil(1), moved(2, am)), Err(NotDone::Marked(am)), "a mark stands");
    assert_eq!(does(&world, now(11, 0), pupil(1), moved(1, pm)), Err(NotDone::InIt));
    assert_eq!(does(&world, now(11, 0), pupil(1), moved(9, pm)), Err(NotDone::NoClass));
    does(&world, now(11, 0), pupil(1), moved(2, pm)).unwrap();
    assert_eq!(in_class(&world, pupil(1), am), Some(class(1)));
    assert_eq!(in_class(&world, pupil(1), pm), Some(class(2)));
    // The kiosk of the new class has the tile, with the half from which it holds.
    let rows = "SELECT count(*) FROM feed WHERE key LIKE 'pupil:%' AND body LIKE '%\"from_half\":\"pm\"%' AND body LIKE '%\"until_half\":\"am\"%'";
    assert!(world.count(rows) > 0);
    assert_eq!(
        world.count("SELECT count(*) FROM pupil_act WHERE kind = 'moved' AND words LIKE 'Moved to Class 2 %'"),
        1
    );
}

#[tokio::test]
async fn a_starter_has_a_mark_from_the_first_session_and_a_leaver_none_after_the_last() {
    let world = world();
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 30))).unwrap();
    let new = PupilId::from_bytes([9; 16]);
    // Joined this morning, told after close. Nobody submitted the register: it is missing, for the starter as for the rest.
    does(&world, now(9, 40), new, joined(session("am"))).unwrap();
    assert_eq!(world.count("SELECT count(*) FROM mark"), 0);
    assert_eq!(in_class(&world, new, session("am")), Some(class(2)));
    assert_eq!(does(&world, now(9, 41), new, joined(session("pm"))), Err(NotDone::OnRoll), "a form that came twice");
    let again = PupilId::from_bytes([8; 16]);
    assert_eq!(does(&world, now(9, 42), again, joined(session("am"))), Err(NotDone::Known));

    let left = |last_day| Change::Left { last_day, why: Remark::new("moved to Oak Primary").unwrap() };
    assert_eq!(does(&world, now(10, 0), pupil(9), left(day(1) - Days::new(120))), Err(NotDone::NotOnRoll));
    assert_eq!(does(&world, now(10, 0), PupilId::from_bytes([1; 16]), left(day(24))), Err(NotDone::NoPupil));
    does(&world, now(10, 0), pupil(9), left(day(24))).unwrap();
    let tuesday = SessionKey { date: day(24), half: Half::Pm };
    let wednesday = SessionKey { date: day(25), half: Half::Am };
    assert_eq!(in_class(&world, pupil(9), tuesday), Some(class(2)));
    assert_eq!(in_class(&world, pupil(9), wednesday), None);
    // Comes back a week later, into another class; the time between is no time on roll.
    let back = SessionKey { date: day(30), half: Half::Am };
    let name = |text: &str| Name::new(text).unwrap();
    let comes =
        Change::Joined { first: name("Pupil9"), last: name("Test"), born_on: None, class: class(1), from: back };
    does(&world, now(10, 5), pupil(9), comes).unwrap();
    assert_eq!(in_class(&world, pupil(9), wednesday), None);
    assert_eq!(in_class(&world, pupil(9), back), Some(class(1)));
    assert_eq!(
        world.count("SELECT count(*) FROM enrolment e JOIN pupil p ON p.id = e.pupil WHERE p.first = 'Pupil9'"),
        2
    );
}

#[tokio::test]
async fn needs_and_notes_are_acts_with_who_and_when() {
    let world = world();
    let needs = Change::Needs { looked_after: true, social_worker: false, send: Provision::EhcPlan };
    does(&world, now(10, 0), pupil(2), needs).unwrap();
    does(&world, now(10, 1), pupil(2), Change::Noted { note: Remark::new("glasses").unwrap() }).unwrap();
    assert_eq!(world.count("SELECT count(*) FROM pupil WHERE looked_after = 1 AND ehcp = 1 AND send = 'EHC plan'"), 1);
    let told = "SELECT count(*) FROM pupil_act WHERE by_name = 'Sam Okoro' AND by_position = 'office manager'
                  AND words IN ('Needs: looked after, EHC plan', 'glasses')";
    assert_eq!(world.count(told), 2);
    assert_eq!(
        world.count("SELECT count(*) FROM fact WHERE body LIKE '%pupil_changed%'"),
        2,
        "in the school’s own log"
    );
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE body LIKE '%looked%' OR body LIKE '%glasses%'"), 0);
}
