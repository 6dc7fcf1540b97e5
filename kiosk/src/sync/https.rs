//! The wires of a real kiosk: HTTPS, a clock's timer, and a switch that cuts the network.
//!
//! Must never: let a request outlive a cut network.

use super::http::{Http, NoAnswer};
use super::wires::Wires;
use crate::clock::Clock;
use crate::store::{Store, school};
use shared::sync::{Call, Event, Failure};
use shared::wire::v1::{Hello, Pull, Push};
use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The shortest real wait, whatever a simulated clock says.
const SHORTEST: Duration = Duration::from_millis(25);

/// Requests in flight to one server, and the timer.
pub struct Https {
    http: Http,
    clock: Clock,
    flying: JoinSet<Event>,
    network: watch::Sender<bool>,
    /// What is being said to a server that was restored.
    witness: Option<tokio::task::JoinHandle<()>>,
    wake: Option<Instant>,
}

impl Https {
    /// Over a client of the server, timed by the kiosk's clock.
    #[must_use]
    pub fn new(http: Http, clock: Clock) -> Self {
        Self { http, clock, flying: JoinSet::new(), network: watch::Sender::new(true), witness: None, wake: None }
    }

    /// What happens next: a request has ended, or the timer.
    pub async fn next(&mut self) -> Event {
        loop {
            let wake = self.wake;
            tokio::select! {
                Some(ended) = self.flying.join_next() => match ended {
                    Ok(event) => return event,
                    Err(error) if error.is_cancelled() => {}
                    Err(error) => tracing::error!(%error, "a request ended by accident"),
                },
                () = at(wake) => {
                    self.wake = None;
                    return Event::Woke;
                }
            }
        }
    }

    /// Sends one, unless the network is cut; then it fails at once, as it does when the network is cut under it.
    fn send(&mut self, call: Call, request: impl Future<Output = Result<Event, NoAnswer>> + Send + 'static) {
        let mut network = self.network.subscribe();
        self.flying.spawn(async move {
            let cut = async move {
                // An error means that the driver is gone, and so is this request.
                let _ = network.wait_for(|up| !up).await;
            };
            let done = tokio::select! {
                biased;
                () = cut => Err(NoAnswer::Unreachable("the network is switched off".into())),
                done = request => done,
            };
            done.unwrap_or_else(|error| failed(call, &error))
        });
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        if let Some(witness) = &self.witness {
            witness.abort();
        }
    }
}

impl Wires for Https {
    fn hello(&mut self, hello: Hello) {
        let (http, clock) = (self.http.clone(), self.clock);
        self.send(Call::Hello, async move {
            let answer = http.hello(&hello).await?;
            Ok(Event::HelloAnswered { t0: hello.t0, t3: clock.mono(), answer })
        });
    }
    fn push(&mut self, push: Push) {
        let http = self.http.clone();
        let upto = push.entries.last().map_or(push.from.saturating_sub(1), |last| last.seq);
        self.send(Call::Push, async move { Ok(Event::Pushed { upto, outcome: http.push(&push).await? }) });
    }
    fn pull(&mut self, pull: Pull) {
        let http = self.http.clone();
        self.send(Call::Pull, async move { Ok(Event::Pulled(http.pull(&pull).await?)) });
    }
    fn abort(&mut self) {
        self.flying = JoinSet::new();
    }
    fn witness(&mut self, store: &Store) {
        if self.witness.as_ref().is_none_or(tokio::task::JoinHandle::is_finished) {
            let said = witness(self.http.clone(), store.clone(), self.network.subscribe());
            self.witness = Some(tokio::spawn(said));
        }
    }
    fn any(&self) -> bool {
        !self.flying.is_empty()
    }
    fn wake_in(&mut self, ms: u64) {
        let wait = self.clock.real(i64::try_from(ms).unwrap_or(i64::MAX)).max(SHORTEST);
        // Further away than any instant can be: never.
        self.wake = Instant::now().checked_add(wait);
    }
    fn network(&mut self, up: bool) {
        self.network.send_replace(up);
    }
}

fn failed(call: Call, error: &NoAnswer) -> Event {
    let failure = match error {
        NoAnswer::Unreachable(_) => Failure::Unreachable,
        NoAnswer::WrongKey => {
            tracing::error!(%error, "not this kiosk's server");
            Failure::Unreachable
        }
        NoAnswer::Problem { code, .. } => {
            tracing::warn!(%error, "refused");
            Failure::Refused(*code)
        }
        NoAnswer::Strange(_) => {
            tracing::warn!(%error, "strange");
            Failure::Malformed
        }
    };
    Event::Failed { call, failure }
}

/// Says what the kiosk keeps of the school to a server that was restored, in as many requests as it takes.
async fn witness(http: Http, store: Store, mut network: watch::Receiver<bool>) {
    for part in 0.. {
        let said = match store.write_soon(move |tx| school::witness(tx, part)).await {
            Ok(Some(said)) => said,
            Ok(None) => return,
            Err(error) => return tracing::error!(%error, "what the kiosk keeps of the school cannot be read"),
        };
        let answer = tokio::select! {
            biased;
            _ = network.wait_for(|up| !up) => return,
            answer = http.witness(&said) => answer,
        };
        match answer {
            // Not taken: nobody asks this any more.
            Ok(answer) if said.done || !answer.taken => {
                let id = said.id;
                let noted = store.write_soon(move |tx| school::answered(tx, &id)).await;
                if let Err(error) = noted {
                    tracing::error!(%error, "that the server was answered could not be kept; it will be again");
                }
                return;
            }
            Ok(_) => {}
            Err(error) => {
                return tracing::warn!(%error, "the restored server was not answered; the next hello tries again");
            }
        }
    }
}

/// Waits until then; for ever if there is no then.
async fn at(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}
