//! A paper list that the office enters: what stands in the record of it, with and without a kiosk that comes back later.

use super::visit::{self, Visitor};
use crate::auth::Role;
use crate::testing::{World, at, class, now, pupil, session, world};
use axum::http::StatusCode;
use shared::act::Act;
use shared::codes::Code;
use shared::id::PlanId;
use shared::observation::Mark;
use shared::text::Remark;
use shared::wire::v1::Mode;

async fn office() -> (World, Visitor) {
    let world = world();
    visit::account(&world, world.school.id(), "shah", Role::Office);
    let reason = Remark::new("Mum: chickenpox").unwrap();
    let (from, until) = (session("am"), session("pm"));
    let plan = PlanId::from_bytes([1; 16]);
    world.act(now(8, 41), Act::Planned { plan, pupil: pupil(3), from, until, code: Code::I, detail: None, reason });
    world.set(at(9, 40));
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
    let server = visit::server(&world).await;
    let shah = Visitor::logged_in(&server, "shah").await;
    (world, shah)
}

fn take() -> String {
    format!("/take/{}/2026-11-23-am", class(1))
}

fn written<'a>(marks: &'a [(String, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let head = [("taken_by", "Ms Patel"), ("taken_at", "08:55")];
    head.into_iter().chain(marks.iter().map(|(name, value)| (name.as_str(), *value))).collect()
}

#[tokio::test]
async fn a_paper_list_is_a_register_that_was_taken() {
    let (world, mut shah) = office().await;
    assert_eq!(world.count("SELECT count(*) FROM register WHERE state = 'missing' AND half = 'am'"), 2);
    let page = shah.get("/today?half=am").await.body;
    assert!(page.contains(&take()), "a missing register can be entered: {page}");
    assert_eq!(shah.get(&take()).await.status, StatusCode::OK);
    let mark = |n: u8, word: &'static str| (format!("mark-{}", pupil(n)), word);
    let half = [mark(1, "here"), mark(2, "late"), (format!("late-{}", pupil(2)), "7"), mark(3, "absent")];
    let got = shah.send(&take(), &written(&half)).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(got.body.contains("Nothing is said about Pupil4 Test, Pupil5 Test."), "{}", got.body);
    assert_eq!(world.count("SELECT count(*) FROM mark WHERE code IS NOT NULL AND code <> 'I'"), 0, "nothing by halves");
    let whole: Vec<_> = half.into_iter().chain([mark(4, "absent"), ("rest".to_owned(), "here")]).collect();
    let got = shah.send(&take(), &written(&whole)).await;
    assert_eq!(got.to(), format!("/register/{}/2026-11-23-am", class(1)), "{}", got.body);
    let codes: Vec<_> = (1..=5).map(|n| world.code(n, "am").unwrap_or_default()).collect();
    assert_eq!(codes, ["/", "L", "I", "N", "/"], "and the illness that the office knew of is left alone");
    assert_eq!(
        world.one("SELECT reason || ', ' || by_name FROM entry WHERE pupil = ?1 AND half = ?2", 1, "am").as_deref(),
        Some("from the paper list that Ms Patel took at 08:55, Person shah")
    );
    assert_eq!(
        world.count(
            "SELECT count(*) FROM register WHERE state = 'submitted' AND submitted_by = 'Ms Patel' AND half = 'am'"
        ),
        1
    );
    let today = shah.get("/today?half=am").await.body;
    assert!(today.contains("08:55 by Ms Patel · received 09:40"), "{today}");
    let before = world.count("SELECT count(*) FROM entry");
    shah.send(&take(), &written(&whole)).await;
    assert_eq!(world.count("SELECT count(*) FROM entry"), before, "the same list again changes no mark");
    let wrong = world.school.read_now(|tx| crate::check::school(tx)).unwrap().wrong;
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn a_kiosk_that_comes_back_later_and_says_otherwise_is_a_question() {
    let (world, mut shah) = office().await;
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(at(8, 45));
    let all: Vec<_> = [("rest".to_owned(), "here")].into();
    assert_eq!(shah.send(&take(), &written(&all)).await.status, StatusCode::SEE_OTHER);
    room.tap(at(8, 56), "am", 1, 1, Mark::Present);
    room.tap(at(8, 56), "am", 1, 2, Mark::Absent);
    room.submit(at(8, 57), "am", 1, 1..=5);
    world.set(at(9, 50));
    world.push(&room).await;
    assert_eq!((world.code(1, "am").as_deref(), world.code(2, "am").as_deref()), (Some("/"), Some("/")));
    assert_eq!(world.count("SELECT count(*) FROM question WHERE kind = 'disagrees'"), 1);
}

#[tokio::test]
async fn what_a_list_cannot_say_is_refused() {
    let (world, mut shah) = office().await;
    for (field, value, status) in [
        ("taken_by", "", StatusCode::BAD_REQUEST),
        ("taken_at", "five to nine", StatusCode::BAD_REQUEST),
        ("taken_at", "11:00", StatusCode::CONFLICT),
    ] {
        let mut fields = vec![("taken_by", "Ms Patel"), ("taken_at", "08:55"), ("rest", "here")];
        fields.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        assert_eq!(shah.send(&take(), &fields).await.status, status, "{field} = {value}");
    }
    assert_eq!(world.count("SELECT count(*) FROM register WHERE state = 'submitted'"), 0);
    let nowhere = format!("/take/{}/2026-11-23-am", "0".repeat(32));
    assert_eq!(shah.get(&nowhere).await.status, StatusCode::NOT_FOUND);
    assert_eq!(shah.get(&format!("/take/{}/2026-11-22-am", class(1))).await.status, StatusCode::NOT_FOUND);
}
