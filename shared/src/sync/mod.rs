//! The exchange of logs: what the server makes of a batch ([`ingest`]), what a kiosk does next ([`engine`]).
//!
//! Must never: do IO. Events come in, actions go out.
