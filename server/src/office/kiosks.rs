//! Kiosks: which there are, how they are, enrolling one by its code, revoking one.
//!
//! Must never: show a pupil, a token, or a code that nobody typed.

use super::entry::found;
use super::list::{Bar, Sheet, View};
use super::{Sent, Shell, choose, held, html, named, words};
use crate::auth::Actor;
use crate::device::Damaged;
use crate::enrol::whole_box::{self, BoxCode};
use crate::error::{Answer, Error};
use crate::health::OFFLINE_MS;
use crate::state::App;
use crate::store::StoreError;
use crate::{device, enrol, feed};
use askama::Template;
use axum::extract::{Extension, Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use chrono::{Days, NaiveDate};
use rusqlite::Connection;
use shared::calendar::Calendar;
use shared::id::{ClassId, KioskId};
use shared::text::Name;
use shared::time::Millis;
use shared::wire::v1::{Fault, Mode};

#[derive(Template)]
#[template(path = "kiosks.html")]
struct KiosksPage {
    shell: Shell,
    kiosks: Vec<Kiosk>,
    revoked: Vec<Kiosk>,
    online: usize,
    all: usize,
    bar: Bar,
    /// May look at what is held back.
    decides: bool,
    boxes: Vec<CodeLine>,
    most: u32,
    /// The last day that the form proposes.
    proposed: String,
    /// The fingerprint of this server's key.
    key: String,
}

/// A code for a whole box that still holds.
struct CodeLine {
    id: i64,
    /// "28 of 30 kiosks, to the end of Friday 4 December".
    left: String,
    by: String,
}

#[derive(Template)]
#[template(path = "box.html")]
struct BoxPage {
    shell: Shell,
    code: String,
    key: String,
    left: String,
}

/// What the form of a box brings.
#[derive(serde::Deserialize)]
pub struct BoxForm {
    #[serde(default)]
    kiosks: String,
    #[serde(default)]
    until: String,
}

/// A kiosk as the list shows it.
struct Kiosk {
    id: KioskId,
    room: String,
    /// Empty for a classroom.
    mode: &'static str,
    classes: String,
    state: &'static str,
    colour: &'static str,
    note: String,
    app: String,
    revoked: Option<String>,
    /// "3 facts held back", or nothing.
    held: String,
    /// Where they are looked at.
    held_at: String,
}

#[derive(Template)]
#[template(path = "enrol.html")]
struct EnrolPage {
    shell: Shell,
    code: String,
    check_word: String,
    app: String,
    since: String,
    room: String,
    classes: Vec<(ClassId, String)>,
}

/// What the form of a code brings.
#[derive(serde::Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    code: String,
}

/// `GET /kiosks?filter&sort&as`
pub async fn page(State(app): State<App>, Extension(actor): Extension<Actor>, Query(view): Query<View>) -> Answer {
    let now = app.clock.now().at;
    let all = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        Ok((kiosks(tx, &calendar, now)?, calendar))
    });
    let (all, calendar) = all.await?;
    let (revoked, mut kiosks): (Vec<_>, Vec<_>) = all.into_iter().partition(|k| k.revoked.is_some());
    kiosks.sort_by_cached_key(|k| (k.colour == "good", words::counted(&k.room))); // those that need somebody first
    let online = kiosks.iter().filter(|k| k.state == "Online").count();
    let all = kiosks.len();
    kiosks.retain(|k| view.keeps(&[&k.room, k.mode, &k.classes, k.state, &k.note]));
    if view.sort == "room" {
        kiosks.sort_by_cached_key(|k| words::counted(&k.room));
    }
    if let Some(kind) = view.file {
        return sheet(&kiosks).answer(kind, Vec::new());
    }
    let bar = view.bar("/kiosks", &[], &[("needs", "those that need somebody first"), ("room", "room")]);
    let school = actor.school.id();
    let codes = app.stores.trust().read(move |t| whole_box::list(t, school)).await?;
    let boxes = codes.into_iter().filter(|code| code.holds(now)).map(|code| code_line(&calendar, &code)).collect();
    let proposed = calendar.date_of(now).checked_add_days(Days::new(7)).unwrap_or_default().to_string();
    let (shell, decides) = (Shell::of(&actor, "/kiosks"), actor.role.amends());
    let (most, key) = (whole_box::MOST, app.pin.to_string());
    html(&KiosksPage { shell, kiosks, revoked, online, all, bar, decides, boxes, most, proposed, key })
}

fn sheet(kiosks: &[Kiosk]) -> Sheet {
    let row = |k: &Kiosk| {
        let (mode, state) = (k.mode.to_owned(), k.state.to_owned());
        vec![k.room.clone(), mode, k.classes.clone(), state, k.note.clone(), k.app.clone(), k.held.clone()]
    };
    let head = vec!["Room", "Kind", "Classes", "How it is", "Note", "Version", "Held back"];
    Sheet { name: "kiosks".to_owned(), head, rows: kiosks.iter().map(row).collect() }
}

