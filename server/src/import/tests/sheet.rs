//! Our own spreadsheet.

use super::*;

fn sheet(rows: &str) -> Vec<NamedFile> {
    vec![file("pupils.csv", format!("{}{rows}", spreadsheet::TEMPLATE))]
}

#[test]
fn a_school_begins_with_a_spreadsheet() {
    let bed = Bed::new();
    let rows = "3 Willow,3,Ava,Okoro,,,30/01/2019,F,H801200001001,4/09/2023,,yes,y,K,,,no,Ngozi Okoro,mother,07700 900123,Rhys Pugh,father,07700 900124\r\n\
                4 Oak,Year 4,Ben,Shah,Benjamin,,2018-05-02,M,B801200005002,,,,,,x,,,,,\n\
                ,,,,,,\n\
                4 Oak,Year 4,Cem,Aydin,,,2018-06-01,,,,,,,,,,,,,07700 900125\n\
                ,Year 4,Dev,Rao,,,2018-06-01\n\
                4 Oak,Year 4,Ava,Okoro,,,30/01/2019\n";
    let report = bed.import("2026-11-23", &sheet(rows));
    assert_eq!(
        kinds(&report),
        [
            ("pupils.csv", 3, "bad_upn"),
            ("pupils.csv", 5, "contact_without_name"),
            ("pupils.csv", 6, "empty"),
            ("pupils.csv", 7, "same_pupil")
        ]
    );
    assert_eq!((report.pupils, report.classes, report.enrolments, report.contacts), (3, 2, 3, 2));
    assert_eq!(
        bed.rows("SELECT first, legal_first, upn, fsm, pupil_premium, send, looked_after, ehcp FROM pupil ORDER BY 1"),
        ["Ava|-|H801200001001|1|1|support|0|0", "Ben|Benjamin|-|0|0|none|1|0", "Cem|-|-|0|0|none|0|0"]
    );
    assert_eq!(bed.rolls(), ["Ava|2023-09-04|-", "Ben|2026-09-01|-", "Cem|2026-09-01|-"]);
    let before = bed.dump();
    assert!(!bed.import("2026-11-24", &sheet(rows)).changed);
    assert_eq!(bed.dump(), before);
}

#[test]
fn a_row_is_told_by_upn_then_by_name_and_birth_and_leaving_is_said() {
    let bed = Bed::new();
    bed.import("2026-11-23", &sheet("3 Willow,3,Ava,Okoro,,,30/01/2019,F,H801200001001\n4 Oak,4,Ben,Shah,,,2018-05-02\n4 Oak,4,Cem,Aydin,,,2018-06-01\n"));
    let ids = bed.rows("SELECT hex(id) FROM pupil ORDER BY id");
    // Married name, by UPN; a UPN that comes later, by name and birth; Cem is not in the sheet and stays.
    let later =
        "3 Willow,3,Ava,Obi,,,30/01/2019,F,H801200001001\n4 Oak,4,Ben,Shah,,,2018-05-02,,B801200005001,,27/11/2026\n";
    let report = bed.import("2026-12-01", &sheet(later));
    assert_eq!((report.changes.new_pupils, report.changes.leavers, report.on_roll), (0, 1, 2));
    assert_eq!(bed.rows("SELECT hex(id) FROM pupil ORDER BY id"), ids);
    assert_eq!(bed.rolls(), ["Ava|2026-09-01|-", "Ben|2026-09-01|2026-11-27", "Cem|2026-09-01|-"]);
    // Then the school's directory comes: the same pupils, by UPN and by name.
    let report = bed.import("2026-12-02", &clean());
    assert_eq!((report.changes.new_pupils, bed.rows("SELECT hex(id) FROM pupil ORDER BY id")), (0, ids));
    assert_eq!(bed.rows("SELECT name, source_id FROM class ORDER BY 1"), ["3 Willow|c3", "4 Oak|c4"]);
}

#[test]
fn a_sheet_from_another_hand() {
    let bed = Bed::new();
    let report = bed.import(
        "2026-11-23",
        &[file("pupils (2).csv", "Last name,Forename,DOB,Registration group\nOkoro,Ava,30/01/2019,3W\n")],
    );
    assert_eq!((kinds(&report), report.pupils), (vec![], 1));
    let error = bed.try_import(
        "2026-11-23",
        &[file("pupils.csv", "Class;First name;Surname\n3W;Ava;Okoro\n")],
        &Request::default(),
    );
    assert!(error.unwrap_err().to_string().contains("CSV UTF-8"));
}
