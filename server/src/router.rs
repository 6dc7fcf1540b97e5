//! Every route of the server on one page, grouped by who may call it. The router is built from this table: a route
//! that has no entry does not exist.
//!
//! Must never: gain a route beside the table, or a second place that decides who may call one.

use crate::auth::factor::Factor;
use crate::auth::{self, Role, login, session};
use crate::error::{Error, problem};
use crate::look::{self, Look, Shown};
use crate::office::{
    absence, account, amend, calendar, calls, cards, door, held, import, kiosks, leave, ledger, looks, paper, plans,
    pupils, question, reception, register, removal, restored, roll_call, staff, take, today, unexplained, upload,
};
use crate::state::App;
use crate::{assets, enrol, health, live, sync};
use Role::{Champion, Committee, Head, It, Office, Teacher, Trust};
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest as _, MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use shared::wire::v1::ProblemCode;
use std::time::Duration;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_sessions::Session;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Whoever asks.
    Anybody,
    /// A kiosk without a school: answers only what the code on its screen allows.
    Enrolling,
    /// A kiosk with its token.
    Device,
    /// A person who is logged in and has one of these roles.
    SignedIn(&'static [Role]),
}

/// What answers.
#[derive(Clone, Copy)]
pub enum Serves {
    /// A page of the office.
    Page(fn() -> MethodRouter<App>),
    /// The protocol of the kiosks, whose handlers are mounted together.
    Protocol,
}

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    /// GET (and so HEAD) or POST.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
    /// What answers.
    pub serves: Serves,
}

const EVERYBODY: &[Role] = &Role::ALL;
/// Sees the day, with as much of it as the role needs (P31).
const TODAY: &[Role] = &[Teacher, Office, Champion, Head, Committee, Trust];
/// Sees who is in the building, by name.
const ROLL: &[Role] = &[Teacher, Office, Champion, Head];
/// Sees marks with names, codes and reasons.
const READS: &[Role] = &[Office, Champion, Head];
/// Changes the record.
const AMENDS: &[Role] = &[Office, Head];
/// Says who may sign on and whose a card is. Not IT: who can set a PIN can mark in a teacher's name, and those who amend
/// can do as much under their own.
const PEOPLE: &[Role] = &[Office, Head];
/// Sees how the roster came in.
const IMPORTS: &[Role] = &[Office, Head, It];
/// Decides about leave of absence (P14).
const DECIDES: &[Role] = &[Head];
/// Lets what is over six years old go.
const REMOVES: &[Role] = &[Head];
/// Sees who looked at whom.
const LOOKS: &[Role] = &[Head];
/// Enrols and revokes kiosks.
const KIOSKS: &[Role] = &[Office, Head, It];

const fn page(method: &'static str, path: &'static str, who: Who, serves: fn() -> MethodRouter<App>) -> Route {
    Route { method, path, who, serves: Serves::Page(serves) }
}
const fn protocol(method: &'static str, path: &'static str, who: Who) -> Route {
    Route { method, path, who, serves: Serves::Protocol }
}