fn code_line(calendar: &Calendar, code: &BoxCode) -> CodeLine {
    let (name, last) = (code.by.name().to_string(), calendar.date_of(code.until.plus(-1)));
    CodeLine { id: code.id, left: left(code.remaining, code.uses, last), by: name }
}

fn left(remaining: u32, uses: u32, last: NaiveDate) -> String {
    format!(
        "{remaining} of {} left, to the end of {}",
        words::count(uses as usize, "kiosk", "kiosks"),
        words::day(last)
    )
}

/// `POST /kiosks/box`: a code for a whole box, shown this once.
pub async fn make_box(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(form): Sent<BoxForm>) -> Answer {
    let bad = |what: &str| Error::BadInput(format!("{what} Go back and correct it."));
    let uses: u32 = form.kiosks.trim().parse().map_err(|_| bad("Write how many kiosks there are, as a number."))?;
    let last: NaiveDate = form.until.trim().parse().map_err(|_| bad("Write the last day, as 2026-12-18."))?;
    let calendar = actor.school.read(|tx| tx.calendar()).await?;
    let until = whole_box::last_day(&calendar, last)?;
    let (school, by, now) = (actor.school.id(), actor.officer(), app.clock.now().at);
    let code = app.stores.trust().write(move |t| whole_box::make(t, school, uses, until, &by, now)).await?;
    let shell = Shell::of(&actor, "/kiosks");
    html(&BoxPage { shell, code, key: app.pin.to_string(), left: left(uses, uses, last) })
}

/// `POST /kiosks/box/{code}/end`
pub async fn end_box(State(app): State<App>, Extension(actor): Extension<Actor>, Path(code): Path<i64>) -> Answer {
    let (school, now) = (actor.school.id(), app.clock.now().at);
    let ended = app.stores.trust().write(move |t| whole_box::end(t, school, code, now)).await?;
    found(ended.then_some(()))?;
    Ok(Redirect::to("/kiosks").into_response())
}

