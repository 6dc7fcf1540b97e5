//! Staff and cards over the whole router: what a person does, and what a kiosk is told of it.

use super::visit::{self, Visitor};
use crate::auth::Role;
use crate::testing::{World, at, pupil, world};
use axum::http::StatusCode;
use shared::observation::{Notice, Observation};
use shared::text::Text;
use shared::wire::v1::Mode;

const PATEL: &str = "06060606060606060606060606060606";

async fn scene() -> (World, axum::Router) {
    let world = world();
    for role in [Role::Office, Role::It, Role::Teacher] {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    world
        .school
        .write_now(|tx| {
            tx.execute_batch(
                "INSERT INTO staff(id, source_id, name, position) VALUES (x'06060606060606060606060606060606', 's1', 'Ms Patel', 'class teacher');
                 INSERT INTO staff_class(staff, class) SELECT x'06060606060606060606060606060606', id FROM class WHERE name = 'Class 1';
                 UPDATE pupil SET first = 'Zoë', last = 'Öztürk' WHERE last = 'Test' AND first = 'Pupil7';",
            )?;
            Ok(())
        })
        .unwrap();
    let server = visit::server(&world).await;
    (world, server)
}

/// The part of a page between its main tags, without what is random.
fn main_of(body: &str) -> String {
    let from = body.find("<main").unwrap();
    let main = &body[from..body.find("</main>").unwrap()];
    let mut out = String::new();
    for part in main.split("name=\"csrf\" value=\"") {
        let part = if out.is_empty() { part } else { &part[part.find('"').unwrap()..] };
        out.push_str(part);
        out.push_str("name=\"csrf\" value=\"");
    }
    out.truncate(out.len() - "name=\"csrf\" value=\"".len());
    out.lines().map(str::trim_end).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_pin_is_set_made_and_removed_and_kiosks_learn_it() {
    let (world, server) = scene().await;
    let mut person = Visitor::logged_in(&server, "office").await;
    insta::assert_snapshot!("staff", main_of(&person.get("/staff").await.body));
    let page = format!("/staff/{PATEL}");
    insta::assert_snapshot!("staff_member", main_of(&person.get(&page).await.body));
    let told = "SELECT count(*) FROM feed WHERE audience = 'all' AND key LIKE 'staff:%' AND body LIKE '%$argon2id$%'";
    let pin = format!("{page}/pin");
    for (bad, words) in
        [("1234", "pupils try first"), ("0000", "pupils try first"), ("47", "4 to 6 digits"), ("", "4 to 6 digits")]
    {
        let got = person.send(&pin, &[("decision", "set"), ("pin", bad)]).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(got.body.contains(words), "{bad}: {}", got.body);
    }
    assert_eq!(world.count(told), 0);
    let got = person.send(&pin, &[("decision", "set"), ("pin", "4711")]).await;
    assert_eq!(got.to(), format!("{page}?done=pin"));
    assert_eq!(world.count(told), 1, "in the feed with the same commit");
    assert!(!person.get(got.to()).await.body.contains("4711"), "a chosen PIN is not shown");
    let got = person.send(&pin, &[("decision", "make"), ("pin", "")]).await;
    assert_eq!(got.status, StatusCode::OK);
    let made = got.body.split("class=\"word\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(made.len() == 4 && made.bytes().all(|b| b.is_ascii_digit()), "{made}");
    let again = person.get(&page).await.body;
    assert!(!again.contains("class=\"word\"") && again.contains("There is a PIN"), "shown once");
    person.send(&pin, &[("decision", "remove")]).await;
    assert_eq!(world.count(told), 0);
}

#[tokio::test]
async fn cover_staff_are_added_and_ended_and_the_roster_keeps_its_own() {
    let (world, server) = scene().await;
    let mut person = Visitor::logged_in(&server, "office").await;
    let got = person.send("/staff/add", &[("name", "Mr Khan"), ("position", "cover teacher")]).await;
    let page = got.to().to_owned();
    assert!(page.starts_with("/staff/"), "{}", got.body);
    let again = person.send("/staff/add", &[("name", "mr khan"), ("position", "cover teacher")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let got = person.send(&format!("{page}/end"), &[("last_day", "2026-11-27")]).await;
    assert!(person.get(got.to()).await.body.contains("27 November 2026"));
    let told = "SELECT count(*) FROM feed WHERE body LIKE '%Mr Khan%'";
    assert_eq!(world.count(told), 1);
    let got = person.send(&format!("{page}/end"), &[("last_day", "2026-11-20")]).await;
    assert_eq!(got.to(), "/staff?done=ended");
    assert_eq!(world.count(told), 0);
    assert!(!person.get("/staff").await.body.contains("Mr Khan"));
    let refused = person.send(&format!("/staff/{PATEL}/end"), &[("last_day", "2026-11-20")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.body.contains("in your directory"));
}

#[tokio::test]
async fn a_pupil_is_found_by_any_part_and_given_a_card_that_can_be_lost() {
    let (world, server) = scene().await;
    let mut person = Visitor::logged_in(&server, "office").await;
    let cards = person.get("/cards").await.body;
    assert!(!cards.contains("Pupil1") && !cards.contains("Test"), "no list of the school");
    assert!(person.get("/cards?find=p").await.body.contains("at least two letters"));
    assert!(person.get("/cards?find=nobody+such").await.body.contains("Nobody on roll"));
    let many = person.get("/cards?find=pupil").await;
    assert!(many.status == StatusCode::OK && many.body.contains("Pupil3") && many.body.contains("Class 1"));
    let page = format!("/cards/{}", pupil(7));
    assert_eq!(person.get("/cards?find=%C3%96ZT+zo").await.to(), page, "the only one: straight to the card");
    insta::assert_snapshot!("cards_pupil", main_of(&person.get(&page).await.body));
    let bind = format!("{page}/bind");
    let got = person.send(&bind, &[("number", "12 34")]).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST);
    // The reader types the digits and presses Enter.
    let got = person.send(&bind, &[("number", "0004711")]).await;
    assert_eq!(got.to(), "/cards?done=bound");
    assert!(person.get(got.to()).await.body.contains("The card is bound"));
    let hash = world.school.read_now(|tx| crate::card::Number::new("0004711").unwrap().keyed(tx)).unwrap();
    let told = format!("SELECT count(*) FROM feed WHERE audience = 'reception' AND body LIKE '%{hash}%'");
    let told: &'static str = told.leak();
    assert_eq!(world.count(told), 1);
    assert_eq!(person.send(&bind, &[("number", "0004711")]).await.to(), format!("{page}?done=already"));
    let other = format!("/cards/{}/bind", pupil(1));
    let taken = person.send(&other, &[("number", "0004711")]).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert!(taken.body.contains("Zoë Öztürk") && !taken.body.contains("4711"), "whose it is, and no number");
    let got = person.send(&format!("{page}/lost"), &[("card", hash.as_str())]).await;
    assert_eq!(got.to(), format!("{page}?done=lost"));
    assert_eq!(world.count(told), 0);
    assert_eq!(person.send(&format!("{page}/lost"), &[("card", hash.as_str())]).await.status, StatusCode::NOT_FOUND);
    let everything = world.school.read_now(|tx| {
        let numbers = "SELECT (SELECT count(*) FROM card WHERE hash LIKE '%4711%' AND length(hash) < 64)
            + (SELECT count(*) FROM setting WHERE value LIKE '%0004711%') + (SELECT count(*) FROM feed WHERE body LIKE '%0004711%')";
        Ok(tx.query_row(numbers, [], |r| r.get::<_, i64>(0))?)
    });
    assert_eq!(everything.unwrap(), 0, "the number is nowhere");
}

#[tokio::test]
async fn a_card_that_nobody_knows_is_bound_from_the_list() {
    let (world, server) = scene().await;
    let mut person = Visitor::logged_in(&server, "office").await;
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    desk.anchor(at(8, 30));
    let (pupils, staffs) = ("ab".repeat(32), "cd".repeat(32));
    for (minute, card) in [(41, &pupils), (44, &staffs)] {
        desk.write(
            at(8, minute),
            Observation::Noticed { notice: Notice::UnknownCard { card: Text::new(card).unwrap() } },
        );
    }
    world.push(&desk).await;
    insta::assert_snapshot!("cards", main_of(&person.get("/cards").await.body));
    let find = person.get(&format!("/cards?card={pupils}&find=pupil2")).await;
    assert!(find.body.contains("Room 7, 08:41") && find.body.contains("Bind it"), "{}", find.body);
    let got = person.send(&format!("/cards/{}/bind", pupil(2)), &[("card", &pupils)]).await;
    assert_eq!(got.to(), "/cards?done=bound");
    let find = person.get(&format!("/cards?card={staffs}&find=patel")).await;
    assert!(find.body.contains(&format!("/staff/{PATEL}/card")), "staff too: the card may be theirs");
    let got = person.send(&format!("/staff/{PATEL}/card"), &[("card", &staffs)]).await;
    assert_eq!(got.to(), "/cards?done=bound");
    assert!(person.get("/cards").await.body.contains("None today or yesterday"));
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE audience = 'all' AND body LIKE '%cdcdcdcd%'"), 1);
}

#[tokio::test]
async fn who_may_not_sees_neither_the_pages_nor_their_links() {
    let (_world, server) = scene().await;
    for role in ["it", "teacher"] {
        let mut person = Visitor::logged_in(&server, role).await;
        for page in
            ["/staff".to_owned(), "/cards".to_owned(), "/cards?find=pupil".to_owned(), format!("/staff/{PATEL}")]
        {
            let got = person.get(&page).await;
            assert_eq!(got.status, StatusCode::FORBIDDEN, "{role} {page}");
            assert!(!got.body.contains("Patel") && !got.body.contains("Pupil"));
        }
        let got = person.send(&format!("/staff/{PATEL}/pin"), &[("decision", "make")]).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN);
        let home = person.get("/").await.to().to_owned();
        let home = person.get(&home).await.body;
        assert!(!home.contains("href=\"/staff\"") && !home.contains("href=\"/cards\""), "{role}");
    }
}

#[tokio::test]
async fn what_an_import_left_out_stands_on_its_page_by_file_and_line() {
    let (world, server) = scene().await;
    let mut it = Visitor::logged_in(&server, "it").await;
    assert!(it.get("/import").await.body.contains("Nothing has been imported yet"));
    let got = it.get("/import/pupils.csv").await;
    assert_eq!(got.headers["content-disposition"], "attachment; filename=\"pupils.csv\"");
    assert_eq!(got.body, crate::import::spreadsheet::TEMPLATE);
    let csv = "Class,First name,Surname,Date of birth,UPN\nClass 1,Ann,Lee,2018-02-30,\nClass 1,<b>Bo</b>,Fay,2018-02-03,X\n\
               ,Cy,Day,2018-02-04,\n";
    let files = crate::import::read::named("pupils.csv", csv.as_bytes().to_vec()).unwrap();
    world
        .school
        .write_now(move |tx| {
            let request = crate::import::Request { many_leavers: true, ..Default::default() };
            let mut n = 0_u8;
            let mut ids = || {
                n += 1;
                [n; 16]
            };
            let now = crate::testing::now(8, 45);
            crate::import::run(tx, &files, &request, now, &crate::testing::officer(), &mut ids)
        })
        .unwrap()
        .unwrap();
    let page = main_of(&it.get("/import").await.body);
    insta::assert_snapshot!("import", page);
    for (line, why) in [(2, "is not a date"), (3, "UPN is not valid"), (4, "is empty")] {
        assert!(page.lines().any(|l| l.contains(&format!(">{line}</td>")) && l.contains(why)), "line {line}: {page}");
    }
    for name in ["Ann", "Bo", "Fay", "Cy", "2018"] {
        assert!(!page.contains(name), "{name} is nobody's business here: {page}");
    }
    assert!(page.contains("Sam Okoro, office manager") && page.contains("pupils.csv"));
    let mut office = Visitor::logged_in(&server, "office").await;
    assert!(office.get("/staff").await.body.contains("href=\"/import\""));
    let mut teacher = Visitor::logged_in(&server, "teacher").await;
    assert_eq!(teacher.get("/import").await.status, StatusCode::FORBIDDEN);
}
