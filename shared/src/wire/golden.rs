//! Protocol 1 is frozen: every type that travels or is kept for ever has a golden file, which is read and written
//! again byte for byte.
//!
//! Must never: be made to pass by changing a golden file of a released version.

use crate::act::{Act, Acted, Officer};
use crate::id::BootId;
use crate::log::{Entry, First, Head, Origin};
use crate::observation::{Mark, Means, Notice, Observation, Observed, Wish};
use crate::pupil::{Change, Provision};
use crate::time::{Anchor, Reading};
use crate::wire::v1::*;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/v1")
}

fn text(name: &str) -> String {
    let path = folder().join(format!("{name}.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Reads a golden file as `T`, writes it again, and wants the same bytes.
fn same<T: Serialize + DeserializeOwned>(name: &str) -> T {
    let golden = text(name);
    let value: T = serde_json::from_str(&golden).unwrap_or_else(|e| panic!("{name}.json: {e}"));
    let again = serde_json::to_string_pretty(&value).expect("json") + "\n";
    assert_eq!(again, golden, "{name}.json is written otherwise than it was");
    value
}

/// The words that serde would take for the variants of `T`, from its own complaint about a word that is none.
fn variants<T: DeserializeOwned + Debug>(nonsense: &str) -> BTreeSet<String> {
    let complaint = serde_json::from_str::<T>(nonsense).expect_err("nonsense").to_string();
    let (_, expected) = complaint.split_once("expected").unwrap_or_else(|| panic!("{complaint}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The values at `pointer` of a golden file's array, and of the array that later versions added to it.
fn tags(name: &str, pointer: &str) -> BTreeSet<String> {
    let more = format!("{name}_more");
    let files = std::iter::once(name).chain(NAMES.contains(&more.as_str()).then_some(more.as_str()));
    let values = files.flat_map(|f| serde_json::from_str::<Vec<serde_json::Value>>(&text(f)).expect("an array"));
    values.map(|v| v.pointer(pointer).and_then(|t| t.as_str()).expect("a tag").to_owned()).collect()
}

/// The golden files `<family>.<variant>.json`.
fn family(name: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder()).expect("golden/v1").map(|f| f.expect("entry").file_name());
    files
        .filter_map(|f| Some(f.to_str()?.strip_prefix(&format!("{name}."))?.strip_suffix(".json")?.to_owned()))
        .collect()
}

macro_rules! golden {
    ($($name:literal: $type:ty),+ $(,)?) => {
        /// Every type below, byte for byte.
        #[test]
        fn every_type_is_written_as_it_was() {
            $(let _: $type = same($name);)+
        }
        const NAMES: &[&str] = &[$($name),+];
    };
}

golden! {
    "hello": Hello, "kept_head": KeptHead, "hello_kept": Hello, "fault": Vec<Fault>, "hello_answer": HelloAnswer, "log_state": Vec<LogState>,
    "push": Push, "pushed": Vec<Pushed>, "pull": Pull, "pulled": Vec<Pulled>, "pulled_own": Pulled,
    "row": Row, "row_body": Vec<RowBody>, "settings": Settings, "mode": Vec<Mode>, "class_row": ClassRow,
    "pupil_row": PupilRow, "membership": Membership, "staff_row": StaffRow, "day_row": DayRow,
    "choices": Choices, "sort": Vec<Sort>, "palette": Vec<Palette>, "session_times": SessionTimes, "expected_row": ExpectedRow, "expected": Vec<Expected>, "mark_row": MarkRow,
    "seen": Vec<Seen>, "register_row": RegisterRow,
    "enrol_request": EnrolRequest, "enrol_ticket": EnrolTicket, "enrol_poll": EnrolPoll, "enrol_poll_wish": EnrolPoll, "enrol_wish": EnrolWish, "enrolment": Vec<Enrolment>,
    "hello_answer_restored": HelloAnswer, "hello_answer_unsure": HelloAnswer, "pull_tail": Pull, "pulled_tail": Pulled,
    "tail": Tail, "school_log": SchoolLog, "asks": Asks, "witness": Witness, "seen_head": SeenHead, "witnessed": Witnessed,
    "problem": Problem, "problem_code": Vec<ProblemCode>,
    "entry": Entry, "head": Head, "origin": Origin, "first": First, "anchor": Anchor, "reading": Reading,
    "observed_left": Observed, "row_body_more": Vec<RowBody>, "mode_more": Vec<Mode>, "find_by": Vec<FindBy>, "way": Vec<Way>,
    "passage_row": PassageRow, "roll_call_row": RollCallRow, "accounted_row": AccountedRow,
    "notice": Vec<Notice>, "notice_only_copy": Notice, "mark": Vec<Mark>, "means": Vec<Means>, "wish": Vec<Wish>, "officer": Vec<Officer>,
    "membership_noon": Membership, "change": Vec<Change>, "provision": Vec<Provision>,
}

#[test]
fn every_public_type_of_the_protocol_has_a_golden_file() {
    let source =
        [include_str!("v1.rs"), include_str!("v1/row.rs"), include_str!("v1/enrol.rs"), include_str!("v1/tail.rs")]
            .concat();
    let types = source.lines().filter_map(|line| {
        let rest = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "))?;
        rest.split(|c: char| !c.is_alphanumeric()).next()
    });
    let mut count = 0;
    for name in types {
        let snake = name.char_indices().fold(String::new(), |mut s, (i, c)| {
            if c.is_uppercase() && i > 0 {
                s.push('_');
            }
            s.extend(c.to_lowercase());
            s
        });
        assert!(NAMES.contains(&snake.as_str()), "{name}: add golden/v1/{snake}.json and a line to golden!");
        count += 1;
    }
    assert!(count >= 29, "only {count} types were found in v1.rs");
}

#[test]
fn every_variant_has_a_golden_file() {
    assert_eq!(variants::<Observation>(r#"{"kind":"?"}"#), family("observation"));
    assert_eq!(variants::<Act>(r#"{"kind":"?"}"#), family("act"));
    for kind in family("observation") {
        let observed: Observed = same(&format!("observation.{kind}"));
        let json = serde_json::to_value(&observed).expect("json");
        assert_eq!(json.pointer("/what/kind").and_then(|k| k.as_str()), Some(kind.as_str()));
    }
    for kind in family("act") {
        let acted: Acted = same(&format!("act.{kind}"));
        let json = serde_json::to_value(&acted).expect("json");
        assert_eq!(json.pointer("/act/kind").and_then(|k| k.as_str()), Some(kind.as_str()));
    }
    assert_eq!(variants::<Pushed>(r#"{"outcome":"?"}"#), tags("pushed", "/outcome"));
    assert_eq!(variants::<Pulled>(r#"{"answer":"?"}"#), tags("pulled", "/answer"));
    assert_eq!(variants::<RowBody>(r#"{"kind":"?"}"#), tags("row_body", "/kind"));
    assert_eq!(variants::<Enrolment>(r#"{"answer":"?"}"#), tags("enrolment", "/answer"));
    let notices = tags("notice", "/notice").into_iter().chain(family("notice")).collect();
    assert_eq!(variants::<Notice>(r#"{"notice":"?"}"#), notices);
    assert_eq!(variants::<Officer>(r#"{"as":"?"}"#), tags("officer", "/as"));
    assert_eq!(variants::<Fault>(r#""?""#), tags("fault", ""));
    assert_eq!(variants::<LogState>(r#""?""#), tags("log_state", ""));
    assert_eq!(variants::<Mode>(r#""?""#), tags("mode", ""));
    assert_eq!(variants::<Expected>(r#""?""#), tags("expected", ""));
    assert_eq!(variants::<Seen>(r#""?""#), tags("seen", ""));
    assert_eq!(variants::<FindBy>(r#""?""#), tags("find_by", ""));
    assert_eq!(variants::<Way>(r#""?""#), tags("way", ""));
    assert_eq!(variants::<ProblemCode>(r#""?""#), tags("problem_code", ""));
    assert_eq!(variants::<Mark>(r#""?""#), tags("mark", ""));
    assert_eq!(variants::<Means>(r#""?""#), tags("means", ""));
    assert_eq!(variants::<Wish>(r#""?""#), tags("wish", ""));
    assert_eq!(variants::<Change>(r#"{"change":"?"}"#), tags("change", "/change"));
    assert_eq!(variants::<Provision>(r#""?""#), tags("provision", ""));
    assert_eq!(variants::<Sort>(r#""?""#), tags("sort", ""));
    assert_eq!(variants::<Palette>(r#""?""#), tags("palette", ""));
}

#[test]
fn no_golden_file_is_without_a_test() {
    for file in std::fs::read_dir(folder()).expect("golden/v1") {
        let name = file.expect("entry").file_name().into_string().expect("ascii");
        let name = name.strip_suffix(".json").expect("json only");
        let known = NAMES.contains(&name) || ["observation.", "act.", "notice."].iter().any(|f| name.starts_with(f));
        assert!(known || name == "chain", "{name}.json");
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Chain {
    entries: Vec<Entry>,
    body_hashes: Vec<crate::log::Hash>,
    hashes: Vec<crate::log::Hash>,
}

/// The hashes were computed by another program (see docs/PROTOCOL.md): the chain's format is frozen.
#[test]
fn the_chain_is_as_it_was() {
    let chain: Chain = same("chain");
    let body_hashes: Vec<_> = chain.entries.iter().map(Entry::body_hash).collect();
    let hashes: Vec<_> = chain.entries.iter().map(Entry::hash).collect();
    assert_eq!((body_hashes, hashes), (chain.body_hashes, chain.hashes));
    assert!(crate::log::verify(&chain.entries).is_ok());
    for entry in &chain.entries {
        let observed = crate::sync::observed(entry).expect("readable");
        assert_eq!(serde_json::to_string(&observed).expect("json"), entry.body);
        assert_eq!(observed.at.boot, BootId::from_bytes([0x11; 16]));
    }
}

/// A later server or kiosk may add fields to what is exchanged: readers of today skip them. What is kept for ever is
/// stricter: an unknown field in an entry could change what it means.
#[test]
fn unknown_fields_are_skipped_in_messages_and_refused_in_facts() {
    fn with_more(name: &str) -> String {
        text(name).replacen('{', "{\"mood\": \"calm\",", 1)
    }
    fn skips<T: DeserializeOwned + Serialize>(name: &str) {
        let value: T = serde_json::from_str(&with_more(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(serde_json::to_string_pretty(&value).expect("json") + "\n", text(name));
    }
    skips::<Hello>("hello");
    skips::<HelloAnswer>("hello_answer");
    skips::<Push>("push");
    skips::<Vec<Pushed>>("pushed");
    skips::<Vec<Pulled>>("pulled");
    skips::<Vec<RowBody>>("row_body");
    skips::<Witness>("witness");
    skips::<Witnessed>("witnessed");
    skips::<Vec<RowBody>>("row_body_more");
    skips::<EnrolRequest>("enrol_request");
    skips::<EnrolTicket>("enrol_ticket");
    skips::<Vec<Enrolment>>("enrolment");
    skips::<Problem>("problem");
    for name in ["entry", "head", "anchor", "reading", "first"] {
        let refused = match name {
            "entry" => serde_json::from_str::<Entry>(&with_more(name)).is_err(),
            "head" => serde_json::from_str::<Head>(&with_more(name)).is_err(),
            "anchor" => serde_json::from_str::<Anchor>(&with_more(name)).is_err(),
            "reading" => serde_json::from_str::<Reading>(&with_more(name)).is_err(),
            _ => serde_json::from_str::<First>(&with_more(name)).is_err(),
        };
        assert!(refused, "{name}");
    }
    assert!(serde_json::from_str::<Observed>(&with_more("observation.marked")).is_err());
    assert!(serde_json::from_str::<Acted>(&with_more("act.amended")).is_err());
}
