//! Random bytes: for ids, salts, nonces and waits.
//!
//! Must never: be anything but the system's, outside the simulator.

/// Fills with random bytes.
///
/// # Errors
/// When the system has none.
pub fn fill(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    #[cfg(feature = "sim")]
    if shared::sim::fill(bytes) {
        return Ok(());
    }
    getrandom::fill(bytes)
}
