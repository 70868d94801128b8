//! Which addresses a tenant's plugin may connect to: the host's decision, kept beside the database where no plugin and no form
//! reaches it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Problem;
use crate::ldap::Policy;
use crate::ports::TenantId;

/// The endpoint policy as it is typed.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Endpoint policy (stored for the tenant)")]
pub(crate) struct PolicyFlags {
    /// Allow servers on this machine itself (127.0.0.0/8, ::1)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    allow_loopback: Option<bool>,
    /// Allow link-local addresses (169.254.0.0/16, fe80::/10)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    allow_link_local: Option<bool>,
    /// Allow the addresses where clouds serve their metadata and credentials
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    allow_metadata: Option<bool>,
}

impl PolicyFlags {
    /// The machine itself, and nothing else beyond the default.
    pub(crate) fn loopback() -> Self {
        Self {
            allow_loopback: Some(true),
            ..Self::default()
        }
    }
}

/// What a tenant may connect to beyond ordinary addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Allowed {
    loopback: bool,
    link_local: bool,
    metadata: bool,
}

impl Allowed {
    /// In words.
    pub(crate) fn told(self) -> String {
        let extras: Vec<&str> = [
            (self.loopback, "this machine itself"),
            (self.link_local, "link-local addresses"),
            (self.metadata, "cloud metadata addresses"),
        ]
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect();
        if extras.is_empty() {
            "any address but this machine, link-local and cloud metadata".to_owned()
        } else {
            format!("ordinary addresses, and {}", extras.join(", "))
        }
    }

    pub(crate) fn json(self) -> Value {
        json!(self)
    }

    /// For the adapter.
    pub(crate) fn policy(self) -> Policy {
        Policy {
            allow_loopback: self.loopback,
            allow_link_local: self.link_local,
            allow_metadata: self.metadata,
            ..Policy::default()
        }
    }
}

/// The policies of a data directory, a small TOML file for each tenant that has one.
#[derive(Debug)]
pub(crate) struct Policies {
    folder: PathBuf,
}

impl Policies {
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            folder: data.join("policies"),
        }
    }

    /// The tenant's policy; the strict default where none is stored.
    pub(crate) fn get(&self, tenant: &TenantId) -> Result<Allowed, Problem> {
        let path = self.path(tenant);
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|e| broken(&path, e.message())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Allowed::default()),
            Err(error) => Err(broken(&path, &error.to_string())),
        }
    }

    /// Stores what was typed, and returns what holds now.
    pub(crate) fn change(
        &self,
        tenant: &TenantId,
        flags: &PolicyFlags,
    ) -> Result<Allowed, Problem> {
        let before = self.get(tenant)?;
        let after = Allowed {
            loopback: flags.allow_loopback.unwrap_or(before.loopback),
            link_local: flags.allow_link_local.unwrap_or(before.link_local),
            metadata: flags.allow_metadata.unwrap_or(before.metadata),
        };
        if after != before {
            let path = self.path(tenant);
            let text = toml::to_string(&after).map_err(|e| broken(&path, &e.to_string()))?;
            std::fs::create_dir_all(&self.folder)
                .and_then(|()| std::fs::write(&path, text))
                .map_err(|e| broken(&path, &e.to_string()))?;
        }
        Ok(after)
    }

    /// Takes over what another data directory allows a tenant that has no policy here.
    pub(crate) fn take_over(&self, other: &Self, tenant: &TenantId) -> Result<(), Problem> {
        let (theirs, ours) = (other.path(tenant), self.path(tenant));
        if !theirs.exists() || ours.exists() {
            return Ok(());
        }
        let text =
            toml::to_string(&other.get(tenant)?).map_err(|e| broken(&ours, &e.to_string()))?;
        std::fs::create_dir_all(&self.folder)
            .and_then(|()| std::fs::write(&ours, text))
            .map_err(|e| broken(&ours, &e.to_string()))
    }

    /// Forgets the tenant's policy.
    pub(crate) fn forget(&self, tenant: &TenantId) {
        // One that is not there is forgotten already.
        let _ = std::fs::remove_file(self.path(tenant));
    }

    fn path(&self, tenant: &TenantId) -> PathBuf {
        self.folder.join(format!("{tenant}.toml"))
    }
}

fn broken(path: &Path, why: &str) -> Problem {
    Problem::new(
        "policy-file",
        format!(
            "The endpoint policy {} cannot be used: {why}",
            path.display()
        ),
        "Mend or remove the file; without it the strict default holds.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_allowed_until_somebody_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let (policies, acme) = (Policies::new(dir.path()), TenantId::new("acme").unwrap());
        assert_eq!(policies.get(&acme).unwrap(), Allowed::default());
        policies.change(&acme, &PolicyFlags::loopback()).unwrap();
        assert!(policies.get(&acme).unwrap().loopback);
        assert!(
            !policies
                .get(&TenantId::new("globex").unwrap())
                .unwrap()
                .loopback
        );
    }

    #[test]
    fn what_was_allowed_can_be_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let (policies, acme) = (Policies::new(dir.path()), TenantId::new("acme").unwrap());
        policies.change(&acme, &PolicyFlags::loopback()).unwrap();
        let back = PolicyFlags {
            allow_loopback: Some(false),
            ..PolicyFlags::default()
        };
        assert!(!policies.change(&acme, &back).unwrap().loopback);
    }

    #[test]
    fn another_data_directory_gives_what_is_not_here_yet() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (ours, theirs) = (Policies::new(here.path()), Policies::new(there.path()));
        let (acme, globex) = (
            TenantId::new("acme").unwrap(),
            TenantId::new("globex").unwrap(),
        );
        theirs.change(&acme, &PolicyFlags::loopback()).unwrap();
        ours.take_over(&theirs, &acme).unwrap();
        ours.take_over(&theirs, &globex).unwrap();
        assert!(ours.get(&acme).unwrap().loopback);
        assert!(!ours.get(&globex).unwrap().loopback);
        let back = PolicyFlags {
            allow_loopback: Some(false),
            ..PolicyFlags::default()
        };
        ours.change(&acme, &back).unwrap();
        ours.take_over(&theirs, &acme).unwrap();
        assert!(!ours.get(&acme).unwrap().loopback, "what is here holds");
    }

    #[test]
    fn a_broken_policy_file_allows_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (policies, acme) = (Policies::new(dir.path()), TenantId::new("acme").unwrap());
        std::fs::create_dir_all(dir.path().join("policies")).unwrap();
        std::fs::write(dir.path().join("policies/acme.toml"), "loopbak = true").unwrap();
        assert_eq!(policies.get(&acme).unwrap_err().code, "policy-file");
    }
}
