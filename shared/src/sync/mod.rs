//! The exchange of logs: what the server makes of a batch ([`ingest`]), what a kiosk does next ([`Engine`]).
//!
//! Must never: do IO. Events come in, actions go out. See docs/PROTOCOL.md.

mod backoff;
mod batch;
mod body;
mod engine;
mod feed;
mod ingest;

pub use backoff::Backoff;
pub use batch::{BATCH_BYTES, batch};
pub use body::{Unreadable, observed};
pub use engine::{Action, Call, Engine, Event, Failure, HELLO_EVERY_MS, Jitter, Reflects, Standing, Status};
pub use feed::{BadPage, Feed};
pub use ingest::{Ingested, Malformed, greet, ingest};
