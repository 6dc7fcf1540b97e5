//! The device routes over a real school's file.

use crate::testing::{Kiosk, at, class, now, pupil, session, world};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use shared::act::Act;
use shared::calendar::SessionKey;
use shared::log::Head;
use shared::observation::{Mark, Notice, Observation, OnlyCopy};
use shared::wire::v1::{Hello, HelloAnswer, LogState, Mode, Problem, ProblemCode, Pulled, Pushed, RowBody};
use std::io::Write;

fn hello(kiosk: &Kiosk) -> Vec<u8> {
    let hello = Hello {
        protocols: vec![1],
        log: kiosk.log,
        head: kiosk.head(),
        feed: None,
        cursor: 0,
        app: shared::text::Text::new("0.1.0").unwrap(),
        t0: shared::time::Mono(5),
        faults: Vec::new(),
        kept: Vec::new(),
    };
    serde_json::to_vec(&hello).unwrap()
}

pub(super) fn code_of(body: &[u8]) -> ProblemCode {
    serde_json::from_slice::<Problem>(body).unwrap().code
}

#[tokio::test]
async fn a_tap_travels_from_an_enrolled_kiosk_into_the_record() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    let (status, body) = world.post("/sync/v1/hello", Some(&kiosk.token), &hello(&kiosk)).await;
    assert_eq!(status, StatusCode::OK);
    let answer: HelloAnswer = serde_json::from_slice(&body).unwrap();
    assert_eq!((answer.log, answer.server_head, answer.t1), (LogState::Open, Head::EMPTY, at(8, 40)));
    world.set(at(8, 56));
    kiosk.anchor(at(8, 52));
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    kiosk.tap(at(8, 55), "am", 1, 2, Mark::Absent);
    assert_eq!(world.push(&kiosk).await, Pushed::Accepted { head: kiosk.head() });
    assert_eq!(world.code(1, "am").as_deref(), Some("/"));
    assert_eq!(world.code(2, "am"), None, "N comes at close only");
    assert_eq!(world.one("SELECT tapped FROM mark WHERE pupil = ?1 AND half = ?2", 2, "am").as_deref(), Some("absent"));
    assert_eq!(world.count("SELECT count(*) FROM entry"), 1);
}

#[tokio::test]
async fn a_replay_writes_nothing_and_answers_the_same() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    kiosk.anchor(at(8, 40));
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    let first = world.push(&kiosk).await;
    let counts = |w: &crate::testing::World| {
        (
            w.count("SELECT count(*) FROM fact"),
            w.count("SELECT count(*) FROM entry"),
            w.count("SELECT max(seq) FROM feed"),
        )
    };
    let before = counts(&world);
    assert_eq!(world.push(&kiosk).await, first);
    assert_eq!(counts(&world), before);
}

#[tokio::test]
async fn a_gap_and_a_fork_are_outcomes_and_a_sealed_log_takes_no_more() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    kiosk.anchor(at(8, 40));
    world.push(&kiosk).await;
    let held = kiosk.head();
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    kiosk.tap(at(8, 55), "am", 1, 2, Mark::Present);
    let mut ahead = kiosk.clone();
    ahead.sent = 2;
    assert_eq!(world.push(&ahead).await, Pushed::Gap { head: held });
    let mut other = kiosk.clone();
    other.entries.truncate(1);
    other.tap(at(8, 56), "am", 1, 3, Mark::Absent);
    world.push(&kiosk).await;
    assert_eq!(world.push(&other).await, Pushed::Forked { at: 2 });
    let (_, body) = world.post("/sync/v1/hello", Some(&other.token), &hello(&other)).await;
    assert_eq!(serde_json::from_slice::<HelloAnswer>(&body).unwrap().log, LogState::Forked);
    world.act(now(9, 0), Act::LogSealed { log: kiosk.log, head: kiosk.head().hash });
    kiosk.tap(at(9, 1), "am", 1, 3, Mark::Present);
    assert_eq!(world.push(&kiosk).await, Pushed::Sealed);
}

#[tokio::test]
async fn what_a_revoked_kiosk_sends_is_held_until_the_office_decides() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    kiosk.anchor(at(8, 40));
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    world.revoke(&kiosk);
    assert!(matches!(world.push(&kiosk).await, Pushed::Accepted { .. }));
    assert_eq!(world.code(1, "am"), None);
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE held = 1"), 2);
    let pull = Request::get(format!("/sync/v1/pull?feed={}&after=0&limit=10&wait=0", "0".repeat(32)))
        .header(header::AUTHORIZATION, format!("Bearer {}", kiosk.token));
    let (status, body) = world.ask(pull.body(Body::empty()).unwrap()).await;
    assert_eq!((status, code_of(&body)), (StatusCode::FORBIDDEN, ProblemCode::Revoked));
    let upto = shared::log::Origin { log: kiosk.log, seq: 2 };
    world.act(now(9, 30), Act::HeldDecided { kiosk: kiosk.id, upto, accepted: true });
    assert_eq!(world.code(1, "am").as_deref(), Some("/"));
}

