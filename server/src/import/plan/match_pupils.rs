//! Which pupil of the school's file each pupil of the roster is: by the directory's id, by UPN, by name and date of birth.
//!
//! Must never: take two pupils for one, or give a UPN to two.

use super::Ids;
use crate::import::changes::Changes;
use crate::import::held::{Held, PupilRow};
use crate::import::reject::{Reason, Reject};
use crate::import::roster::{Pupil, Roster, Standard};
use shared::id::PupilId;
use std::collections::{BTreeMap, BTreeSet};

/// Who is who.
#[derive(Debug, Default)]
pub struct Matches {
    /// Pupils of the roster by its keys.
    pub by_key: BTreeMap<String, PupilId>,
    /// Pupils whom the file deletes.
    pub deleted: BTreeSet<PupilId>,
    /// Pupils of whom a row could not be read: silence ends nothing.
    pub doubtful: BTreeSet<PupilId>,
}

struct Index<'h> {
    source: BTreeMap<&'h str, usize>,
    upn: BTreeMap<&'h str, usize>,
    name: BTreeMap<(String, String, chrono::NaiveDate), Vec<usize>>,
}

/// Compares the pupils' own columns.
pub fn plan(roster: &Roster, held: &Held, ids: Ids<'_>, rejects: &mut Vec<Reject>, changes: &mut Changes) -> Matches {
    let mut matches = Matches::default();
    let index = Index::of(held);
    for key in &roster.doubtful {
        if let Some(at) = index.source.get(key.as_str()) {
            matches.doubtful.insert(held.pupils[*at].id);
        }
    }
    for gone in roster.unexplained.iter().filter(|p| p.gone) {
        if let Some(at) = index.source.get(gone.key.as_str()) {
            matches.deleted.insert(held.pupils[*at].id);
        }
    }
    // Changes without a role: whoever is a pupil here already is one still.
    let known = roster.unexplained.iter().filter(|p| !p.gone && index.source.contains_key(p.key.as_str()));
    let file = if roster.standard == Standard::Spreadsheet { super::super::spreadsheet::NAME } else { "users.csv" };
    let everybody: Vec<&Pupil> = roster.pupils.iter().chain(known).collect();
    let mut who: Vec<Option<usize>> = vec![None; everybody.len()];
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for by in [Index::by_source, Index::by_upn, Index::by_name] {
        for (pupil, who) in everybody.iter().zip(who.iter_mut()).filter(|(_, who)| who.is_none()) {
            if let Some(at) = by(&index, pupil, held).filter(|at| !taken.contains(at)) {
                taken.insert(at);
                *who = Some(at);
            }
        }
    }
    // A UPN that stands with somebody who is not to change stays theirs.
    let mut upns: BTreeMap<&str, PupilId> = BTreeMap::new();
    for (at, p) in held.pupils.iter().enumerate() {
        if let Some(upn) = p.upn.as_deref().filter(|_| !taken.contains(&at)) {
            upns.insert(upn, p.id);
        }
    }
    let said: BTreeSet<&str> = everybody.iter().filter_map(|p| p.upn.as_deref()).collect();
    for (pupil, who) in everybody.iter().zip(&who) {
        let stood = who.map(|at| &held.pupils[at]);
        if pupil.gone {
            if let Some(stood) = stood {
                matches.by_key.insert(pupil.key.clone(), stood.id);
                matches.deleted.insert(stood.id);
            }
            continue;
        }
        let id = stood.map_or_else(|| PupilId::from_bytes(ids()), |p| p.id);
        matches.by_key.insert(pupil.key.clone(), id);
        let mut row = merged(pupil, stood, id);
        if let Some(upn) = row.upn.clone() {
            let others = upns.get(upn.as_str()).is_some_and(|owner| *owner != id);
            // Kept from before, but the file gives it to another pupil now.
            let lost = pupil.upn.is_none() && said.contains(upn.as_str());
            if others || lost {
                if others {
                    rejects.push(Reject { file: file.into(), line: pupil.line, reason: Reason::SameUpn });
                }
                row.upn = stood.and_then(|p| p.upn.clone()).filter(|_| !lost && pupil.upn.is_none());
            }
        }
        match stood {
            None => changes.tally.new_pupils += 1,
            Some(stood) if *stood != row => changes.tally.changed_pupils += 1,
            Some(_) => continue,
        }
        changes.pupils.push(row);
    }
    matches
}

