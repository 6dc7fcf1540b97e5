//! Who looked at whom: the headteacher's page of looks, at one pupil or at all.
//!
//! Must never: let a look be changed or taken away.

use super::entry::found;
use super::list::{self, Bar, Sheet, View};
use super::{Shell, html, named, words};
use crate::auth::Actor;
use crate::error::Answer;
use crate::look::{self, Noted};
use crate::state::App;
use crate::store::{ReadTx, StoreError};
use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use rusqlite::OptionalExtension as _;
use shared::calendar::{Calendar, SessionKey};
use shared::id::PupilId;
use shared::time::Millis;

/// Most on one page.
const MOST: usize = 300;

#[derive(Template)]
#[template(path = "looks.html")]
struct LooksPage {
    shell: Shell,
    /// Whose, if one pupil's.
    pupil: Option<String>,
    looks: Vec<Line>,
    more: bool,
    bar: Bar,
}

/// One look in words.
struct Line {
    when: String,
    who: String,
    what: String,
    pupil: Option<(PupilId, String)>,
}

/// `GET /looks?filter&as`
pub async fn page(State(app): State<App>, Extension(actor): Extension<Actor>, Query(view): Query<View>) -> Answer {
    let (shell, now, file) = (Shell::of(&actor, "/looks"), app.clock.now().at, view.file);
    let page = actor.school.read(move |tx| read(tx, None, shell, now, &view)).await?;
    list::answer(&page, file, sheet, Vec::new())
}

fn sheet(page: &LooksPage) -> Sheet {
    let row = |l: &Line| {
        let pupil = l.pupil.as_ref().map(|(_, name)| name.clone()).unwrap_or_default();
        vec![l.when.clone(), l.who.clone(), pupil, l.what.clone()]
    };
    let head = vec!["When", "Who", "Pupil", "Page"];
    Sheet { name: "who-looked".to_owned(), head, rows: page.looks.iter().map(row).collect() }
}

/// `GET /looks/{pupil}`
pub async fn of_pupil(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(pupil): Path<String>,
    Query(view): Query<View>,
) -> Answer {
    let pupil: PupilId = named(&pupil)?;
    let (shell, now) = (Shell::of(&actor, "/looks"), app.clock.now().at);
    let page = actor.school.read(move |tx| {
        let name: Option<String> = tx
            .query_row("SELECT first || ' ' || last FROM pupil WHERE id = ?1", [pupil.as_bytes()], |r| r.get(0))
            .optional()?;
        name.map(|name| read(tx, Some((pupil, name)), shell, now, &view)).transpose()
    });
    html(&found(page.await?)?)
}

fn read(
    tx: &ReadTx<'_>,
    pupil: Option<(PupilId, String)>,
    shell: Shell,
    now: Millis,
    view: &View,
) -> Result<LooksPage, StoreError> {
    let calendar = tx.calendar()?;
    let (looks, more) = look::list(tx, pupil.as_ref().map(|(id, _)| *id), MOST)?;
    let mut looks: Vec<Line> = looks.into_iter().map(|noted| line(&calendar, now, noted)).collect();
    looks.retain(|l| view.keeps(&[&l.who, &l.what, l.pupil.as_ref().map_or("", |(_, name)| name.as_str())]));
    Ok(LooksPage { shell, pupil: pupil.map(|(_, name)| name), looks, more, bar: view.bar("/looks", &[], &[]) })
}

