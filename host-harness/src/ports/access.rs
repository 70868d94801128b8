//! The access port: who may do what, and who did.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Outcome, TenantId};

/// What somebody may do. Each may what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// Look: runs, rows, people, exports.
    Viewer,
    /// Sync, stop, approve, schedule.
    Operator,
    /// Install, configure, map, undo, uninstall, and give others access.
    Admin,
}

impl Rank {
    /// As it is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// Whose data somebody may reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Every tenant, and what concerns none.
    Everything,
    /// These tenants.
    Tenants(BTreeSet<TenantId>),
}

/// Whoever can be given reach, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A token.
    Token(i64),
    /// A user.
    User(i64),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(id) => write!(f, "token {id}"),
            Self::User(id) => write!(f, "user {id}"),
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("every tenant"),
            Self::Tenants(tenants) if tenants.is_empty() => f.write_str("no tenant"),
            Self::Tenants(tenants) => {
                let names: Vec<&str> = tenants.iter().map(TenantId::as_str).collect();
                f.write_str(&names.join(", "))
            }
        }
    }
}

impl Reach {
    /// Whether a tenant is within it.
    #[must_use]
    pub fn has(&self, tenant: &TenantId) -> bool {
        match self {
            Self::Everything => true,
            Self::Tenants(tenants) => tenants.contains(tenant),
        }
    }
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// What it is called in the audit log.
    pub name: String,
    /// What it may do.
    pub rank: Rank,
    /// Whose data it reaches.
    pub reach: Reach,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds from which on it is refused.
    pub expires_at: i64,
}

impl Token {
    /// How it stands in the log.
    #[must_use]
    pub fn who(&self) -> String {
        format!("token:{}", self.name)
    }
}

/// Characters of [`Deed::which`].
const LONGEST: usize = 500;

/// A change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Unix milliseconds.
    pub at: i64,
    /// `user:` or `token:` and a name, `command line`, or `unknown`: neither can be called like another. (Lines of an older version have
    /// names alone.)
    pub who: String,
    /// The address it came from; empty on this machine.
    pub from: String,
    /// The tenant it concerns.
    pub tenant: Option<TenantId>,
    /// What was done, for example `sync`, `configure`, `token.create`.
    pub what: String,
    /// Of what: a run, a token. Never a value of a person, never a secret.
    pub which: String,
    /// The code it was refused with; empty where it was done.
    pub refused: String,
}

impl Deed {
    /// A deed of this moment, that was done or refused.
    #[must_use]
    pub fn now(
        (who, from): (&str, &str),
        tenant: Option<&TenantId>,
        what: &str,
        which: &str,
        refused: &str,
    ) -> Self {
        Self {
            at: chrono::Utc::now().timestamp_millis(),
            who: who.to_owned(),
            from: from.to_owned(),
            tenant: tenant.cloned(),
            what: what.to_owned(),
            // Part of it is what somebody sent.
            which: which.chars().take(LONGEST).collect(),
            refused: refused.to_owned(),
        }
    }
}

/// Which deeds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeedQuery {
    /// Those of this tenant.
    pub tenant: Option<TenantId>,
    /// With this in the name of who did it; large and small ASCII letters are the same.
    pub who: Option<String>,
    /// With this in what was done; large and small ASCII letters are the same.
    pub what: Option<String>,
    /// Unix milliseconds: not before this moment.
    pub from: Option<i64>,
    /// Unix milliseconds: before this moment.
    pub before: Option<i64>,
}

impl DeedQuery {
    /// All that was done for a tenant.
    #[must_use]
    pub fn of(tenant: &TenantId) -> Self {
        Self {
            tenant: Some(tenant.clone()),
            ..Self::default()
        }
    }
}

/// Who may do what, and who did.
#[async_trait]
pub trait Access: Send + Sync {
    /// Adds a token by the hash of its secret.
    async fn add_token(&self, token: &Token, hash: &[u8; 32]) -> Outcome<i64>;
    /// The token of a secret with this hash, expired or not; none where there is none or it was revoked.
    async fn token(&self, hash: &[u8; 32]) -> Outcome<Option<Token>>;
    /// Every token that was not revoked, the newest first.
    async fn tokens(&self) -> Outcome<Vec<Token>>;
    /// Refuses a token from now on. Refuses `unknown-token`.
    async fn revoke_token(&self, id: i64) -> Outcome<()>;
    /// Notes a deed. The log only grows.
    async fn note(&self, deed: &Deed) -> Outcome<()>;
    /// What was done, the newest first, after skipping so many.
    async fn deeds(&self, query: &DeedQuery, skip: u32, limit: u32) -> Outcome<Vec<Deed>>;
}
