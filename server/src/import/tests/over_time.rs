//! The second import and the tenth: leavers, movers, returners, changes only, rows that cannot be read.

use super::*;

#[test]
fn a_leaver_ends_and_keeps_everything() {
    let bed = Bed::new();
    bed.import("2026-11-23", &clean());
    let gone = |text: &str| text.lines().filter(|l| !l.contains("p3")).collect::<Vec<_>>().join("\n");
    let files = [
        ("users.csv", USERS_12),
        ("roles.csv", ROLES),
        ("demographics.csv", DEMOGRAPHICS),
        ("enrollments.csv", ENROLLMENTS),
    ]
    .into_iter()
    .fold(clean(), |files, (name, text)| with(files, name, gone(text)));
    let report = bed.import("2026-12-01", &files);
    assert_eq!((report.changes.leavers, report.on_roll), (1, 2));
    assert_eq!(bed.rolls()[2], "Cem|2026-09-02|2026-11-30");
    assert_eq!(bed.places()[2], "Cem|4 Oak|2026-09-02|am|2026-11-30|pm");
    assert_eq!(bed.rows("SELECT count(*) FROM pupil"), ["3"], "the pupil stays in the record");
    let before = bed.dump();
    assert!(!bed.import("2026-12-02", &files).changed);
    assert_eq!(bed.dump(), before);
    let report = bed.import("2027-01-05", &clean());
    assert_eq!(report.changes.returners, 1);
    assert_eq!(bed.rolls()[2..], ["Cem|2026-09-02|2026-11-30", "Cem|2027-01-05|-"]);
    assert_eq!(bed.places()[2..], ["Cem|4 Oak|2026-09-02|am|2026-11-30|pm", "Cem|4 Oak|2027-01-05|am|-|pm"]);
    let before = bed.dump();
    bed.import("2027-01-06", &clean());
    assert_eq!(bed.dump(), before);
}

#[test]
fn a_leaver_by_status_and_a_leaver_by_date() {
    let bed = Bed::new();
    bed.import("2026-11-23", &clean());
    let files = with(clean(), "users.csv", USERS_12.replace("p3,active", "p3,tobedeleted"));
    bed.import(
        "2026-12-01",
        &with(
            files,
            "roles.csv",
            ROLES
                .replace(
                    "r3,active,,p3,primary,student,2026-09-02,",
                    "r3,active,,p3,primary,student,2026-09-02,2026-11-27",
                )
                .replace(
                    "r2,active,,p2,primary,student,2022-09-05,",
                    "r2,active,,p2,primary,student,2022-09-05,2026-11-25",
                ),
        ),
    );
    assert_eq!(bed.rolls(), ["Ava|2023-09-04|-", "Ben|2022-09-05|2026-11-25", "Cem|2026-09-02|2026-11-27"]);
    assert_eq!(bed.places()[1], "Ben|4 Oak|2026-09-02|am|2026-11-25|pm");
}

#[test]
fn a_mover_ends_one_place_and_begins_another() {
    let bed = Bed::new();
    bed.import("2026-11-23", &clean());
    let files = with(
        clean(),
        "enrollments.csv",
        ENROLLMENTS
            .replace("e1,active,,c3,o1,p1,student,true,2026-09-02", "e9,active,,c4,o1,p1,student,true,2026-12-01"),
    );
    let report = bed.import("2026-12-01", &files);
    assert_eq!((report.changes.movers, report.changes.leavers), (1, 0));
    assert_eq!(bed.places()[..2], ["Ava|3 Willow|2026-09-02|am|2026-11-30|pm", "Ava|4 Oak|2026-12-01|am|-|pm"]);
    let before = bed.dump();
    bed.import("2026-12-02", &files);
    assert_eq!(bed.dump(), before);
}

#[test]
fn a_row_that_cannot_be_read_takes_nobody_off_roll() {
    let bed = Bed::new();
    bed.import("2026-11-23", &clean());
    let users = USERS_12.replace("p3,active,,true,cem,,Cem,Aydin", "p3,active,,true,cem,,Cem,");
    bed.import("2026-12-01", &with(clean(), "users.csv", users));
    assert_eq!(bed.rolls()[2], "Cem|2026-09-02|-");
    assert_eq!(bed.places()[2], "Cem|4 Oak|2026-09-02|am|-|pm");
    // A row that does not even say whose it is: nobody ends.
    let users = USERS_12.replace("p3,active", ",active");
    let report = bed.import("2026-12-02", &with(clean(), "users.csv", users));
    assert!(report.words().contains("nobody was taken off roll"));
    assert_eq!(bed.rolls()[2], "Cem|2026-09-02|-");
}

