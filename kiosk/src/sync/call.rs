//! The three requests as they run beside each other, each ending in exactly one event, whatever becomes of the network.
//!
//! Must never: let a request outlive a cut network.

use super::http::{Http, NoAnswer};
use crate::clock::Clock;
use crate::store::{Store, StoreError, log, school};
use shared::id::{FeedId, LogId};
use shared::limits::BATCH_ENTRIES;
use shared::log::Head;
use shared::sync::{Call, Event, Failure, batch};
use shared::wire::v1::{Fault, Hello, KeptHead, PROTOCOL, Pull};
use std::future::Future;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Requests in flight.
#[derive(Default)]
pub struct Calls {
    flying: JoinSet<Event>,
}

impl Calls {
    /// Sends one, unless the network is cut; then it fails at once, as it does when the network is cut under it.
    pub fn send(
        &mut self,
        call: Call,
        network: &watch::Sender<bool>,
        request: impl Future<Output = Result<Event, NoAnswer>> + Send + 'static,
    ) {
        let mut network = network.subscribe();
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

    /// The next that ended; none while none is in flight.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.flying.join_next().await? {
                Ok(event) => return Some(event),
                Err(error) if error.is_cancelled() => {}
                Err(error) => tracing::error!(%error, "a request ended by accident"),
            }
        }
    }

    /// Whether any is in flight.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.flying.is_empty()
    }

    /// Forgets all of them.
    pub fn abort(&mut self) {
        self.flying = JoinSet::new();
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

/// Says hello.
pub async fn hello(
    http: Http,
    clock: Clock,
    (log, head): (LogId, Head),
    (feed, cursor): (Option<FeedId>, u64),
    (faults, kept): (Vec<Fault>, Vec<KeptHead>),
) -> Result<Event, NoAnswer> {
    let t0 = clock.mono();
    let protocols = vec![PROTOCOL];
    let hello = Hello { protocols, log, head, feed, cursor, app: crate::enrol::app(), t0, faults, kept };
    let answer = http.hello(&hello).await?;
    Ok(Event::HelloAnswered { t0, t3: clock.mono(), answer })
}

/// Pushes entries from `from` on, as they stand on disk.
pub async fn push(http: Http, store: Store, log: LogId, from: u64, max: usize) -> Result<Event, NoAnswer> {
    let read = store.write_soon(move |tx| {
        if log::current(tx)?.log != log {
            return Err(StoreError::Unexpected("another log is current".into()));
        }
        let before = from.saturating_sub(1);
        let hash = log::hash_at(tx, before)?;
        Ok((hash.map(|hash| Head { seq: before, hash }), log::entries(tx, from, max.min(BATCH_ENTRIES))?))
    });
    let (before, entries) = read.await.map_err(|e| NoAnswer::Unreachable(e.to_string()))?;
    // The entry before the first is always known: nothing is pruned that was not acknowledged. After everything was
    // pruned, the first entry that is kept names it.
    let before = before
        .or_else(|| entries.first().map(|entry| Head { seq: entry.seq.saturating_sub(1), hash: entry.prev }))
        .ok_or_else(|| NoAnswer::Unreachable("nothing is kept of the log".into()))?;
    let push = batch(log, before, entries, max);
    let upto = push.entries.last().map_or(before.seq, |last| last.seq);
    Ok(Event::Pushed { upto, outcome: http.push(&push).await? })
}

/// Pulls rows, and says which sealed part of the school's log it keeps, so that the next one comes along.
pub async fn pull(http: Http, store: Store, pull: Pull) -> Result<Event, NoAnswer> {
    let tail = store.write_soon(|tx| school::tail_mark(tx)).await.unwrap_or_default();
    Ok(Event::Pulled(http.pull(&Pull { tail, ..pull }).await?))
}

/// Says what the kiosk keeps of the school to a server that was restored, in as many requests as it takes.
pub async fn witness(http: Http, store: Store, mut network: watch::Receiver<bool>) {
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
pub async fn at(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}