fn line(calendar: &Calendar, now: Millis, noted: Noted) -> Line {
    let page = match noted.page.as_str() {
        "/register/{class}/{session}" => "the register",
        "/amend/{pupil}/{session}" => "amending a mark",
        "/absence/{pupil}/{session}" => "recording an absence",
        "/ledger/class/{class}/{session}" | "/ledger/pupil/{pupil}" => "the ledger",
        "/leave/ask/{pupil}" => "asking for leave",
        "/pupils/{pupil}" => "the pupil’s page",
        "/take/{class}/{session}" => "entering a paper list",
        "/paper/{session}" => "the registers on paper",
        "/roll-call" => "the roll call",
        "/calls" => "the list of calls",
        "/unexplained" => "sessions without a reason",
        "/leave" => "leave of absence",
        "/plans" => "planned absence",
        "/pupils" => "the list of pupils",
        "/door" => "the late book",
        "/today" => "Today",
        "/cards" => "the list of cards",
        "/kiosks/held/{kiosk}" => "what a kiosk sent while it was held back",
        "/restored" => "the list after the restore",
        "/door/note" | "/door/note/{pupil}" => "writing down who goes home",
        "/plans/preview" | "/leave/decide/{plan}" | "/calendar/close" | "/calls/{pupil}/{session}/reason" => {
            "what stands against a plan"
        }
        "/door/slips" => "slips of the late book",
        "/door/week" => "lateness of a week",
        "/calls/{pupil}/{session}" => "calling home",
        "/question/{kind}/{session}/{about}" => "a question",
        "/cards/{pupil}" => "cards",
        "/looks/{pupil}" => "who looked",
        _ => "a page",
    };
    let class = noted.class.map(|class| format!(" of {class}")).unwrap_or_default();
    let session = noted.session.and_then(|key| key.parse::<SessionKey>().ok());
    let session = session.map(|key| format!(", {}", words::session(key))).unwrap_or_default();
    Line {
        when: words::moment(calendar, noted.at, calendar.date_of(now)),
        who: noted.who,
        what: match noted.shown {
            0 => format!("{page}{class}{session}"),
            n => format!("{page}, with {}", words::count(n, "pupil", "pupils")),
        },
        pupil: noted.pupil,
    }
}

#[cfg(test)]
mod tests {
    use crate::auth::Role;
    use crate::office::visit::{self, Visitor};
    use crate::testing::{at, class, pupil, world};
    use axum::http::StatusCode;
    use shared::observation::Mark;
    use shared::wire::v1::Mode;

    #[tokio::test]
    async fn every_look_at_a_pupil_is_noted_once_and_the_head_reads_it() {
        let world = world();
        world.set(at(9, 0));
        for role in [Role::Office, Role::Head, Role::Champion] {
            visit::account(&world, world.school.id(), role.as_str(), role);
        }
        let server = visit::server(&world).await;
        let mut office = Visitor::logged_in(&server, "office").await;
        office.get("/today").await;
        assert_eq!(world.count("SELECT count(*) FROM look"), 0);
        for path in [
            format!("/register/{}/2026-11-23-am", class(1)),
            format!("/amend/{}/2026-11-23-am", pupil(1)),
            format!("/amend/{}/2026-11-23-am", pupil(1)),
            format!("/cards/{}", pupil(7)),
        ] {
            assert_eq!(office.get(&path).await.status, StatusCode::OK, "{path}");
        }
        assert_eq!(world.count("SELECT count(*) FROM look"), 3, "the same look again is one");
        world.set(at(9, 11));
        office.get(&format!("/amend/{}/2026-11-23-am", pupil(1))).await;
        assert_eq!(world.count("SELECT count(*) FROM look"), 4, "and later another");
        assert_eq!(office.get(&format!("/amend/{}/2026-11-23-am", "0".repeat(32))).await.status, StatusCode::NOT_FOUND);
        let mut champion = Visitor::logged_in(&server, "champion").await;
        assert_eq!(champion.get(&format!("/amend/{}/2026-11-23-am", pupil(2))).await.status, StatusCode::FORBIDDEN);
        assert_eq!(world.count("SELECT count(*) FROM look"), 4, "what was not shown was not seen");

        let mut head = Visitor::logged_in(&server, "head").await;
        let all = head.get("/looks").await.body;
        for words in
            ["the register of Class 1, Monday 23 November, morning", "amending a mark", "Pupil7 Test", "Person office"]
        {
            assert!(all.contains(words), "{words} is not in {all}");
        }
        let one = head.get(&format!("/looks/{}", pupil(1))).await.body;
        assert!(one.contains("amending a mark") && one.contains("the register of Class 1") && !one.contains("Pupil7"));
        assert_eq!(head.get(&format!("/looks/{}", "0".repeat(32))).await.status, StatusCode::NOT_FOUND);
        assert_eq!(office.get("/looks").await.status, StatusCode::FORBIDDEN);
    }

