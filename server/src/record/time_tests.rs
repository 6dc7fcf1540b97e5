//! A time that is only an interval: what stands meanwhile, the question on the office's list, and how it is settled.

use crate::jobs::close_due;
use crate::office::visit::{self, Visitor};
use crate::testing::{Kiosk, World, at, class, now, pupil, session, world};
use shared::id::BootId;
use shared::observation::{Mark, Means, Observation};
use shared::time::Millis;
use shared::wire::v1::Mode;

const ENTRIES: &str =
    "SELECT group_concat(ifnull(original, '-') || '>' || ifnull(code, '-') || ': ' || reason || ' [' || by_name || ', '
    || by_position || ']', ' | ') FROM (SELECT * FROM entry WHERE pupil = ?1 AND half = ?2 ORDER BY id)";

/// A kiosk that was switched on without a network, and what it wrote before it met the server. `sent` before its anchor.
async fn unknown(world: &World) -> (Kiosk, Kiosk) {
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    for kiosk in [&mut room, &mut desk] {
        kiosk.anchor(at(8, 55));
        world.push(kiosk).await;
        kiosk.sent = kiosk.entries.len();
        // The power goes and comes back: another boot, a clock of 1970, no network.
        kiosk.boot = BootId::from_bytes(crate::secret::random().unwrap());
    }
    room.tap(at(9, 5).plus(30_000), "am", 1, 1, Mark::Present);
    room.tap(at(9, 5).plus(30_000), "am", 1, 2, Mark::Present);
    room.tap(at(9, 6).plus(30_000), "am", 1, 3, Mark::Absent);
    room.submit(at(9, 7).plus(30_000), "am", 1, 1..=5);
    desk.write(
        at(9, 8).plus(30_000),
        Observation::Arrived { pupil: pupil(3), means: Means::Card, session: Some(session("am")), reason: None },
    );
    world.set(at(9, 20));
    world.school.write_now(|tx| close_due(tx, now(9, 20))).unwrap();
    world.set(at(10, 0));
    for kiosk in [&mut room, &mut desk] {
        world.push(kiosk).await; // what it wrote goes before its hello has brought an anchor
        kiosk.sent = kiosk.entries.len();
    }
    (room, desk)
}

fn questions(world: &World) -> Vec<String> {
    world
        .school
        .read_now(|tx| {
            let mut all = tx.prepare("SELECT kind || ' ' || (pupil IS NOT NULL) FROM question ORDER BY 1")?;
            Ok(all.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?)
        })
        .unwrap()
}

#[tokio::test]
async fn an_interval_over_the_close_is_one_question_and_never_u() {
    let world = world();
    unknown(&world).await;
    assert_eq!((world.code(1, "am").as_deref(), world.code(2, "am").as_deref()), (Some("/"), Some("/")));
    assert_eq!(world.code(3, "am").as_deref(), Some("L"), "the code least against the pupil");
    assert_eq!(world.count("SELECT count(*) FROM entry WHERE code = 'U'"), 0);
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1 AND code IN ('/', 'L')"), 3);
    assert_eq!(questions(&world), ["unsure_time 0", "unsure_time 1"], "one for the register, one for the arrival");
}

#[tokio::test]
async fn the_office_settles_it_by_one_click_and_its_word_stands_in_the_record() {
    let world = world();
    unknown(&world).await;
    visit::account(&world, world.school.id(), "office", crate::auth::Role::Office);
    let server = visit::server(&world).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let today = office.get("/today").await.body;
    let address = today
        .split('"')
        .find(|part| part.starts_with("/question/") && part.contains(&pupil(3).to_string()))
        .expect("on the office's list")
        .to_owned();
    let page = office.get(&address).await;
    assert!(page.body.contains("after close") && page.body.contains("late"), "{}", page.body);
    let (csrf, seen) = (page.field("csrf"), page.field("seen"));
    let done = office.post(&address, &[("csrf", &csrf), ("seen", &seen), ("answer", "late")]).await;
    assert!(done.status.is_redirection(), "{}", done.body);
    assert_eq!(world.code(3, "am").as_deref(), Some("L"));
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1 AND code = 'L'"), 0);
    assert_eq!(questions(&world), ["unsure_time 0"]);
    let entries = world.one(ENTRIES, 3, "am").unwrap();
    assert!(entries.contains("L>L: question settled: late ["), "{entries}");
}

#[tokio::test]
async fn it_settles_itself_when_the_time_becomes_known() {
    let world = world();
    let (room, desk) = unknown(&world).await;
    world.set(at(10, 1));
    for mut kiosk in [room, desk] {
        kiosk.anchor(at(10, 1));
        world.push(&kiosk).await;
    }
    assert_eq!(questions(&world), Vec::<String>::new());
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 0);
    assert_eq!(world.code(1, "am").as_deref(), Some("/"));
    assert_eq!(world.code(3, "am").as_deref(), Some("L"));
    assert_eq!(world.count("SELECT minutes FROM mark WHERE code = 'L'"), 18);
    for (n, taken) in [(1, "09:05"), (3, "09:08")] {
        let entries = world.one(ENTRIES, n, "am").unwrap();
        assert!(entries.contains(&format!("the time is known now: taken {taken} [")), "{entries}");
    }
    let found = crate::check::school_file(world.school.path(), world.school.id(), now(10, 2));
    assert_eq!((found.wrong, found.doubts), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn a_boot_that_met_nobody_stays_an_interval_between_its_neighbours() {
    let world = world();
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(at(8, 30));
    room.boot = BootId::from_bytes([2; 16]);
    room.tap(at(9, 5), "am", 1, 1, Mark::Present);
    room.boot = BootId::from_bytes([3; 16]);
    room.anchor(at(9, 10));
    room.boot = BootId::from_bytes([4; 16]);
    room.tap(at(9, 15), "am", 1, 2, Mark::Present);
    room.boot = BootId::from_bytes([5; 16]);
    room.anchor(at(9, 40));
    world.set(at(9, 41));
    world.push(&room).await;
    let between = |n: u8| -> (Millis, Millis) {
        world
            .school
            .read_now(|tx| {
                Ok(tx.query_row(
                    "SELECT happened_from, happened_until FROM entry WHERE pupil = ?1 ORDER BY id DESC LIMIT 1",
                    [pupil(n).as_bytes()],
                    |r| Ok((Millis(r.get(0)?), Millis(r.get(1)?))),
                )?)
            })
            .unwrap()
    };
    let near = |found: Millis, expected: Millis| assert!(found.since(expected).abs() < 2_000, "{found:?} {expected:?}");
    let (from, until) = between(1);
    near(from, at(8, 30));
    near(until, at(9, 10));
    assert!(until < at(9, 20), "certainly before the close: no question");
    let (from, until) = between(2);
    near(from, at(9, 10));
    near(until, at(9, 40));
    assert_eq!(questions(&world), ["unsure_time 0"], "one straddles it");
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 1);
}