fn kiosks(c: &Connection, calendar: &Calendar, now: Millis) -> Result<Vec<Kiosk>, StoreError> {
    let today = calendar.date_of(now);
    let sql = format!(
        "SELECT k.id, k.room, k.mode, k.seen_at, k.revoked_at, k.app, k.faults,
                (SELECT group_concat(name, ', ') FROM
                   (SELECT c.name FROM kiosk_class kc JOIN class c ON c.id = kc.class WHERE kc.kiosk = k.id ORDER BY c.sort, c.name)),
                (SELECT count(*) FROM log l JOIN fact f ON f.log = l.id WHERE l.kiosk = k.id AND f.held = 1 AND {}), k.roll_call
         FROM kiosk k ORDER BY k.mode DESC, k.room",
        held::BY_PEOPLE
    );
    let damaged = Damaged::all(c, now)?;
    let mut statement = c.prepare_cached(&sql)?;
    let rows = statement.query_map([], |r| {
        let millis = |i| r.get::<_, Option<i64>>(i).map(|at| at.map(Millis));
        let (seen, revoked) = (millis(3)?, millis(4)?);
        let faults: Vec<Fault> = serde_json::from_str(r.get_ref(6)?.as_str()?).unwrap_or_default();
        let (id, held): (_, usize) = (KioskId::from_bytes(r.get(0)?), r.get(8)?);
        let when = |at| words::moment(calendar, at, today);
        let mut notes: Vec<String> = faults.iter().map(|f| fault(*f).to_owned()).collect();
        if let Some(Damaged { at, lost, .. }) = damaged.get(&id) {
            let lost = match *lost {
                0 => "nothing was lost".to_owned(),
                n => format!(
                    "{} could not be read: ask its teacher",
                    words::count(usize::try_from(n).unwrap_or(usize::MAX), "entry", "entries")
                ),
            };
            notes.push(format!("its memory card was damaged ({lost}; told {}): replace it", when(*at)));
        }
        let (state, colour) = match seen {
            None => ("Never seen", "warn"),
            Some(seen) if now.since(seen) > OFFLINE_MS => {
                notes.push(format!("offline since {}", when(seen)));
                ("Offline", "bad")
            }
            Some(seen) => {
                notes.push(format!("last seen {}", when(seen)));
                if faults.is_empty() && !damaged.contains_key(&id) {
                    ("Online", "good")
                } else {
                    ("Needs a look", "warn")
                }
            }
        };
        let mode = match feed::mode(r.get_ref(2)?.as_str()?, r.get(9)?) {
            Mode::Classroom => "",
            Mode::Reception => "reception",
            Mode::RollCall => "roll call",
        };
        Ok(Kiosk {
            id,
            room: r.get(1)?,
            mode,
            classes: r.get::<_, Option<String>>(7)?.unwrap_or_default(),
            state,
            colour,
            note: notes.join(" · "),
            app: r.get::<_, Option<String>>(5)?.unwrap_or_default(),
            revoked: revoked.map(when),
            held: if held > 0 { format!("{} held back", words::count(held, "mark", "marks")) } else { String::new() },
            held_at: held::href(id),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::NoReader => "no card reader answers",
        Fault::Disk => "its card is full or cannot be written",
        Fault::Clock => "its clock is wrong (it corrects itself; look at its battery)",
    }
}

/// `POST /kiosks/enrol`: the code was typed.
pub async fn code(State(app): State<App>, Extension(_): Extension<Actor>, Sent(form): Sent<CodeForm>) -> Answer {
    let Some(waiting) = enrol::waiting(&app, &form.code).await? else { return Err(lapsed()) };
    Ok(Redirect::to(&format!("/kiosks/enrol/{}", waiting.code)).into_response())
}

/// `GET /kiosks/enrol/{code}`: the check word, and what the kiosk shall be.
pub async fn waiting(State(app): State<App>, Extension(actor): Extension<Actor>, Path(code): Path<String>) -> Answer {
    let Some(waiting) = enrol::waiting(&app, &code).await? else { return Err(lapsed()) };
    let shell = Shell::of(&actor, "/kiosks");
    let page = actor.school.read(move |tx| {
        let calendar = tx.calendar()?;
        let mut statement =
            tx.prepare_cached("SELECT id, name FROM class WHERE ended_on IS NULL ORDER BY sort, name")?;
        let rows = statement.query_map([], |r| Ok((ClassId::from_bytes(r.get(0)?), r.get(1)?)))?;
        Ok(EnrolPage {
            shell,
            code: waiting.code,
            check_word: waiting.check_word,
            app: waiting.app,
            since: words::clock(&calendar, waiting.since),
            room: waiting.room,
            classes: rows.collect::<Result<_, _>>()?,
        })
    });
    html(&page.await?)
}

/// `POST /kiosks/enrol/{code}`: granted, or refused.
pub async fn decide(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    Path(code): Path<String>,
    Sent(fields): Sent<Vec<(String, String)>>,
) -> Answer {
    let field = |name: &str| fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str());
    if field("decision") == "refuse" {
        enrol::refuse(&app, &code).await?;
        return Ok(Redirect::to("/kiosks").into_response());
    }
    if field("compared") != "yes" {
        return Err(Error::BadInput(
            "Compare the word on the kiosk's screen with the one here first, and tick that they are the same. Go back and \
             do so."
                .to_owned(),
        ));
    }
    let room: Name = choose::needed(field("room"), "The room")?;
    let mode = match field("mode") {
        "classroom" => Mode::Classroom,
        "reception" => Mode::Reception,
        "roll_call" => Mode::RollCall,
        _ => {
            return Err(Error::BadInput(
                "Choose classroom, reception or roll call. Go back and choose one.".to_owned(),
            ));
        }
    };
    let mut classes: Vec<ClassId> = Vec::new();
    for (_, class) in fields.iter().filter(|(name, _)| name == "class") {
        classes.push(named(class)?);
    }
    if mode == Mode::Classroom && classes.is_empty() {
        return Err(Error::BadInput(
            "A classroom kiosk takes the register of a class. Go back and tick one.".to_owned(),
        ));
    }
    if mode != Mode::Classroom {
        classes.clear();
    }
    let grant = enrol::Grant { school: actor.school.id(), room, mode, classes, by: actor.officer() };
    let kiosk = enrol::grant(&app, &code, grant).await?;
    Ok(Redirect::to(&format!("/kiosks#k{kiosk}")).into_response())
}

/// `POST /kiosks/revoke/{kiosk}`
pub async fn revoke(State(app): State<App>, Extension(actor): Extension<Actor>, Path(kiosk): Path<String>) -> Answer {
    let kiosk: KioskId = named(&kiosk)?;
    let known = actor.school.read(move |tx| {
        let known: i64 = tx.query_row("SELECT count(*) FROM kiosk WHERE id = ?1", [kiosk.as_bytes()], |r| r.get(0))?;
        Ok((known > 0).then_some(()))
    });
    found(known.await?)?;
    device::revoke(&app, actor.school.id(), kiosk, &actor.officer()).await?;
    Ok(Redirect::to("/kiosks").into_response())
}

fn lapsed() -> Error {
    Error::BadInput(
        "No kiosk shows this code now. A code lapses after 15 minutes: look at the kiosk's screen, go back, and type what \
         it shows."
            .to_owned(),
    )
}
