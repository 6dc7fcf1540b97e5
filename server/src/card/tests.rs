//! Cards in a real school's file, and what kiosks are told of them.

use super::{Bound, CardHash, Holder, Number, bind, lose, unknown};
use crate::feed;
use crate::store::columns::DateCol;
use crate::testing::{at, class, day, now, officer, pupil, world};
use rusqlite::params;
use shared::observation::{Notice, Observation};
use shared::text::Text;
use shared::time::Millis;
use shared::wire::v1::Mode;

#[test]
fn a_number_becomes_what_a_kiosk_makes_of_it() {
    let world = world();
    world.school.write_now(|tx| crate::school::set(tx, "card_key", &"0b".repeat(32))).unwrap();
    // As kiosk/src/cards.rs has it, computed with openssl.
    let hash = world.school.read_now(|tx| Number::new(" 0004711\n").unwrap().keyed(tx)).unwrap();
    assert_eq!(hash.as_str(), "6044462e6c5eb6e21099b43a2518044589137a76822efed2b2033494d37c6d88");
    assert_eq!(CardHash::new(hash.as_str()), Some(hash));
    for bad in ["", "47a1", "123456789012345678901", "1.2E+09"] {
        assert!(Number::new(bad).is_none(), "{bad:?}");
    }
    assert!(CardHash::new(&"G".repeat(64)).is_none() && CardHash::new("ab").is_none());
    assert_eq!(format!("{:?}", Number::new("4711").unwrap()), "Number");
}

#[test]
fn a_card_has_one_holder_until_it_is_lost_or_they_leave() {
    let world = world();
    let hash = CardHash::new(&"ab".repeat(32)).unwrap();
    let (one, other) = (Holder::Pupil(pupil(1)), Holder::Pupil(pupil(2)));
    let bound = |holder, in_hand| {
        let hash = hash.clone();
        world
            .school
            .write_now(move |tx| {
                let bound = bind(tx, now(9, 0), &officer(), &hash, holder, in_hand)?;
                feed::refresh_roster(tx, now(9, 0))?;
                Ok(bound)
            })
            .unwrap()
    };
    assert_eq!(bound(one, true), Bound::New);
    let told = format!("SELECT count(*) FROM feed WHERE audience = 'reception' AND body LIKE '%{hash}%'");
    let told: &'static str = told.leak();
    assert_eq!(world.count(told), 1, "reception knows it");
    assert_eq!(world.count("SELECT count(*) FROM feed WHERE audience <> 'reception' AND body LIKE '%abababab%'"), 0);
    assert_eq!(bound(one, true), Bound::Already);
    assert_eq!(bound(other, true), Bound::Taken(one));
    let lost = hash.clone();
    let lost = world
        .school
        .write_now(move |tx| {
            let lost = lose(tx, now(9, 5), &officer(), &lost, other)? || lose(tx, now(9, 5), &officer(), &lost, one)?;
            feed::refresh_roster(tx, now(9, 5))?;
            Ok(lost)
        })
        .unwrap();
    assert!(lost);
    let written = "SELECT count(*) FROM fact WHERE json_extract(body, '$.act.kind')";
    let of = |kind: &str| {
        world.count(format!("{written} = '{kind}' AND json_extract(body, '$.by.name') = 'Sam Okoro'").leak())
    };
    assert_eq!((of("card_bound"), of("card_lost")), (1, 1), "one act for each change, none where nothing changed");
    assert_eq!(world.count("SELECT count(*) FROM fact WHERE body LIKE '%abababab%'"), 0, "not even its keyed hash");
    assert_eq!(world.count(told), 0, "a lost card opens nothing");
    assert_eq!(bound(one, false), Bound::Lost, "a list does not find a card");
    assert_eq!(bound(other, true), Bound::Found, "a hand that holds it does");
    world
        .school
        .write_now(|tx| {
            let sql = "UPDATE enrolment SET left_on = ?2 WHERE pupil = ?1";
            Ok(tx.execute(sql, params![pupil(2).as_bytes(), DateCol(day(20))])?)
        })
        .unwrap();
    assert_eq!(bound(one, false), Bound::New, "a leaver's card is free");
}

#[tokio::test]
async fn cards_that_nobody_knows_are_listed_once_with_the_time_they_were_held_to_the_reader() {
    let world = world();
    let mut desk = world.enrol(Mode::Reception, &[]).await;
    let mut room = world.enrol(Mode::Classroom, &[class(1)]).await;
    let saw = |byte: &str| Observation::Noticed {
        notice: Notice::UnknownCard { card: Text::new(&byte.repeat(32)).unwrap() },
    };
    desk.anchor(at(8, 30));
    desk.write(at(8, 41), saw("ab"));
    desk.write(at(8, 42), saw("ab"));
    desk.write(at(8, 43), saw("cd"));
    room.anchor(at(8, 30));
    room.write(at(8, 45), saw("ef"));
    world.set(at(10, 0));
    world.push(&desk).await;
    world.push(&room).await;
    let list = || world.school.read_now(|tx| unknown(tx, at(0, 0))).unwrap();
    let short = |u: &super::Unknown| (u.hash.as_str()[..2].to_owned(), u.times, u.when.latest.0 / 60_000);
    let minute = |m| at(8, m).0 / 60_000;
    let found: Vec<_> = list().iter().map(short).collect();
    let expected = [("ef", 1, minute(45)), ("cd", 1, minute(43)), ("ab", 2, minute(42))];
    assert_eq!(found, expected.map(|(h, n, m)| (h.to_owned(), n, m)));
    let hash = CardHash::new(&"cd".repeat(32)).unwrap();
    let theirs = Holder::Pupil(pupil(1));
    let card = hash.clone();
    world.school.write_now(move |tx| bind(tx, now(10, 0), &officer(), &card, theirs, true)).unwrap();
    assert_eq!(list().len(), 2, "bound: known now");
    world.school.write_now(move |tx| lose(tx, now(10, 1), &officer(), &hash, theirs)).unwrap();
    let lost = list().into_iter().find(|u| u.hash.as_str().starts_with("cd")).unwrap();
    assert_eq!(lost.lost_by, Some(theirs), "somebody uses a lost card");
    assert!(world.school.read_now(|tx| unknown(tx, Millis(at(10, 0).0 + 1))).unwrap().is_empty());
}
