//! A classroom's kiosk as the server sees it: the kiosk's own client over pinned TLS, its own log, no screen and no disk.
//!
//! Must never: send what a kiosk could not send.

use crate::office::Office;
use crate::process::{Server, Trouble};
use kiosk::store::kept::Token;
use kiosk::sync::http::Http;
use kiosk::sync::tls::{Met, Pins};
use sha2::{Digest, Sha256};
use shared::calendar::SessionKey;
use shared::id::{BootId, ClassId, FeedId, LogId, PupilId, StaffId};
use shared::log::{Entry, Hash, Head, Salt};
use shared::observation::{Mark, Means, Observation, Observed};
use shared::sync::batch;
use shared::text::Text;
use shared::time::{Anchor, Millis, Mono, Reading};
use shared::wire::check_word;
use shared::wire::v1::{EnrolPoll, EnrolRequest, Enrolment, Hello, PROTOCOL, Pull, Pulled, Pushed, RowBody};
use std::collections::BTreeMap;
use std::time::Instant;

/// Of thirty pupils so many are absent.
const ABSENT_EACH: usize = 15;

/// An enrolled kiosk.
pub struct Terminal {
    http: Http,
    log: LogId,
    head: Head,
    feed: Option<FeedId>,
    cursor: u64,
    /// The class whose registers it takes.
    pub class: ClassId,
    /// When each of its pupils is in the class.
    pupils: BTreeMap<PupilId, Vec<(chrono::NaiveDate, Option<chrono::NaiveDate>)>>,
    teacher: Option<StaffId>,
    boot: BootId,
    born: Instant,
    wall: Millis,
}

fn random<const N: usize>() -> [u8; N] {
    std::array::from_fn(|_| fastrand::u8(..))
}

/// What enrolment gave, for a server that may come up again at another address.
#[derive(Clone)]
pub struct Pass {
    token: String,
    pin: Hash,
    class: ClassId,
}

/// A kiosk asks to be enrolled, and nobody ever grants it. Returns its code.
///
/// # Errors
/// What the server says.
pub async fn ask(server: &Server) -> Result<String, Trouble> {
    let nonce = random::<32>();
    let http = Http::new(&server.kiosks, Pins::First(Met::default()), None)?;
    let request = EnrolRequest { commit: Hash(Sha256::digest(nonce).into()), app: kiosk::enrol::app() };
    let ticket = http.enrol_request(&request).await?;
    let nonce = Text::new(&kiosk::hex::text(&nonce)).map_err(|_| "a nonce of another length")?;
    http.enrol_poll(&EnrolPoll { ticket: ticket.ticket, nonce, wish: None }).await?;
    Ok(ticket.code.to_string())
}

/// Enrols a kiosk for a class, through the office's page.
///
/// # Errors
/// What either side says.
pub async fn enrol(server: &Server, office: &mut Office, room: &str, class: ClassId) -> Result<Pass, Trouble> {
    let (nonce, met) = (random::<32>(), Met::default());
    let http = Http::new(&server.kiosks, Pins::First(met.clone()), None)?;
    let request = EnrolRequest { commit: Hash(Sha256::digest(nonce).into()), app: kiosk::enrol::app() };
    let ticket = http.enrol_request(&request).await?;
    let pin = met.pin().ok_or("the server showed no key")?;
    let nonce_text = Text::new(&kiosk::hex::text(&nonce)).map_err(|_| "a nonce of another length")?;
    let poll = EnrolPoll { ticket: ticket.ticket, nonce: nonce_text, wish: None };
    if http.enrol_poll(&poll).await? != Enrolment::Waiting {
        return Err("enrolled before anybody typed the code".into());
    }
    let word = check_word(pin, &nonce, &ticket.code);
    office.enrol(&ticket.code, &word, room, "classroom", &[class.to_string()]).await?;
    match http.enrol_poll(&poll).await? {
        Enrolment::Granted { token, .. } => Ok(Pass { token: token.to_string(), pin, class }),
        other => Err(format!("not granted: {other:?}").into()),
    }
}

