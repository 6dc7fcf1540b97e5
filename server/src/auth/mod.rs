//! Who may come in: roles, the person behind a request, and how they are known.
//!
//! Must never: decide what a role may do. That stands in the table of routes ([`crate::router`]).

pub mod factor;
pub mod key;
pub mod login;
pub mod logins;
pub mod password;
pub mod session;
#[cfg(test)]
mod tests;
pub mod throttle;

use crate::store::{School, StoreError, Stores};
use factor::Factor;
use rusqlite::OptionalExtension as _;
use shared::act::Officer;
use shared::id::{SchoolId, StaffId};
use shared::text::Name;
use shared::time::Millis;
use std::fmt;
use std::sync::Arc;

/// What a person is, and so what they may see and do (P31).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Class teacher: who is in, and how far the registers are, of their own classes. No contacts, no reasons.
    Teacher,
    /// Office staff: the register and all of the day.
    Office,
    /// Senior attendance champion: sees the register and the reasons.
    Champion,
    /// Headteacher.
    Head,
    /// Local School Committee member: numbers, never a name.
    Committee,
    /// Trust attendance lead: numbers, never a name (of the account's school for now).
    Trust,
    /// IT staff: kiosks, never a pupil.
    It,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] =
        [Self::Teacher, Self::Office, Self::Champion, Self::Head, Self::Committee, Self::Trust, Self::It];

    /// As stored in trust.db.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::Office => "office",
            Self::Champion => "champion",
            Self::Head => "head",
            Self::Committee => "committee",
            Self::Trust => "trust",
            Self::It => "it",
        }
    }
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
    /// May see names of pupils with codes, reasons and families' telephone numbers.
    #[must_use]
    pub const fn sees_reasons(self) -> bool {
        matches!(self, Self::Office | Self::Champion | Self::Head)
    }
    /// May change a mark, record an absence, settle a question.
    #[must_use]
    pub const fn amends(self) -> bool {
        matches!(self, Self::Office | Self::Head)
    }
    /// May say who signs on at a kiosk, and whose a card is.
    #[must_use]
    pub const fn keeps_people(self) -> bool {
        matches!(self, Self::Office | Self::Head)
    }
    /// May see the kiosks.
    #[must_use]
    pub const fn sees_kiosks(self) -> bool {
        matches!(self, Self::Office | Self::Head | Self::It)
    }
    /// May see how the roster came in.
    #[must_use]
    pub const fn sees_imports(self) -> bool {
        matches!(self, Self::Office | Self::Head | Self::It)
    }
    /// May see the Today page, with as much on it as the role needs.
    #[must_use]
    pub const fn sees_today(self) -> bool {
        !matches!(self, Self::It)
    }
    /// May see who teaches a class and who submitted its register.
    #[must_use]
    pub const fn sees_today_names(self) -> bool {
        matches!(self, Self::Teacher | Self::Office | Self::Champion | Self::Head)
    }
    /// Sees the whole school by name, or may give somebody a screen that does: a password alone is too little (P31).
    #[must_use]
    pub const fn needs_factor(self) -> bool {
        matches!(self, Self::Office | Self::Champion | Self::Head | Self::It)
    }
    /// As people say it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Teacher => "class teacher: sees the registers of their own classes",
            Self::Office => "office: reads and amends the record",
            Self::Champion => "attendance champion: reads registers and reasons",
            Self::Head => "headteacher: reads and amends the record",
            Self::Committee => "Local School Committee: numbers without names",
            Self::Trust => "trust attendance lead: numbers without names",
            Self::It => "IT: kiosks and imports, no pupil",
        }
    }
    /// Where this role's work begins.
    #[must_use]
    pub const fn home(self) -> &'static str {
        if self.sees_today() { "/today" } else { "/kiosks" }
    }
}

/// The person behind a request, as trust.db knows them at this moment.
#[derive(Clone)]
pub struct Actor {
    /// The account.
    pub account: i64,
    /// As it stands in the record (P6).
    pub name: Name,
    /// As it stands in the record (P6).
    pub position: Name,
    /// What they may do.
    pub role: Role,
    /// The only school they can reach.
    pub school: Arc<School>,
    /// Its name.
    pub school_name: String,
    /// Who of the staff this is, if the account was linked: whose classes a teacher sees.
    pub staff: Option<StaffId>,
    /// How the account stands with its second factor.
    pub factor: Factor,
    /// Which of the account's log-ins this is.
    pub login: i64,
    /// The token that every form of this session carries.
    pub csrf: String,
}

impl Actor {
    /// As the record names them.
    #[must_use]
    pub fn officer(&self) -> Officer {
        Officer::Person { name: self.name.clone(), position: self.position.clone() }
    }
}

// A request's debug text must not bring a name into a log.
impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Actor(account {}, {})", self.account, self.role.as_str())
    }
}

/// An account, as far as a request needs it.
struct Account {
    name: String,
    position: String,
    role: String,
    school: [u8; 16],
    school_name: String,
    password_hash: String,
    staff: Option<[u8; 16]>,
    has_factor: bool,
    created: i64,
}

/// The person of a session, if the account still exists, is not disabled, has the same password, and nobody has ended the
/// log-in.
///
/// # Errors
/// When trust.db cannot be read.
pub async fn actor(stores: &Arc<Stores>, who: &session::Who, csrf: String) -> Result<Option<Actor>, StoreError> {
    let (account, login) = (who.account, who.login);
    let row = stores
        .trust()
        .read(move |c| {
            Ok(c.prepare_cached(
                "SELECT a.name, a.position, a.role, a.school, s.name, a.password_hash, a.staff,
                        a.factor_secret IS NOT NULL, a.created_at
                 FROM account a JOIN school s ON s.id = a.school
                 JOIN login l ON l.id = ?2 AND l.account = a.id AND l.ended_at IS NULL
                 WHERE a.id = ?1 AND a.disabled_at IS NULL",
            )?
            .query_row([account, login], |r| {
                Ok(Account {
                    name: r.get(0)?,
                    position: r.get(1)?,
                    role: r.get(2)?,
                    school: r.get(3)?,
                    school_name: r.get(4)?,
                    password_hash: r.get(5)?,
                    staff: r.get(6)?,
                    has_factor: r.get(7)?,
                    created: r.get(8)?,
                })
            })
            .optional()?)
        })
        .await?;
    let Some(row) = row.filter(|row| session::stamp(&row.password_hash) == who.stamp) else { return Ok(None) };
    let Some(school) = stores.school(SchoolId::from_bytes(row.school)) else { return Ok(None) };
    let unreadable = |_| StoreError::Corrupt { what: "an account" };
    let role = Role::parse(&row.role).ok_or(StoreError::Corrupt { what: "an account" })?;
    Ok(Some(Actor {
        account,
        name: Name::new(&row.name).map_err(unreadable)?,
        position: Name::new(&row.position).map_err(unreadable)?,
        role,
        staff: row.staff.map(StaffId::from_bytes),
        factor: match (row.has_factor, role.needs_factor()) {
            (true, _) => Factor::Set,
            (false, true) => Factor::Due(Millis(row.created).plus(factor::GRACE_MS)),
            (false, false) => Factor::Optional,
        },
        login,
        school,
        school_name: row.school_name,
        csrf,
    }))
}
