//! The kiosk without its threads, for the simulator: the same hub, store and driver, each moved one step at a time by
//! whoever holds this.
//!
//! Must never: do anything that the threads of a real kiosk would not do.

use super::inbox::{Front, In};
use super::live::Live;
use super::recall;
use super::run::Run;
use crate::clock::Clock;
use crate::core::{Msg, Screen};
use crate::store::kept::Enrolled;
use crate::store::{Hand, Store, StoreError};
use crate::sync::{Driver, Link, Order, Wires};
use shared::sync::Event;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::task::{Context, Poll, Waker};
use tokio::sync::mpsc::UnboundedReceiver;

/// A kiosk whose every step is taken by hand.
pub struct ByHand<W> {
    run: Run,
    inbox: Receiver<In>,
    driver: Option<Driver<W>>,
    orders: UnboundedReceiver<Order>,
    hand: Hand,
    enrolled: Option<Enrolled>,
    store: Store,
}

/// The power went in the middle of a step: nothing more happens on this kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dark;

impl<W: Wires> ByHand<W> {
    /// Switches it on.
    ///
    /// # Errors
    /// [`StoreError`] when there is no store to be had.
    pub fn switch_on(dir: &Path, clock: Clock, wires: W, front: Front) -> Result<Self, StoreError> {
        let (store, mut hand) = Store::open_by_hand(dir, None)?;
        let (inbox_end, inbox) = channel();
        let live = Arc::new(Live::default());
        let mut run = Run::new(store.clone(), clock, None, front, live, inbox_end.clone())
            .map_err(|_| StoreError::Unexpected("no thread".into()))?;
        let memory = match now(&mut hand, store.write_soon(move |tx| recall::begun(tx, clock))) {
            Ok(memory) => memory,
            Err(_) => now(&mut hand, store.write_soon(move |tx| recall::read(tx, clock)))?,
        };
        let enrolled = run.recalled(memory);
        let (link, orders) = Link::by_hand();
        run.link = Some(link);
        let driver = match &enrolled {
            Some(_) => {
                let tell = Arc::new(move |told| drop(inbox_end.send(In::Told(told))));
                Some(now(&mut hand, Driver::new(store.clone(), clock, wires, tell))?)
            }
            None => None,
        };
        Ok(Self { run, inbox, driver, orders, hand, enrolled, store })
    }

    /// Who it is, if it has a school.
    #[must_use]
    pub const fn enrolled(&self) -> Option<&Enrolled> {
        self.enrolled.as_ref()
    }

    /// Somebody did something at the screen, or a second has passed.
    pub fn message(&mut self, msg: Msg) {
        self.run.take(In::Msg(msg));
        self.run.show();
    }

    /// A second has passed.
    pub fn tick(&mut self) {
        self.run.tick();
        self.run.show();
    }

    /// The hub hears one thing that waits; false when nothing does.
    pub fn hear(&mut self) -> bool {
        let next = self.inbox.try_recv();
        next.is_ok_and(|event| {
            self.run.take(event);
            self.run.show();
            true
        })
    }

    /// The store commits what waits; false when nothing does.
    pub fn commit(&mut self) -> bool {
        self.hand.step()
    }

    /// The write-ahead log is folded into the file, as after two quiet seconds.
    pub fn fold(&self) {
        self.hand.fold();
    }

    /// Something happened on the wires.
    pub fn happened(&mut self, event: Event) {
        if let Some(driver) = &mut self.driver {
            driver.happened(event);
        }
    }

    /// The exchange does what is due. `cut` is asked before each commit: true, and the power goes there and then.
    ///
    /// # Errors
    /// [`Dark`].
    pub fn exchange(&mut self, mut cut: impl FnMut() -> bool) -> Result<(), Dark> {
        let Some(driver) = &mut self.driver else { return Ok(()) };
        while let Ok(order) = self.orders.try_recv() {
            driver.obey(order);
        }
        let mut turn = pin!(driver.turn());
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if turn.as_mut().poll(&mut context).is_ready() {
                return Ok(());
            }
            if cut() || !self.hand.step() {
                return Err(Dark);
            }
        }
    }

    /// The wires.
    pub fn wires(&mut self) -> Option<&mut W> {
        self.driver.as_mut().map(|driver| &mut driver.wires)
    }

    /// Its log, and the last entry that the server has confirmed.
    #[must_use]
    pub fn confirmed(&self) -> Option<(shared::id::LogId, u64)> {
        self.driver.as_ref().map(Driver::confirmed)
    }

    /// What stands on the screen.
    #[must_use]
    pub fn screen(&self) -> Option<&Screen> {
        self.run.shown.as_ref().map(|(screen, _)| screen)
    }

    /// Reads or writes in the store, as a person with the card in another machine would. What waits is committed first.
    ///
    /// # Errors
    /// What `work` says.
    pub fn store<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        now(&mut self.hand, self.store.write_soon(work))
    }
}

/// Runs one request to the store to its end.
fn now<T>(hand: &mut Hand, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match work.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending if hand.step() => {}
            Poll::Pending => return Err(StoreError::Closed),
        }
    }
}
