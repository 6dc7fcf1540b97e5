//! The table of codes against its source, row by row, and every group that a rule is built on.
//!
//! Must never: read the table to know what to expect of it.

use super::*;

/// The statutory table again, in the shape of its source: code, class, possible, present. Copied by hand, so that a
/// slip in one of the two shows.
const SOURCE: &str = r"
/ attending yes yes
\ attending yes yes
L attending yes yes
K educational yes yes
V educational yes yes
P educational yes yes
W educational yes yes
B educational yes yes
D not-possible no no
C1 authorised yes no
M authorised yes no
J1 authorised yes no
S authorised yes no
X not-possible no no
C2 authorised yes no
C authorised yes no
T authorised yes no
R authorised yes no
I authorised yes no
E authorised yes no
Q not-possible no no
Y1 not-possible no no
Y2 not-possible no no
Y3 not-possible no no
Y4 not-possible no no
Y5 not-possible no no
Y6 not-possible no no
Y7 not-possible no no
G unauthorised yes no
N unauthorised yes no
O unauthorised yes no
U unauthorised yes no
Z administrative no no
# administrative no no
";

fn codes(list: &str) -> Vec<Code> {
    list.split(' ').map(|c| c.parse().unwrap()).collect()
}
fn text(codes: impl IntoIterator<Item = Code>) -> String {
    codes.into_iter().map(|c| c.as_str()).collect::<Vec<_>>().join(" ")
}
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
}

#[test]
fn every_row_counts_as_the_regulations_say() {
    let mut seen = Vec::new();
    for line in SOURCE.trim().lines() {
        let [code, class, possible, present] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let code: Code = code.parse().unwrap();
        let got = match code.class() {
            Class::Attending => "attending",
            Class::Educational => "educational",
            Class::Authorised => "authorised",
            Class::Unauthorised => "unauthorised",
            Class::NotPossible => "not-possible",
            Class::Administrative => "administrative",
        };
        assert_eq!(
            (got, code.is_possible(), code.is_present()),
            (class, possible == "yes", present == "yes"),
            "{code}"
        );
        assert_eq!(code.row().from, NaiveDate::from_ymd_opt(2024, 8, 19).unwrap(), "{code}");
        assert!(code.offered(today()), "{code}");
        assert!(!code.meaning().is_empty());
        seen.push(code);
    }
    assert_eq!(text(Code::offered_on(today(), false)), text(seen));
}

#[test]
fn class_and_columns_agree_in_every_row() {
    assert!(TABLE.len() < 256);
    for row in TABLE {
        let counted = matches!(row.class, Class::Attending | Class::Educational);
        let possible = counted || matches!(row.class, Class::Authorised | Class::Unauthorised);
        assert_eq!((row.possible, row.present), (possible, counted), "{}", row.code);
        assert!(row.code.is_ascii() && (1..=2).contains(&row.code.len()), "{}", row.code);
        assert!(row.until.is_none_or(|until| row.from <= until), "{}", row.code);
    }
}

#[test]
fn withdrawn_codes_are_read_and_never_offered() {
    let withdrawn = codes("F H J Y");
    assert_eq!(text(Code::all().filter(|c| c.row().until.is_some())), text(withdrawn.clone()));
    let old = NaiveDate::from_ymd_opt(2024, 3, 4).unwrap();
    for code in withdrawn {
        assert!(!code.offered(today()) && !code.offered(old) && !code.offered_to_teacher(old), "{code}");
        assert!(code.row_on(old).is_some() && code.row_on(today()).is_none(), "{code}");
    }
    assert_eq!(codes("F H").iter().map(|c| c.class()).collect::<Vec<_>>(), [Class::Authorised; 2]);
    assert!("J".parse::<Code>().unwrap().is_present(), "an interview used to count as attended");
    assert!(!"Y".parse::<Code>().unwrap().is_possible());
    // A code of 2024 is not offered for a session before it was law.
    let (before, first) = (table::FIRST_DAY.pred_opt().unwrap(), table::FIRST_DAY);
    assert!(!Code::Y4.offered(before) && Code::Y4.offered(first));
}

#[test]
fn detail_dates_and_teachers_few_codes() {
    assert_eq!(text(Code::all().filter(|c| c.needs_detail())), "K V P W B Q Y1 Y2 Y3 Y4 Y5 Y6 Y7");
    assert_eq!(text(Code::all().filter(|c| c.needs_dates())), "C2");
    assert_eq!(text(Code::all().filter(|c| c.late())), "L U");
    assert_eq!(text(Code::offered_on(today(), true)), "/ \\ L N");
    assert_eq!(text(Code::all().filter(|c| c.row().only == Only::OutsideCompulsoryAge)), "X");
    assert_eq!(text(Code::all().filter(|c| c.is_attending())), "/ \\ L");
}

#[test]
fn arrival_groups() {
    let group = |rule| text(Code::all().filter(move |c| arrival_against(*c) == rule));
    assert_eq!(group(ArrivalRule::Replaced), "/ \\ L N U");
    assert_eq!(group(ArrivalRule::LateThenNoted), text(sorted("M J1 C1 C C2 S R X")));
    assert_eq!(
        group(ArrivalRule::StaysWithQuestion),
        text(sorted("I G O E T V P W B K D Q Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z # F H J Y"))
    );
}
fn sorted(list: &str) -> Vec<Code> {
    let mut codes = codes(list);
    codes.sort();
    codes
}

#[test]
fn a_closed_site_overwrites_blank_n_and_o_now_and_later_all_but_what_goes_ahead() {
    let replaced = |phase| text(Code::all().filter(move |c| site_closed_replaces(Some(*c), phase)));
    assert_eq!(replaced(Phase::OpenOrPast), "N O");
    let kept = text(Code::all().filter(|c| !site_closed_replaces(Some(*c), Phase::Later)));
    assert_eq!(kept, text(sorted("K V P W B D")));
    assert!(site_closed_replaces(None, Phase::OpenOrPast) && site_closed_replaces(None, Phase::Later));
}

#[test]
fn only_codes_of_the_table_are_codes() {
    for bad in ["", " ", "l", "AA", "A", "Y8", "Y0", "//", "L ", " L", "\u{e9}", "–", "-", "C3", "J2", "Y44"] {
        assert_eq!(bad.parse::<Code>(), Err(NotACode), "{bad:?}");
    }
    for code in Code::all() {
        assert_eq!(code.to_string().parse::<Code>().unwrap(), code);
        let json = serde_json::to_string(&code).unwrap();
        assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code);
    }
    assert_eq!(serde_json::to_string(&Code::PRESENT_PM).unwrap(), r#""\\""#);
    assert!(serde_json::from_str::<Code>("\"Y8\"").is_err());
    assert_eq!(Code::all().count(), 38);
    assert_eq!((Code::present(Half::Am).as_str(), Code::present(Half::Pm).as_str()), ("/", "\\"));
    assert_eq!(format!("{:?}", Code::I), "Code", "a reason stays out of logs");
}