impl<'h> Index<'h> {
    fn of(held: &'h Held) -> Self {
        let mut index = Self { source: BTreeMap::new(), upn: BTreeMap::new(), name: BTreeMap::new() };
        for (at, p) in held.pupils.iter().enumerate() {
            if let Some(source) = &p.source_id {
                index.source.insert(source, at);
            }
            if let Some(upn) = &p.upn {
                index.upn.insert(upn, at);
            }
            if let Some(born) = p.born_on {
                index.name.entry((p.first.to_lowercase(), p.last.to_lowercase(), born)).or_default().push(at);
                if let Some(legal) = &p.legal_first {
                    index.name.entry((legal.to_lowercase(), p.last.to_lowercase(), born)).or_default().push(at);
                }
            }
        }
        index
    }
    fn by_source(&self, pupil: &Pupil, _: &Held) -> Option<usize> {
        pupil.source_id.as_deref().and_then(|s| self.source.get(s).copied())
    }
    fn by_upn(&self, pupil: &Pupil, _: &Held) -> Option<usize> {
        pupil.upn.as_deref().and_then(|u| self.upn.get(u).copied())
    }
    fn by_name(&self, pupil: &Pupil, held: &Held) -> Option<usize> {
        let names = [Some(&pupil.first), pupil.legal_first.as_ref()];
        let found = names
            .into_iter()
            .flatten()
            .find_map(|first| self.name.get(&(first.to_lowercase(), pupil.last.to_lowercase(), pupil.born_on?)))?;
        let [at] = found.as_slice() else { return None };
        let stood = &held.pupils[*at];
        // Two ids of one directory, or two UPNs, are two children, however alike their names.
        let two_ids = pupil.source_id.is_some() && stood.source_id.is_some();
        let two_upns = pupil.upn.is_some() && stood.upn.is_some();
        (!two_ids && !two_upns).then_some(*at)
    }
}

/// The file's word where it says something; else what stands.
fn merged(pupil: &Pupil, stood: Option<&PupilRow>, id: PupilId) -> PupilRow {
    let old = |f: fn(&PupilRow) -> Option<String>| stood.and_then(f);
    PupilRow {
        id,
        source_id: pupil.source_id.clone().or_else(|| old(|p| p.source_id.clone())),
        upn: pupil.upn.clone().or_else(|| old(|p| p.upn.clone())),
        first: pupil.first.clone(),
        last: pupil.last.clone(),
        legal_first: pupil.legal_first.clone(),
        legal_last: pupil.legal_last.clone(),
        born_on: pupil.born_on.or_else(|| stood.and_then(|p| p.born_on)),
        sex: pupil.sex.map(str::to_owned).or_else(|| old(|p| p.sex.clone())),
        fsm: pupil.fsm.unwrap_or_else(|| stood.is_some_and(|p| p.fsm)),
        pupil_premium: pupil.pupil_premium.unwrap_or_else(|| stood.is_some_and(|p| p.pupil_premium)),
        send: pupil.send.map(str::to_owned).or_else(|| old(|p| p.send.clone())),
        looked_after: pupil.looked_after.unwrap_or_else(|| stood.is_some_and(|p| p.looked_after)),
        social_worker: pupil.social_worker.unwrap_or_else(|| stood.is_some_and(|p| p.social_worker)),
        ehcp: pupil.ehcp.unwrap_or_else(|| stood.is_some_and(|p| p.ehcp)),
    }
}
