//! The late book of a day, its slips, and its week.

use crate::auth::Role;
use crate::office::visit::{self, Visitor};
use crate::testing::{at, now, pupil, world};
use axum::http::{StatusCode, header};
use shared::act::Act;
use shared::codes::Code;
use shared::text::Remark;

fn late(n: u8, day: u32, code: Code, minutes: u16) -> Act {
    Act::Amended {
        pupil: pupil(n),
        session: format!("2026-11-{day:02}-am").parse().unwrap(),
        code: Some(code),
        minutes: Some(minutes),
        detail: None,
        reason: Remark::new("bus").unwrap(),
        seen: Vec::new(),
    }
}

#[tokio::test]
async fn lateness_is_counted_by_week_and_who_was_told_stands_beside_it() {
    let world = world();
    for role in [Role::Office, Role::Champion, Role::Teacher, Role::Head] {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    world.set(at(10, 0));
    for act in [
        late(1, 23, Code::L, 12),
        late(2, 23, Code::U, 45),
        late(2, 16, Code::L, 5),
        late(2, 17, Code::L, 5),
        late(3, 16, Code::L, 7),
    ] {
        world.act(now(10, 0), act);
    }
    let server = visit::server(&world).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let day = office.get("/door").await.body;
    for words in ["Pupil1 Test", "marked late", "12 minutes after the start", "bus", "45 minutes"] {
        assert!(day.contains(words), "{words}: {day}");
    }
    let slips = office.get(&format!("/door/slips?only={}", pupil(1))).await.body;
    assert!(slips.contains("Late slip") && slips.contains("Pupil1 Test") && !slips.contains("Pupil2 Test"), "{slips}");
    assert!(!slips.contains("bus"), "a slip says why: {slips}");

    let week = office.get("/door/week").await.body;
    assert!(week.contains("Week of 23 November 2026") && !week.contains("Pupil3 Test"), "{week}");
    assert!(week.find("Pupil2 Test") < week.find("Pupil1 Test"), "late three times in six weeks comes first: {week}");
    assert!(office.get("/door/week?week=2026-11-18").await.body.contains("Pupil3 Test"));
    let told = format!("/door/told/{}", pupil(2));
    for (whom, said) in [("", "x"), ("x", "")] {
        let fields = [("week", "2026-11-23"), ("whom", whom), ("said", said)];
        assert_eq!(office.send(&told, &fields).await.status, StatusCode::BAD_REQUEST);
    }
    let fields = [("week", "2026-11-25"), ("whom", "Sam Test"), ("said", "leaves earlier from now on")];
    assert_eq!(office.send(&told, &fields).await.to(), "/door/week?week=2026-11-23&done=told");
    let week = office.get("/door/week").await.body;
    assert!(week.contains("Sam Test · leaves earlier from now on") && week.contains("Person office"), "{week}");
    let page = office.get(&format!("/pupils/{}", pupil(2))).await.body;
    assert!(page.contains("Told about lateness in the week of 23 November 2026"), "{page}");
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE body LIKE '%late_told%'"), 1);

    let csv = office.get("/door/week?as=csv").await;
    assert_eq!(csv.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    assert!(csv.body.contains("Pupil2 Test,Class 1,1,45,1,3,"), "{}", csv.body);
    let sifted = office.get("/door/week?as=csv&filter=pupil1").await.body;
    assert!(sifted.contains("Pupil1 Test") && !sifted.contains("Pupil2 Test"));
    let sheet = office.get("/door?as=xlsx").await;
    assert_eq!(sheet.status, StatusCode::OK);
    assert!(sheet.headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("late-book-2026-11-23.xlsx"));

    // The champion reads and does not write; a teacher does neither.
    let mut champion = Visitor::logged_in(&server, "champion").await;
    assert!(!champion.get("/door/week").await.body.contains("Write down who was told"));
    assert_eq!(champion.send(&told, &fields).await.status, StatusCode::FORBIDDEN);
    let mut teacher = Visitor::logged_in(&server, "teacher").await;
    assert_eq!(teacher.get("/door/week").await.status, StatusCode::FORBIDDEN);
    assert_eq!(teacher.get("/door?as=csv").await.status, StatusCode::FORBIDDEN);

    // Each list, on the page or as a file, is a look at everybody on it, and at nobody else.
    let mut head = Visitor::logged_in(&server, "head").await;
    let of = head.get(&format!("/looks/{}", pupil(2))).await.body;
    assert!(of.contains("lateness of a week, with 2 pupils") && of.contains("the late book"), "{of}");
    assert!(of.contains("Person champion"), "{of}");
    let of = head.get(&format!("/looks/{}", pupil(9))).await.body;
    assert!(!of.contains("lateness") && !of.contains("late book"), "{of}");
}
