//! The server of the simulator: the real router over the real stores, asked on this thread, and its machine.
//!
//! Must never: answer anything by itself.

use crate::forget::Disk;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use server::clock::{Clock, Now};
use server::state::App;
use server::store::{School, StoreError, Stores, WriteTx};
use server::{enrol, jobs, router, school};
use shared::act::Officer;
use shared::calendar::Calendar;
use shared::id::ClassId;
use shared::log::Hash;
use shared::sim::Dial;
use shared::text::{Name, Text};
use shared::time::Millis;
use shared::wire::v1::{EnrolPoll, EnrolRequest, EnrolTicket, Enrolment, Hello, Mode, Pull, Push, Witness};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tower::ServiceExt;

/// A request of a kiosk.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Hello.
    Hello(Hello),
    /// Push.
    Push(Push),
    /// Pull.
    Pull(Pull),
}

/// An answer over HTTP.
pub type Answer = (StatusCode, Vec<u8>);

struct Up {
    stores: Arc<Stores>,
    school: Arc<School>,
    app: App,
    router: Router,
    _stopping: tokio::sync::watch::Sender<bool>,
}

/// The machine and what runs on it.
pub struct Server {
    /// Where its files are.
    pub disk: Disk,
    hands: Arc<Dial>,
    runtime: tokio::runtime::Runtime,
    up: Option<Up>,
    /// True time at power-on.
    booted: i64,
    /// How far the wall clock is off.
    pub off_by: i64,
    /// Whether the time service runs and has the right time.
    pub synchronised: bool,
}

/// Somebody of the office.
pub fn officer() -> Officer {
    Officer::Person {
        name: Name::new("Sam Okoro").unwrap_or_default(),
        position: Name::new("office manager").unwrap_or_default(),
    }
}