#[tokio::test]
async fn what_is_about_a_pupil_of_another_class_is_held_alone() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    kiosk.anchor(at(8, 40));
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    kiosk.tap(at(8, 55), "am", 1, 7, Mark::Absent);
    world.push(&kiosk).await;
    assert_eq!(world.code(1, "am").as_deref(), Some("/"));
    assert_eq!(world.code(7, "am"), None);
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE held = 1"), 1);
}

#[tokio::test]
async fn strangers_nonsense_and_giants_are_refused() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    for token in [None, Some("rbk_0"), Some(format!("rbk_{}", "0".repeat(64)).as_str())] {
        let (status, body) = world.post("/sync/v1/push", token, &kiosk.batch()).await;
        assert_eq!((status, code_of(&body)), (StatusCode::UNAUTHORIZED, ProblemCode::NotEnrolled));
    }
    let (status, body) = world.post("/sync/v1/push", Some(&kiosk.token), b"{").await;
    assert_eq!((status, code_of(&body)), (StatusCode::BAD_REQUEST, ProblemCode::Malformed));
    let giant = vec![b' '; shared::limits::REQUEST_BYTES + 1];
    let (status, body) = world.post("/sync/v1/push", Some(&kiosk.token), &giant).await;
    assert_eq!((status, code_of(&body)), (StatusCode::PAYLOAD_TOO_LARGE, ProblemCode::TooLarge));
    // A small parcel that unpacks to more than the limit.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&giant).unwrap();
    let request = Request::post("/sync/v1/push")
        .header(header::AUTHORIZATION, format!("Bearer {}", kiosk.token))
        .header(header::CONTENT_ENCODING, "gzip")
        .body(Body::from(packed.finish().unwrap()))
        .unwrap();
    assert_eq!(world.ask(request).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    kiosk.put("{}".to_owned());
    let (status, _) = world.post("/sync/v1/push", Some(&kiosk.token), &kiosk.batch()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(world.count("SELECT count(*) FROM fact JOIN log ON log.id = fact.log WHERE kiosk IS NOT NULL"), 0);
}

#[tokio::test]
async fn another_kiosks_log_cannot_be_written() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    let other = world.enrol(Mode::Classroom, &[class(2)]).await;
    kiosk.anchor(at(8, 40));
    world.push(&kiosk).await;
    kiosk.token = other.token;
    let (status, _) = world.post("/sync/v1/push", Some(&kiosk.token), &kiosk.batch()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

async fn pull(world: &crate::testing::World, kiosk: &Kiosk, after: u64, wait: u32) -> Pulled {
    let (_, body) = world.post("/sync/v1/hello", Some(&kiosk.token), &hello(kiosk)).await;
    let feed = serde_json::from_slice::<HelloAnswer>(&body).unwrap().feed;
    let request = Request::get(format!("/sync/v1/pull?feed={feed}&after={after}&limit=1000&wait={wait}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", kiosk.token));
    let (status, body) = world.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn a_classroom_never_gets_another_classs_pupils_and_reception_gets_all() {
    let world = world();
    let one = world.enrol(Mode::Classroom, &[class(1)]).await;
    let desk = world.enrol(Mode::Reception, &[]).await;
    let pupils = |pulled: &Pulled| {
        let Pulled::Page { rows, .. } = pulled else { panic!("no page") };
        let mut ids: Vec<_> = rows
            .iter()
            .filter_map(|r| match &r.body {
                Some(RowBody::Pupil(p)) => Some(p.pupil),
                _ => None,
            })
            .collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(pupils(&pull(&world, &one, 0, 0).await), (1..=5).map(pupil).collect::<Vec<_>>());
    assert_eq!(pupils(&pull(&world, &desk, 0, 0).await), (1..=10).map(pupil).collect::<Vec<_>>());
    let text = format!("{:?}", serde_json::to_string(&pull(&world, &desk, 0, 0).await).unwrap());
    for secret in ["2018-05-05", "UPN-", "born"] {
        assert!(!text.contains(secret), "{secret} is on its way to a kiosk");
    }
}

#[tokio::test]
async fn a_waiting_pull_answers_when_a_mark_comes_and_carries_three_words() {
    let world = world();
    let mut one = world.enrol(Mode::Classroom, &[class(1)]).await;
    let desk = world.enrol(Mode::Reception, &[]).await;
    let Pulled::Page { next, more, .. } = pull(&world, &desk, 0, 0).await else { panic!("no page") };
    assert!(!more);
    one.anchor(at(8, 40));
    one.tap(at(8, 55), "am", 1, 3, Mark::Present);
    let (waited, pushed) = tokio::join!(pull(&world, &desk, next, 30), world.push(&one));
    assert!(matches!(pushed, Pushed::Accepted { .. }));
    let Pulled::Page { rows, .. } = waited else { panic!("no page") };
    let marks: Vec<_> =
        rows.iter().filter(|r| matches!(&r.body, Some(RowBody::Mark(m)) if m.pupil == pupil(3))).collect();
    assert_eq!(marks.len(), 1);
    assert!(!serde_json::to_string(&rows).unwrap().contains("code"));
}

#[tokio::test]
async fn a_page_says_how_far_it_reflects_the_kiosks_own_logs_and_nobody_elses() {
    let world = world();
    let mut one = world.enrol(Mode::Classroom, &[class(1)]).await;
    let mut two = world.enrol(Mode::Classroom, &[class(1)]).await;
    let own = |pulled: Pulled| match pulled {
        Pulled::Page { own, .. } => own,
        Pulled::Resnapshot { .. } => panic!("no page"),
    };
    assert_eq!(own(pull(&world, &one, 0, 0).await), [], "it has sent nothing yet");
    for kiosk in [&mut one, &mut two] {
        kiosk.anchor(at(8, 40));
        kiosk.tap(at(8, 55), "am", 1, 3, Mark::Present);
        assert!(matches!(world.push(kiosk).await, Pushed::Accepted { .. }));
    }
    let before = own(pull(&world, &one, 0, 0).await);
    assert_eq!(before, [one.end()]);
    one.tap(at(8, 56), "am", 1, 4, Mark::Absent);
    assert_eq!(own(pull(&world, &one, 0, 0).await), before, "what was not pushed is not reflected");
    assert!(matches!(world.push(&one).await, Pushed::Accepted { .. }));
    assert_eq!(own(pull(&world, &one, 0, 0).await), [one.end()]);
}

#[tokio::test]
async fn a_cursor_beyond_the_head_or_of_another_feed_takes_a_new_snapshot() {
    let world = world();
    let one = world.enrol(Mode::Classroom, &[class(1)]).await;
    assert!(matches!(pull(&world, &one, 1_000_000, 0).await, Pulled::Resnapshot { .. }));
    world
        .school
        .write_now({
            let id = one.id;
            move |tx| crate::feed::renew(tx, id)
        })
        .unwrap();
    let request = Request::get(format!("/sync/v1/pull?feed={}&after=0&limit=10&wait=0", "0".repeat(32)))
        .header(header::AUTHORIZATION, format!("Bearer {}", one.token));
    let (_, body) = world.ask(request.body(Body::empty()).unwrap()).await;
    assert!(matches!(serde_json::from_slice(&body).unwrap(), Pulled::Resnapshot { .. }));
}

#[tokio::test]
async fn a_late_arrival_at_reception_turns_into_l_with_its_minutes() {
    let world = world();
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    desk.anchor(at(8, 40));
    let session: Option<SessionKey> = Some(session("am"));
    let means = shared::observation::Means::Card;
    desk.write(at(9, 5).plus(30_000), Observation::Arrived { pupil: pupil(4), means, session, reason: None });
    world.set(at(9, 6));
    world.push(&desk).await;
    assert_eq!(world.code(4, "am").as_deref(), Some("L"));
    assert_eq!(
        world.one("SELECT cast(minutes AS TEXT) FROM mark WHERE pupil = ?1 AND half = ?2", 4, "am").as_deref(),
        Some("15")
    );
    assert_eq!(world.count("SELECT count(*) FROM movement WHERE what = 'arrived'"), 1);
}

/// A kiosk lost what it had sent; the server that had it was restored from before, or was not.
#[tokio::test]
async fn what_a_damaged_kiosk_left_with_the_server_alone_is_lost_only_where_it_does_not_stand() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    world.set(at(9, 0));
    kiosk.anchor(at(8, 40));
    for n in 1..=4 {
        kiosk.tap(at(8, 50), "am", 1, n, Mark::Present);
    }
    world.push(&kiosk).await;
    let before = kiosk.log;
    let lost = |world: &crate::testing::World| {
        let told = world.school.read_now(|tx| crate::device::Damaged::all(tx, at(9, 0))).unwrap();
        told.values().map(|damaged| (damaged.kept, damaged.lost)).collect::<Vec<_>>()
    };
    assert_eq!(lost(&world), []);
    kiosk = Kiosk { log: shared::id::LogId::from_bytes([77; 16]), entries: Vec::new(), ..kiosk };
    let mut sums = Vec::new();
    // All of it stands here; three of four do not; none of that log does.
    for (log, first, last, count) in [(before, 2, 5, 2), (before, 4, 8, 4), (kiosk.log, 101, 109, 3)] {
        let only_copy = Some(OnlyCopy { log, first, last, count });
        let notice = Notice::StoreDamaged { kept: 1, lost: 1, only_copy };
        kiosk.write(at(8, 55), Observation::Noticed { notice });
        assert_eq!(world.push(&kiosk).await, Pushed::Accepted { head: kiosk.head() });
        sums.push(lost(&world));
    }
    assert_eq!(sums, [[(1, 1)], [(2, 1 + 1 + 3)], [(3, 5 + 1 + 3)]]);
    kiosk.sent = 0;
    world.push(&kiosk).await;
    assert_eq!(lost(&world), sums[2], "told again, it counts once");
}