/// The table.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    // ---- whoever asks -------------------------------------------------------------------------------------------
    page("GET",  "/",                                 Who::Anybody, || get(login::home)),
    page("GET",  "/login",                            Who::Anybody, || get(login::page)),
    page("POST", "/login",                            Who::Anybody, || post(login::submit)),
    page("GET",  "/login/code",                        Who::Anybody, || get(login::code_page)),
    page("POST", "/login/code",                        Who::Anybody, || post(login::code)),
    page("GET",  "/assets/{name}",                    Who::Anybody, || get(assets::file)),
    page("GET",  "/health",                           Who::Anybody, || get(health::page)),
    // ---- kiosks -------------------------------------------------------------------------------------------------
    protocol("POST", "/enrol/v1/request",             Who::Enrolling),
    protocol("POST", "/enrol/v1/poll",                Who::Enrolling),
    protocol("POST", "/sync/v1/hello",                Who::Device),
    protocol("POST", "/sync/v1/push",                 Who::Device),
    protocol("GET",  "/sync/v1/pull",                 Who::Device),
    protocol("POST", "/sync/v1/witness",              Who::Device),
    // ---- everybody who is logged in -----------------------------------------------------------------------------
    page("POST", "/logout",                           Who::SignedIn(EVERYBODY), || post(login::logout)),
    page("GET",  "/account",                           Who::SignedIn(EVERYBODY), || get(account::page)),
    page("POST", "/account/password",                  Who::SignedIn(EVERYBODY), || post(account::set_password)),
    page("POST", "/account/end/{login}",               Who::SignedIn(EVERYBODY), || post(account::end)),
    page("POST", "/account/end-others",                Who::SignedIn(EVERYBODY), || post(account::end_others)),
    page("GET",  "/account/factor",                    Who::SignedIn(EVERYBODY), || get(account::factor_page)),
    page("POST", "/account/factor",                    Who::SignedIn(EVERYBODY), || post(account::set_factor)),
    page("POST", "/account/recovery",                  Who::SignedIn(EVERYBODY), || post(account::recovery)),
    // ---- the day ------------------------------------------------------------------------------------------------
    page("GET",  "/today",                            Who::SignedIn(TODAY), || get(today::page)),
    page("GET",  "/live/today",                       Who::SignedIn(TODAY), || get(live::today)),
    // ---- the register, with names and reasons ---------------------------------------------------------------------
    page("GET",  "/register/{class}/{session}",       Who::SignedIn(READS), || get(register::page)),
    page("GET",  "/door",                             Who::SignedIn(READS), || get(door::page)),
    page("GET",  "/door/slips",                       Who::SignedIn(READS), || get(door::slips)),
    page("GET",  "/door/week",                        Who::SignedIn(READS), || get(door::week)),
    page("GET",  "/door/note",                        Who::SignedIn(AMENDS), || get(door::find)),
    page("GET",  "/door/note/{pupil}",                Who::SignedIn(AMENDS), || get(door::note)),
    page("POST", "/door/note/{pupil}",                Who::SignedIn(AMENDS), || post(door::write)),
    page("POST", "/door/told/{pupil}",                Who::SignedIn(AMENDS), || post(door::told)),
    page("GET",  "/pupils",                           Who::SignedIn(READS), || get(pupils::page)),
    page("GET",  "/pupils/{pupil}",                   Who::SignedIn(READS), || get(pupils::one)),
    page("GET",  "/plans",                            Who::SignedIn(READS), || get(plans::page)),
    page("GET",  "/leave",                            Who::SignedIn(READS), || get(leave::page)),
    page("GET",  "/leave/ask/{pupil}",                Who::SignedIn(AMENDS), || get(leave::form)),
    page("POST", "/leave/ask/{pupil}",                Who::SignedIn(AMENDS), || post(leave::ask)),
    page("POST", "/leave/decide/{plan}",              Who::SignedIn(DECIDES), || post(leave::decide)),
    page("GET",  "/calendar",                         Who::SignedIn(READS), || get(calendar::page)),
    page("POST", "/calendar/close",                   Who::SignedIn(AMENDS), || post(calendar::close)),
    page("POST", "/calendar/open",                    Who::SignedIn(AMENDS), || post(calendar::open)),
    page("GET",  "/paper/{session}",                  Who::SignedIn(READS), || get(paper::page)),
    page("GET",  "/calls",                            Who::SignedIn(READS), || get(calls::page)),
    page("GET",  "/live/calls",                       Who::SignedIn(READS), || get(live::calls)),
    page("GET",  "/calls/{pupil}/{session}",          Who::SignedIn(READS), || get(calls::family)),
    page("GET",  "/unexplained",                      Who::SignedIn(READS), || get(unexplained::page)),
    // ---- who is in the building -------------------------------------------------------------------------------------
    page("GET",  "/roll-call",                        Who::SignedIn(ROLL), || get(roll_call::page)),
    page("GET",  "/live/roll-call",                   Who::SignedIn(ROLL), || get(live::roll_call)),
    // ---- changes of the record ------------------------------------------------------------------------------------
    page("GET",  "/amend/{pupil}/{session}",          Who::SignedIn(AMENDS), || get(amend::page)),
    page("POST", "/amend/{pupil}/{session}",          Who::SignedIn(AMENDS), || post(amend::submit)),
    page("GET",  "/pupils/add",                       Who::SignedIn(AMENDS), || get(pupils::form)),
    page("POST", "/pupils/add",                       Who::SignedIn(AMENDS), || post(pupils::add)),
    page("POST", "/pupils/{pupil}/needs",             Who::SignedIn(AMENDS), || post(pupils::needs)),
    page("POST", "/pupils/{pupil}/note",              Who::SignedIn(AMENDS), || post(pupils::note)),
    page("POST", "/pupils/{pupil}/move",              Who::SignedIn(AMENDS), || post(pupils::moved)),
    page("POST", "/pupils/{pupil}/leave",             Who::SignedIn(AMENDS), || post(pupils::leave)),
    page("POST", "/pupils/{pupil}/join",              Who::SignedIn(AMENDS), || post(pupils::join)),
    page("POST", "/plans/preview",                    Who::SignedIn(AMENDS), || post(plans::preview)),
    page("POST", "/plans/save",                       Who::SignedIn(AMENDS), || post(plans::save)),
    page("POST", "/plans/withdraw",                   Who::SignedIn(AMENDS), || post(plans::withdraw)),
    page("GET",  "/ledger/class/{class}/{session}",   Who::SignedIn(AMENDS), || get(ledger::of_class)),
    page("POST", "/ledger/class/{class}/{session}",   Who::SignedIn(AMENDS), || post(ledger::submit_class)),
    page("GET",  "/ledger/pupil/{pupil}",             Who::SignedIn(AMENDS), || get(ledger::of_pupil)),
    page("POST", "/ledger/pupil/{pupil}",             Who::SignedIn(AMENDS), || post(ledger::submit_pupil)),
    page("GET",  "/take/{class}/{session}",           Who::SignedIn(AMENDS), || get(take::page)),
    page("POST", "/take/{class}/{session}",           Who::SignedIn(AMENDS), || post(take::submit)),
    page("GET",  "/absence/{pupil}/{session}",        Who::SignedIn(AMENDS), || get(absence::page)),
    page("POST", "/absence/{pupil}/{session}",        Who::SignedIn(AMENDS), || post(absence::submit)),
    page("POST", "/absence/withdraw/{plan}",          Who::SignedIn(AMENDS), || post(absence::withdraw)),
    page("GET",  "/question/{kind}/{session}/{about}", Who::SignedIn(AMENDS), || get(question::page)),
    page("POST", "/question/{kind}/{session}/{about}", Who::SignedIn(AMENDS), || post(question::submit)),
    // ---- calling home ---------------------------------------------------------------------------------------------------
    page("POST", "/calls/next",                       Who::SignedIn(AMENDS), || post(calls::next)),
    page("POST", "/calls/{pupil}/{session}/claim",    Who::SignedIn(AMENDS), || post(calls::claim)),
    page("POST", "/calls/{pupil}/{session}/release",  Who::SignedIn(AMENDS), || post(calls::release)),
    page("POST", "/calls/{pupil}/{session}/note",     Who::SignedIn(AMENDS), || post(calls::note)),
    page("POST", "/calls/{pupil}/{session}/reason",   Who::SignedIn(AMENDS), || post(calls::reason)),
    page("POST", "/unexplained",                      Who::SignedIn(AMENDS), || post(unexplained::submit)),
    // ---- after a restore ----------------------------------------------------------------------------------------------
    page("GET",  "/restored",                         Who::SignedIn(AMENDS), || get(restored::page)),
    page("POST", "/restored/settle",                  Who::SignedIn(AMENDS), || post(restored::settle)),
    page("POST", "/restored/done",                    Who::SignedIn(AMENDS), || post(restored::done)),
    // ---- who may sign on, and whose a card is -----------------------------------------------------------------------
    page("GET",  "/staff",                            Who::SignedIn(PEOPLE), || get(staff::page)),
    page("POST", "/staff/add",                        Who::SignedIn(PEOPLE), || post(staff::add)),
    page("GET",  "/staff/{staff}",                    Who::SignedIn(PEOPLE), || get(staff::member)),
    page("POST", "/staff/{staff}/pin",                Who::SignedIn(PEOPLE), || post(staff::pin)),
    page("POST", "/staff/{staff}/card",               Who::SignedIn(PEOPLE), || post(staff::card)),
    page("POST", "/staff/{staff}/lost",               Who::SignedIn(PEOPLE), || post(staff::lost)),
    page("POST", "/staff/{staff}/end",                Who::SignedIn(PEOPLE), || post(staff::end)),
    page("GET",  "/cards",                            Who::SignedIn(PEOPLE), || get(cards::page)),
    page("GET",  "/cards/{pupil}",                    Who::SignedIn(PEOPLE), || get(cards::pupil)),
    page("POST", "/cards/{pupil}/bind",               Who::SignedIn(PEOPLE), || post(cards::bind_pupil)),
    page("POST", "/cards/{pupil}/lost",               Who::SignedIn(PEOPLE), || post(cards::lost_pupil)),
    page("GET",  "/reception",                        Who::SignedIn(PEOPLE), || get(reception::page)),
    page("POST", "/reception",                        Who::SignedIn(PEOPLE), || post(reception::submit)),
    // ---- how the roster came in ---------------------------------------------------------------------------------------
    page("GET",  "/import",                           Who::SignedIn(IMPORTS), || get(import::page)),
    page("POST", "/import/look",                      Who::SignedIn(IMPORTS), || post(import::look)),
    page("POST", "/import/choose",                    Who::SignedIn(IMPORTS), || post(import::choose)),
    page("POST", "/import/write",                     Who::SignedIn(IMPORTS), || post(import::write)),
    page("GET",  "/import/pupils.csv",                Who::SignedIn(IMPORTS), || get(import::template)),
    // ---- what is over six years old ------------------------------------------------------------------------------------
    page("GET",  "/removal",                          Who::SignedIn(REMOVES), || get(removal::page)),
    page("POST", "/removal",                          Who::SignedIn(REMOVES), || post(removal::submit)),
    // ---- kiosks, as people see them ---------------------------------------------------------------------------------
    page("GET",  "/kiosks",                           Who::SignedIn(KIOSKS), || get(kiosks::page)),
    page("POST", "/kiosks/enrol",                     Who::SignedIn(KIOSKS), || post(kiosks::code)),
    page("GET",  "/kiosks/enrol/{code}",              Who::SignedIn(KIOSKS), || get(kiosks::waiting)),
    page("POST", "/kiosks/enrol/{code}",              Who::SignedIn(KIOSKS), || post(kiosks::decide)),
    page("POST", "/kiosks/box",                       Who::SignedIn(KIOSKS), || post(kiosks::make_box)),
    page("POST", "/kiosks/box/{code}/end",            Who::SignedIn(KIOSKS), || post(kiosks::end_box)),
    page("POST", "/kiosks/revoke/{kiosk}",            Who::SignedIn(KIOSKS), || post(kiosks::revoke)),
    // ---- who looked at whom ---------------------------------------------------------------------------------------
    page("GET",  "/looks",                             Who::SignedIn(LOOKS), || get(looks::page)),
    page("GET",  "/looks/{pupil}",                     Who::SignedIn(LOOKS), || get(looks::of_pupil)),
    // ---- what was held back: it names pupils and changes the record, so it is not for IT -----------------------------
    page("GET",  "/kiosks/held/{kiosk}",              Who::SignedIn(AMENDS), || get(held::page)),
    page("POST", "/kiosks/held/{kiosk}",              Who::SignedIn(AMENDS), || post(held::decide)),
];

