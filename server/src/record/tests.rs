//! From pushed logs to the record, over a real file.

use super::seen;
use crate::testing::{Kiosk, World, at, class, now, pupil, session, world};
use shared::act::Act;
use shared::codes::Code;
use shared::id::{BootId, LogId};
use shared::log::First;
use shared::observation::{Mark, Means, Observation, Observed};
use shared::register::MarkKey;
use shared::text::Remark;
use shared::wire::v1::{Mode, Pushed};

async fn room(world: &World) -> Kiosk {
    world.enrol(Mode::Classroom, &[class(1)]).await
}

fn amended(code: Option<Code>, seen: Vec<shared::log::Origin>) -> Act {
    Act::Amended {
        pupil: pupil(1),
        session: session("am"),
        code,
        minutes: None,
        detail: None,
        reason: Remark::new("telephone call").unwrap(),
        seen,
    }
}

#[tokio::test]
async fn a_morning_without_a_network_is_dated_rightly_afterwards() {
    let world = world();
    let mut kiosk = room(&world).await;
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    // Booted at 08:00 without a network; the pupil comes at 09:05; the first exchange is at 15:00.
    desk.write(at(8, 0), Observation::Booted { floor: Some(at(-15, 0)) });
    let arrived = Observation::Arrived { pupil: pupil(4), means: Means::Card, session: None, reason: None };
    desk.write(at(9, 5).plus(30_000), arrived);
    kiosk.anchor(at(8, 45));
    kiosk.tap(at(8, 56), "am", 1, 4, Mark::Absent);
    kiosk.submit(at(8, 57), "am", 1, 1..=5);
    world.set(at(8, 58));
    world.push(&kiosk).await;
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
    assert_eq!(world.code(4, "am").as_deref(), Some("N"));
    world.set(at(15, 0));
    let part = desk.clone();
    world.push(&part).await;
    assert_ne!(world.code(4, "am").as_deref(), Some("U"), "never the code most against the pupil on an unknown time");
    desk.sent = 2;
    desk.anchor(at(15, 0));
    world.push(&desk).await;
    assert_eq!(world.code(4, "am").as_deref(), Some("L"));
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE provisional = 1"), 0);
    assert_eq!(world.count("SELECT count(*) FROM question WHERE kind = 'unsure_time'"), 0);
    let found = world.school.read_now(|tx| crate::check::school(tx)).unwrap();
    assert_eq!(found.wrong, Vec::<String>::new());
}

#[tokio::test]
async fn an_amendment_stands_against_what_comes_later_and_a_question_is_raised_and_settled() {
    let world = world();
    let mut kiosk = room(&world).await;
    kiosk.anchor(at(8, 45));
    kiosk.tap(at(8, 56), "am", 1, 1, Mark::Absent);
    world.push(&kiosk).await;
    let key = MarkKey { pupil: pupil(1), session: session("am") };
    let before = world.school.read_now(|tx| seen(tx, key)).unwrap();
    assert_eq!(before.len(), 1);
    world.act(now(9, 0), amended(Some(Code::I), before));
    assert_eq!(world.code(1, "am").as_deref(), Some("I"));
    kiosk.sent = 2;
    kiosk.tap(at(9, 5), "am", 1, 1, Mark::Present);
    world.set(at(9, 6));
    world.push(&kiosk).await;
    assert_eq!(world.code(1, "am").as_deref(), Some("I"), "what the office set stands");
    assert_eq!(world.count("SELECT count(*) FROM question WHERE kind = 'disagrees'"), 1);
    let all = world.school.read_now(|tx| seen(tx, key)).unwrap();
    world.act(now(9, 10), amended(Some(Code::present(shared::calendar::Half::Am)), all));
    assert_eq!(world.count("SELECT count(*) FROM question"), 0);
    assert_eq!(world.code(1, "am").as_deref(), Some("/"));
    let five = world.one(
        "SELECT original || ' ' || code || ' ' || reason || ' ' || by_name || ' ' || by_position FROM entry
         WHERE pupil = ?1 AND half = ?2 ORDER BY id DESC LIMIT 1",
        1,
        "am",
    );
    assert_eq!(five.as_deref(), Some("I / telephone call Sam Okoro office manager"));
}

#[tokio::test]
async fn a_tile_that_was_touched_two_hundred_times_can_be_amended_and_only_a_new_word_asks_again() {
    let world = world();
    let mut kiosk = room(&world).await;
    kiosk.anchor(at(8, 40));
    for n in 0..200 {
        let mark = [Mark::Present, Mark::Absent, Mark::Blank, Mark::Present, Mark::Absent][n % 5];
        kiosk.tap(at(8, 45).plus(1_000 * n as i64), "am", 1, 1, mark);
    }
    for part in [100, 201] {
        let mut some = kiosk.clone();
        some.entries.truncate(part);
        world.push(&some).await;
        kiosk.sent = part;
    }
    let key = MarkKey { pupil: pupil(1), session: session("am") };
    let before = world.school.read_now(|tx| seen(tx, key)).unwrap();
    // The last blank, the first word after it, the last word; the anchor is not about the pupil.
    assert_eq!(before.iter().map(|origin| origin.seq).collect::<Vec<_>>(), [199, 200, 201]);
    world.act(now(9, 0), amended(Some(Code::I), before));
    assert_eq!(world.code(1, "am").as_deref(), Some("I"));
    assert_eq!(world.count("SELECT count(*) FROM question"), 0, "all of it was seen");
    kiosk.tap(at(9, 5), "am", 1, 1, Mark::Present);
    world.set(at(9, 6));
    world.push(&kiosk).await;
    assert_eq!(world.count("SELECT count(*) FROM question WHERE kind = 'disagrees'"), 1);
}