impl Server {
    /// A machine that is off.
    ///
    /// # Panics
    /// When the system has no runtime.
    pub fn new(disk: Disk, at: i64) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let hands = Arc::new(Dial::default());
        let mut server = Self { disk, hands, runtime, up: None, booted: at - 1000, off_by: 0, synchronised: true };
        server.set(at);
        server
    }

    /// A server with a new school.
    ///
    /// # Panics
    /// When the school cannot be made.
    pub fn found(disk: Disk, at: i64, calendar: &Calendar) -> Self {
        let mut server = Self::new(disk, at);
        let stores = Stores::open_inline(server.disk.folder(), Clock::by_hand(server.hands.clone())).expect("stores");
        school::add(&stores, "elm", "Elm Primary", calendar, "Ada Head, headteacher, 2026-09-01").expect("a school");
        server.serve(stores).expect("the school");
        server
    }

    /// Moves its clocks to this true moment.
    pub fn set(&mut self, at: i64) {
        self.hands.mono.store(at - self.booted, Ordering::Relaxed);
        self.hands.wall.store(at + self.off_by, Ordering::Relaxed);
        self.hands.synchronised.store(self.synchronised, Ordering::Relaxed);
    }

    /// Starts the program; `anew`: the machine was off before.
    ///
    /// # Errors
    /// When its files cannot be opened.
    pub fn start(&mut self, at: i64, anew: bool) -> Result<(), StoreError> {
        if anew {
            self.booted = at - 1000;
        }
        self.set(at);
        let stores = Stores::open_inline(self.disk.folder(), Clock::by_hand(self.hands.clone()))?;
        self.serve(stores)
    }

    fn serve(&mut self, stores: Arc<Stores>) -> Result<(), StoreError> {
        let (stopping, stop) = tokio::sync::watch::channel(false);
        let app = App::new(stores.clone(), Hash([9; 32]), stop);
        let router = router::kiosks(app.clone());
        let school = stores.school_by_slug("elm").ok_or(StoreError::Missing("the school"))?;
        self.up = Some(Up { stores, school, app, router, _stopping: stopping });
        Ok(())
    }

    /// Whether it runs.
    pub const fn is_up(&self) -> bool {
        self.up.is_some()
    }

    /// Ends it in good order.
    pub fn stop(&mut self) {
        if let Some(up) = self.up.take() {
            up.stores.stop();
        }
    }

    /// Kills it with -9: what was committed is in its files, and nothing is tidied up. `machine`: the power goes, and with
    /// it what was not synced.
    pub fn kill(&mut self, machine: bool) {
        if machine {
            self.disk.cut();
        } else {
            self.disk.kill();
        }
        self.up = None;
    }

    /// The school's file.
    ///
    /// # Panics
    /// When it does not run.
    pub fn school(&self) -> &Arc<School> {
        &self.up.as_ref().expect("the server runs").school
    }

    /// The stores.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stores(&self) -> &Arc<Stores> {
        &self.up.as_ref().expect("the server runs").stores
    }

    /// What its clock says.
    pub fn now(&self) -> Now {
        self.up.as_ref().map_or(Now { at: Millis(0), sure: false }, |up| up.app.clock.now())
    }

    /// How often the feed, the record or the questions have changed since the start.
    pub fn changes(&self) -> u64 {
        self.up.as_ref().map_or(0, |up| *up.school.changes().borrow())
    }

    /// Writes into the school's file.
    ///
    /// # Errors
    /// What `work` says.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.school().write_now(work)
    }

    /// Does what is due; when there is something again.
    ///
    /// # Errors
    /// An accident of the store.
    pub fn jobs(&self) -> Result<(usize, Millis), StoreError> {
        let now = self.now();
        self.write(move |tx| jobs::due(tx, now))
    }

    /// Asks it something, as a kiosk with this token does.
    ///
    /// # Panics
    /// When it neither answers nor fails.
    pub fn ask(&self, token: &str, ask: &Ask) -> Answer {
        let authorized = |request: axum::http::request::Builder| {
            request
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .header(header::CONTENT_TYPE, "application/json")
        };
        let json = |value: serde_json::Result<Vec<u8>>| Body::from(value.unwrap_or_default());
        let request = match ask {
            Ask::Hello(hello) => authorized(Request::post("/sync/v1/hello")).body(json(serde_json::to_vec(hello))),
            Ask::Push(push) => authorized(Request::post("/sync/v1/push")).body(json(serde_json::to_vec(push))),
            // Waiting for news is the world's business: it asks again when there are some.
            Ask::Pull(Pull { feed, after, limit, tail, .. }) => {
                let tail = tail.as_ref().map(|mark| format!("&tail={mark}")).unwrap_or_default();
                let path = format!("/sync/v1/pull?feed={feed}&after={after}&limit={limit}&wait=0{tail}");
                authorized(Request::get(path)).body(Body::empty())
            }
        };
        self.send(request.expect("a request"))
    }

    /// A kiosk says what it keeps of the school, after a restore.
    ///
    /// # Panics
    /// When it neither answers nor fails.
    pub fn witness(&self, token: &str, said: &Witness) -> Answer {
        let request = Request::post("/sync/v1/witness")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(serde_json::to_vec(said).unwrap_or_default()));
        self.send(request.expect("a request"))
    }

    /// Its clock, for a program that runs on the same machine.
    pub fn clock(&self) -> Clock {
        Clock::by_hand(self.hands.clone())
    }

    fn send(&self, request: Request<Body>) -> Answer {
        let router = self.up.as_ref().expect("the server runs").router.clone();
        let answer = self.runtime.block_on(async {
            let response = router.oneshot(request).await.unwrap_or_else(|never| match never {});
            let status = response.status();
            let body = axum::body::to_bytes(response.into_body(), 64 << 20).await.unwrap_or_default();
            (status, body.to_vec())
        });
        // What the request left behind (the note of a visit) is done before anything else happens.
        self.runtime.block_on(async {
            while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
        });
        answer
    }

    /// Enrols a kiosk over the real routes; who it is, its token, its room.
    ///
    /// # Panics
    /// When it is refused.
    pub fn enrol(&self, room: &str, mode: Mode, classes: Vec<ClassId>) -> Enrolment {
        let app = self.up.as_ref().expect("the server runs").app.clone();
        let nonce: [u8; 32] = server::secret::random().expect("random bytes");
        let post = |path: &str, body: Vec<u8>| {
            let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
            self.send(request.body(Body::from(body)).expect("a request")).1
        };
        let commit = Hash(server::secret::sha256(&nonce));
        let request = EnrolRequest { commit, app: Text::new("sim").unwrap_or_default() };
        let ticket = post("/enrol/v1/request", serde_json::to_vec(&request).expect("json"));
        let ticket: EnrolTicket = serde_json::from_slice(&ticket).expect("a ticket");
        let nonce = Text::new(&server::secret::hex(&nonce)).unwrap_or_default();
        let poll = serde_json::to_vec(&EnrolPoll { ticket: ticket.ticket, nonce, wish: None }).expect("json");
        post("/enrol/v1/poll", poll.clone());
        let (school, room) = (self.school().id(), Name::new(room).unwrap_or_default());
        let grant = enrol::Grant { school, room, mode, classes, by: officer() };
        self.runtime.block_on(enrol::grant(&app, &ticket.code, grant)).expect("granted");
        serde_json::from_slice(&post("/enrol/v1/poll", poll)).expect("an answer")
    }
}
