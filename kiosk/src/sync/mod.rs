//! The exchange with the server: a thin driver of [`shared::sync::Engine`] over HTTP and the store, on a thread of its own.
//!
//! Must never: decide anything that the engine decides.

mod driver;
pub mod http;
mod https;
mod link;
pub mod tls;
mod told;
mod wires;

pub use driver::Driver;
pub use link::{Link, Tell};
pub use told::{Order, Told};
pub use wires::Wires;