impl Terminal {
    /// Switched on for the first time.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(server: &Server, pass: &Pass) -> Result<Self, Trouble> {
        let http = Http::new(&server.kiosks, Pins::Known(vec![pass.pin]), Some(Token(pass.token.clone())))?;
        Ok(Self {
            http,
            log: LogId::from_bytes(random()),
            head: Head::EMPTY,
            feed: None,
            cursor: 0,
            class: pass.class,
            pupils: BTreeMap::new(),
            teacher: None,
            boot: BootId::from_bytes(random()),
            born: Instant::now(),
            wall: Millis(0),
        })
    }

    /// Switched on in the morning: a new boot, hello, an anchor, the feed, and a teacher signs on.
    ///
    /// # Errors
    /// What the server says.
    pub async fn morning(&mut self, server: &Server, pass: &Pass, now: Millis) -> Result<(), Trouble> {
        self.http = Http::new(&server.kiosks, Pins::Known(vec![pass.pin]), Some(Token(pass.token.clone())))?;
        (self.boot, self.born, self.wall) = (BootId::from_bytes(random()), Instant::now(), now);
        let t0 = self.reading().mono;
        let hello = Hello {
            protocols: vec![PROTOCOL],
            log: self.log,
            head: self.head,
            feed: self.feed,
            cursor: self.cursor,
            app: kiosk::enrol::app(),
            t0,
            faults: Vec::new(),
            kept: Vec::new(),
        };
        let answer = self.http.hello(&hello).await?;
        if self.feed != Some(answer.feed) {
            (self.feed, self.cursor) = (Some(answer.feed), 0);
        }
        let t3 = self.reading().mono;
        let anchor = Anchor::from_exchange(self.boot, t0, answer.t1, answer.t2, t3).ok_or("an impossible exchange")?;
        self.pull().await?;
        let begun = [Observation::Booted { floor: None }, Observation::Anchored { anchor }];
        let mut entries: Vec<Entry> = begun.into_iter().map(|w| self.entry(None, w)).collect::<Result<_, _>>()?;
        entries.push(self.entry(self.teacher, Observation::SignedOn { means: Means::Card })?);
        self.push(entries).await
    }

    fn reading(&self) -> Reading {
        let since = i64::try_from(self.born.elapsed().as_millis()).unwrap_or(0);
        Reading { boot: self.boot, mono: Mono(60_000 + since), wall: self.wall.plus(since) }
    }

    fn entry(&mut self, by: Option<StaffId>, what: Observation) -> Result<Entry, Trouble> {
        let body = serde_json::to_string(&Observed { at: self.reading(), by, what, origin: None })?;
        let entry = self.head.append(Salt(random()), body);
        self.head = entry.head();
        Ok(entry)
    }

    async fn push(&self, entries: Vec<Entry>) -> Result<(), Trouble> {
        let push = batch(self.log, self.head, entries, usize::MAX);
        match self.http.push(&push).await? {
            Pushed::Accepted { head } if head == self.head => Ok(()),
            other => Err(format!("not accepted: {other:?}").into()),
        }
    }

    /// Fetches what is new.
    ///
    /// # Errors
    /// What the server says.
    pub async fn pull(&mut self) -> Result<usize, Trouble> {
        let mut fetched = 0;
        loop {
            let feed = self.feed.ok_or("no hello yet")?;
            match self.http.pull(&Pull { feed, after: self.cursor, limit: 1000, wait: 0, tail: None }).await? {
                Pulled::Resnapshot { feed } => (self.feed, self.cursor) = (Some(feed), 0),
                Pulled::Page { rows, next, more, .. } => {
                    self.cursor = next;
                    fetched += rows.len();
                    for row in rows {
                        self.learn(row.body);
                    }
                    if !more {
                        return Ok(fetched);
                    }
                }
            }
        }
    }

    fn learn(&mut self, body: Option<RowBody>) {
        match body {
            Some(RowBody::Pupil(row)) => {
                let class = self.class;
                let stays = row.classes.iter().filter(|m| m.class == class).map(|m| (m.from, m.until)).collect();
                self.pupils.insert(row.pupil, stays);
            }
            Some(RowBody::Staff(row)) if self.teacher.is_none() || row.classes.contains(&self.class) => {
                self.teacher = Some(row.staff);
            }
            _ => {}
        }
    }

    /// One register: pull, then all marks and the submission in one push. Returns how many marks.
    ///
    /// # Errors
    /// What the server says.
    pub async fn register(&mut self, session: SessionKey) -> Result<usize, Trouble> {
        self.pull().await?;
        let (tiles, entries) = self.marks(session)?;
        self.push(entries).await?;
        Ok(tiles)
    }

    /// The same as taps come: each mark in a push of its own, then the submission.
    ///
    /// # Errors
    /// What the server says.
    pub async fn register_tap_by_tap(&mut self, session: SessionKey) -> Result<usize, Trouble> {
        self.pull().await?;
        let (tiles, entries) = self.marks(session)?;
        let end = self.head;
        for entry in entries {
            self.head = entry.head();
            self.push(vec![entry]).await?;
        }
        self.head = end;
        Ok(tiles)
    }

    fn marks(&mut self, session: SessionKey) -> Result<(usize, Vec<Entry>), Trouble> {
        let (class, by) = (self.class, self.teacher);
        let on_roll = |stays: &[(chrono::NaiveDate, Option<chrono::NaiveDate>)]| {
            stays.iter().any(|(from, until)| *from <= session.date && until.is_none_or(|u| u >= session.date))
        };
        let tiles: Vec<PupilId> = self.pupils.iter().filter(|(_, s)| on_roll(s)).map(|(p, _)| *p).collect();
        if tiles.is_empty() {
            return Err("a class without pupils".into());
        }
        let day = usize::try_from(chrono::Datelike::ordinal(&session.date)).unwrap_or(0);
        let mut entries = Vec::with_capacity(tiles.len() + 1);
        for (n, pupil) in tiles.iter().enumerate() {
            let mark = if (n + day) % ABSENT_EACH == 0 { Mark::Absent } else { Mark::Present };
            entries.push(self.entry(by, Observation::Marked { session, class, pupil: *pupil, mark })?);
        }
        entries.push(self.entry(by, Observation::Submitted { session, class, tiles: tiles.clone() })?);
        Ok((tiles.len(), entries))
    }
}
