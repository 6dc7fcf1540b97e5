//! One kind of dirt a test, as real exports have it.

use super::*;

#[test]
fn line_ends_mixed_a_byte_order_mark_and_no_last_newline() {
    let bed = Bed::new();
    let mut mixed = String::from("\u{feff}");
    for (n, line) in USERS_12.trim_end().lines().enumerate() {
        mixed.push_str(line);
        mixed.push_str(if n % 2 == 0 { "\r\n" } else { "\n" });
    }
    let files = with(clean(), "users.csv", mixed.trim_end());
    let report = bed.import("2026-11-23", &with(files, "classes.csv", CLASSES.trim_end().replace('\n', "\r\n")));
    assert_eq!((kinds(&report), report.pupils, report.classes, report.enrolments), (vec![], 3, 2, 3));
}

#[test]
fn a_blank_status_stands_and_an_unknown_one_does_not() {
    let bed = Bed::new();
    let users = USERS_12.replace("p1,active", "p1,").replace("p3,active", "p3,maybe");
    let report = bed.import("2026-11-23", &with(clean(), "users.csv", users));
    assert_eq!(report.pupils, 2);
    let of_p3 = [
        ("demographics.csv", 4, "no_person"),
        ("enrollments.csv", 4, "no_person"),
        ("roles.csv", 4, "no_person"),
        ("users.csv", 4, "unknown_value"),
    ];
    assert_eq!(kinds(&report), of_p3);
}

#[test]
fn dates_day_first_and_dates_that_are_none() {
    let bed = Bed::new();
    let files = with(
        clean(),
        "enrollments.csv",
        ENROLLMENTS.replace("p1,student,true,2026-09-02", "p1,student,true,2/09/2026"),
    );
    let report =
        bed.import("2026-11-23", &with(files, "demographics.csv", DEMOGRAPHICS.replace("2/05/2018", "5/23/2018")));
    assert_eq!(kinds(&report), [("demographics.csv", 3, "bad_date")]);
    assert_eq!(report.pupils, 3, "the pupil is taken without it");
    assert_eq!(bed.places()[0], "Ava|3 Willow|2026-09-02|am|-|pm");
    assert_eq!(bed.rows("SELECT born_on FROM pupil WHERE first = 'Ben'"), ["-"]);
}

#[test]
fn misspelt_headers_spare_columns_and_another_order() {
    let bed = Bed::new();
    let users: String = USERS_12
        .lines()
        .map(|line| {
            let line = line.replace("\"g1,g2\"", "g1;g2").replace("preferredGivenName", "prefferedGivenName");
            let line = line.replace("dateLastModified", "dataLastModified");
            let mut cells: Vec<String> = line.split(',').map(|c| c.replace("g1;g2", "\"g1,g2\"")).collect();
            cells.reverse();
            cells.join(",") + ",,,\n"
        })
        .collect();
    let report = bed.import("2026-11-23", &with(clean(), "users.csv", users));
    assert_eq!((kinds(&report), report.pupils, report.contacts), (vec![], 3, 3));
    assert_eq!(bed.rows("SELECT first FROM pupil ORDER BY 1"), ["Ava", "Ben", "Cem"]);
    assert!(report.notes.iter().any(|n| n.contains("prefferedGivenName")));
}

#[test]
fn rows_with_fewer_fields_than_the_header() {
    let bed = Bed::new();
    let roles = ROLES.replace("userProfileSourcedId\n", "userProfileSourcedId,,\n").replace(",o1,\n", ",o1\n");
    let enrollments =
        ENROLLMENTS.replace("e3,active,,c4,o1,p3,student,true,2026-09-02,", "e3,active,,c4,o1,p3,student");
    let files = with(with(clean(), "roles.csv", roles), "enrollments.csv", enrollments);
    let report = bed.import(
        "2026-11-23",
        &with(files, "demographics.csv", "sourcedId,status,dateLastModified,birthDate,sex\np1,,,2019-01-30\np2\n"),
    );
    assert_eq!((kinds(&report), report.enrolments), (vec![], 3));
    assert_eq!(bed.places()[2], "Cem|4 Oak|2026-09-02|am|-|pm", "a blank date is the class's term, or the joining");
}

