//! Every bound of `shared::limits` that the server keeps, at its edge and one beyond.

use super::tests::code_of;
use crate::testing::{Kiosk, World, at, class, now, pupil, session, world};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use shared::act::Act;
use shared::codes::Code;
use shared::limits::{
    BATCH_ENTRIES, BODY_BYTES, ENROL_PER_MINUTE, ENROLMENT_MINUTES, HELD_PER_KIOSK, KEPT_HEADS, PAGE_ROWS, PULL_WAIT_S,
    REQUEST_BYTES,
};
use shared::log::{Entry, Hash};
use shared::observation::Mark;
use shared::text::Remark;
use shared::time::Mono;
use shared::wire::v1::{EnrolTicket, Hello, KeptHead, Mode, ProblemCode, Pulled, Pushed};

/// The body of a tap, with so many bytes: JSON may stand in wide spaces.
fn body_of(kiosk: &mut Kiosk, bytes: usize) -> String {
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    let entry = kiosk.entries.pop().unwrap();
    format!("{}{}", entry.body, " ".repeat(bytes - entry.body.len()))
}

async fn room(world: &World) -> Kiosk {
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    room.anchor(at(8, 41));
    world.push(&room).await;
    room.sent = 1;
    room
}

#[tokio::test]
async fn the_body_of_an_entry() {
    let world = world();
    let mut kiosk = room(&world).await;
    let body = body_of(&mut kiosk, BODY_BYTES);
    kiosk.put(body);
    assert!(matches!(world.push(&kiosk).await, Pushed::Accepted { .. }), "{BODY_BYTES} bytes");
    kiosk.sent = 2;
    let body = body_of(&mut kiosk, BODY_BYTES + 1);
    kiosk.put(body);
    let (status, body) = world.post("/sync/v1/push", Some(&kiosk.token), &kiosk.batch()).await;
    assert_eq!((status, code_of(&body)), (StatusCode::BAD_REQUEST, ProblemCode::Malformed));
    // The office's own acts have the same room.
    let seen = |n: u64| (0..n).map(|seq| shared::log::Origin { log: kiosk.log, seq }).collect::<Vec<_>>();
    let amend = |n| Act::Amended {
        pupil: pupil(1),
        session: session("am"),
        code: Some(Code::I),
        minutes: None,
        detail: None,
        reason: Remark::new("x").unwrap(),
        seen: seen(n),
    };
    world.act(now(9, 0), amend(40));
    let giant = amend(200);
    let refused =
        world.school.write_now(move |tx| crate::record::act(tx, now(9, 1), &crate::testing::officer(), giant));
    assert!(refused.unwrap_err().to_string().contains("too long"));
}

#[tokio::test]
async fn the_entries_of_a_push() {
    let world = world();
    let mut kiosk = room(&world).await;
    for n in 0..=BATCH_ENTRIES {
        kiosk.tap(at(8, 55), "am", 1, 1, if n % 2 == 0 { Mark::Present } else { Mark::Absent });
    }
    let (status, body) = world.post("/sync/v1/push", Some(&kiosk.token), &kiosk.batch()).await;
    assert_eq!((status, code_of(&body)), (StatusCode::BAD_REQUEST, ProblemCode::Malformed), "one too many");
    let last = kiosk.entries.pop().unwrap();
    assert!(matches!(world.push(&kiosk).await, Pushed::Accepted { .. }), "{BATCH_ENTRIES} entries");
    kiosk.sent = kiosk.entries.len();
    kiosk.entries.push(last);
    assert!(matches!(world.push(&kiosk).await, Pushed::Accepted { .. }), "and the rest goes after them");
}

