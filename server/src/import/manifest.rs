//! OneRoster's manifest: which files there are, whole or as changes, and which version.
//!
//! Must never: be needed. Without one, what is there is read as whole.

use super::read::NamedFile;
use super::reject::{Reason, Rejects};
use super::roster::Standard;
use super::{table, value};
use std::collections::BTreeMap;

/// What a manifest says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Not in the export.
    Absent,
    /// All of it.
    Bulk,
    /// What changed.
    Delta,
}

/// A manifest, as far as it goes.
#[derive(Debug, Default)]
pub struct Manifest {
    /// The version, if it says.
    pub standard: Option<Standard>,
    /// The system it came from.
    pub system: Option<String>,
    files: BTreeMap<String, (Extent, u32)>,
}

impl Manifest {
    /// What it says of a file, and on which line. The name without `.csv`.
    #[must_use]
    pub fn extent(&self, name: &str) -> Option<(Extent, u32)> {
        self.files.get(&value::key(name)).copied()
    }
}

/// Reads it.
pub fn read(file: &NamedFile, out: &mut Rejects<'_>) -> Manifest {
    let mut manifest = Manifest::default();
    let Some(table) = table::read(&file.bytes, &["propertyName", "value"], &["propertyName", "value"], out) else {
        return manifest;
    };
    for row in &table.rows {
        let (name, value) = (table.get(row, "propertyName"), table.get(row, "value"));
        if name.is_empty() {
            out.add(row.line, Reason::Empty("propertyName"));
        } else if value.is_empty() {
            out.add(row.line, Reason::NoValue);
        } else if name.eq_ignore_ascii_case("oneroster.version") {
            match value {
                "1.0" | "1.1" => manifest.standard = Some(Standard::OneRoster11),
                v if v == "1.2" || v.starts_with("1.2.") => manifest.standard = Some(Standard::OneRoster12),
                _ => out.add(row.line, Reason::Unknown("oneroster.version")),
            }
        } else if name.eq_ignore_ascii_case("source.systemName") && !value.eq_ignore_ascii_case("absent") {
            manifest.system = value::name(value);
        } else if let Some(of) = name.strip_prefix("file.") {
            let extent = match value.to_ascii_lowercase().as_str() {
                "absent" => Extent::Absent,
                "bulk" => Extent::Bulk,
                "delta" => Extent::Delta,
                _ => {
                    out.add(row.line, Reason::Unknown("value"));
                    continue;
                }
            };
            manifest.files.insert(value::key(of), (extent, row.line));
        }
    }
    manifest
}