#[test]
fn changes_only_touch_what_they_name() {
    let bed = Bed::new();
    bed.import("2026-11-23", &clean());
    let head = |text: &str| text.lines().next().unwrap().to_owned() + "\n";
    let delta = vec![
        file(
            "manifest.csv",
            "propertyName,value\noneroster.version,1.2\nfile.users,delta\nfile.enrollments,delta\nfile.roles,delta\n",
        ),
        file(
            "users.csv",
            head(USERS_12) + "p1,active,,true,ava,,Eva,Okoro,,,,,,,,,,,,,o1,\np3,tobedeleted,,,,,,,,,,,,,,,,,,,,\n",
        ),
        file("roles.csv", head(ROLES)),
        file(
            "enrollments.csv",
            head(ENROLLMENTS) + "e2,tobedeleted,,c4,o1,p2,student,,,\ne10,active,,c3,o1,p2,student,,2026-12-01,\n",
        ),
    ];
    let report = bed.import("2026-12-01", &delta);
    assert_eq!((kinds(&report), report.whole), (vec![], false));
    assert_eq!(bed.rolls(), ["Ben|2022-09-05|-", "Cem|2026-09-02|2026-11-30", "Eva|2023-09-04|-"]);
    assert_eq!(
        bed.places(),
        [
            "Ben|4 Oak|2026-09-02|am|2026-11-30|pm",
            "Ben|3 Willow|2026-12-01|am|-|pm",
            "Cem|4 Oak|2026-09-02|am|2026-11-30|pm",
            "Eva|3 Willow|2026-09-02|am|-|pm"
        ]
    );
    assert_eq!(bed.rows("SELECT count(*) FROM class WHERE ended_on IS NULL"), ["2"]);
    assert_eq!(bed.rows("SELECT count(*) FROM contact"), ["3"], "contacts that are not named stay");
}

#[test]
fn most_of_a_school_does_not_leave_by_mistake() {
    let bed = Bed::new();
    let mut users = String::from(USERS_12);
    let mut roles = String::from(ROLES);
    let mut enrollments = String::from(ENROLLMENTS);
    for n in 0..50 {
        users.push_str(&format!("x{n},,,,x,,Pupil,Number{n},,,,,,,,,,,,,o1,\n"));
        roles.push_str(&format!("rx{n},,,x{n},primary,student,,,o1,\n"));
        enrollments.push_str(&format!("ex{n},,,c3,o1,x{n},student,,2026-09-02,\n"));
    }
    let whole = with(with(with(clean(), "users.csv", users), "roles.csv", roles), "enrollments.csv", enrollments);
    assert_eq!(bed.import("2026-11-23", &whole).on_roll, 53);
    let before = bed.dump();
    let report = bed.import("2026-12-01", &clean());
    assert!(!report.written && report.words().contains("--many-leavers"), "{}", report.words());
    assert_eq!(bed.dump(), before);
    let sure = Request { many_leavers: true, ..Request::default() };
    assert_eq!(bed.try_import("2026-12-01", &clean(), &sure).unwrap().on_roll, 3);
}

#[test]
fn contacts_that_the_office_wrote_stay_behind_the_files() {
    let bed = Bed::new();
    bed.import("2026-11-23", &clean());
    bed.school
        .write_now(|tx| {
            tx.execute("INSERT INTO contact SELECT id, 9, 'Neighbour', 'neighbour', '07700 900999', NULL FROM pupil WHERE first = 'Ava'", [])?;
            Ok(())
        })
        .unwrap();
    let users = USERS_12.replace("\"g1,g2\"", "g2");
    bed.import("2026-12-01", &with(clean(), "users.csv", users));
    assert_eq!(
        bed.rows(
            "SELECT k.rank, k.name FROM contact k JOIN pupil p ON p.id = k.pupil WHERE p.first = 'Ava' ORDER BY 1"
        ),
        ["1|Rhys Pugh", "2|Neighbour"]
    );
}

#[test]
fn pupils_keep_their_ids_and_marks_when_the_directory_changes() {
    let bed = Bed::new();
    bed.import("2026-11-23", &clean());
    let ids = bed.rows("SELECT hex(id), first FROM pupil ORDER BY first");
    // Another system, other ids: told by UPN (Ava, Ben). Cem has none, and two ids are two children.
    let renamed: Vec<NamedFile> = clean()
        .into_iter()
        .map(|f| {
            let text = String::from_utf8(f.bytes).unwrap();
            let text = ["p1", "p2"].iter().fold(text, |t, p| t.replace(&format!("{p},"), &format!("new-{p},")));
            file(&f.name, text)
        })
        .collect();
    let report = bed.import("2026-12-01", &renamed);
    assert_eq!((report.changes.new_pupils, report.changes.leavers), (0, 0));
    assert_eq!(bed.rows("SELECT hex(id), first FROM pupil ORDER BY first"), ids);
}