/// A request whose body comes slower than one part in so long is given up.
const SLOW_BODY: Duration = Duration::from_secs(15);
/// Bytes that a form may bring.
const FORM_BYTES: usize = 64 * 1024;
/// The one form that brings a file.
const UPLOAD: &str = "/import/look";

/// The whole server. `secure`: this router answers over TLS, so cookies may say so.
pub fn build(app: App, sessions: session::Sessions, secure: bool) -> Router {
    let mut pages = Router::new();
    for route in ROUTES {
        if let Serves::Page(serves) = route.serves {
            pages = pages.route(route.path, serves());
        }
    }
    let pages = pages
        .route_layer(from_fn_with_state(app.clone(), gate))
        .layer(session::layer(sessions, secure))
        .layer(from_fn(headers));
    pages.merge(protocol_routes()).fallback(nothing).layer(RequestBodyTimeoutLayer::new(SLOW_BODY)).with_state(app)
}

/// What kiosks reach of it, without the office: for the simulator, which has no browser.
#[cfg(feature = "sim")]
pub fn kiosks(app: App) -> Router {
    protocol_routes().fallback(nothing).with_state(app)
}

fn protocol_routes() -> Router<App> {
    Router::new().merge(sync::routes()).merge(enrol::routes()).route_layer(from_fn(listed))
}

