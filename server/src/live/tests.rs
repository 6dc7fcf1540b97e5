//! A live page, over the whole router.

use crate::auth::Role;
use crate::office::visit::{self, Visitor};
use crate::testing::{at, class, world};
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode, header};
use shared::observation::Mark;
use shared::wire::v1::Mode;
use std::time::Duration;
use tokio_stream::StreamExt as _;

/// The next event, without the marks of its lines.
async fn event(stream: &mut BodyDataStream) -> Option<String> {
    let mut text = String::new();
    loop {
        let chunk =
            tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("no event in 20 seconds")?;
        text.push_str(&String::from_utf8_lossy(&chunk.unwrap()));
        if text.ends_with("\n\n") && text.contains("data:") {
            return Some(text.replace("data: ", ""));
        }
    }
}

#[tokio::test]
async fn a_tap_reaches_the_page_without_a_click_and_stops_with_the_account() {
    let world = world();
    visit::account(&world, world.school.id(), "shah", Role::Office);
    visit::account(&world, world.school.id(), "gov", Role::Committee);
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    let server = visit::server(&world).await;
    let mut person = Visitor::logged_in(&server, "shah").await;
    let response = person.open(Request::get("/live/today?half=am").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let first = event(&mut stream).await.unwrap();
    assert!(first.contains("Monday 23 November") && !first.contains("In progress"), "{first}");
    let mut committee = Visitor::logged_in(&server, "gov").await;
    let response = committee.open(Request::get("/live/today?half=am").body(Body::empty()).unwrap()).await;
    let mut numbers = response.into_body().into_data_stream();
    event(&mut numbers).await.unwrap();

    world.set(at(8, 56));
    kiosk.anchor(at(8, 52));
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    kiosk.tap(at(8, 55), "am", 1, 2, Mark::Absent);
    world.push(&kiosk).await;
    let second = event(&mut stream).await.unwrap();
    assert!(second.contains("In progress") && second.contains("2 of 5"), "{second}");
    assert!(second.contains("Pupil2"), "absent without a reason, by name: {second}");
    let second = event(&mut numbers).await.unwrap();
    assert!(second.contains("2 of 5") && !second.contains("Pupil2"), "numbers only: {second}");

    world.stores.trust().write_now(|t| Ok(t.execute("UPDATE account SET disabled_at = 1", [])?)).unwrap();
    kiosk.sent = kiosk.entries.len();
    kiosk.tap(at(8, 56), "am", 1, 3, Mark::Present);
    world.push(&kiosk).await;
    assert_eq!(event(&mut stream).await, None, "whoever was disabled sees no more");
}

/// A page can tell that nothing happens from a network that was cut: it hears something every ten seconds.
#[tokio::test]
async fn a_page_on_which_nothing_happens_hears_the_server_all_the_same() {
    let world = world();
    visit::account(&world, world.school.id(), "shah", Role::Office);
    let server = visit::server(&world).await;
    let mut person = Visitor::logged_in(&server, "shah").await;
    let response = person.open(Request::get("/live/today").body(Body::empty()).unwrap()).await;
    let mut stream = response.into_body().into_data_stream();
    event(&mut stream).await.unwrap();
    let heard = async {
        while let Some(chunk) = stream.next().await {
            if chunk.unwrap() == "event: beat\n\n" {
                return;
            }
        }
        panic!("the stream ended");
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("twenty seconds of silence");
}

#[tokio::test]
async fn live_pages_end_with_the_server() {
    let world = world();
    visit::account(&world, world.school.id(), "shah", Role::Office);
    let server = visit::server(&world).await;
    let mut person = Visitor::logged_in(&server, "shah").await;
    let response = person.open(Request::get("/live/today").body(Body::empty()).unwrap()).await;
    let mut stream = response.into_body().into_data_stream();
    event(&mut stream).await.unwrap();
    world.stopping.send(true).unwrap();
    assert_eq!(event(&mut stream).await, None);
    assert_eq!(Visitor::new(&server).get("/live/today").await.status, StatusCode::UNAUTHORIZED);
}
