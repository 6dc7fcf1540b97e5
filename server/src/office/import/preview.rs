//! An import on a page: a file is looked at, what would change is shown, and then, if a person says so, it is done.
//!
//! Must never: write anything before it was shown, or show a pupil's name to a role that does not see registers.

use crate::auth::Actor;
use crate::error::{Answer, Error};
use crate::import::people::{Kind, Person};
use crate::import::report::{Need, Report};
use crate::import::roster::Classes;
use crate::import::{self, ImportError, NewIds, Request, people};
use crate::office::upload::Part;
use crate::office::{Fields, Sent, Shell, html_of, words};
use crate::state::App;
use crate::store::StoreError;
use crate::waiting::File;
use askama::Template;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Redirect};

#[derive(Template)]
#[template(path = "import_preview.html")]
struct PreviewPage {
    shell: Shell,
    file: String,
    /// Names what was looked at, so that nothing else is imported.
    digest: String,
    report: Report,
    /// "31 pupils", "2 classes that register" …
    facts: [String; 4],
    /// "12 lines or values"
    rejected: String,
    changes: Vec<(u32, &'static str)>,
    people: Vec<(&'static str, Vec<Person>)>,
    needs: Vec<Ask>,
    /// The choices that were made, carried along.
    classes: String,
    school: String,
    many_leavers: bool,
    undo_moves: bool,
}

/// Something that must be chosen first.
enum Ask {
    School(Vec<(String, String)>),
    Classes(Vec<(String, String, u32)>),
    Leavers(u32, u32),
}

/// `POST /import/look`: a file.
pub async fn look(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    parts: Option<Extension<Vec<Part>>>,
) -> Answer {
    let parts = parts.map(|Extension(parts)| parts).unwrap_or_default();
    let missing = || Error::BadInput("Choose a file first: a CSV file, or a zip with CSV files in it.".to_owned());
    let Part { file, bytes, .. } = parts.into_iter().find(|part| part.file.is_some()).ok_or_else(missing)?;
    let name = file.filter(|name| !name.is_empty() && !bytes.is_empty()).ok_or_else(missing)?;
    // To unpack it takes a while, which other requests need not wait for.
    let read = tokio::task::spawn_blocking(move || {
        crate::import::read::named(&name, bytes.to_vec()).map(|files| File::new(name, files))
    });
    let file = read.await.map_err(|_| StoreError::Panicked)?.map_err(|e| Error::BadInput(e.to_string()))?;
    app.waiting.put(actor.account, actor.school.id(), app.clock.now().at, file.clone());
    show(&app, &actor, file, Request::default(), (String::new(), String::new())).await
}

/// `POST /import/choose`: the same file, with what had to be chosen.
pub async fn choose(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(fields): Sent<Fields>) -> Answer {
    let file = waiting(&app, &actor, &fields)?;
    let (request, said) = request(&fields);
    show(&app, &actor, file, request, said).await
}

/// `POST /import/write`: what was shown is done.
pub async fn write(State(app): State<App>, Extension(actor): Extension<Actor>, Sent(fields): Sent<Fields>) -> Answer {
    let file = waiting(&app, &actor, &fields)?;
    let (request, _) = request(&fields);
    let (now, by) = (app.clock.now(), actor.officer());
    let mut ids = NewIds::new()?;
    let done = actor.school.write(move |tx| import::run(tx, &file.files, &request, now, &by, &mut || ids.make()));
    let report = done.await?.map_err(said)?;
    if let Some(need) = report.needs.first() {
        return Err(Error::BadInput(need.to_string()));
    }
    app.waiting.take(actor.account);
    tracing::info!(account = actor.account, changed = report.changed, "a roster was imported on the page");
    Ok(Redirect::to(if report.changed { "/import?done=yes" } else { "/import?done=same" }).into_response())
}

fn waiting(app: &App, actor: &Actor, fields: &Fields) -> Result<File, Error> {
    app.waiting
        .get(actor.account, actor.school.id(), app.clock.now().at)
        .filter(|file| file.digest == fields.one("digest"))
        .ok_or_else(|| {
            Error::BadInput("The file is not here any more. Go back to Import and choose it again.".to_owned())
        })
}

fn request(fields: &Fields) -> (Request, (String, String)) {
    let named: Vec<&str> = fields.all("class").collect();
    let classes = if named.is_empty() { fields.one("classes").to_owned() } else { named.join(",") };
    let school = fields.one("school").to_owned();
    let request = Request {
        classes: (!classes.is_empty()).then(|| Classes::from_words(&classes)),
        school: (!school.is_empty()).then(|| school.clone()),
        many_leavers: fields.one("many_leavers") == "true",
        undo_moves: fields.one("undo_moves") == "true",
    };
    (request, (classes, school))
}

fn said(error: ImportError) -> Error {
    match error {
        ImportError::Store(error) => Error::Store(error),
        other => Error::BadInput(format!("{other}. Nothing was changed.")),
    }
}

async fn show(app: &App, actor: &Actor, file: File, request: Request, (classes, school): (String, String)) -> Answer {
    let now = app.clock.now().at;
    let names = actor.role.sees_reasons();
    let (many_leavers, undo_moves) = (request.many_leavers, request.undo_moves);
    let mut ids = NewIds::new()?;
    let files = std::sync::Arc::clone(&file.files);
    let looked = actor.school.read(move |tx| {
        let today = import::today(tx, now)?;
        let looked = import::look(tx, &files, &request, today, &mut || ids.make());
        match looked {
            Ok(looked) => {
                let people = if names { people::of(tx, &looked, today)? } else { Vec::new() };
                Ok(Ok((looked.report, people)))
            }
            Err(ImportError::Store(error)) => Err(error),
            Err(other) => Ok(Err(other)),
        }
    });
    let (report, people) = looked.await?.map_err(said)?;
    let shown = people.iter().map(|person| person.id).collect();
    let mut groups: Vec<(&'static str, Vec<Person>)> = Vec::new();
    for kind in Kind::ALL {
        let of: Vec<Person> = people.iter().filter(|p| p.kind == kind).cloned().collect();
        if !of.is_empty() {
            groups.push((kind.words(), of));
        }
    }
    let t = report.changes;
    let changes = [
        (t.new_pupils, "new pupils"),
        (t.leavers, "leavers"),
        (t.returners, "who come back"),
        (t.movers, "who change class"),
        (t.changed_pupils, "pupils whose details change"),
        (t.changed_contacts, "pupils whose contacts change"),
        (t.new_classes, "new classes"),
        (t.changed_classes, "changed classes"),
        (t.ended_classes, "classes that end"),
        (t.new_staff, "new members of staff"),
        (t.changed_staff, "changed members of staff"),
        (t.ended_staff, "members of staff who left"),
    ];
    let needs = report.needs.iter().map(|need| match need {
        Need::School { offered } => Ask::School(offered.clone()),
        Need::Classes { offered } | Need::KnownClasses { offered, .. } => Ask::Classes(offered.clone()),
        Need::ManyLeavers { leavers, on_roll } => Ask::Leavers(*leavers, *on_roll),
    });
    let page = PreviewPage {
        shell: Shell::of(actor, "/import"),
        file: file.name,
        digest: file.digest,
        needs: needs.collect(),
        changes: changes.into_iter().filter(|(n, _)| *n > 0).collect(),
        people: groups,
        facts: [
            some(report.pupils, "pupil", "pupils"),
            some(report.classes, "class that registers", "classes that register"),
            some(report.staff, "member of staff", "members of staff"),
            some(report.contacts, "contact", "contacts"),
        ],
        rejected: some(report.rejected, "line or value", "lines or values"),
        report,
        classes,
        school,
        many_leavers,
        undo_moves,
    };
    html_of(&page, shown)
}

/// "1 pupil", "31 pupils"
fn some(n: u32, one: &str, many: &str) -> String {
    words::count(usize::try_from(n).unwrap_or(usize::MAX), one, many)
}
