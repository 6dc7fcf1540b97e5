//! An import on the page: looked at first, done after, by whom it may be, and never without the session's token.

use crate::auth::Role;
use crate::office::visit::{self, Visitor};
use crate::testing::{at, class, pupil, world};
use axum::http::StatusCode;

/// The school of the tests as a sheet, with one more, one less, and one in another class.
fn sheet() -> String {
    let mut text = "Class,Year group,First name,Surname,Date of birth,Left\n".to_owned();
    for n in 1..=10 {
        let class = match n {
            2 => "Class 2",
            n if n <= 5 => "Class 1",
            _ => "Class 2",
        };
        let left = if n == 9 { "2026-11-20" } else { "" };
        text += &format!("{class},Year 3,Pupil{n},Test,2018-05-05,{left}\n");
    }
    text + "Class 1,Year 3,Ada,New,2018-01-02,\n"
}

#[tokio::test]
async fn a_file_is_shown_before_it_changes_anything_and_then_does_what_was_shown() {
    let world = world();
    world.set(at(10, 0));
    for role in [Role::Office, Role::It, Role::Champion] {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    let server = visit::server(&world).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let csrf = office.csrf().await;
    assert_eq!(office.upload("wrong", "pupils.csv", &sheet()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(office.upload(&csrf, "pupils.csv", "").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(office.upload(&csrf, "roll.doc", "x").await.status, StatusCode::BAD_REQUEST);
    let page = office.upload(&csrf, "pupils.csv", &sheet()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for words in ["Leave: 1", "Pupil9 Test", "New: 1", "Ada New", "Change class: 1", "Pupil2 Test"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("Pupil3 Test"), "whoever stays as they are is not listed: {}", page.body);
    let digest = page.field("digest");
    assert_eq!(world.count("SELECT count(*) FROM pupil WHERE first = 'Ada'"), 0, "nothing is written yet");

    // IT sees numbers; the champion nothing. Nobody does another's import.
    let mut it = Visitor::logged_in(&server, "it").await;
    let csrf_it = it.csrf().await;
    let got = it.send("/import/write", &[("digest", &digest)]).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST, "{}", got.body);
    let numbers = it.upload(&csrf_it, "pupils.csv", &sheet()).await.body;
    assert!(numbers.contains("new pupils") && !numbers.contains("Ada"), "{numbers}");
    let mut champion = Visitor::logged_in(&server, "champion").await;
    let csrf_champion = champion.csrf().await;
    assert_eq!(champion.upload(&csrf_champion, "pupils.csv", &sheet()).await.status, StatusCode::FORBIDDEN);

    assert_eq!(office.send("/import/write", &[("digest", "other")]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(office.send("/import/write", &[("digest", &digest)]).await.to(), "/import?done=yes");
    assert_eq!(world.count("SELECT count(*) FROM pupil WHERE first = 'Ada'"), 1);
    let by = "SELECT count(*) FROM fact WHERE body LIKE '%imported%' AND body LIKE '%Person office%'";
    assert_eq!(world.count(by), 1, "in the name of who did it");
    let gone = office.send("/import/write", &[("digest", &digest)]).await;
    assert_eq!(gone.status, StatusCode::BAD_REQUEST, "it does not wait any more");
    let again = office.upload(&csrf, "pupils.csv", &sheet()).await.body;
    assert!(again.contains("Nothing: it stands already."), "{again}");
}

#[tokio::test]
async fn a_move_by_hand_is_shown_as_a_conflict_and_kept_unless_the_office_says_otherwise() {
    let world = world();
    world.set(at(12, 30));
    for role in [Role::Office, Role::It] {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    let server = visit::server(&world).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let csrf = office.csrf().await;
    // The roster as it stands, so that the next file changes nothing by itself.
    let mut same = "Class,Year group,First name,Surname,Date of birth,Left\n".to_owned();
    for n in 1..=10 {
        same += &format!("Class {},Year 3,Pupil{n},Test,2018-05-05,\n", if n <= 5 { 1 } else { 2 });
    }
    let digest = office.upload(&csrf, "pupils.csv", &same).await.field("digest");
    office.send("/import/write", &[("digest", &digest)]).await;
    // Pupil 3 moves at noon, on the pupil's page.
    let class_two = class(2).to_string();
    let noon = [("class", class_two.as_str()), ("from_date", "2026-11-23"), ("from_half", "pm"), ("why", "")];
    assert_eq!(office.send(&format!("/pupils/{}/move", pupil(3)), &noon).await.status, StatusCode::SEE_OTHER);
    let place = || {
        let sql = "SELECT c.name FROM membership m JOIN class c ON c.id = m.class
                    WHERE m.pupil = ?1 AND ?2 = 'am' AND m.until_on IS NULL";
        world.one(sql, 3, "am").unwrap_or_default()
    };
    assert_eq!(place(), "Class 2");

    // The same file again: shown, and kept. Writing it moves nobody.
    let page = office.upload(&csrf, "pupils.csv", &same).await;
    for words in [
        "One pupil was moved to another class on a page, and the file does not know it.",
        "Moved by the office, and elsewhere in this file: 1",
        "Pupil3 Test",
        "stays in Class 2; the file has Class 1",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("Change class"), "{}", page.body);
    let digest = page.field("digest");
    assert_eq!(office.send("/import/write", &[("digest", &digest)]).await.to(), "/import?done=same");
    assert_eq!(place(), "Class 2", "the office's move stands");
    // IT, who sees no names, sees that there is one.
    let mut it = Visitor::logged_in(&server, "it").await;
    let csrf_it = it.csrf().await;
    let numbers = it.upload(&csrf_it, "pupils.csv", &same).await.body;
    assert!(numbers.contains("One pupil was moved") && !numbers.contains("Pupil3"), "{numbers}");

    // Asked for, the file counts.
    let page = office.upload(&csrf, "pupils.csv", &same).await;
    let digest = page.field("digest");
    let page = office.send("/import/choose", &[("digest", &digest), ("undo_moves", "true")]).await;
    assert!(page.body.contains("Change class: 1") && page.body.contains("The file counts"), "{}", page.body);
    let written = office.send("/import/write", &[("digest", &digest), ("undo_moves", "true")]).await;
    assert_eq!(written.to(), "/import?done=yes");
    assert_eq!(place(), "Class 1");
    // And nothing is in conflict any more.
    let page = office.upload(&csrf, "pupils.csv", &same).await.body;
    assert!(page.contains("Nothing: it stands already.") && !page.contains("Moved by the office"), "{page}");
}

#[tokio::test]
async fn a_move_of_last_school_year_stands_against_no_new_class() {
    let world = world();
    world.set(at(12, 30));
    visit::account(&world, world.school.id(), "office", Role::Office);
    let server = visit::server(&world).await;
    let mut office = Visitor::logged_in(&server, "office").await;
    let class_two = class(2).to_string();
    let noon = [("class", class_two.as_str()), ("from_date", "2026-11-23"), ("from_half", "pm"), ("why", "")];
    assert_eq!(office.send(&format!("/pupils/{}/move", pupil(3)), &noon).await.status, StatusCode::SEE_OTHER);
    let text = "Class,Year group,First name,Surname,Date of birth,Left\nClass 1,Year 3,Pupil3,Test,2018-05-05,\n";
    let looked = |today: &str| {
        let today = today.parse().unwrap();
        let files = crate::import::read::named("pupils.csv", text.as_bytes().to_vec()).unwrap();
        let request = crate::import::Request { many_leavers: true, ..Default::default() };
        let look = move |tx: &crate::store::ReadTx<'_>| {
            let mut n = 0_u8;
            let mut ids = move || {
                n += 1;
                [n; 16]
            };
            Ok(crate::import::look(tx, &files, &request, today, &mut ids))
        };
        world.school.read_now(look).unwrap().unwrap().report
    };
    let now = looked("2026-11-24");
    assert_eq!((now.by_hand, now.changes.movers), (1, 0));
    let next = looked("2027-09-03");
    assert_eq!((next.by_hand, next.changes.movers), (0, 1), "a new year has new classes");
}
