//! Reception and roll calls over the whole router: what kiosks tell, and who may read it.

use crate::auth::Role;
use crate::office::visit::{self, Visitor};
use crate::testing::{Kiosk, World, at, class, pupil, session, world};
use axum::http::StatusCode;
use base64::Engine;
use shared::id::{BootId, RollCallId, StaffId};
use shared::observation::{Mark, Means, Observation, Observed, Sealed};
use shared::time::{Millis, Mono, Reading};
use shared::wire::v1::{Mode, Pull, Pulled, RowBody, Way};

const PATEL: StaffId = StaffId::from_bytes([6; 16]);

async fn scene() -> (World, axum::Router) {
    let world = world();
    for role in [Role::Office, Role::It, Role::Teacher, Role::Committee] {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    world
        .school
        .write_now(|tx| {
            tx.execute_batch(
                "INSERT INTO staff(id, source_id, name, position) VALUES (x'06060606060606060606060606060606', 's1', 'Ms Patel', 'class teacher');",
            )?;
            Ok(())
        })
        .unwrap();
    let server = visit::server(&world).await;
    (world, server)
}

/// What a kiosk makes of a reason.
fn sealed(world: &World, words: &str) -> Sealed {
    let key = world.school.read_now(|tx| Ok(crate::school::setting(tx, "seal_public")?.unwrap())).unwrap();
    let key = crypto_box::PublicKey::from(crate::secret::unhex::<32>(&key).unwrap());
    let sealed = key.seal(&mut crypto_box::aead::OsRng, words.as_bytes()).unwrap();
    Sealed::new(&base64::engine::general_purpose::STANDARD.encode(sealed)).unwrap()
}

fn by_patel(desk: &mut Kiosk, when: Millis, what: Observation) {
    let at = Reading { boot: desk.boot, mono: Mono(when.0 - at(0, 0).0), wall: when };
    desk.put(serde_json::to_string(&Observed { at, by: Some(PATEL), what, origin: None }).unwrap());
}

fn arrived(n: u8) -> Observation {
    Observation::Arrived { pupil: pupil(n), means: Means::Name, session: Some(session("am")), reason: None }
}

#[tokio::test]
async fn a_reason_is_told_to_the_office_and_authorises_nothing() {
    let (world, server) = scene().await;
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    desk.anchor(at(8, 45));
    // Half a minute past: a second either way is the same minute on the page.
    desk.write(at(9, 30).plus(30_000), arrived(2));
    desk.write(
        at(9, 30).plus(39_000),
        Observation::Explained {
            pupil: pupil(2),
            session: Some(session("am")),
            reason: Some(sealed(&world, "Dentist <b>")),
        },
    );
    world.set(at(9, 31));
    world.push(&desk).await;
    assert_eq!(world.code(2, "am").as_deref(), Some("U"), "the pupil's own word is no authority");
    let mut office = Visitor::logged_in(&server, "office").await;
    let page = office.get("/door").await.body;
    assert!(page.contains("Said: Dentist &#60;b&#62;"), "{page}");
    assert!(
        page.contains("09:30") && page.contains("Pupil2 Test") && page.contains("40 minutes after the start"),
        "{page}"
    );
    for (who, status) in
        [("teacher", StatusCode::FORBIDDEN), ("it", StatusCode::FORBIDDEN), ("committee", StatusCode::FORBIDDEN)]
    {
        let got = Visitor::logged_in(&server, who).await.get("/door").await;
        assert!(got.status == status && !got.body.contains("Dentist"), "{who}");
    }
    let kept = world.count("SELECT (SELECT count(*) FROM feed WHERE body LIKE '%Dentist%') + (SELECT count(*) FROM fact WHERE body LIKE '%Dentist%')
        + (SELECT count(*) FROM entry WHERE reason LIKE '%Dentist%') + (SELECT count(*) FROM movement WHERE reason LIKE '%Dentist%')");
    assert_eq!(kept, 0, "in the clear it stands nowhere");
}

#[tokio::test]
async fn who_collected_and_who_let_go_stand_in_the_book_of_the_door_and_the_feed_tells_the_way_only() {
    let (world, server) = scene().await;
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    desk.anchor(at(8, 45));
    by_patel(
        &mut desk,
        at(10, 0),
        Observation::Left {
            pupil: pupil(3),
            means: Means::Name,
            session: Some(session("am")),
            collected: Some(sealed(&world, "Grandparent")),
            approved: Some(Means::Card),
        },
    );
    world.set(at(10, 1));
    world.push(&desk).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let page = office.get("/door").await.body;
    assert!(page.contains("Collected by: Grandparent · let go by Ms Patel"), "{page}");
    let other = world.enrol(Mode::Reception, &[]).await;
    let rows = pulled(&world, &other).await;
    let ways: Vec<Way> =
        rows.iter().filter_map(|r| if let RowBody::Passage(p) = r { Some(p.way) } else { None }).collect();
    assert_eq!(ways, [Way::Out]);
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE body LIKE '%collected%' AND key NOT LIKE 'settings:%'"), 0);
}

async fn pulled(world: &World, kiosk: &Kiosk) -> Vec<RowBody> {
    let id = kiosk.id;
    let answer = world.school.read_now(move |tx| {
        let reader = crate::feed::reader(tx, id)?.unwrap();
        crate::feed::page(tx, &reader, &Pull { feed: reader.feed, after: 0, limit: 5000, wait: 0, tail: None })
    });
    let Pulled::Page { rows, .. } = answer.unwrap() else { panic!("a page") };
    rows.into_iter().filter_map(|r| r.body).collect()
}

#[tokio::test]
async fn a_roll_call_over_two_kiosks_is_one_on_the_page_and_in_the_feed() {
    let (world, server) = scene().await;
    let (mut gate, mut room) =
        (world.enrol(Mode::RollCall, &[]).await, world.enrol(Mode::Classroom, &[class(1)]).await);
    room.anchor(at(8, 45));
    for n in 1..=5 {
        room.tap(at(8, 55), "am", 1, n, if n == 3 { Mark::Absent } else { Mark::Present });
    }
    world.set(at(10, 0));
    world.push(&room).await;
    let mut teacher = Visitor::logged_in(&server, "teacher").await;
    let page = teacher.get("/roll-call").await.body;
    assert!(
        page.contains("Who is in the building") && page.contains("<b>9</b>"),
        "four marked and five not yet: {page}"
    );
    assert!(page.contains("Pupil3 Test (not in school)") && page.contains("no mark yet"), "{page}");

    let call = RollCallId::begun_at(BootId::from_bytes([3; 16]), Mono(1));
    let seen = |n: u8, seen: bool| Observation::Accounted { call, pupil: pupil(n), seen };
    // The classroom's word comes before the server has heard that a roll call began.
    room.sent = room.entries.len();
    by_patel(&mut room, at(10, 5), seen(1, true));
    by_patel(&mut room, at(10, 6), seen(2, true));
    world.set(at(10, 7));
    world.push(&room).await;
    gate.anchor(at(9, 59));
    by_patel(&mut gate, at(10, 4), Observation::RollCallBegun { call, real: true });
    by_patel(&mut gate, at(10, 6), seen(7, true));
    by_patel(&mut gate, at(10, 7), seen(2, false));
    world.set(at(10, 8));
    world.push(&gate).await;
    let page = teacher.get("/roll-call").await.body;
    assert!(
        page.contains("Roll call · not a drill") && page.contains("since 10:04, begun by Ms Patel at Room 7"),
        "{page}"
    );
    assert!(page.contains("<b>7</b>"), "of nine, 1 and 7 were seen; 2 was taken back: {page}");

    let at_gate = pulled(&world, &gate).await;
    let accounted: Vec<(u8, bool)> = (1..=10)
        .filter_map(|n| {
            at_gate.iter().find_map(|r| match r {
                RowBody::Accounted(a) if a.pupil == pupil(n) => Some((n, a.seen)),
                _ => None,
            })
        })
        .collect();
    assert_eq!(accounted, [(1, true), (2, false), (7, true)]);
    assert_eq!(at_gate.iter().filter(|r| matches!(r, RowBody::Pupil(_))).count(), 10, "the whole school");
    let in_room = pulled(&world, &room).await;
    assert!(in_room.iter().any(|r| matches!(r, RowBody::RollCall(c) if c.call == call && c.real && c.ended.is_none())));
    assert!(
        !in_room.iter().any(|r| matches!(r, RowBody::Accounted(a) if a.pupil == pupil(7))),
        "another class's pupil"
    );

    gate.sent = gate.entries.len();
    by_patel(&mut gate, at(10, 20), Observation::RollCallEnded { call });
    world.set(at(10, 21));
    world.push(&gate).await;
    let page = teacher.get("/roll-call").await.body;
    assert!(page.contains("10:04 · not a drill · begun by Ms Patel, ended 10:20 by Ms Patel"), "{page}");
    for who in ["it", "committee"] {
        assert_eq!(
            Visitor::logged_in(&server, who).await.get("/roll-call").await.status,
            StatusCode::FORBIDDEN,
            "{who}"
        );
    }
}

#[tokio::test]
async fn a_kiosk_at_an_assembly_point_has_no_cards_of_pupils() {
    let (world, _server) = scene().await;
    world
        .school
        .write_now(|tx| {
            tx.execute(
                "INSERT INTO card(hash, pupil, bound_at) VALUES (?1, ?2, 0)",
                rusqlite::params!["cd".repeat(32), pupil(1).as_bytes()],
            )?;
            crate::feed::refresh_roster(tx, crate::testing::now(8, 41))
        })
        .unwrap();
    let cards = |rows: &[RowBody]| rows.iter().any(|r| matches!(r, RowBody::Pupil(p) if !p.cards.is_empty()));
    let (desk, gate) = (world.enrol(Mode::Reception, &[]).await, world.enrol(Mode::RollCall, &[]).await);
    assert!(cards(&pulled(&world, &desk).await));
    let at_gate = pulled(&world, &gate).await;
    assert!(!cards(&at_gate));
    assert!(at_gate.iter().any(|r| matches!(r, RowBody::Settings(s) if s.mode == Mode::RollCall)));
}

#[tokio::test]
async fn the_school_says_how_reception_asks_and_a_month_of_birth_goes_out_only_then() {
    let (world, server) = scene().await;
    let desk = world.enrol(Mode::Reception, &[]).await;
    let months =
        |rows: &[RowBody]| rows.iter().filter(|r| matches!(r, RowBody::Pupil(p) if p.born_month == Some(5))).count();
    assert_eq!(months(&pulled(&world, &desk).await), 0);
    let mut office = Visitor::logged_in(&server, "office").await;
    let page = office.get("/reception").await.body;
    assert!(page.contains("Overslept") && page.contains("Parent or carer"), "{page}");
    let form = [("reasons", "Snow\r\n\r\nBus \r\nSnow"), ("collectors", ""), ("find_by", "month")];
    assert_eq!(office.send("/reception", &form).await.to(), "/reception");
    let rows = pulled(&world, &desk).await;
    assert_eq!(months(&rows), 10);
    let settings = rows.iter().find_map(|r| if let RowBody::Settings(s) = r { Some(s) } else { None }).unwrap();
    let reasons: Vec<&str> = settings.reasons.iter().map(|r| r.as_str()).collect();
    assert_eq!((reasons, settings.reason_after_card, settings.collectors.len()), (vec!["Snow", "Bus"], false, 0));
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE body LIKE '%2018-05%' OR body LIKE '%born_on%'"), 0);
    let many = (0..9).map(|n| format!("Reason {n}")).collect::<Vec<_>>().join("\n");
    let got = office.send("/reception", &[("reasons", &many), ("find_by", "class")]).await;
    assert!(got.status == StatusCode::BAD_REQUEST && got.body.contains("room for 8"), "{}", got.body);
    let form = [("reasons", "Snow"), ("after_card", "yes"), ("collectors", "Taxi"), ("find_by", "class")];
    office.send("/reception", &form).await;
    assert_eq!(months(&pulled(&world, &desk).await), 0, "the month is taken back");
    let mut it = Visitor::logged_in(&server, "it").await;
    assert_eq!(it.send("/reception", &form).await.status, StatusCode::FORBIDDEN);
}