fn entry(method: &Method, path: Option<&MatchedPath>) -> Option<&'static Route> {
    let path = path?.as_str();
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    ROUTES.iter().find(|route| route.path == path && route.method == method)
}

/// Lets through whom the table names. Every form that changes something must carry its session's token.
async fn gate(State(app): State<App>, session: Session, request: Request, next: Next) -> Result<Response, Error> {
    let Some(route) = entry(request.method(), request.extensions().get()) else { return Err(Error::NotFound) };
    let mut request = request;
    let mut looked = None;
    if let Who::SignedIn(roles) = route.who {
        let Some(who) = session::who(&session).await? else { return Ok(log_in(route)) };
        let csrf = session::csrf(&session).await?;
        let Some(actor) = auth::actor(&app.stores, &who, csrf).await? else { return Ok(log_in(route)) };
        if !roles.contains(&actor.role) {
            tracing::warn!(account = actor.account, path = route.path, "refused: not for this role");
            return Err(Error::Forbidden);
        }
        let now = app.clock.now().at;
        // Whoever needs a second factor and has let the time for it pass gets as far as setting it up.
        let overdue = matches!(actor.factor, Factor::Due(by) if by <= now);
        if overdue && !route.path.starts_with("/account") && route.path != "/logout" {
            return Ok(if live::by_itself(request.uri()) { log_in(route) } else { set_up() });
        }
        // A page that refreshes by itself is nobody's click.
        if !live::by_itself(request.uri()) && session::touch(&session, &who, now.0.div_euclid(60_000)).await? {
            app.stores.trust().write(move |c| auth::logins::seen(c, who.login, now)).await?;
        }
        // What a page shows is noted before it is shown.
        let at = if route.method == "GET" { Look::at(route.path, request.uri().path()) } else { None };
        looked = Some((actor.clone(), at, now));
        request.extensions_mut().insert(actor);
    } else if route.who != Who::Anybody {
        return Err(Error::NotFound);
    }
    if route.method == "POST" {
        request = checked(&session, request).await?;
    }
    let mut response = next.run(request).await;
    if let Some((actor, look, now)) = looked
        && response.status() == StatusCode::OK
    {
        let list = response.extensions_mut().remove::<Shown>().and_then(|shown| Look::list(route.path, &shown));
        for look in look.into_iter().chain(list) {
            look::note(&actor, look, now).await?;
        }
    }
    Ok(response)
}

