//! The exchange's thread: an enrolment first, if there is none; then the exchange, for as long as the server knows the kiosk.
//!
//! Must never: give up on a server that does not know the kiosk any more: what was taken is kept until it does.

use super::driver::Driver;
use super::http::{Http, NoAnswer};
use super::https::Https;
use super::told::{Order, Told};
use crate::clock::Clock;
use crate::enrol::{self, Door, Step};
use crate::store::Store;
use crate::store::kept::Enrolled;
use crate::sync::tls::Pins;
use shared::id::FeedId;
use shared::wire::v1::{Fault, Pull};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How often a kiosk that asks to be enrolled again looks whether it is known after all.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Tells the hub.
pub type Tell = Arc<dyn Fn(Told) + Send + Sync>;

/// The running thread. Dropping it ends the exchange; what was not acknowledged goes next time.
pub struct Link {
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Link {
    /// Starts the thread. Without an enrolment it asks at the door for one first.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(
        store: Store,
        clock: Clock,
        enrolled: Option<Enrolled>,
        door: Option<Door>,
        tell: Tell,
    ) -> std::io::Result<Self> {
        let (orders, inbox) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("sync".into()).spawn(move || {
            runtime.block_on(run(store, clock, enrolled, door, inbox, tell));
            // A pull that waits for news is not worth waiting for.
            runtime.shutdown_background();
        })?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// One without a thread: whoever holds the other end carries the orders out.
    #[cfg(feature = "sim")]
    pub(crate) fn by_hand() -> (Self, UnboundedReceiver<Order>) {
        let (orders, inbox) = unbounded_channel();
        (Self { orders: Some(orders), thread: None }, inbox)
    }

    /// Gives an order.
    pub fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // A thread that has ended (it never had a server) has no use for orders.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run(
    store: Store,
    clock: Clock,
    enrolled: Option<Enrolled>,
    door: Option<Door>,
    mut inbox: UnboundedReceiver<Order>,
    tell: Tell,
) {
    let mut waiting = Vec::new();
    let mut enrolled = match (enrolled, door) {
        (Some(enrolled), _) => enrolled,
        (None, None) => {
            tell(Told::NoServer);
            return;
        }
        (None, Some(door)) => match ask(&store, clock, &door, None, &mut inbox, &mut waiting, &tell).await {
            Some(enrolled) => enrolled,
            None => return,
        },
    };
    loop {
        let end = exchange(&store, clock, &enrolled, &mut inbox, std::mem::take(&mut waiting), &tell).await;
        match end {
            End::Over => return,
            // It was restored from a backup of before this kiosk was enrolled. Everything taken is kept, and goes to it once
            // somebody has typed the code.
            End::Unknown(faults) => {
                let why = "The server does not know this kiosk any more. Everything that was taken here is kept, and sent later";
                tell(Told::Enrolling(Step::Anew(why.to_owned())));
                let door = Door { known: Some(enrolled.pin), ..Door::from(enrolled.server.clone()) };
                match ask(&store, clock, &door, Some(enrolled.clone()), &mut inbox, &mut waiting, &tell).await {
                    Some(anew) => enrolled = anew,
                    None => return,
                }
                waiting.insert(0, Order::Faults(faults));
                tell(Told::LogBegun);
            }
        }
    }
}

/// Asks for a school until it is granted; none when the kiosk ends before, or its disk refuses.
async fn ask(
    store: &Store,
    clock: Clock,
    door: &Door,
    before: Option<Enrolled>,
    inbox: &mut UnboundedReceiver<Order>,
    waiting: &mut Vec<Order>,
    tell: &Tell,
) -> Option<Enrolled> {
    let asking = enrol::enrol_patiently(store, clock, door, |step: Step| tell(Told::Enrolling(step)));
    let again = known_again(before);
    tokio::pin!(asking, again);
    let done = loop {
        tokio::select! {
            done = &mut asking => break done,
            enrolled = &mut again => break Ok(enrolled),
            order = inbox.recv() => waiting.push(order?),
        }
    };
    match done {
        Ok(enrolled) => {
            tell(Told::Enrolled);
            Some(enrolled)
        }
        Err(error) => {
            tell(Told::Enrolling(Step::Trouble(error.to_string())));
            None
        }
    }
}

/// Ends once the server knows the kiosk again by its old token: it had lost its list of kiosks for a while only.
async fn known_again(before: Option<Enrolled>) -> Enrolled {
    let Some(enrolled) = before else { return std::future::pending().await };
    let Ok(http) = connect(&enrolled) else { return std::future::pending().await };
    // Any request with a token tells; this one asks for nothing and changes nothing.
    let nothing = Pull { feed: FeedId::from_bytes([0; 16]), after: 0, limit: 1, wait: 0, tail: None };
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        if http.pull(&nothing).await.is_ok() {
            return enrolled;
        }
    }
}

fn connect(enrolled: &Enrolled) -> Result<Http, NoAnswer> {
    let pins = std::iter::once(enrolled.pin).chain(enrolled.next_pin).collect();
    Http::new(&enrolled.server, Pins::Known(pins), Some(enrolled.token.clone()))
}

/// How an exchange ended.
enum End {
    /// The kiosk ends, or cannot go on.
    Over,
    /// The server knows no such kiosk. What was wrong with it is told again by the exchange that follows.
    Unknown(Vec<Fault>),
}

async fn exchange(
    store: &Store,
    clock: Clock,
    enrolled: &Enrolled,
    inbox: &mut UnboundedReceiver<Order>,
    waiting: Vec<Order>,
    tell: &Tell,
) -> End {
    let http = match connect(enrolled) {
        Ok(http) => http,
        Err(error) => {
            tracing::error!(%error, "no exchange with the server is possible");
            return End::Over;
        }
    };
    let mut driver = match Driver::new(store.clone(), clock, Https::new(http, clock), Arc::clone(tell)).await {
        Ok(driver) => driver,
        Err(error) => {
            tracing::error!(%error, "the exchange cannot begin");
            return End::Over;
        }
    };
    for order in waiting {
        driver.obey(order);
    }
    loop {
        if !driver.turn().await {
            return End::Unknown(driver.faults());
        }
        tokio::select! {
            order = inbox.recv() => match order {
                Some(order) => driver.obey(order),
                None => return End::Over,
            },
            event = driver.wires.next() => driver.happened(event),
        }
    }
}
