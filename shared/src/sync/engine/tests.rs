//! Each transition of the engine, one by one.
