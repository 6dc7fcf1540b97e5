//! Rollbook's server: holds each school's register, closes it on time and shows the office who is here.

pub mod assets;
pub mod auth;
pub mod backup;
pub mod calls;
pub mod card;
pub mod check;
pub mod cli;
pub mod clock;
pub mod device;
pub mod enrol;
pub mod error;
pub mod export;
pub mod feed;
pub mod health;
pub mod import;
pub mod jobs;
pub mod live;
pub mod look;
pub mod office;
pub mod reception;
pub mod record;
pub mod recovery;
pub mod removal;
pub mod restore;
pub mod router;
pub mod sample;
pub mod school;
pub mod secret;
pub mod staff;
pub mod state;
pub mod store;
pub mod sync;
#[cfg(test)]
pub mod testing;
pub mod tls;
