//! An import on the page: looked at first, done after, by whom it may be, and never without the session's token.

use crate::auth::Role;
use crate::office::visit::{self, Got, Visitor};
use crate::testing::{at, world};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};

/// Sends a file as a browser does.
async fn upload(visitor: &mut Visitor, csrf: &str, name: &str, text: &str) -> Got {
    let part = |head: &str, body: &str| format!("--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
    let body =
        part("name=\"csrf\"", csrf) + &part(&format!("name=\"file\"; filename=\"{name}\""), text) + "--edge--\r\n";
    let request = Request::post("/import/look").header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
    visitor.ask(request.body(Body::from(body)).unwrap()).await
}

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
    assert_eq!(upload(&mut office, "wrong", "pupils.csv", &sheet()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(upload(&mut office, &csrf, "pupils.csv", "").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(upload(&mut office, &csrf, "roll.doc", "x").await.status, StatusCode::BAD_REQUEST);
    let page = upload(&mut office, &csrf, "pupils.csv", &sheet()).await;
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
    let numbers = upload(&mut it, &csrf_it, "pupils.csv", &sheet()).await.body;
    assert!(numbers.contains("new pupils") && !numbers.contains("Ada"), "{numbers}");
    let mut champion = Visitor::logged_in(&server, "champion").await;
    let csrf_champion = champion.csrf().await;
    assert_eq!(upload(&mut champion, &csrf_champion, "pupils.csv", &sheet()).await.status, StatusCode::FORBIDDEN);

    assert_eq!(office.send("/import/write", &[("digest", "other")]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(office.send("/import/write", &[("digest", &digest)]).await.to(), "/import?done=yes");
    assert_eq!(world.count("SELECT count(*) FROM pupil WHERE first = 'Ada'"), 1);
    let by = "SELECT count(*) FROM fact WHERE body LIKE '%imported%' AND body LIKE '%Person office%'";
    assert_eq!(world.count(by), 1, "in the name of who did it");
    let gone = office.send("/import/write", &[("digest", &digest)]).await;
    assert_eq!(gone.status, StatusCode::BAD_REQUEST, "it does not wait any more");
    let again = upload(&mut office, &csrf, "pupils.csv", &sheet()).await.body;
    assert!(again.contains("Nothing: it stands already."), "{again}");
}
