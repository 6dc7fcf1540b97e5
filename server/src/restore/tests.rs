//! From a backup, over the real routes, to the last kiosk's word.

use super::*;
use crate::backup;
use crate::clock::Clock;
use crate::office::visit;
use crate::recovery::Key;
use crate::testing::{Kiosk, World, at, class, folder, now, officer, pupil, session, world, world_in};
use crate::{check, record, staff};
use axum::http::StatusCode;
use shared::act::Act;
use shared::codes::Code;
use shared::log::Hash;
use shared::observation::Mark;
use shared::text::{Name, Remark, Text};
use shared::wire::v1::{Hello, HelloAnswer, MarkRow, Mode, Pulled, Pushed, Seen, SeenHead, Tail, Witness, Witnessed};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

fn amend(world: &World, n: u8, code: Code) {
    let act = Act::Amended {
        pupil: pupil(n),
        session: session("am"),
        code: Some(code),
        minutes: None,
        detail: None,
        reason: Remark::new("mother rang").unwrap(),
        seen: Vec::new(),
    };
    world.act(now(9, 0), act);
}

async fn hello(world: &World, kiosk: &Kiosk) -> HelloAnswer {
    let hello = Hello {
        protocols: vec![1],
        log: kiosk.log,
        head: kiosk.head(),
        feed: None,
        cursor: 0,
        app: Text::new("0.1.0").unwrap(),
        t0: shared::time::Mono(5),
        faults: Vec::new(),
        kept: Vec::new(),
    };
    let (status, body) = world.post("/sync/v1/hello", Some(&kiosk.token), &serde_json::to_vec(&hello).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let answer = serde_json::from_slice(&body).unwrap();
    // That it was here is written beside the answer.
    let id = kiosk.id;
    for _ in 0..10_000 {
        let seen = "SELECT seen_at IS NOT NULL FROM kiosk WHERE id = ?1";
        if world.school.read(move |tx| Ok(tx.query_row(seen, [id.as_bytes()], |r| r.get(0))?)).await.unwrap() {
            break;
        }
        tokio::task::yield_now().await;
    }
    answer
}

/// Every part that a kiosk with nothing is given.
async fn carried(world: &World, kiosk: &Kiosk) -> Vec<Tail> {
    let feed = hello(world, kiosk).await.feed;
    let mut parts: Vec<Tail> = Vec::new();
    loop {
        let mark = parts.last().map_or("", |part| part.mark.as_str());
        let path = format!("/sync/v1/pull?feed={feed}&after=0&limit=1&wait=0&tail={mark}");
        let request = axum::http::Request::get(path).header("authorization", format!("Bearer {}", kiosk.token));
        let (_, body) = world.ask(request.body(axum::body::Body::empty()).unwrap()).await;
        match serde_json::from_slice(&body).unwrap() {
            Pulled::Page { tail: Some(part), .. } => parts.push(*part),
            _ => return parts,
        }
    }
}

async fn say(world: &World, kiosk: &Kiosk, said: &Witness) -> (StatusCode, Option<Witnessed>) {
    let body = serde_json::to_vec(said).unwrap();
    let (status, body) = world.post("/sync/v1/witness", Some(&kiosk.token), &body).await;
    (status, serde_json::from_slice(&body).ok())
}

/// A school with two kiosks that burned at 11:00: what the first had been shown until then, and its backup of 08:40.
struct Burned {
    kiosk: Kiosk,
    desk: Kiosk,
    heads: Vec<SeenHead>,
    marks: Vec<MarkRow>,
    tail: Vec<Tail>,
    restored: World,
}

async fn burned(lost_hours: impl FnOnce(&World)) -> Burned {
    let world = world();
    let key = crate::recovery::renew(&world.stores).unwrap();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    let desk = world.enrol(Mode::Reception, &[]).await;
    kiosk.anchor(at(8, 40));
    kiosk.tap(at(8, 55), "am", 1, 1, Mark::Present);
    world.push(&kiosk).await;
    hello(&world, &desk).await;
    hello(&world, &kiosk).await;
    let place = folder();
    let made = backup::make(&world.stores, place.path()).unwrap();
    made.note(true).unwrap();
    world.set(at(9, 0));
    kiosk.tap(at(8, 56), "am", 1, 2, Mark::Present);
    let mut sender = kiosk.clone();
    sender.sent = 2;
    assert!(matches!(world.push(&sender).await, Pushed::Accepted { .. }));
    lost_hours(&world);
    let tail = carried(&world, &desk).await;
    let answer = hello(&world, &desk).await;
    let log = answer.school_log.map(|school| school.log);
    let heads = vec![SeenHead { date: crate::testing::day(23), log, head: answer.school_head }];
    let seen = |n, state| MarkRow { pupil: pupil(n), session: session("am"), state, minutes: None };
    let marks = vec![seen(1, Seen::Present), seen(2, Seen::Present), seen(3, Seen::Absent)];
    let new = folder();
    let clock = Clock::standing(Arc::new(AtomicI64::new(at(11, 0).0)));
    let asked = Asked { folder: &made.folder, into: new.path(), key: Some(&key), by: &officer() };
    restore(&asked, clock).unwrap();
    Burned { kiosk, desk, heads, marks, tail, restored: world_in(new) }
}

fn witness(burned: &Burned, asked: &HelloAnswer) -> Witness {
    Witness {
        id: asked.asks.as_ref().unwrap().id.clone(),
        heads: burned.heads.clone(),
        marks: burned.marks.clone(),
        tail: burned.tail.clone(),
        done: true,
    }
}

fn standing(world: &World) -> (Restored, list::List, bool) {
    world
        .school
        .read_now(|tx| {
            let restored = state(tx)?.unwrap();
            let list = list::list(tx, &restored)?;
            Ok((restored, list, witness::hold(tx)?.is_some()))
        })
        .unwrap()
}

#[tokio::test]
async fn the_lost_hours_come_back_once_and_in_order() {
    let burned = burned(|world| {
        amend(world, 3, Code::I);
        world
            .school
            .write_now(|tx| {
                let (name, position) = (Name::new("Mr Lowe").unwrap(), Name::new("cover teacher").unwrap());
                staff::add(tx, now(9, 5), &officer(), &name, &position).map(drop)
            })
            .unwrap();
    })
    .await;
    assert!(!burned.tail.is_empty());
    let world = &burned.restored;
    let (restored, list, holds) = standing(world);
    assert!(holds && list.is_empty() && world.code(2, "am").is_none() && world.code(3, "am").is_none());
    visit::account(world, world.school.id(), "head", crate::auth::Role::Head);
    let server = visit::server(world).await;
    let mut head = visit::Visitor::logged_in(&server, "head").await;
    let today = head.get("/today").await.body;
    assert!(today.contains("Call nobody about them yet") && today.contains("not heard yet: Room 7, Room 7"), "{today}");

    // Reception comes first: it has everything but the classroom's taps.
    let answer = hello(world, &burned.desk).await;
    assert_ne!(answer.school_log.unwrap().log, restored.log, "the school writes another log now");
    let said = witness(&burned, &answer);
    for _ in 0..2 {
        // The second time is a lost answer: it changes nothing.
        assert_eq!(say(world, &burned.desk, &said).await, (StatusCode::OK, Some(Witnessed { taken: true })));
        assert_eq!(world.code(3, "am").as_deref(), Some("I"));
        assert_eq!(world.count("SELECT count(*) FROM entry WHERE code = 'I'"), 1);
        assert_eq!(world.count("SELECT count(*) FROM staff WHERE name = 'Mr Lowe'"), 1);
    }
    let (_, list, holds) = standing(world);
    assert!(holds, "the classroom has not spoken");
    assert_eq!((list.returned, list.lost, list.other.len(), list.again.len()), (2, 0, 0, 0));
    let differs: Vec<_> = list.marks.iter().map(|m| (m.name.as_str(), m.shown.as_str(), m.stands)).collect();
    assert_eq!(differs, [("Pupil2 Test", "present", "no mark")], "its tap is still on the classroom's kiosk");
    let page = head.get("/restored").await.body;
    assert!(page.contains("Pupil2 Test") && page.contains("not yet"), "{page}");

    // The classroom fills the gap: it is told where, and sends from there.
    let answer = hello(world, &burned.kiosk).await;
    assert_eq!(answer.server_head.seq, 2);
    let nothing = Witness { heads: Vec::new(), marks: Vec::new(), tail: Vec::new(), ..witness(&burned, &answer) };
    say(world, &burned.kiosk, &nothing).await;
    assert!(standing(world).2, "it has spoken, and has not sent yet");
    let mut sender = burned.kiosk.clone();
    sender.sent = 2;
    assert_eq!(world.push(&sender).await, Pushed::Accepted { head: burned.kiosk.head() });
    assert_eq!(world.code(2, "am").as_deref(), Some("/"));
    let (_, list, holds) = standing(world);
    assert!(!holds && list.marks.is_empty());
    hello(world, &burned.kiosk).await;
    let (restored, ..) = standing(world);
    assert_eq!(restored.settled, Some(at(11, 0)));
    let restores = "SELECT count(*) FROM fact WHERE json_extract(body, '$.act.kind') = 'restored'";
    assert_eq!(world.count(restores), 2, "one when it was restored, one when everybody had spoken");
    let same = "SELECT count(*) FROM fact WHERE json_extract(body, '$.act.old') = json_extract(body, '$.act.new')";
    assert_eq!(world.count(same), 1, "the old log ends where the kiosks saw it end");
    assert_eq!(world.school.read_now(|tx| check::school(tx)).unwrap().wrong, Vec::<String>::new());
    assert!(!head.get("/today").await.body.contains("Call nobody"));

    // Done: nothing is asked any more, and the key is gone.
    assert_eq!(head.send("/restored/done", &[]).await.to(), "/restored");
    assert!(hello(world, &burned.desk).await.asks.is_none());
    let kept = world.stores.trust().read_now(|c| recovery::named(c, recovery::WAITING)).unwrap();
    assert_eq!(kept, None);
    assert_eq!(say(world, &burned.desk, &said).await.1, Some(Witnessed { taken: false }));
}

#[tokio::test]
async fn what_cannot_come_back_by_itself_is_on_the_list() {
    let burned = burned(|world| {
        let teacher = shared::id::StaffId::from_bytes([3; 16]);
        world
            .school
            .write_now(move |tx| {
                tx.execute(
                    "INSERT INTO staff(id, name, position) VALUES (?1, 'Ms Patel', 'teacher')",
                    [teacher.as_bytes()],
                )?;
                staff::set_pin(tx, now(9, 1), &officer(), teacher, Some("x"))
            })
            .unwrap();
        amend(world, 3, Code::I);
    })
    .await;
    let world = &burned.restored;
    let answer = hello(world, &burned.desk).await;
    // The parts are lost; that there was something is not.
    let mut said = witness(&burned, &answer);
    said.tail.clear();
    say(world, &burned.desk, &said).await;
    let (_, list, _) = standing(world);
    assert_eq!((list.returned, list.lost), (0, 2));
    // Another kiosk brings them.
    said.tail = burned.tail.clone();
    say(world, &burned.desk, &said).await;
    let (_, list, _) = standing(world);
    assert_eq!((list.returned, list.lost), (2, 0));
    assert!(matches!(&list.again[0].what, list::What::Pin(_)), "{:?}", list.again);
}

#[tokio::test]
async fn another_past_and_parts_of_strangers_change_nothing_and_are_told() {
    let burned = burned(|world| amend(world, 3, Code::I)).await;
    let world = &burned.restored;
    let answer = hello(world, &burned.desk).await;
    let mut said = witness(&burned, &answer);
    said.heads[0].head.hash = Hash([7; 32]);
    said.heads[0].head.seq = 1;
    let stranger = crate::recovery::seal(&Key::generate().public(), b"anything").unwrap();
    use base64::Engine as _;
    let stranger = base64::engine::general_purpose::STANDARD.encode(stranger);
    said.tail = vec![Tail { sealed: Text::new(&stranger).unwrap(), ..burned.tail[0].clone() }];
    say(world, &burned.desk, &said).await;
    let (restored, list, _) = standing(world);
    assert_eq!(list.other, [("Room 7".to_owned(), "2026-11-23".to_owned())]);
    assert_eq!((list.returned, world.code(3, "am")), (0, None));
    let waited = world.school.read_now(|tx| witness::waited(tx, &restored)).unwrap();
    assert_eq!(waited.iter().map(|kiosk| kiosk.closed).sum::<u32>(), 1);
}

#[tokio::test]
async fn a_kiosk_that_was_revoked_in_the_lost_hours_is_out_again_and_says_nothing() {
    let world = world();
    let stolen = world.enrol(Mode::Classroom, &[class(2)]).await;
    let burned = burned(|_| {}).await;
    drop(world);
    let world = &burned.restored;
    let act = Act::Revoked { kiosk: burned.kiosk.id };
    let (restored, ..) = standing(world);
    let head = restored.head;
    let body =
        serde_json::to_string(&shared::act::Acted { at: at(9, 1), clock_sure: true, by: officer(), act }).unwrap();
    let entry = head.append(crate::secret::salt().unwrap(), body);
    let (now, log) = (now(11, 1), restored.log);
    let took = world.school.write_now(move |tx| {
        let row = tail::row_of(tx, log)?.unwrap();
        record::take_back(tx, now, (row, log, head), &[entry])
    });
    assert!(matches!(took.unwrap(), record::Returned::Upto(_)));
    let answer = hello(world, &burned.desk).await;
    let said = witness(&burned, &answer);
    assert_eq!(say(world, &burned.kiosk, &said).await.0, StatusCode::FORBIDDEN);
    assert_eq!(say(world, &stolen, &said).await.0, StatusCode::UNAUTHORIZED, "another school's, or nobody's");
}

#[tokio::test]
async fn the_office_may_go_on_without_a_kiosk_that_is_broken() {
    let burned = burned(|_| {}).await;
    let world = &burned.restored;
    visit::account(world, world.school.id(), "office", crate::auth::Role::Office);
    let server = visit::server(world).await;
    let mut office = visit::Visitor::logged_in(&server, "office").await;
    assert_eq!(office.send("/restored/settle", &[]).await.to(), "/restored");
    let (restored, _, holds) = standing(world);
    assert!(!holds && restored.settled.is_some());
    let by = "SELECT count(*) FROM fact WHERE json_extract(body, '$.act.kind') = 'restored'
              AND json_extract(body, '$.by.name') = 'Person office'";
    assert_eq!(world.count(by), 1, "the record says who");
    assert!(office.get("/restored").await.body.contains("Calls go on"));
}
