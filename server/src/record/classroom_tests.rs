//! What a classroom tells the office besides marks: notes, changes asked for after close, visitors from another class.

use super::seen;
use crate::testing::{at, class, now, pupil, session, world};
use crate::{feed, school};
use base64::Engine;
use shared::act::{Act, Officer};
use shared::codes::Code;
use shared::observation::{Mark, Observation, Wish};
use shared::register::{MarkKey, QuestionKey, QuestionKind};
use shared::text::{Name, Remark};
use shared::wire::v1::{Choices, Mode, RowBody};

/// The headteacher chooses.
fn choose(world: &crate::testing::World, choices: Choices) {
    let by = Officer::Person { name: Name::new("Ada Head").unwrap(), position: Name::new("headteacher").unwrap() };
    world.school.write_now(move |tx| school::choose(tx, now(8, 40), &by, &choices)).unwrap();
}

fn key(kind: QuestionKind, n: u8) -> QuestionKey {
    QuestionKey { kind, session: session("am"), class: None, pupil: Some(pupil(n)) }
}

#[tokio::test]
async fn a_note_is_a_question_until_the_office_has_seen_it_and_is_read_by_the_office_alone() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    kiosk.anchor(at(8, 45));
    let public = world.school.read_now(|tx| school::setting(tx, "seal_public")).unwrap().unwrap();
    let public = crypto_box::PublicKey::from(crate::secret::unhex::<32>(&public).unwrap());
    let sealed = public.seal(&mut crypto_box::aead::OsRng, b"Seems unwell").unwrap();
    let sealed = base64::engine::general_purpose::STANDARD.encode(sealed);
    let note = Some(shared::text::Text::new(&sealed).unwrap());
    kiosk.write(at(8, 56), Observation::Noted { session: session("am"), class: class(1), pupil: pupil(2), note });
    world.push(&kiosk).await;
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE held = 1"), 0);
    assert_eq!(world.count("SELECT count(*) FROM question WHERE kind = 'note' AND urgent = 0"), 1);
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE body LIKE '%unwell%'"), 0, "sealed on its way");
    let said = world.school.read_now(|tx| crate::office::said(tx, &key(QuestionKind::Note, 2))).unwrap();
    assert_eq!(said, ["Nobody signed on: Seems unwell"]);
    let mark = MarkKey { pupil: pupil(2), session: session("am") };
    let before = world.school.read_now(|tx| seen(tx, mark)).unwrap();
    let question = key(QuestionKind::Note, 2);
    world.act(now(9, 0), Act::Settled { question, answer: Remark::new("as it stands").unwrap(), seen: before });
    assert_eq!(world.count("SELECT count(*) FROM question"), 0);
    assert_eq!(world.code(2, "am"), None, "a note changes no mark");
}

#[tokio::test]
async fn a_change_asked_for_after_close_waits_for_the_office_and_changes_nothing_by_itself() {
    let world = world();
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    kiosk.anchor(at(8, 45));
    kiosk.tap(at(8, 56), "am", 1, 2, Mark::Absent);
    kiosk.submit(at(8, 57), "am", 1, 1..=5);
    world.push(&kiosk).await;
    world.school.write_now(|tx| crate::jobs::close_due(tx, now(9, 20))).unwrap();
    kiosk.sent = 3;
    let asked =
        Observation::ChangeAsked { session: session("am"), class: class(1), pupil: pupil(2), wish: Wish::Present };
    world.set(at(9, 40));
    kiosk.write(at(9, 39), asked);
    world.push(&kiosk).await;
    assert_eq!(world.code(2, "am").as_deref(), Some("N"));
    assert_eq!(world.count("SELECT count(*) FROM question WHERE kind = 'change_asked'"), 1);
    let said = world.school.read_now(|tx| crate::office::said(tx, &key(QuestionKind::ChangeAsked, 2))).unwrap();
    assert_eq!(said, ["Nobody signed on: was here from the start"]);
    let mark = MarkKey { pupil: pupil(2), session: session("am") };
    let before = world.school.read_now(|tx| seen(tx, mark)).unwrap();
    let amended = Act::Amended {
        pupil: pupil(2),
        session: session("am"),
        code: Some(Code::present(shared::calendar::Half::Am)),
        minutes: None,
        detail: None,
        reason: Remark::new("the teacher asked").unwrap(),
        seen: before,
    };
    world.act(now(9, 45), amended);
    assert_eq!(world.code(2, "am").as_deref(), Some("/"));
    assert_eq!(world.count("SELECT count(*) FROM question"), 0, "an amendment that had seen it deals with it");
}

#[tokio::test]
async fn a_visitor_is_present_with_a_question_and_an_absence_from_elsewhere_is_held() {
    let world = world();
    choose(&world, Choices { visitors: true, ..Choices::default() });
    let mut kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    kiosk.anchor(at(8, 45));
    kiosk.tap(at(8, 56), "am", 1, 7, Mark::Present);
    world.push(&kiosk).await;
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE held = 1"), 0);
    assert_eq!(world.code(7, "am").as_deref(), Some("/"));
    assert_eq!(world.count("SELECT count(*) FROM question WHERE kind = 'other_kiosk'"), 1);
    kiosk.sent = 2;
    kiosk.tap(at(8, 57), "am", 1, 7, Mark::Blank);
    kiosk.tap(at(8, 57), "am", 1, 8, Mark::Absent);
    world.push(&kiosk).await;
    assert_eq!(world.code(7, "am"), None, "taken back");
    assert_eq!(world.count("SELECT count(*) FROM question"), 0);
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE held = 1"), 1);
}

#[tokio::test]
async fn the_schools_choices_reach_every_kiosk_and_visitors_can_be_kept_out() {
    let world = world();
    let kiosk = world.enrol(Mode::Classroom, &[class(1)]).await;
    let visitors = "SELECT count(*) FROM feed WHERE audience = 'classroom' AND body IS NOT NULL";
    assert_eq!(world.count(visitors), 0, "usually a classroom knows its own class alone");
    choose(&world, Choices { visitors: true, ..Choices::default() });
    assert_eq!(world.count(visitors), 10);
    let told: String = world
        .school
        .read_now(
            |tx| Ok(tx.query_row("SELECT body FROM feed WHERE audience = 'classroom' LIMIT 1", [], |r| r.get(0))?),
        )
        .unwrap();
    assert!(told.contains("\"of\":") && told.contains("\"classes\":[]"), "a name and a class: {told}");
    let choices = Choices { positive: true, ..Choices::default() };
    choose(&world, choices.clone());
    assert_eq!(world.count(visitors), 0);
    let mut room = kiosk;
    room.anchor(at(9, 1));
    room.tap(at(9, 2), "am", 1, 7, Mark::Present);
    world.push(&room).await;
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE held = 1"), 1, "then nobody visits");
    let kiosk = room;
    let settings: String = world
        .school
        .read_now(move |tx| {
            let key = format!("settings:{}", kiosk.id);
            Ok(tx.query_row("SELECT body FROM feed WHERE key = ?1", [key], |r| r.get(0))?)
        })
        .unwrap();
    let RowBody::Settings(settings) = serde_json::from_str(&settings).unwrap() else { panic!("{settings}") };
    assert_eq!(settings.choices, choices);
    assert_eq!(world.school.read_now(|tx| feed::choices(tx)).unwrap(), choices);
}