#[test]
fn a_manifest_row_without_a_value_and_one_that_promises_too_much() {
    let bed = Bed::new();
    let manifest = MANIFEST_12.to_owned() + "file.userProfiles,\nfile.courses,absent\nfile.resources,sometimes\n";
    let mut files = with(clean(), "manifest.csv", manifest);
    files.retain(|f| f.name != "demographics.csv");
    let report = bed.import("2026-11-23", &files);
    assert_eq!(
        kinds(&report),
        [("manifest.csv", 6, "file_missing"), ("manifest.csv", 12, "no_value"), ("manifest.csv", 14, "unknown_value")]
    );
    assert_eq!(report.pupils, 3);
}

#[test]
fn a_file_that_is_a_copy_of_another() {
    let bed = Bed::new();
    let files = with(with(clean(), "demographics.csv", ROLES), "userProfiles.csv", ROLES);
    let report = bed.import("2026-11-23", &files);
    assert_eq!(
        kinds(&report),
        [("demographics.csv", 1, "copy_of_another_file"), ("userProfiles.csv", 1, "copy_of_another_file")]
    );
    assert_eq!(report.pupils, 3);
    let users = with(clean(), "users.csv", ORGS);
    let error = Bed::new().try_import("2026-11-23", &users, &Request::default()).unwrap_err().to_string();
    assert!(error.contains("users.csv is a copy of orgs.csv"), "{error}");
}

#[test]
fn rows_to_be_deleted_are_not_taken() {
    let bed = Bed::new();
    let users = USERS_12.replace("p3,active", "p3,tobedeleted").replace("g1,active", "g1,tobedeleted");
    let report = bed.import("2026-11-23", &with(clean(), "users.csv", users));
    assert_eq!((report.pupils, report.on_roll), (2, 2));
    assert_eq!(bed.rows("SELECT count(*) FROM pupil"), ["2"]);
    assert_eq!(bed.rows("SELECT name FROM contact GROUP BY name"), ["Rhys Pugh"]);
}

#[test]
fn a_bad_upn_costs_the_number_and_not_the_pupil() {
    let bed = Bed::new();
    let users = USERS_12
        .replace("H801200001001", "A801200001001")
        .replace("p3,active,,true,cem,", "p3,active,,true,cem,{UPN:B801200005001}");
    let report = bed.import("2026-11-23", &with(clean(), "users.csv", users));
    assert_eq!(kinds(&report), [("users.csv", 2, "bad_upn"), ("users.csv", 4, "same_upn")]);
    assert_eq!(bed.rows("SELECT first, upn FROM pupil ORDER BY 1"), ["Ava|-", "Ben|B801200005001", "Cem|-"]);
}

#[test]
fn quoted_line_breaks_do_not_shift_the_lines_of_rejects() {
    let bed = Bed::new();
    let users = USERS_12
        .replace("p1,active,,true,ava,,Ava,", "p1,active,,true,ava,,\"Ava\r\nGrace\",")
        .replace("p3,active", "p3,maybe");
    let report = bed.import("2026-11-23", &with(clean(), "users.csv", users));
    assert_eq!(kinds(&report).last(), Some(&("users.csv", 5, "unknown_value")));
    assert_eq!(bed.rows("SELECT first FROM pupil ORDER BY 1")[0], "Ava Grace");
}

#[test]
fn a_student_enrolment_of_a_teacher_is_told() {
    let bed = Bed::new();
    let report = bed.import(
        "2026-11-23",
        &with(
            clean(),
            "enrollments.csv",
            ENROLLMENTS.to_owned()
                + "e6,active,,c3,o1,t1,student,false,,\ne7,,,c9,o1,p1,student,,,\ne8,,,c3,o1,zz,student,,,\n",
        ),
    );
    assert_eq!(
        kinds(&report),
        [
            ("enrollments.csv", 7, "not_a_pupil"),
            ("enrollments.csv", 8, "no_class"),
            ("enrollments.csv", 9, "no_person")
        ]
    );
}

