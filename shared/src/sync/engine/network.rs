//! The engine and `ingest` joined over a network that loses, doubles and reorders.
