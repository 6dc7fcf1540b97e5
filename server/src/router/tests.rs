//! Every route of the table with every actor: what the table says is what happens.

use super::{ROUTES, Route, Serves, Who};
use crate::auth::Role;
use crate::office::visit::{self, Visitor};
use crate::school;
use crate::testing::{World, at, class, pupil, session, world};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use shared::act::Act;
use shared::calendar::Calendar;
use shared::codes::Code;
use shared::id::{PlanId, StaffId};
use shared::observation::{Mark, Means, Observation};
use shared::text::Remark;
use shared::wire::v1::{EnrolPoll, EnrolRequest, EnrolTicket, Mode};

/// A school in which everything that an address can name exists.
struct Scene {
    world: World,
    server: axum::Router,
    code: String,
    kiosk: String,
    token: String,
}

const PLAN: [u8; 16] = [5; 16];
const STAFF: [u8; 16] = [6; 16];

async fn scene() -> Scene {
    let world = world();
    for role in Role::ALL {
        visit::account(&world, world.school.id(), role.as_str(), role);
    }
    let calendar = Calendar::sample_primary(2026).unwrap();
    let other = school::add(&world.stores, "oak", "Oak Primary", &calendar, "somebody").unwrap();
    visit::account(&world, other.id(), "stranger", Role::Office);
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    // In the building, not in class: a question.
    world.set(at(8, 59));
    desk.anchor(at(8, 41));
    desk.write(
        at(8, 45),
        Observation::Arrived { pupil: pupil(1), means: Means::Card, session: Some(session("am")), reason: None },
    );
    room.anchor(at(8, 41));
    room.tap(at(8, 55), "am", 1, 1, Mark::Absent);
    world.push(&desk).await;
    world.push(&room).await;
    assert_eq!(world.count("SELECT count(*) FROM question WHERE kind = 'not_in_class'"), 1);
    world.act(
        crate::testing::now(8, 50),
        Act::Planned {
            plan: PlanId::from_bytes(PLAN),
            pupil: pupil(2),
            from: session("am"),
            until: session("pm"),
            code: Code::I,
            detail: None,
            reason: Remark::new("Mum: a cold").unwrap(),
        },
    );
    let patel = "INSERT INTO staff(id, name, position) VALUES (?1, 'Ms Patel', 'class teacher')";
    world.school.write_now(move |tx| Ok(tx.execute(patel, [STAFF])?)).unwrap();
    let server = visit::server(&world).await;
    let code = waiting_code(&world).await;
    Scene { server, code, kiosk: room.id.to_string(), token: room.token, world }
}

/// A kiosk that shows a code.
async fn waiting_code(world: &World) -> String {
    let nonce = [3; 32];
    let ask = EnrolRequest {
        commit: shared::log::Hash(crate::secret::sha256(&nonce)),
        app: shared::text::Text::new("0.1.0").unwrap(),
    };
    let (_, body) = world.post("/enrol/v1/request", None, &serde_json::to_vec(&ask).unwrap()).await;
    let ticket: EnrolTicket = serde_json::from_slice(&body).unwrap();
    let nonce = shared::text::Text::new(&crate::secret::hex(&nonce)).unwrap();
    let poll = EnrolPoll { ticket: ticket.ticket, nonce, wish: None };
    world.post("/enrol/v1/poll", None, &serde_json::to_vec(&poll).unwrap()).await;
    ticket.code.to_string()
}

impl Scene {
    /// An address of this route where everything it names exists.
    fn address(&self, route: &Route) -> String {
        let session = session("am").to_string();
        let about = format!("0.{}", pupil(1));
        let asset = crate::assets::style().trim_start_matches("/assets/").to_owned();
        let plan = PlanId::from_bytes(PLAN).to_string();
        let fields = [
            ("{class}", class(1).to_string()),
            ("{pupil}", pupil(1).to_string()),
            ("{session}", session),
            ("{kind}", "not_in_class".to_owned()),
            ("{about}", about),
            ("{plan}", plan),
            ("{code}", self.code.clone()),
            ("{kiosk}", self.kiosk.clone()),
            ("{staff}", StaffId::from_bytes(STAFF).to_string()),
            ("{login}", "999999".to_owned()),
            ("{name}", asset),
        ];
        fields.iter().fold(route.path.to_owned(), |path, (name, value)| path.replace(name, value))
    }

