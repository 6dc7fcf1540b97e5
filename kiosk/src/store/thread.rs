//! The one thread that owns the kiosk's file. Jobs that wait together are committed together, and everybody is
//! answered after COMMIT.
//!
//! Must never: answer before COMMIT, or let one job's accident undo another's work (each has a savepoint).

use super::StoreError;
use rusqlite::{Connection, Transaction};
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

/// Runs until every sender is gone.
pub fn run(mut connection: Connection, jobs: &Receiver<Box<dyn Job>>) {
    let mut folded = false;
    loop {
        let first = match jobs.recv_timeout(QUIET) {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => {
                if !folded {
                    fold(&connection);
                    folded = true;
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        folded = false;
        let mut batch = vec![first];
        while batch.len() < TOGETHER
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        let failed = commit(&mut connection, &mut batch).err();
        for job in batch {
            job.tell(failed.clone());
        }
    }
    fold(&connection);
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
