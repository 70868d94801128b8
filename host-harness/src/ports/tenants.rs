//! The tenants port: who is served, and with which component.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::Problem;
use crate::contract::types::Setting;

/// A tenant's name: 1 to 63 of `a-z`, `0-9` and `-`, beginning and ending with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

impl TenantId {
    /// Checks and wraps a name.
    ///
    /// # Errors
    /// `bad-tenant` where the name breaks the rule above.
    pub fn new(name: impl Into<String>) -> Result<Self, Problem> {
        let name = name.into();
        let good = (1..=63).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        if good {
            Ok(Self(name))
        } else {
            Err(Problem::new(
                "bad-tenant",
                format!("{name:?} is not a tenant name"),
                "Use 1 to 63 lower-case letters, digits and hyphens, not beginning or ending with a hyphen.",
            ))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TenantId {
    type Error = Problem;
    fn try_from(name: String) -> Result<Self, Problem> {
        Self::new(name)
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0
    }
}

/// What is installed for a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// The tenant.
    pub tenant: TenantId,
    /// Lower-case hexadecimal SHA-256 of the component.
    pub plugin: String,
    /// Unix seconds.
    pub installed_at: i64,
    /// The digest of the configuration in force; empty before the first `configure`.
    pub configuration: String,
    /// The settings in force as an administrator gave them, handles in place of passwords. What the host itself goes by
    /// (guards, servers, bases) it reads here: never from the plugin.
    pub settings: Vec<HostSetting>,
    /// Settings that the plugin was asked to accept, until its answer is noted. A kill in between leaves them.
    pub intended: Option<Vec<HostSetting>>,
}

/// A setting in the host's own copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSetting {
    /// The form's key.
    pub key: String,
    /// The value, never a password.
    pub value: String,
}

impl HostSetting {
    /// The value of a key among settings, without white space around it; empty where there is none.
    #[must_use]
    pub fn value_of<'s>(settings: &'s [Self], key: &str) -> &'s str {
        let setting = settings.iter().find(|setting| setting.key == key);
        setting.map_or("", |setting| setting.value.trim())
    }
}

impl From<Setting> for HostSetting {
    fn from(setting: Setting) -> Self {
        Self {
            key: setting.key,
            value: setting.value,
        }
    }
}

/// The list of installations.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// Installs a component (its bytes are kept by digest) for a tenant, and gives it the portal's default
    /// schema and roles. Refuses `already-installed`.
    async fn install(&self, tenant: &TenantId, plugin: &str, component: &[u8]) -> Outcome<()>;
    /// What is installed. Refuses `not-installed`.
    async fn get(&self, tenant: &TenantId) -> Outcome<Installation>;
    /// Every installation, by tenant.
    async fn list(&self) -> Outcome<Vec<Installation>>;
    /// A component's bytes, by digest.
    async fn component(&self, digest: &str) -> Outcome<Vec<u8>>;
    /// Notes the settings that the plugin is about to be asked to accept, or that it did not accept them.
    async fn intend(&self, tenant: &TenantId, settings: Option<Vec<HostSetting>>) -> Outcome<()>;
    /// Notes the configuration that the plugin accepted. Nothing is intended any more.
    async fn configured(
        &self,
        tenant: &TenantId,
        digest: &str,
        settings: Vec<HostSetting>,
    ) -> Outcome<()>;
    /// Removes the installation and its runs; the portal's people stay. Returns `(what, count)` lines.
    async fn uninstall(&self, tenant: &TenantId) -> Outcome<Vec<(String, u64)>>;
}
