//! The window's wiring.
