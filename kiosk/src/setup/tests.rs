//! Cards as people write them.

use super::{Rotation, apply::apply, read, told};
use shared::wire::v1::Mode;
use std::os::unix::fs::PermissionsExt as _;

const KEY: &str = "6565656565656565656565656565656565656565656565656565656565656565";

fn wrong(text: &str) -> Vec<String> {
    read(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_shortest_card_names_a_server() {
    let setup = read("server = \"https://rollbook.school.example:4433/\"\n").unwrap();
    assert_eq!(setup.door.server, "https://rollbook.school.example:4433");
    assert_eq!((setup.door.known, setup.rotation, setup.wifi), (None, Rotation::None, None));
}

#[test]
fn a_card_out_of_a_box_has_everything() {
    let text = format!(
        "\u{feff}server = \"https://10.0.0.5:4433\"\r\nkey = \"{}\"\r\nroom = \" Room 7 \"\r\nclasses = [\"3 Willow\"]\r\n\
         code = \"K7QX-4M2P-9ABC-DEFG\"\r\n[screen]\r\nrotation = 180\r\nbrightness = 70\r\n[ethernet]\r\n\
         address = \"10.0.0.17/24\"\r\ngateway = \"10.0.0.1\"\r\ndns = [\"10.0.0.1\"]\r\n",
        KEY.replace("65656565", "65:65:65:65 ")
    );
    let setup = read(&text).unwrap();
    assert_eq!(setup.door.known.unwrap().to_string(), KEY);
    let wish = setup.door.wish.unwrap();
    assert_eq!((wish.room.unwrap().as_str(), wish.classes[0].as_str(), wish.mode), ("Room 7", "3 Willow", None));
    assert_eq!((setup.rotation, setup.brightness), (Rotation::Half, Some(70)));
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let text = "server = \"http://a.example\"\nkey = \"6565\"\nroom = \"\"\nkind = \"corridor\"\ncode = \"K7QX\"\n\
                [screen]\nrotation = 45\nbrightness = 0\n[wifi]\nname = \"School\"\npassword = \"short\"\n\
                [ethernet]\naddress = \"10.0.0.17\"\n[reader]\nkind = \"wiegand\"\nd0 = 4\nd1 = 4\n";
    let wrong = wrong(text);
    let starts = [
        "line 1: \"http://a.example\" is not",
        "line 2: the key's fingerprint has 64",
        "line 3: the room has no name",
        "line 4: a kiosk's kind",
        "line 5: a code for a whole box has 16",
        "line 7: the picture is turned by",
        "line 8: brightness",
        "line 9: a wireless network's password",
        "line 12: \"10.0.0.17\" is not an address",
        "line 17: d0 and d1 are both pin 4",
    ];
    assert_eq!(wrong.len(), starts.len(), "{wrong:#?}");
    for (told, start) in wrong.iter().zip(starts) {
        assert!(told.starts_with(start), "{told} / {start}");
    }
    let said = told(&read(text).unwrap_err());
    assert_eq!((said.len(), said[4].as_str()), (5, "and 6 more"));
    assert!(said[0].starts_with("rollbook.toml, line 1: "), "{said:?}");
}

#[test]
fn what_is_missing_misspelt_or_no_toml_is_told_too() {
    assert_eq!(wrong("# nothing yet\n"), ["there is no line `server = \"https://…\"`"]);
    assert!(wrong("\nsever = \"https://a.example\"\n")[0].starts_with("line 2: unknown field `sever`, expected"));
    assert!(wrong("server = https://a.example\n")[0].starts_with("line 1: "));
    assert!(
        wrong("server = \"https://a.example\"\ncode = \"K7QX-4M2P-9ABC-DEFG\"\n").iter().any(|w| w.contains("`key`"))
    );
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(super::load(&dir.path().join("x")).unwrap_err()[0].to_string(), "the file is not on the card");
    std::fs::write(dir.path().join("x"), b"server = \"https://a.example\"\nroom = \"Caf\xe9\"\n").unwrap();
    assert!(super::load(&dir.path().join("x")).unwrap_err()[0].to_string().starts_with("line 2: a letter here"));
}

#[test]
fn kinds_have_their_words() {
    for (kind, mode) in [("classroom", Mode::Classroom), ("reception", Mode::Reception), ("roll call", Mode::RollCall)]
    {
        let setup = read(&format!("server = \"https://a.example\"\nkind = \"{kind}\"\n")).unwrap();
        assert_eq!(setup.door.wish.unwrap().mode, Some(mode));
    }
}

#[test]
fn the_machine_is_set_up_and_a_password_stays_closed() {
    let dir = tempfile::tempdir().unwrap();
    let text = "server = \"https://a.example\"\ntime = \"ntp.school.example\"\n[screen]\nrotation = 90\n\
                [wifi]\nname = \"School Kiosks\"\npassword = \"a back\\\\slash\"\n[ethernet]\naddress = \"10.0.0.17/24\"\n";
    let written = apply(&read(text).unwrap(), dir.path()).unwrap();
    assert_eq!(written.len(), 5, "{written:?}");
    let wifi = dir.path().join("var/lib/iwd/School Kiosks.psk");
    assert_eq!(std::fs::read_to_string(&wifi).unwrap(), "[Security]\nPassphrase=a back\\\\slash\n");
    assert_eq!(std::fs::metadata(&wifi).unwrap().permissions().mode() & 0o777, 0o600);
    let env = std::fs::read_to_string(dir.path().join("run/rollbook/kiosk.env")).unwrap();
    assert_eq!(env, "SLINT_KMS_ROTATION=90\n");
}

#[test]
fn a_keyboard_that_reads_cards_is_let_in_and_a_screen_may_be_shown_by_cage() {
    let dir = tempfile::tempdir().unwrap();
    let text = "server = \"https://a.example\"\n[screen]\ncage = true\n\
                [reader]\nkind = \"keyboard\"\nvendor = 0x08ff\nproduct = 9\n";
    let written = apply(&read(text).unwrap(), dir.path()).unwrap();
    assert_eq!(written, ["/run/rollbook/cage", "/run/rollbook/keyboard-08ff-0009"]);
    assert_eq!(
        wrong("server = \"https://a.example\"\n[screen]\nrotation = 90\ncage = true\n"),
        ["line 4: cage cannot turn the picture: leave `rotation` out"]
    );
}

/// The names in the units and rules are those that the program writes.
#[test]
fn the_units_and_the_udev_rules_look_for_those_files() {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let said = |file: &str, words: &str| {
        let text = std::fs::read_to_string(top.join(file)).unwrap();
        assert!(text.contains(words), "{file} does not say {words}");
    };
    let units = "deb/rollbook-kiosk/usr/lib/systemd/system";
    said(&format!("{units}/rollbook-kiosk.service"), "ConditionPathExists=!/run/rollbook/cage");
    said(&format!("{units}/rollbook-kiosk-cage.service"), "ConditionPathExists=|/run/rollbook/cage");
    let rules = "image/files/etc/udev/rules.d/80-rollbook-closed.rules";
    said(rules, "/run/rollbook/keyboard-$env{ID_VENDOR_ID}-$env{ID_MODEL_ID}");
}

#[test]
fn an_enterprise_profile_is_passed_through_and_a_strange_name_is_spelt() {
    let text = "server = \"https://a.example\"\n[wifi]\nname = \"School’s\"\nprofile = '''\n[Security]\n\
                EAP-Method=PEAP\nEAP-Identity=kiosk\n'''\n";
    let wifi = read(text).unwrap().wifi.unwrap();
    assert_eq!(wifi.file, "=5363686f6f6ce2809973.8021x");
    assert!(wifi.profile.starts_with("[Security]\nEAP-Method=PEAP\n"));
    assert!(!format!("{wifi:?}").contains("kiosk\n"));
    let open = read("server = \"https://a.example\"\n[wifi]\nname = \"Guests\"\n").unwrap().wifi.unwrap();
    assert_eq!((open.file.as_str(), open.profile.as_str()), ("Guests.open", ""));
}
