//! Which children are of one family: no roster says it, telephone numbers do.
//!
//! Must never: join families over a number that many give, as a grandmother's or a child-minder's lower on the list.

use shared::id::PupilId;
use std::collections::BTreeMap;

/// How far down the list a number still means "the same home".
const NEAR: usize = 2;

/// Somebody to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// "Mum"
    pub relation: String,
    /// "Sarah Varley"
    pub name: String,
    /// As it was written.
    pub telephone: String,
}

/// A number as a telephone dials it, so that two ways of writing one are the same: digits, and a nought for +44.
#[must_use]
pub fn number(written: &str) -> String {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let abroad = written.trim_start().starts_with('+');
    let home = digits.strip_prefix("0044").or_else(|| digits.strip_prefix("44").filter(|_| abroad));
    match home {
        Some(rest) => format!("0{}", rest.trim_start_matches('0')),
        None => digits,
    }
}

/// Whether two children's contacts say that they are of one family: the first to be called of one is among the first two of
/// the other, under the same number and with a name in common. A mistyped number joins nobody.
#[must_use]
pub fn related(one: &[Contact], other: &[Contact]) -> bool {
    let near = |list: &[Contact], wanted: &Contact| list.iter().take(NEAR).any(|c| same_person(c, wanted));
    one.first().is_some_and(|c| near(other, c)) || other.first().is_some_and(|c| near(one, c))
}

fn same_person(one: &Contact, other: &Contact) -> bool {
    let dialled = number(&one.telephone);
    let words = |c: &Contact| c.name.to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let theirs = words(other);
    !dialled.is_empty() && dialled == number(&other.telephone) && words(one).iter().any(|word| theirs.contains(word))
}

/// Children in families, in the order in which each family's first child came.
#[must_use]
pub fn of_one_family(children: &[(PupilId, Vec<Contact>)]) -> Vec<Vec<usize>> {
    let mut root: Vec<usize> = (0..children.len()).collect();
    fn find(root: &[usize], mut at: usize) -> usize {
        while root[at] != at {
            at = root[at];
        }
        at
    }
    for one in 0..children.len() {
        for other in one + 1..children.len() {
            if related(&children[one].1, &children[other].1) {
                let (a, b) = (find(&root, one), find(&root, other));
                root[a.max(b)] = a.min(b);
            }
        }
    }
    let mut families: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..children.len() {
        families.entry(find(&root, at)).or_default().push(at);
    }
    families.into_values().collect()
}

/// The people to call for several children of a family: each number once, in the first child's order, then who else the
/// others have.
#[must_use]
pub fn together<'a>(lists: impl IntoIterator<Item = &'a [Contact]>) -> Vec<Contact> {
    let mut all: Vec<Contact> = Vec::new();
    for contact in lists.into_iter().flatten() {
        let dialled = number(&contact.telephone);
        let known =
            all.iter().any(|c| c.name == contact.name && (dialled.is_empty() || number(&c.telephone) == dialled));
        if !known {
            all.push(contact.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(numbers: &[&str]) -> Vec<Contact> {
        let contact =
            |n: &&str| Contact { relation: "Parent".into(), name: format!("Pat{}", number(n)), telephone: (*n).into() };
        numbers.iter().map(contact).collect()
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for written in ["07700 900142", "+44 7700 900142", "0044 (0)7700-900142", "+44 (0) 7700 900 142"] {
            assert_eq!(number(written), "07700900142", "{written}");
        }
        assert_eq!(number("none"), "");
        assert_eq!(number("447 112"), "447112", "a number that only begins like it");
    }

    #[test]
    fn siblings_share_a_parent_and_cousins_a_grandmother() {
        let (mum, dad, gran) = ("07700 900001", "07700 900002", "07700 900003");
        assert!(related(&list(&[mum, dad]), &list(&["+44 7700 900001"])));
        assert!(related(&list(&[mum, dad, gran]), &list(&[dad, mum])), "children of parents who live apart");
        assert!(!related(&list(&[mum, dad, gran]), &list(&["07700 900009", "07700 900008", gran])));
        assert!(!related(&list(&["", ""]), &list(&["", ""])), "no number is not a number");
        let named = |name: &str| vec![Contact { name: name.into(), ..list(&[mum])[0].clone() }];
        assert!(related(&named("Sam Test"), &named("Samantha TEST")));
        assert!(!related(&named("Ursula Underhill"), &named("Imran Yusuf")), "a number mistyped");
        assert!(!related(&[], &[]));
    }

    #[test]
    fn whom_to_call_for_two_is_each_person_once() {
        let (one, two) = (list(&["1", "2"]), list(&["2", "3"]));
        let all = together([one.as_slice(), two.as_slice()]);
        assert_eq!(all.iter().map(|c| c.telephone.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    }

    proptest! {
        #[test]
        fn every_child_is_in_one_family_and_order_does_not_matter(
            numbers in prop::collection::vec(prop::collection::vec(0_u8..9, 0..4), 0..12),
        ) {
            let children: Vec<_> = numbers.iter().zip(1..).map(|(of, n): (_, u8)| {
                let texts: Vec<String> = of.iter().map(|d| format!("0770{d}")).collect();
                (PupilId::from_bytes([n; 16]), list(&texts.iter().map(String::as_str).collect::<Vec<_>>()))
            }).collect();
            let mut seen: Vec<usize> = of_one_family(&children).into_iter().flatten().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..children.len()).collect::<Vec<_>>());
            let sets = |children: &[(PupilId, Vec<Contact>)]| {
                let mut all: Vec<Vec<PupilId>> = of_one_family(children).into_iter()
                    .map(|f| { let mut ids: Vec<_> = f.into_iter().map(|at| children[at].0).collect(); ids.sort_unstable(); ids })
                    .collect();
                all.sort();
                all
            };
            let mut turned = children.clone();
            turned.reverse();
            prop_assert_eq!(sets(&children), sets(&turned));
        }
    }
}