    /// The status that an actor meets. A form carries the session's token when `token` says so.
    async fn status(&self, actor: &Visitor, route: &Route, csrf: Option<&str>) -> (StatusCode, String) {
        let mut actor = actor.clone();
        let mut request = Request::builder().method(route.method).uri(self.address(route));
        let body = match (route.method, csrf) {
            ("POST", Some(csrf)) => format!("csrf={csrf}"),
            _ => String::new(),
        };
        if route.method == "POST" {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let response = actor.open(request.body(Body::from(body)).unwrap()).await;
        let to = response.headers().get(header::LOCATION).map_or("", |to| to.to_str().unwrap()).to_owned();
        (response.status(), to)
    }
}

fn turned_away(status: StatusCode, to: &str) -> bool {
    to == "/login" && status == StatusCode::SEE_OTHER || status == StatusCode::UNAUTHORIZED
}

#[tokio::test]
async fn what_the_table_says_is_what_happens() {
    let scene = scene().await;
    let nobody = Visitor::new(&scene.server);
    for role in Role::ALL {
        let mut person = Visitor::logged_in(&scene.server, role.as_str()).await;
        let csrf = person.csrf().await;
        for route in ROUTES.iter().filter(|r| matches!(r.serves, Serves::Page(_))) {
            let Who::SignedIn(roles) = route.who else { continue };
            let (status, to) = scene.status(&nobody, route, None).await;
            assert!(turned_away(status, &to), "nobody: {} {} answered {status}", route.method, route.path);
            if route.path == "/logout" {
                continue; // it would end the session of the routes that follow: last of all, below
            }
            let (status, to) = scene.status(&person, route, Some(&csrf)).await;
            let place = format!("{}: {} {} answered {status}", role.as_str(), route.method, route.path);
            if roles.contains(&role) {
                assert!(!turned_away(status, &to), "{place}");
                let done = status.is_success() || status == StatusCode::SEE_OTHER || status == StatusCode::BAD_REQUEST;
                // What was revoked or withdrawn by the role before is not there a second time.
                let gone = route.method == "POST" && status == StatusCode::NOT_FOUND;
                assert!(done || gone, "{place}");
            } else {
                assert_eq!(status, StatusCode::FORBIDDEN, "{place}");
            }
            if route.method == "POST" {
                for wrong in [None, Some("AAAAAAAAAAAAAAAAAAAAAA")] {
                    let (status, _) = scene.status(&person, route, wrong).await;
                    assert_eq!(status, StatusCode::FORBIDDEN, "without the token: {place}");
                }
            }
        }
        assert_eq!(person.post("/logout", &[]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(person.post("/logout", &[("csrf", &csrf)]).await.to(), "/login", "{}", role.as_str());
    }
}

#[tokio::test]
async fn what_nobody_may_have_to_log_in_for_is_open() {
    let scene = scene().await;
    let nobody = Visitor::new(&scene.server);
    for route in ROUTES.iter().filter(|r| r.who == Who::Anybody && r.method == "GET") {
        let (status, to) = scene.status(&nobody, route, None).await;
        let open = status == StatusCode::OK || ["/", "/login/code"].contains(&route.path) && to == "/login";
        assert!(open, "{} answered {status}", route.path);
    }
    for route in ROUTES.iter().filter(|r| r.who == Who::Enrolling) {
        let (status, _) = scene.status(&nobody, route, None).await;
        assert!(status.is_client_error() && status != StatusCode::UNAUTHORIZED, "{} answered {status}", route.path);
    }
}

#[tokio::test]
async fn a_person_is_no_kiosk_and_a_kiosk_is_no_person() {
    let scene = scene().await;
    let person = Visitor::logged_in(&scene.server, "office").await;
    for route in ROUTES.iter().filter(|r| r.who == Who::Device) {
        let (status, _) = scene.status(&person, route, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{}", route.path);
    }
    for route in ROUTES.iter().filter(|r| matches!(r.who, Who::SignedIn(_))) {
        let request = Request::builder()
            .method(route.method)
            .uri(scene.address(route))
            .header(header::AUTHORIZATION, format!("Bearer {}", scene.token));
        let response = Visitor::new(&scene.server).open(request.body(Body::empty()).unwrap()).await;
        let to = response.headers().get(header::LOCATION).map_or("", |to| to.to_str().unwrap());
        assert!(turned_away(response.status(), to), "{} let a kiosk in", route.path);
    }
}

#[tokio::test]
async fn another_schools_office_reaches_nothing_here() {
    let scene = scene().await;
    let mut stranger = Visitor::logged_in(&scene.server, "stranger").await;
    let csrf = stranger.csrf().await;
    let own = class(1).to_string();
    let named = ["{class}", "{pupil}", "{plan}", "{kiosk}", "{about}", "{staff}"];
    for route in ROUTES.iter().filter(|r| matches!(r.who, Who::SignedIn(_)) && named.iter().any(|n| r.path.contains(n)))
    {
        let address = scene.address(route);
        let got = if route.method == "GET" {
            stranger.get(&address).await
        } else {
            let date =
                [("from_date", "2026-11-23"), ("from_half", "am"), ("until_date", "2026-11-23"), ("until_half", "pm")];
            let form = [
                ("csrf", csrf.as_str()),
                ("code", "I"),
                ("reason", "because"),
                ("told_by", "somebody"),
                ("said", "something"),
                ("back", "2026-11-23-am"),
                ("answer", "present"),
                ("heads", ""),
                ("ground", "exceptional"),
                ("asked_by", "somebody"),
                ("decision", "refuse"),
                ("send", "none"),
                ("taken_by", "somebody"),
                ("taken_at", "08:30"),
                ("call", "00000000000000000000000000000000"),
                ("whom", "contact"),
                ("name", "somebody"),
                ("outcome", "message"),
                ("child", "00000000000000000000000000000000"),
                ("week", "2026-11-23"),
                ("note", "something"),
                ("class", own.as_str()),
                ("last_day", "2026-11-23"),
                ("why", "because"),
                ("way", "out"),
                ("date", "2026-11-23"),
                ("time", "08:30"),
                ("collected", "somebody"),
            ];
            let form: Vec<_> = form.into_iter().chain(date).collect();
            stranger.post(&address, &form).await
        };
        let may = matches!(route.who, Who::SignedIn(roles) if roles.contains(&Role::Office));
        let nothing = got.status == StatusCode::NOT_FOUND || got.to().starts_with("/today");
        let nothing = nothing || !may && got.status == StatusCode::FORBIDDEN;
        assert!(nothing, "{} {} answered {} {}", route.method, route.path, got.status, got.body);
    }
    for path in ["/today", "/kiosks"] {
        let got = stranger.get(path).await;
        assert_eq!(got.status, StatusCode::OK);
        assert!(!got.body.contains("Pupil1") && !got.body.contains("Class 1") && !got.body.contains("Room 7"));
    }
    assert_eq!(scene.world.count("SELECT count(*) FROM question"), 1, "the question is still open");
    assert_eq!(scene.world.count("SELECT count(*) FROM plan WHERE withdrawn_at IS NOT NULL"), 0);
    assert_eq!(scene.world.count("SELECT count(*) FROM kiosk WHERE revoked_at IS NOT NULL"), 0);
}

#[tokio::test]
async fn a_route_without_an_entry_does_not_exist() {
    let scene = scene().await;
    let mut person = Visitor::logged_in(&scene.server, "office").await;
    for path in ["/admin", "/today/", "/sync/v1/", "/sync/v2/hello", "/enrol/v1/grant", "/assets/../Cargo.toml"] {
        assert_eq!(person.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for (method, path) in
        [("DELETE", "/today"), ("PUT", "/kiosks"), ("POST", "/today"), ("GET", "/logout"), ("GET", "/sync/v1/push")]
    {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let status = person.ask(request).await.status;
        assert!(
            status == StatusCode::NOT_FOUND || status == StatusCode::METHOD_NOT_ALLOWED,
            "{method} {path}: {status}"
        );
    }
    let json = person.get("/sync/v2/hello").await;
    assert_eq!(json.headers[header::CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn pages_are_not_kept_framed_or_scripted_from_elsewhere() {
    let scene = scene().await;
    let mut person = Visitor::logged_in(&scene.server, "office").await;
    for path in ["/today", "/login", "/kiosks", "/nowhere"] {
        let headers = person.get(path).await.headers;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
    let asset = person.get(crate::assets::style()).await;
    assert!(asset.headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
}

#[tokio::test]
async fn a_form_from_another_site_is_refused_even_with_the_token() {
    let scene = scene().await;
    let mut person = Visitor::logged_in(&scene.server, "office").await;
    let csrf = person.csrf().await;
    let request = Request::post("/logout")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(format!("csrf={csrf}")))
        .unwrap();
    assert_eq!(person.ask(request).await.status, StatusCode::FORBIDDEN);
    let giant = format!("csrf={csrf}&reason={}", "x".repeat(70_000));
    let request = Request::post("/logout")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(giant))
        .unwrap();
    assert_eq!(person.ask(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(person.get("/today").await.status, StatusCode::OK, "still logged in");
}
