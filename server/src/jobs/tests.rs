//! The close job: on time, once, and after the server was down.

use super::{begin_day, close_due, next_close};
use crate::testing::{at, class, now, world};
use shared::calendar::Calendar;
use shared::observation::Mark;
use shared::wire::v1::Mode;

#[tokio::test]
async fn closes_on_time_and_only_once() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    kiosk.anchor(at(8, 45));
    for n in 1..=4 {
        kiosk.tap(at(8, 55), "am", 1, n, Mark::Present);
    }
    kiosk.tap(at(8, 56), "am", 1, 5, Mark::Absent);
    kiosk.submit(at(8, 57), "am", 1, 1..=5);
    world.set(at(8, 58));
    world.push(&kiosk).await;
    let run = |h, m| world.school.write_now(move |tx| close_due(tx, now(h, m))).unwrap();
    assert_eq!(run(9, 19), 0, "not yet");
    assert_eq!(world.code(5, "am"), None);
    assert_eq!(run(9, 20), 2, "both classes");
    assert_eq!(run(9, 20), 0, "once");
    assert_eq!(world.code(5, "am").as_deref(), Some("N"));
    assert_eq!(world.code(7, "am"), None, "a missing register is not thirty absentees");
    assert_eq!(world.count("SELECT count(*) FROM register WHERE state = 'missing'"), 1);
    assert_eq!(world.count("SELECT count(*) FROM register WHERE state = 'submitted' AND closed_at IS NOT NULL"), 1);
    let by = world.one(
        "SELECT by_name || '; ' || by_position FROM entry WHERE pupil = ?1 AND half = ?2 AND code = 'N'",
        5,
        "am",
    );
    assert_eq!(by.as_deref(), Some("by rule close at 09:20; set by Ada Head, headteacher, 2026-09-01"));
}

#[tokio::test]
async fn what_was_due_while_the_server_was_down_is_closed_at_the_next_start() {
    let world = world();
    world.school.write_now(|tx| close_due(tx, now(9, 25))).unwrap();
    let tuesday_evening = crate::clock::Now { at: at(24 + 18, 0), sure: true };
    let closed = world.school.write_now(move |tx| close_due(tx, tuesday_evening)).unwrap();
    assert_eq!(closed, 6, "Monday afternoon, Tuesday morning and afternoon, two classes each");
    assert_eq!(world.count("SELECT count(*) FROM register WHERE closed_at IS NOT NULL"), 8);
}

#[tokio::test]
async fn a_school_that_begins_today_has_no_missing_registers_of_last_week() {
    let world = world();
    assert_eq!(world.school.write_now(|tx| close_due(tx, now(9, 30))).unwrap(), 2);
}

#[test]
fn the_next_close_is_found_across_a_weekend() {
    let calendar = Calendar::sample_primary(2026).unwrap();
    assert_eq!(next_close(&calendar, at(8, 0)), Some(at(9, 20)));
    assert_eq!(next_close(&calendar, at(9, 20)), Some(at(13, 30)));
    let friday_afternoon = at(4 * 24 + 14, 0);
    assert_eq!(next_close(&calendar, friday_afternoon), Some(at(7 * 24 + 9, 20)));
}

#[test]
fn a_day_begins_once() {
    let world = world();
    world.school.write_now(|tx| begin_day(tx, now(0, 1))).unwrap();
    let head = world.count("SELECT max(seq) FROM feed");
    world.school.write_now(|tx| begin_day(tx, now(7, 0))).unwrap();
    assert_eq!(world.count("SELECT max(seq) FROM feed"), head);
    world.school.write_now(|tx| begin_day(tx, crate::clock::Now { at: at(24, 1), sure: true })).unwrap();
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE key = 'day:2026-11-16' AND body IS NULL"), 1);
}
