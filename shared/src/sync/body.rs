//! Reading the body of an entry: as an observation, or as one that only a newer program understands.
//!
//! Must never: drop what it cannot read. What is newer stays on the kiosk until the server understands it.

use crate::log::Entry;
use crate::observation::Observed;
use serde_json::Value;

/// Why a body is no observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Of a kind, or with a field, that this program does not know: [`crate::wire::v1::Pushed::UpgradeRequired`].
    #[error("an observation of a newer program: this server must be upgraded before it can take it")]
    Newer,
    /// Not an observation of any version: HTTP 400.
    #[error("not an observation")]
    Malformed,
}

/// Reads the body of an entry of a kiosk's log.
///
/// # Errors
/// [`Unreadable`]; the whole batch that holds the entry is refused, and nothing of it is written.
pub fn observed(entry: &Entry) -> Result<Observed, Unreadable> {
    serde_json::from_str(&entry.body).map_err(|_| {
        let shape: Option<Value> = serde_json::from_str(&entry.body).ok();
        let has_kind = shape.as_ref().and_then(|v| v.pointer("/what/kind")).is_some_and(Value::is_string);
        let has_time = shape.as_ref().and_then(|v| v.get("at")).is_some_and(Value::is_object);
        if has_kind && has_time { Unreadable::Newer } else { Unreadable::Malformed }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Head, Salt};

    fn read(body: &str) -> Result<Observed, Unreadable> {
        observed(&Head::EMPTY.append(Salt([0; 16]), body.to_owned()))
    }

    #[test]
    fn tells_newer_from_nonsense() {
        let at = r#""at":{"boot":"00000000000000000000000000000001","mono":1,"wall":2}"#;
        assert!(read(&format!(r#"{{{at},"what":{{"kind":"booted"}}}}"#)).is_ok());
        assert_eq!(read(&format!(r#"{{{at},"what":{{"kind":"hummed"}}}}"#)), Err(Unreadable::Newer));
        assert_eq!(read(&format!(r#"{{{at},"what":{{"kind":"booted"}},"mood":1}}"#)), Err(Unreadable::Newer));
        assert_eq!(read(&format!(r#"{{{at}}}"#)), Err(Unreadable::Malformed));
        assert_eq!(read("{"), Err(Unreadable::Malformed));
        assert_eq!(read("[1]"), Err(Unreadable::Malformed));
    }
}