fn log_in(route: &Route) -> Response {
    if route.path.starts_with("/live/") {
        StatusCode::UNAUTHORIZED.into_response() // a script asked: a log-in page inside a page helps nobody
    } else {
        Redirect::to("/login").into_response()
    }
}

fn set_up() -> Response {
    Redirect::to("/account/factor").into_response()
}

#[derive(serde::Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

/// A form of this session, or an error. The body is read once and handed on.
async fn checked(session: &Session, request: Request) -> Result<Request, Error> {
    let site = request.headers().get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(Error::StaleForm);
    }
    let (mut parts, body) = request.into_parts();
    let file = parts.uri.path() == UPLOAD && upload::brought(&parts.headers);
    let limit = if file { upload::BYTES } else { FORM_BYTES };
    let bytes = axum::body::to_bytes(body, limit).await.map_err(|_| Error::TooLarge)?;
    let brought = if file {
        let form = upload::parts(&parts.headers, bytes.clone()).await?;
        let token = upload::text(&form, "csrf").to_owned();
        parts.extensions.insert(form);
        token
    } else {
        let copy = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
        axum::Form::<Token>::from_request(copy, &()).await.map_or_else(|_| String::new(), |form| form.0.csrf)
    };
    if !session::csrf_fits(session, &brought).await? {
        return Err(Error::StaleForm);
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// A protocol's handler that the table does not list is not there.
async fn listed(request: Request, next: Next) -> Response {
    let listed =
        entry(request.method(), request.extensions().get()).is_some_and(|r| matches!(r.serves, Serves::Protocol));
    if listed { next.run(request).await } else { unknown() }
}

async fn nothing(request: Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/sync/") || path.starts_with("/enrol/") {
        unknown()
    } else {
        headers_on(Error::NotFound.into_response())
    }
}

fn unknown() -> Response {
    problem(StatusCode::NOT_FOUND, ProblemCode::Malformed, "No such address in this protocol.")
}

async fn headers(request: Request, next: Next) -> Response {
    headers_on(next.run(request).await)
}

/// No script, style or frame from elsewhere; nothing kept by a browser that other people use.
fn headers_on(mut response: Response) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
                          connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
