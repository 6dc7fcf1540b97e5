//! The ledger over a real school's file: each typed cell is an amendment with five parts, and nothing else changes.

use crate::auth::Role;
use crate::office::visit::{self, Visitor};
use crate::testing::{Kiosk, World, at, class, now, pupil, world};
use axum::http::StatusCode;
use shared::observation::Mark;
use shared::wire::v1::Mode;

/// Monday afternoon: Class 1 has its morning register in, with one pupil missing.
async fn office() -> (World, Kiosk, Visitor) {
    let world = world();
    visit::account(&world, world.school.id(), "shah", Role::Office);
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(at(8, 45));
    for n in 1..=4 {
        room.tap(at(8, 52), "am", 1, n, Mark::Present);
    }
    room.tap(at(8, 53), "am", 1, 5, Mark::Absent);
    room.submit(at(8, 57), "am", 1, 1..=5);
    world.set(at(8, 58));
    world.push(&room).await;
    room.sent = room.entries.len();
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
    world.set(at(13, 5));
    let server = visit::server(&world).await;
    let shah = Visitor::logged_in(&server, "shah").await;
    (world, room, shah)
}

fn week() -> String {
    format!("/ledger/class/{}/2026-11-23-am", class(1))
}
fn cell(n: u8, session: &str) -> String {
    format!("c.{}.{session}", pupil(n))
}

#[tokio::test]
async fn typed_cells_become_amendments_and_empty_ones_stay() {
    let (world, _, mut shah) = office().await;
    let page = shah.get(&week()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Pupil5 Test, Monday 23 November, morning, now N"), "{}", page.body);
    assert!(
        page.body.contains(&cell(1, "2026-11-23-pm")) && !page.body.contains("2026-11-24-am\" maxlength"),
        "not tomorrow"
    );
    let heads = page.field("heads");
    let (one, two, five) = (cell(1, "2026-11-23-am"), cell(2, "2026-11-23-am"), cell(5, "2026-11-23-am"));
    let fields = [
        ("heads", heads.as_str()),
        (one.as_str(), ""),
        (two.as_str(), "l7"),
        (five.as_str(), "i"),
        ("reason", "the signing-in book"),
    ];
    let entries = world.count("SELECT count(*) FROM entry");
    let got = shah.send(&week(), &fields).await;
    assert_eq!(got.to(), format!("/register/{}/2026-11-23-am", class(1)), "{}", got.body);
    assert_eq!(world.count("SELECT count(*) FROM entry"), entries + 2);
    let of = |n| {
        world.one(
            "SELECT original || ' ' || code || ' ' || ifnull(minutes, '') || ' ' || reason || ', ' || by_name || ', ' || by_position
             FROM entry WHERE pupil = ?1 AND half = ?2 AND is_change = 1",
            n,
            "am",
        )
    };
    assert_eq!(of(2).as_deref(), Some("/ L 7 the signing-in book, Person shah, some position"));
    assert_eq!(of(5).as_deref(), Some("N I  the signing-in book, Person shah, some position"));
    assert_eq!(shah.send(&week(), &fields[..4]).await.status, StatusCode::BAD_REQUEST, "without a reason");
    let same = [("heads", heads.as_str()), (five.as_str(), "I"), ("reason", "x")];
    assert_eq!(shah.send(&week(), &same).await.status, StatusCode::CONFLICT, "what stands already is no amendment");
}

#[tokio::test]
async fn a_whole_session_is_filled_at_once_and_a_pupils_week_typed() {
    let (world, _, mut shah) = office().await;
    let heads = shah.get(&week()).await.field("heads");
    let fill = |code: &'static str, whom: &'static str| {
        vec![
            ("heads".to_owned(), heads.clone()),
            ("fill_session".to_owned(), "2026-11-23-pm".to_owned()),
            ("fill_code".to_owned(), code.to_owned()),
            ("fill_whom".to_owned(), whom.to_owned()),
            ("reason".to_owned(), "the boiler".to_owned()),
        ]
    };
    let plain = |fields: &[(String, String)]| fields.to_vec();
    let send = plain(&fill("Y3", "blank"));
    let refs: Vec<(&str, &str)> = send.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let got = shah.send(&week(), &refs).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(got.body.contains("Code Y3 needs its nature"), "{}", got.body);
    let with: Vec<_> = refs.into_iter().chain([("detail", "no heating in the wing")]).collect();
    assert_eq!(shah.send(&week(), &with).await.status, StatusCode::SEE_OTHER);
    let filled = "SELECT count(*) FROM mark WHERE code = 'Y3' AND half = 'pm'";
    assert_eq!(world.count(filled), 5);
    let ledger = format!("/ledger/pupil/{}", pupil(3));
    let page = shah.get(&format!("{ledger}?from=2026-11-16&until=2026-11-27")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("week of 16 Nov 2026") && page.body.contains("2026-11-23-pm\" maxlength"),
        "{}",
        page.body
    );
    let heads = page.field("heads");
    let (am, pm) = (cell(3, "2026-11-23-am"), cell(3, "2026-11-23-pm"));
    let fields = [("heads", heads.as_str()), (am.as_str(), "M"), (pm.as_str(), "-"), ("reason", "the dentist's card")];
    assert_eq!(shah.send(&ledger, &fields).await.to(), format!("/pupils/{}", pupil(3)));
    assert_eq!((world.code(3, "am").as_deref(), world.code(3, "pm")), (Some("M"), None));
    assert_eq!(world.count(filled), 4);
    let wrong = world.school.read_now(|tx| crate::check::school(tx)).unwrap().wrong;
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn what_came_in_after_the_page_was_made_is_a_question_and_not_lost() {
    let (world, mut room, mut shah) = office().await;
    let heads = shah.get(&week()).await.field("heads");
    room.tap(at(13, 4), "pm", 1, 1, Mark::Absent);
    world.push(&room).await;
    let one = cell(1, "2026-11-23-pm");
    let fields = [("heads", heads.as_str()), (one.as_str(), "/"), ("reason", "seen in the hall")];
    assert_eq!(shah.send(&week(), &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(world.code(1, "pm").as_deref(), Some("\\"));
    assert_eq!(world.count("SELECT count(*) FROM question WHERE kind = 'disagrees'"), 1);
}

#[tokio::test]
async fn direct_requests_change_nothing_they_may_not() {
    let (world, _, mut shah) = office().await;
    let entries = world.count("SELECT count(*) FROM entry");
    let heads = shah.get(&week()).await.field("heads");
    let tomorrow = cell(1, "2026-11-24-am");
    let other = cell(7, "2026-11-23-am");
    let own = cell(1, "2026-11-23-am");
    for (name, value, status) in [
        (tomorrow.as_str(), "I", StatusCode::CONFLICT),
        (other.as_str(), "I", StatusCode::CONFLICT),
        (own.as_str(), "QQ", StatusCode::CONFLICT),
        (own.as_str(), "F", StatusCode::CONFLICT),
        (own.as_str(), "L9999", StatusCode::CONFLICT),
        ("c.nobody.never", "I", StatusCode::CONFLICT),
    ] {
        let fields = [("heads", heads.as_str()), (name, value), ("reason", "because")];
        assert_eq!(shah.send(&week(), &fields).await.status, status, "{name} = {value}");
    }
    let fields = [("heads", "nonsense"), (own.as_str(), "I"), ("reason", "because")];
    assert_eq!(shah.send(&week(), &fields).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.count("SELECT count(*) FROM entry"), entries);
    assert_eq!(shah.get(&format!("/ledger/pupil/{}", "0".repeat(32))).await.status, StatusCode::NOT_FOUND);
}