#[tokio::test]
async fn the_bytes_of_a_request_packed_or_not() {
    use std::io::Write;
    let world = world();
    let mut kiosk = room(&world).await;
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    let mut batch = kiosk.batch();
    batch.resize(REQUEST_BYTES, b' ');
    let post = async |bytes: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        let request = Request::post("/sync/v1/push")
            .header(header::AUTHORIZATION, format!("Bearer {}", kiosk.token))
            .header(header::CONTENT_ENCODING, "gzip")
            .body(Body::from(packed.finish().unwrap()))
            .unwrap();
        world.ask(request).await.0
    };
    assert_eq!(post(&batch).await, StatusCode::OK);
    assert_eq!(world.post("/sync/v1/push", Some(&kiosk.token), &batch).await.0, StatusCode::OK);
    batch.push(b' ');
    assert_eq!(post(&batch).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(world.post("/sync/v1/push", Some(&kiosk.token), &batch).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn pull(world: &World, kiosk: &Kiosk, query: &str) -> (StatusCode, Option<Pulled>) {
    let feed: String = world
        .school
        .read_now(|tx| {
            Ok(tx.query_row("SELECT lower(hex(feed)) FROM kiosk WHERE feed IS NOT NULL LIMIT 1", [], |r| r.get(0))?)
        })
        .unwrap();
    let request = Request::get(format!("/sync/v1/pull?feed={feed}&{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", kiosk.token))
        .body(Body::empty())
        .unwrap();
    let (status, body) = world.ask(request).await;
    (status, serde_json::from_slice(&body).ok())
}

#[tokio::test]
async fn the_rows_of_a_page() {
    let world = world();
    let kiosk = room(&world).await;
    world
        .school
        .write_now(|tx| {
            for n in 0..2 * PAGE_ROWS {
                tx.execute(
                    "INSERT INTO feed(audience, key, body) VALUES ('all', ?1, NULL)",
                    [format!("class:{n:032x}")],
                )?;
            }
            Ok(())
        })
        .unwrap();
    for (asked, most) in [(PAGE_ROWS, PAGE_ROWS), (PAGE_ROWS + 1, PAGE_ROWS), (4_000_000_000, PAGE_ROWS), (7, 7)] {
        let (status, page) = pull(&world, &kiosk, &format!("after=1&limit={asked}&wait=0")).await;
        let Some(Pulled::Page { rows, more, .. }) = page else { panic!("{asked}: {status} {page:?}") };
        assert_eq!((rows.len(), more), (most, true), "{asked} rows were asked for");
    }
    for nonsense in ["after=1&limit=-1&wait=0", "after=x&limit=1&wait=0", "after=1&limit=1&wait=4294967296", "limit=1"]
    {
        assert_eq!(pull(&world, &kiosk, nonsense).await.0, StatusCode::BAD_REQUEST, "{nonsense}");
    }
}

#[tokio::test]
async fn the_seconds_of_a_pull() {
    let world = std::sync::Arc::new(world());
    let kiosk = room(&world).await;
    let head: i64 = world.count("SELECT max(seq) FROM feed");
    let waiting = {
        let (world, kiosk) = (std::sync::Arc::clone(&world), kiosk.clone());
        tokio::spawn(async move { pull(&world, &kiosk, &format!("after={head}&limit=10&wait=4000000000")).await })
    };
    // It looks at the clock whenever it is woken. Thirty seconds after it was asked it answers, whatever it was asked.
    let mut clock = at(8, 40);
    while !waiting.is_finished() {
        clock = clock.plus(i64::from(PULL_WAIT_S) * 100);
        world.set(clock);
        assert!(clock < at(12, 0), "hours later it still waits");
        world
            .school
            .write_now(|tx| {
                tx.touch();
                Ok(())
            })
            .unwrap();
        tokio::task::yield_now().await;
    }
    let (status, page) = waiting.await.unwrap();
    let Some(Pulled::Page { rows, .. }) = page else { panic!("{status}") };
    assert!(rows.is_empty());
}

#[tokio::test]
async fn what_is_held_of_one_kiosk() {
    let world = world();
    let mut kiosk = room(&world).await;
    world.revoke(&kiosk);
    // As if it had sent so many before: the bound is counted over rows.
    let (log, already) = (*kiosk.log.as_bytes(), HELD_PER_KIOSK - 1);
    world
        .school
        .write_now(move |tx| {
            let id: i64 = tx.query_row("SELECT id FROM log WHERE log = ?1", [log], |r| r.get(0))?;
            let mut put = tx.prepare(
                "INSERT INTO fact(log, seq, prev, body_hash, received_at, held) VALUES (?1, ?2, zeroblob(32), zeroblob(32), 0, 1)",
            )?;
            for n in 0..already {
                put.execute([id, 1_000_000 + i64::try_from(n).unwrap_or(0)])?;
            }
            Ok(())
        })
        .unwrap();
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    assert!(matches!(world.push(&kiosk).await, Pushed::Accepted { .. }), "the last that is held");
    kiosk.sent = kiosk.entries.len();
    kiosk.tap(at(8, 56), "am", 1, 2, Mark::Present);
    let (status, body) = world.post("/sync/v1/push", Some(&kiosk.token), &kiosk.batch()).await;
    assert_eq!((status, code_of(&body)), (StatusCode::FORBIDDEN, ProblemCode::Revoked), "it keeps the rest itself");
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE held = 1"), i64::try_from(HELD_PER_KIOSK).unwrap());
}

#[tokio::test]
async fn the_heads_that_one_hello_tells() {
    let world = world();
    let kiosk = room(&world).await;
    let heads = |n: usize| {
        let first = chrono::NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
        (0..n)
            .map(|n| KeptHead { date: first + chrono::Days::new(n as u64), seq: 1, hash: Hash([1; 32]), log: None })
            .collect::<Vec<_>>()
    };
    for n in [KEPT_HEADS, KEPT_HEADS + 1, 4000] {
        let hello = Hello {
            protocols: vec![1],
            log: kiosk.log,
            head: kiosk.entries.last().map(Entry::head).unwrap(),
            feed: None,
            cursor: 0,
            app: shared::text::Text::new("0.1.0").unwrap(),
            t0: Mono(5),
            faults: Vec::new(),
            kept: heads(n),
        };
        let told = world.school.read_now(|tx| super::kept::compare(tx, &hello, at(8, 42))).unwrap();
        assert_eq!(told.len(), KEPT_HEADS + 1, "{n}: as many as the limit, and its own log");
    }
}

#[tokio::test]
async fn the_minutes_of_a_code_and_the_requests_of_an_address() {
    let world = world();
    let nonce = [3; 32];
    let ask = serde_json::json!({"commit": crate::secret::hex(&crate::secret::sha256(&nonce)), "app": "0.1.0"});
    let ask = serde_json::to_vec(&ask).unwrap();
    for n in 1..=ENROL_PER_MINUTE {
        assert_eq!(world.post("/enrol/v1/request", None, &ask).await.0, StatusCode::OK, "request {n} of a minute");
    }
    let (status, body) = world.post("/enrol/v1/request", None, &ask).await;
    assert_eq!((status, code_of(&body)), (StatusCode::TOO_MANY_REQUESTS, ProblemCode::SlowDown));
    // A minute later it may ask again, and its code holds for so many minutes.
    let begun = at(8, 42);
    world.set(begun);
    let (_, body) = world.post("/enrol/v1/request", None, &ask).await;
    let ticket: EnrolTicket = serde_json::from_slice(&body).unwrap();
    let poll = serde_json::json!({"ticket": ticket.ticket, "nonce": crate::secret::hex(&nonce)});
    world.post("/enrol/v1/poll", None, &serde_json::to_vec(&poll).unwrap()).await;
    let waits = async |at| {
        world.set(at);
        crate::enrol::waiting(&world.app, &ticket.code).await.unwrap().is_some()
    };
    let lapses = begun.plus(ENROLMENT_MINUTES * 60_000);
    assert!(waits(lapses.plus(-1)).await);
    assert!(!waits(lapses).await);
}
