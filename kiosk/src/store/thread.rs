//! The one thread that owns the kiosk's file. Jobs that wait together are committed together, and everybody is
//! answered after COMMIT.
//!
//! Must never: answer before COMMIT, or let one job's accident undo another's work (each has a savepoint).

use super::StoreError;
use rusqlite::{Connection, Transaction};
use shared::sim::Mutant;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// Most jobs committed together. More wait for the next commit.
const TOGETHER: usize = 64;
/// After so long without a job the write-ahead log is folded into the file, so that no tap has to wait for that.
const QUIET: Duration = Duration::from_secs(2);

/// Something to do inside a transaction, and somebody to tell.
pub trait Job: Send {
    /// Does it, inside a savepoint. An accident undoes this job only.
    fn work(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError>;
    /// Tells what became of it, after COMMIT. `failed`: the commit itself went wrong.
    fn tell(self: Box<Self>, failed: Option<StoreError>);
}

/// A job made of two closures.
pub struct Pending<W, T, R> {
    work: Option<W>,
    done: Option<Result<R, StoreError>>,
    then: T,
}

impl<W, T, R> Pending<W, T, R> {
    /// `then` is called exactly once.
    pub const fn new(work: W, then: T) -> Self {
        Self { work: Some(work), done: None, then }
    }
}

impl<W, T, R> Job for Pending<W, T, R>
where
    W: FnOnce(&Transaction<'_>) -> Result<R, StoreError> + Send,
    T: FnOnce(Result<R, StoreError>) + Send,
    R: Send,
{
    fn work(&mut self, tx: &Transaction<'_>) -> Result<(), StoreError> {
        let done = match self.work.take() {
            Some(work) => work(tx),
            None => Err(StoreError::Closed),
        };
        let outcome = done.as_ref().map(|_| ()).map_err(Clone::clone);
        self.done = Some(done);
        outcome
    }
    fn tell(self: Box<Self>, failed: Option<StoreError>) {
        let done = match (self.done, failed) {
            (Some(Ok(_)), Some(failed)) => Err(failed),
            (Some(done), _) => done,
            (None, failed) => Err(failed.unwrap_or(StoreError::Closed)),
        };
        (self.then)(done);
    }
}

/// Who works for the store: owns the file and what waits to be done in it.
pub struct Hand {
    connection: Connection,
    jobs: Receiver<Box<dyn Job>>,
}

impl Hand {
    pub(super) const fn new(connection: Connection, jobs: Receiver<Box<dyn Job>>) -> Self {
        Self { connection, jobs }
    }

    /// Runs until every sender is gone.
    pub(super) fn run(mut self) {
        let mut folded = false;
        loop {
            match self.jobs.recv_timeout(QUIET) {
                Ok(first) => {
                    self.together(first);
                    folded = false;
                }
                Err(RecvTimeoutError::Timeout) => {
                    if !folded {
                        self.fold();
                        folded = true;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.fold();
    }

    /// Commits what waits, together, and tells; false when nothing waited.
    pub fn step(&mut self) -> bool {
        let first = self.jobs.try_recv();
        first.is_ok_and(|first| {
            self.together(first);
            true
        })
    }

    fn together(&mut self, first: Box<dyn Job>) {
        let mut batch = vec![first];
        while batch.len() < TOGETHER
            && let Ok(job) = self.jobs.try_recv()
        {
            batch.push(job);
        }
        let failed = if Mutant::SavedBeforeCommit.lives() {
            leave_open(&self.connection, &mut batch).err()
        } else {
            commit(&mut self.connection, &mut batch).err()
        };
        for job in batch {
            job.tell(failed.clone());
        }
    }

    /// Folds the write-ahead log into the file.
    pub fn fold(&self) {
        fold(&self.connection);
    }
}

fn commit(connection: &mut Connection, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let tx = connection.transaction()?;
    for job in batch {
        tx.execute_batch("SAVEPOINT job")?;
        if let Err(accident) = job.work(&tx) {
            if tx.is_autocommit() {
                // A full or failing disk has rolled the whole transaction back: nobody's work is on it.
                return Err(accident);
            }
            tx.execute_batch("ROLLBACK TO job")?;
        }
        tx.execute_batch("RELEASE job")?;
    }
    tx.commit()?;
    Ok(())
}

// Best effort: a checkpoint that cannot be made now is made later, and nothing is lost without it.
pub(super) fn fold(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the write-ahead log could not be folded into the file");
    }
}

/// The bug of [`Mutant::SavedBeforeCommit`]: what is told now is committed with the next batch.
fn leave_open(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    if !connection.is_autocommit() {
        connection.execute_batch("COMMIT")?;
    }
    let mut tx = connection.unchecked_transaction()?;
    tx.set_drop_behavior(rusqlite::DropBehavior::Ignore);
    batch.iter_mut().try_for_each(|job| job.work(&tx))
}