#[test]
fn no_homerooms_is_told_with_what_to_do_and_a_choice_is_kept() {
    let bed = Bed::new();
    let files = with(clean(), "classes.csv", CLASSES.replace("homeroom", "scheduled"));
    let empty = bed.dump();
    let report = bed.import("2026-11-23", &files);
    assert!(!report.written);
    assert_eq!(bed.dump(), empty);
    let words = report.words();
    assert!(
        words.contains("--classes") && words.contains("3 Willow") && words.contains("Nothing was changed"),
        "{words}"
    );
    // Also where the file calls itself changes, as long as the school has no registration group yet.
    let changes = with(files.clone(), "manifest.csv", MANIFEST_12.replace("file.classes,bulk", "file.classes,delta"));
    assert!(!bed.import("2026-11-23", &changes).written);
    let chosen = Request { classes: Some(Classes::from_words("3w, 4 oak")), ..Request::default() };
    let report = bed.try_import("2026-11-23", &files, &chosen).unwrap();
    assert_eq!((report.written, report.classes, report.enrolments), (true, 2, 3));
    let before = bed.dump();
    assert!(!bed.import("2026-11-24", &files).changed, "the choice is kept");
    assert_eq!(bed.dump(), before);
    let unknown = Request { classes: Some(Classes::from_words("9 Elm")), ..Request::default() };
    assert!(bed.try_import("2026-11-24", &files, &unknown).unwrap().words().contains("not in this export: 9 Elm"));
}

#[test]
fn several_schools_in_one_export_are_told_apart() {
    let bed = Bed::new();
    let orgs = ORGS.to_owned() + "o2,active,,Ash Primary,school,,o9\no9,active,,The Trust,district,,\n";
    let enrollments = ENROLLMENTS.replace("c4,o1,p3", "c5,o2,p3");
    let classes = CLASSES.to_owned() + "c5,active,,5 Ash,05,k,5A,homeroom,,o2,s1,,,\n";
    let files = with(with(with(clean(), "orgs.csv", &orgs), "enrollments.csv", enrollments), "classes.csv", classes);
    let report = bed.import("2026-11-23", &files);
    assert!(!report.written && report.words().contains("o2  Ash Primary"), "{}", report.words());
    let chosen = Request { school: Some("elm primary".into()), ..Request::default() };
    let report = bed.try_import("2026-11-23", &files, &chosen).unwrap();
    assert_eq!((kinds(&report), report.pupils, report.classes), (vec![], 2, 2));
}

#[test]
fn version_1_1_has_roles_in_its_users() {
    let bed = Bed::new();
    let users = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n\
u1,,,TRUE,o1,student,ava,,Ava,Okoro,,H801200001001,,,,u2,3,pw\nu2,,,TRUE,o1,parent,g,,Ngozi,Okoro,,,,,07700 900123,,,pw\nu3,,,TRUE,o1,teacher,t,,Asha,Patel,,,,,,,,pw\nu4,,,TRUE,o1,robot,r,,R2,D2,,,,,,,,\n";
    let enrollments = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\ne1,,,c3,o1,u1,student,,,\ne2,,,c3,o1,u3,teacher,true,,\n";
    let mut files = with(with(clean(), "users.csv", users), "enrollments.csv", enrollments);
    files.retain(|f| !["roles.csv", "demographics.csv", "manifest.csv"].contains(&f.name.as_str()));
    let report = bed.import("2026-11-23", &files);
    assert_eq!((report.source, report.pupils, report.staff, report.contacts), ("OneRoster 1.1", 1, 1, 1));
    assert_eq!(kinds(&report), [("users.csv", 5, "unknown_value"), ("users.csv", 5, "no_role")]);
    assert_eq!(bed.rolls(), ["Ava|2026-09-01|-"], "joined with the class's term where nothing is said");
}
