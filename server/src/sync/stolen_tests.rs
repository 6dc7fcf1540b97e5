//! A stolen device token: what somebody who has one can read and write.

use crate::testing::{Kiosk, World, at, class, pupil, session, world};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use shared::observation::{Mark, Means, Observation};
use shared::wire::v1::{Mode, Pulled, Pushed};
use std::collections::BTreeSet;

/// Everything that a token can pull, from the beginning of the feed and from anywhere else, as text.
async fn everything(world: &World, kiosk: &Kiosk) -> String {
    let feeds: Vec<String> = world
        .school
        .read_now(|tx| {
            let mut found = tx.prepare("SELECT lower(hex(feed)) FROM kiosk WHERE feed IS NOT NULL")?;
            Ok(found.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?)
        })
        .unwrap();
    let last: i64 = world.count("SELECT max(seq) FROM feed");
    let mut all = String::new();
    let mut pages = 0;
    for feed in feeds.iter().map(String::as_str).chain(["00000000000000000000000000000000"]) {
        for after in 0..=last {
            let request = Request::get(format!("/sync/v1/pull?feed={feed}&after={after}&limit=1000&wait=0"))
                .header(header::AUTHORIZATION, format!("Bearer {}", kiosk.token))
                .body(Body::empty())
                .unwrap();
            let (status, body) = world.ask(request).await;
            assert_eq!(status, StatusCode::OK);
            pages += usize::from(matches!(serde_json::from_slice(&body).unwrap(), Pulled::Page { .. }));
            all.push_str(&String::from_utf8(body).unwrap());
        }
    }
    assert!(pages > 10, "{pages} pages");
    all
}

#[tokio::test]
async fn it_reads_only_what_its_kiosk_serves() {
    let world = world();
    let room = world.enrol(Mode::Classroom, &[class(1)]).await;
    let mut other = world.enrol(Mode::Classroom, &[class(2)]).await;
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    other.anchor(at(8, 41));
    other.tap(at(8, 55), "am", 2, 7, Mark::Present);
    world.push(&other).await;
    desk.anchor(at(8, 41));
    desk.write(
        at(8, 45),
        Observation::Arrived { pupil: pupil(8), means: Means::Card, session: Some(session("am")), reason: None },
    );
    world.push(&desk).await;
    let read = everything(&world, &room).await;
    let has = |n: u8| read.contains(&pupil(n).to_string()) || read.contains(&format!("\"Pupil{n} "));
    let seen: BTreeSet<u8> = (1..=10).filter(|n| has(*n)).collect();
    assert_eq!(seen, BTreeSet::from([1, 2, 3, 4, 5]));
    for word in ["2018-05-05", "UPN-", "born", "telephone"] {
        assert!(!read.contains(word), "{word}");
    }
    // What its hello is told names nobody at all.
    let hello = serde_json::json!({"protocols": [1], "log": room.log, "head": room.head(), "feed": null, "cursor": 0,
        "app": "0.1.0", "t0": 5});
    let (status, body) = world.post("/sync/v1/hello", Some(&room.token), &serde_json::to_vec(&hello).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let said = String::from_utf8(body).unwrap();
    assert!((1..=10).all(|n| !said.contains(&pupil(n).to_string())), "{said}");
}

#[tokio::test]
async fn whatever_it_writes_about_others_is_held_and_changes_nothing() {
    let world = world();
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(at(8, 41));
    let am = session("am");
    let (of_theirs, theirs) = (pupil(7), class(2));
    let nobody = shared::id::PupilId::from_bytes([0xee; 16]);
    for what in [
        Observation::Marked { session: am, class: theirs, pupil: of_theirs, mark: Mark::Absent },
        // That somebody of another class sits in its own is a visitor, and a question (record::classroom_tests).
        Observation::Marked { session: am, class: class(1), pupil: nobody, mark: Mark::Present },
        Observation::CameLate { session: am, class: theirs, pupil: of_theirs },
        Observation::Submitted { session: am, class: theirs, tiles: vec![of_theirs] },
        Observation::Submitted { session: am, class: shared::id::ClassId::from_bytes([9; 16]), tiles: Vec::new() },
        Observation::Arrived { pupil: of_theirs, means: Means::Card, session: Some(am), reason: None },
        Observation::Arrived { pupil: of_theirs, means: Means::Card, session: None, reason: None },
        Observation::Left { pupil: of_theirs, means: Means::Card, session: Some(am), collected: None, approved: None },
        Observation::Returned { pupil: of_theirs, means: Means::Card, session: Some(am) },
    ] {
        room.write(at(8, 55), what);
    }
    let before = state(&world);
    assert!(matches!(world.push(&room).await, Pushed::Accepted { .. }), "filed, as every well-formed fact");
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE held = 1"), 9, "every one waits for the office");
    assert_eq!(state(&world), before, "and none changes a mark, a register, the late book, a question or the feed");
}

fn state(world: &World) -> Vec<i64> {
    ["mark", "entry", "register", "movement", "question", "raised", "plan", "fact_about"]
        .iter()
        .map(|table| {
            let sql = format!("SELECT count(*) FROM {table}");
            world.school.read_now(move |tx| Ok(tx.query_row(&sql, [], |r| r.get(0))?)).unwrap()
        })
        .chain([world.count("SELECT max(seq) FROM feed")])
        .collect()
}
