//! The exchange with the server: a thin driver of [`shared::sync::Engine`] over HTTP and the store, on a thread of its own.
//!
//! Must never: decide anything that the engine decides.

mod call;
mod driver;
pub mod http;
mod link;
pub mod tls;
mod told;

pub use link::{Link, Tell};
pub use told::{Order, Told};
