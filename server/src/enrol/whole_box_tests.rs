//! A whole box of kiosks, over the real routes.

use super::{BoxCode, end, list, make};
use crate::secret;
use crate::testing::{World, at, officer, world};
use axum::http::StatusCode;
use serde_json::{Value, json};
use shared::log::Hash;
use shared::text::{Name, Text};
use shared::wire::v1::{EnrolRequest, EnrolTicket, EnrolWish, Enrolment, Mode, Problem};

fn code(world: &World, uses: u32) -> String {
    let school = world.school.id();
    world
        .app
        .stores
        .trust()
        .write_now(|t| make(t, school, uses, at(17, 0), &officer(), world.app.clock.now().at))
        .unwrap()
}

fn codes(world: &World) -> Vec<BoxCode> {
    world.app.stores.trust().read_now(|t| list(t, world.school.id())).unwrap()
}

fn wish(world: &World, room: &str, code: &str) -> EnrolWish {
    let class = world.school.read_now(|tx| Ok(tx.query_row("SELECT name FROM class LIMIT 1", [], |r| r.get(0))?));
    let class: String = class.unwrap();
    EnrolWish {
        room: Some(Name::new(room).unwrap()),
        mode: Some(Mode::Classroom),
        classes: vec![Name::new(&class.to_lowercase()).unwrap()],
        code: Some(Text::new(code).unwrap()),
    }
}

/// One kiosk out of the box: asks, and polls once.
async fn unpack(world: &World, nonce: u8, wish: &EnrolWish) -> (StatusCode, Value) {
    let nonce = [nonce; 32];
    let ask = EnrolRequest { commit: Hash(secret::sha256(&nonce)), app: Text::new("0.1.0").unwrap() };
    let (_, body) = world.post("/enrol/v1/request", None, &serde_json::to_vec(&ask).unwrap()).await;
    let ticket: EnrolTicket = serde_json::from_slice(&body).unwrap();
    poll(world, &ticket, &nonce, wish).await
}

async fn poll(world: &World, ticket: &EnrolTicket, nonce: &[u8; 32], wish: &EnrolWish) -> (StatusCode, Value) {
    let poll = json!({"ticket": ticket.ticket, "nonce": secret::hex(nonce), "wish": wish});
    let (status, body) = world.post("/enrol/v1/poll", None, &serde_json::to_vec(&poll).unwrap()).await;
    (status, serde_json::from_slice(&body).unwrap())
}

fn refused(answer: (StatusCode, Value)) -> String {
    assert_eq!(answer.0, StatusCode::FORBIDDEN, "{}", answer.1);
    serde_json::from_value::<Problem>(answer.1).unwrap().title
}

#[tokio::test]
async fn as_many_kiosks_as_were_said_and_no_more() {
    let world = world();
    let code = code(&world, 2);
    for (n, room) in [(1, "Room 1"), (2, "Room 2")] {
        let (status, answer) = unpack(&world, n, &wish(&world, room, &code.to_lowercase().replace('-', " "))).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let Enrolment::Granted { room: told, mode, .. } = serde_json::from_value(answer).unwrap() else {
            panic!("not granted")
        };
        assert_eq!((told.as_str(), mode), (room, Mode::Classroom));
    }
    assert_eq!(codes(&world)[0].remaining, 0);
    assert!(refused(unpack(&world, 3, &wish(&world, "Room 3", &code)).await).contains("as many kiosks"));
    let listed = world.school.read_now(|tx| crate::device::list(tx)).unwrap();
    assert!(listed.iter().filter(|k| k.room.starts_with("Room ")).all(|k| k.classes.len() == 1), "{listed:?}");
}

#[tokio::test]
async fn a_lost_answer_takes_no_second_use() {
    let world = world();
    let code = code(&world, 5);
    let nonce = [9; 32];
    let ask = EnrolRequest { commit: Hash(secret::sha256(&nonce)), app: Text::new("0.1.0").unwrap() };
    let (_, body) = world.post("/enrol/v1/request", None, &serde_json::to_vec(&ask).unwrap()).await;
    let ticket: EnrolTicket = serde_json::from_slice(&body).unwrap();
    let wish = wish(&world, "Room 9", &code);
    let (_, first) = poll(&world, &ticket, &nonce, &wish).await;
    let (_, again) = poll(&world, &ticket, &nonce, &wish).await;
    assert_eq!((&first["kiosk"], &first["answer"]), (&again["kiosk"], &json!("granted")));
    assert_eq!(codes(&world)[0].remaining, 4);
}

#[tokio::test]
async fn a_wrong_card_is_told_in_words_and_costs_no_use() {
    let world = world();
    let code = code(&world, 5);
    let good = wish(&world, "Room 9", &code);
    let no_class = EnrolWish { classes: vec![Name::new("9 Nowhere").unwrap()], ..good.clone() };
    assert!(refused(unpack(&world, 1, &no_class).await).contains("\u{201c}9 Nowhere\u{201d}"));
    assert!(refused(unpack(&world, 2, &EnrolWish { room: None, ..good.clone() }).await).contains("no room"));
    assert!(refused(unpack(&world, 3, &EnrolWish { classes: vec![], ..good.clone() }).await).contains("no class"));
    let strange = EnrolWish { code: Some(Text::new("AAAA-BBBB-CCCC-DDDD").unwrap()), ..good.clone() };
    assert!(refused(unpack(&world, 4, &strange).await).contains("does not know the code"));
    assert_eq!(codes(&world)[0].remaining, 5);
    world.set(at(17, 0));
    assert!(refused(unpack(&world, 5, &good).await).contains("past its last day"));
    world.set(at(16, 0));
    let id = codes(&world)[0].id;
    assert!(world.app.stores.trust().write_now(|t| end(t, world.school.id(), id, at(16, 0))).unwrap());
    assert!(refused(unpack(&world, 6, &good).await).contains("was ended"));
}

#[tokio::test]
async fn the_code_stands_nowhere_and_the_room_is_filled_in_for_whoever_types() {
    let world = world();
    let code = code(&world, 5);
    let file = std::fs::read(world.folder.path().join("trust.db")).unwrap();
    let wal = std::fs::read(world.folder.path().join("trust.db-wal")).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&[file, wal].concat()).contains(&code));
    let nonce = [3; 32];
    let ask = EnrolRequest { commit: Hash(secret::sha256(&nonce)), app: Text::new("0.1.0").unwrap() };
    let (_, body) = world.post("/enrol/v1/request", None, &serde_json::to_vec(&ask).unwrap()).await;
    let ticket: EnrolTicket = serde_json::from_slice(&body).unwrap();
    let wish = EnrolWish { code: None, ..wish(&world, "Library", &code) };
    let (_, answer) = poll(&world, &ticket, &nonce, &wish).await;
    assert_eq!(answer, json!({"answer": "waiting"}));
    let waiting = crate::enrol::waiting(&world.app, &ticket.code).await.unwrap().unwrap();
    assert_eq!(waiting.room, "Library");
}