#[tokio::test]
async fn a_log_begun_anew_changes_nothing_that_was_accepted_and_loses_nothing_that_was_not() {
    let world = world();
    let mut kiosk = room(&world).await;
    kiosk.anchor(at(8, 45));
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    world.push(&kiosk).await;
    kiosk.tap(at(8, 56), "am", 1, 2, Mark::Present);
    // A new log with all three facts, each with where it stood first.
    let mut anew = kiosk.clone();
    (anew.log, anew.entries, anew.sent) = (LogId::from_bytes([77; 16]), Vec::new(), 0);
    for entry in &kiosk.entries {
        let seen: Observed = serde_json::from_str(&entry.body).unwrap();
        let origin = Some(First { log: kiosk.log, seq: entry.seq, hash: entry.hash() });
        anew.put(serde_json::to_string(&Observed { origin, ..seen }).unwrap());
    }
    assert!(matches!(world.push(&anew).await, Pushed::Accepted { .. }));
    assert_eq!(world.code(2, "am").as_deref(), Some("/"));
    assert_eq!(world.count("SELECT count(*) FROM entry"), 2);
    let mut out = Vec::new();
    let rows = world.school.read_now(|tx| crate::export::facts(tx, None, &mut out)).unwrap();
    assert_eq!(rows, 3, "two places of the first tap, one of the second");
    let text = String::from_utf8(out).unwrap();
    let firsts: std::collections::BTreeSet<String> =
        text.lines().skip(1).map(|l| l.rsplitn(3, ',').take(2).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(firsts.len(), 2, "two facts");
}

#[tokio::test]
async fn who_leaves_in_the_morning_is_expected_absent_in_the_afternoon_until_back() {
    let world = world();
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    desk.anchor(at(8, 45));
    let session = Some(session("am"));
    desk.write(
        at(10, 0),
        Observation::Left { pupil: pupil(2), means: Means::Name, session, collected: None, approved: None },
    );
    world.set(at(10, 1));
    world.push(&desk).await;
    let rows = "SELECT count(*) FROM feed WHERE key LIKE 'expected:%-pm' AND body IS NOT NULL";
    assert_eq!(world.count(rows), 1);
    desk.sent = 2;
    desk.write(at(11, 0), Observation::Returned { pupil: pupil(2), means: Means::Name, session });
    world.set(at(11, 1));
    world.push(&desk).await;
    assert_eq!(world.count(rows), 0);
    assert_eq!(world.count("SELECT count(*) FROM movement"), 2);
}

#[tokio::test]
async fn the_order_in_which_kiosks_are_heard_changes_no_mark() {
    let mut ends = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let world = world();
        let mut kiosk = room(&world).await;
        let mut desk = world.enrol(Mode::Reception, &[]).await;
        kiosk.anchor(at(8, 45));
        desk.anchor(at(8, 45));
        for n in 1..=5 {
            kiosk.tap(at(8, 55), "am", 1, n, if n == 3 { Mark::Absent } else { Mark::Present });
        }
        kiosk.submit(at(8, 57), "am", 1, 1..=5);
        let arrived =
            Observation::Arrived { pupil: pupil(3), means: Means::Card, session: Some(session("am")), reason: None };
        desk.write(at(9, 10).plus(5_000), arrived);
        world.set(at(9, 15));
        for at in order {
            world.push(if at == 0 { &kiosk } else { &desk }).await;
        }
        world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
        let marks: Vec<_> = (1..=5).map(|n| world.code(n, "am")).collect();
        ends.push((marks, world.count("SELECT count(*) FROM question")));
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0].0[2].as_deref(), Some("L"));
}

#[tokio::test]
async fn a_tap_in_a_boot_without_an_anchor_waits_for_the_next_boot_to_be_dated() {
    let world = world();
    let mut kiosk = room(&world).await;
    kiosk.write(at(8, 30), Observation::Booted { floor: None });
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    kiosk.boot = BootId::from_bytes([5; 16]);
    kiosk.write(at(9, 1), Observation::Booted { floor: None });
    kiosk.anchor(at(9, 2));
    world.set(at(9, 3));
    world.push(&kiosk).await;
    assert_eq!(world.code(1, "am").as_deref(), Some("/"));
    let late = world.count("SELECT max(happened_until) FROM entry");
    assert!(late <= at(9, 1).plus(1_000).0, "before the next boot began");
}