    /// Whom the head reads as looked at, on this page.
    async fn looked(head: &mut Visitor, n: u8, words: &str) -> bool {
        head.get(&format!("/looks/{}", pupil(n))).await.body.contains(words)
    }

    #[tokio::test]
    async fn today_cards_and_what_was_held_back_are_looks_at_whom_they_name_and_come_as_files() {
        let world = world();
        world.set(at(9, 0));
        for role in [Role::Office, Role::Head] {
            visit::account(&world, world.school.id(), role.as_str(), role);
        }
        let server = visit::server(&world).await;
        let (mut office, mut head) =
            (Visitor::logged_in(&server, "office").await, Visitor::logged_in(&server, "head").await);
        let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
        room.anchor(at(8, 45));
        room.tap(at(8, 55), "am", 1, 1, Mark::Present);
        room.tap(at(8, 55), "am", 1, 2, Mark::Absent);
        world.push(&room).await;
        // Today names who is absent without a reason, and nobody else.
        office.get("/today").await;
        assert!(looked(&mut head, 2, "Today, with 1 pupil").await && !looked(&mut head, 1, "Today, with").await);
        let file = office.get("/today?as=csv").await;
        assert_eq!(file.headers["content-disposition"], "attachment; filename=\"registers-2026-11-23-am.csv\"");
        assert!(file.body.contains("Class 1,,In progress,2 of 5,1,0,1,1"), "{}", file.body);
        assert!(!file.body.contains("Pupil2"), "numbers, and nobody's name");
        assert!(office.get("/today?as=xlsx").await.body.starts_with("PK"));
        // Cards: whom a search found.
        office.get("/cards?find=pupil1").await;
        assert!(
            looked(&mut head, 10, "the list of cards, with 2 pupils").await
                && !looked(&mut head, 3, "list of cards").await
        );
        let file = office.get("/cards?find=pupil1&as=csv").await.body;
        assert!(file.contains("Pupil10 Test,Class 2,0") && !file.contains("Pupil3"), "{file}");
        assert_eq!(office.get("/cards?find=pupil3&as=xlsx").await.status, StatusCode::OK, "a file of one is a file");
        assert!(looked(&mut head, 3, "the list of cards").await);
        assert!(office.get("/cards?as=csv").await.body.contains("Seen,Kiosk,More"));
        // What was held back.
        room.sent = room.entries.len();
        world.revoke(&room);
        room.tap(at(8, 58), "am", 1, 4, Mark::Present);
        world.push(&room).await;
        let held = format!("/kiosks/held/{}", room.id);
        let file = office.get(&format!("{held}?as=csv")).await.body;
        assert!(file.contains("Pupil4 Test,\"marked present in Class 1"), "{file}");
        assert!(looked(&mut head, 4, "held back").await && !looked(&mut head, 5, "held back").await);
        // What stands against a plan is read on a page that answers a form: that is a look too.
        let form = [
            ("class", class(2).to_string()),
            ("from_date", "2026-11-24".to_owned()),
            ("from_half", "am".to_owned()),
            ("until_date", "2026-11-24".to_owned()),
            ("until_half", "pm".to_owned()),
            ("code", "V".to_owned()),
            ("detail", "museum".to_owned()),
            ("reason", "letter".to_owned()),
        ];
        let form: Vec<(&str, &str)> = form.iter().map(|(a, b)| (*a, b.as_str())).collect();
        assert_eq!(office.send("/plans/preview", &form).await.status, StatusCode::OK);
        assert!(looked(&mut head, 8, "what stands against a plan, with 5 pupils").await);
    }
}
