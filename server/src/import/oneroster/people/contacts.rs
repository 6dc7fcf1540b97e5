//! Whom to call: guardians that pupils name, and guardians that name pupils.
//!
//! Must never: drop what the office wrote because a file says nothing.

use super::{Kind, People, Person};
use crate::import::reject::{Reason, Reject};
use crate::import::roster::Contact;
use std::collections::BTreeMap;

impl People {
    /// Contacts by pupil; `None` when the file names nobody at all, so that what the office typed stays.
    pub(super) fn contacts(&self, rejects: &mut Vec<Reject>) -> Option<BTreeMap<String, Vec<Contact>>> {
        let mut found: BTreeMap<String, Vec<Contact>> = BTreeMap::new();
        let mut said = false;
        let contact = |id: &str, person: &Person| Contact {
            name: format!("{} {}", person.pupil.first, person.pupil.last).trim().chars().take(80).collect(),
            relation: person.roles.get(&Kind::Contact).copied().unwrap_or("contact").to_owned(),
            telephone: person.telephone.clone(),
            source_id: Some(id.to_owned()),
        };
        for id in &self.order {
            let Some(person) = self.by_id.get(id) else { continue };
            if !person.roles.contains_key(&Kind::Pupil) {
                continue;
            }
            for agent in &person.agents {
                said = true;
                match self.by_id.get(agent) {
                    Some(other) if other.pupil.gone || other.pupil.last.is_empty() => {}
                    Some(other) => {
                        let all = found.entry(id.clone()).or_default();
                        if !all.iter().any(|c| c.source_id.as_deref() == Some(agent)) && all.len() < 20 {
                            all.push(contact(agent, other));
                        }
                    }
                    None => rejects.push(Reject {
                        file: "users.csv".into(),
                        line: person.pupil.line,
                        reason: Reason::NoContact,
                    }),
                }
            }
        }
        // Some exports link the other way round: the guardian names the children.
        for id in &self.order {
            let Some(person) = self.by_id.get(id).filter(|p| p.roles.contains_key(&Kind::Contact) && !p.pupil.gone)
            else {
                continue;
            };
            for child in &person.agents {
                if self.by_id.get(child).is_some_and(|c| c.roles.contains_key(&Kind::Pupil)) {
                    said = true;
                    let all = found.entry(child.clone()).or_default();
                    if !all.iter().any(|c| c.source_id.as_deref() == Some(id)) && all.len() < 20 {
                        all.push(contact(id, person));
                    }
                }
            }
        }
        said.then_some(found)
    }
}
