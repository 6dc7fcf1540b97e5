//! Enrolment over its real routes.

use super::{Grant, grant, refuse, waiting};
use crate::secret;
use crate::store::StoreError;
use crate::testing::{World, at, class, officer, world};
use shared::log::Hash;
use shared::text::{Name, Text};
use shared::wire::v1::{EnrolRequest, EnrolTicket, Enrolment, Mode};

async fn ask(world: &World, nonce: &[u8; 32]) -> EnrolTicket {
    let ask = EnrolRequest { commit: Hash(secret::sha256(nonce)), app: Text::new("0.1.0").unwrap() };
    let (_, body) = world.post("/enrol/v1/request", None, &serde_json::to_vec(&ask).unwrap()).await;
    serde_json::from_slice(&body).unwrap()
}

async fn poll(world: &World, ticket: &EnrolTicket, nonce: &[u8; 32]) -> Enrolment {
    let poll = serde_json::json!({"ticket": ticket.ticket, "nonce": secret::hex(nonce)});
    let (_, body) = world.post("/enrol/v1/poll", None, &serde_json::to_vec(&poll).unwrap()).await;
    serde_json::from_slice(&body).unwrap()
}

fn room_7(world: &World) -> Grant {
    let room = Name::new("Room 7").unwrap();
    Grant { school: world.school.id(), room, mode: Mode::Classroom, classes: vec![class(1)], by: officer() }
}

#[tokio::test]
async fn the_check_word_is_the_kiosks_own_and_only_after_its_commitment_is_opened() {
    let world = world();
    let nonce = [7; 32];
    let ticket = ask(&world, &nonce).await;
    assert_eq!(waiting(&world.app, &ticket.code).await.unwrap(), None, "not opened yet");
    assert_eq!(poll(&world, &ticket, &[8; 32]).await, Enrolment::Refused, "another nonce than the one committed to");
    assert_eq!(poll(&world, &ticket, &nonce).await, Enrolment::Waiting);
    let typed = ticket.code.to_lowercase().replace('-', " ");
    let found = waiting(&world.app, &typed).await.unwrap().unwrap();
    assert_eq!(found.check_word, shared::wire::check_word(world.app.pin, &nonce, &ticket.code));
}

#[tokio::test]
async fn a_lost_answer_can_be_fetched_again_and_only_its_hash_is_kept() {
    let world = world();
    let nonce = [7; 32];
    let ticket = ask(&world, &nonce).await;
    poll(&world, &ticket, &nonce).await;
    let kiosk = grant(&world.app, &ticket.code, room_7(&world)).await.unwrap();
    let Enrolment::Granted { token: lost, .. } = poll(&world, &ticket, &nonce).await else { panic!("not granted") };
    let Enrolment::Granted { token, kiosk: told, .. } = poll(&world, &ticket, &nonce).await else {
        panic!("not granted")
    };
    assert_eq!(told, kiosk);
    assert_ne!(lost, token);
    let file = std::fs::read(world.folder.path().join("trust.db")).unwrap();
    let wal = std::fs::read(world.folder.path().join("trust.db-wal")).unwrap_or_default();
    let text = String::from_utf8_lossy(&[file, wal].concat()).into_owned();
    assert!(!text.contains(token.as_str()) && !text.contains(ticket.ticket.as_str()));
    assert!(matches!(grant(&world.app, &ticket.code, room_7(&world)).await, Err(StoreError::Refused(_))), "once only");
}

#[tokio::test]
async fn a_refused_code_and_a_lapsed_one_are_told_so() {
    let world = world();
    let nonce = [7; 32];
    let ticket = ask(&world, &nonce).await;
    poll(&world, &ticket, &nonce).await;
    refuse(&world.app, &ticket.code).await.unwrap();
    assert_eq!(poll(&world, &ticket, &nonce).await, Enrolment::Refused);
    let ticket = ask(&world, &nonce).await;
    poll(&world, &ticket, &nonce).await;
    world.set(at(8, 56));
    assert_eq!(poll(&world, &ticket, &nonce).await, Enrolment::Refused);
    assert!(matches!(grant(&world.app, &ticket.code, room_7(&world)).await, Err(StoreError::Refused(_))));
}

#[tokio::test]
async fn only_so_many_may_wait() {
    let world = world();
    let body = serde_json::to_vec(&EnrolRequest { commit: Hash([1; 32]), app: Text::new("x").unwrap() }).unwrap();
    let mut refused = None;
    for n in 0..=shared::limits::ENROLMENTS_WAITING {
        world.set(at(8, 40).plus(i64::try_from(n).unwrap() * 2_000)); // slower than the limit of one address
        let (status, _) = world.post("/enrol/v1/request", None, &body).await;
        if !status.is_success() {
            refused = Some((n, status.as_u16()));
        }
    }
    assert_eq!(refused, Some((shared::limits::ENROLMENTS_WAITING, 429)));
}
