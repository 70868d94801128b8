//! Which addresses a tenant's plugin may connect to: the host's decision, where no plugin and no form reaches it.
//!
//! It is in the database. Data directories of earlier versions have a small TOML file for each tenant instead, which is taken over
//! when the database is opened, and removed.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::Problem;
use crate::ports::endpoints::Allowed;
use crate::ports::{TenantId, Tenants};
use crate::store::Database;

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

    /// Whether anything was typed.
    pub(crate) fn any(&self) -> bool {
        let typed = [
            self.allow_loopback,
            self.allow_link_local,
            self.allow_metadata,
        ];
        typed.iter().any(Option::is_some)
    }

    /// What holds when this was typed.
    pub(crate) fn over(&self, before: Allowed) -> Allowed {
        Allowed {
            loopback: self.allow_loopback.unwrap_or(before.loopback),
            link_local: self.allow_link_local.unwrap_or(before.link_local),
            metadata: self.allow_metadata.unwrap_or(before.metadata),
        }
    }
}

/// A policy in words.
pub(crate) fn told(allowed: Allowed) -> String {
    let extras: Vec<&str> = [
        (allowed.loopback, "this machine itself"),
        (allowed.link_local, "link-local addresses"),
        (allowed.metadata, "cloud metadata addresses"),
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

/// Takes the policies of a data directory's files over into the database, for tenants of whom nothing was decided there. A file that
/// cannot be read allows nothing.
///
/// # Errors
/// The store's.
pub(crate) async fn take_over(data: &Path, store: &dyn Database) -> Result<(), Problem> {
    if !folder(data).is_dir() {
        return Ok(());
    }
    for installation in Tenants::list(store).await? {
        let path = file(data, &installation.tenant);
        if !path.exists() {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        let allowed = text.and_then(|text| {
            toml::from_str(&text).map_err(|error: toml::de::Error| error.message().to_owned())
        });
        let allowed = allowed.unwrap_or_else(|error| {
            tracing::error!(file = %path.display(), error, "an endpoint policy is broken and allows nothing");
            Allowed::default()
        });
        store.allow_first(&installation.tenant, allowed).await?;
    }
    Ok(())
}

/// Removes the files of a data directory whose policies are in the database.
///
/// # Errors
/// `policy-file`.
pub(crate) fn clear(data: &Path) -> Result<(), Problem> {
    let folder = folder(data);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Problem::new(
            "policy-file",
            format!("{} cannot be removed: {error}", folder.display()),
            "Remove it: the endpoint policies are in the database.",
        )),
        _ => Ok(()),
    }
}

fn folder(data: &Path) -> PathBuf {
    data.join("policies")
}

fn file(data: &Path, tenant: &TenantId) -> PathBuf {
    folder(data).join(format!("{tenant}.toml"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::ports::Endpoints as _;
    use crate::store::Store;

    /// A tenant as an earlier version has left it: nothing is decided in the database, and there is a file.
    async fn old(data: &Path, name: &str, text: &str) -> TenantId {
        let store = Store::open(data).await.unwrap();
        let tenant = TenantId::new(name).unwrap();
        store
            .install(&tenant, "plugin", b"component")
            .await
            .unwrap();
        store.close().await;
        let database = format!("sqlite:{}", data.join("rollcall.db").display());
        let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&database)
            .await
            .unwrap();
        sqlx::query("UPDATE tenant SET policy = NULL WHERE name = ?1")
            .bind(name)
            .execute(&mut connection)
            .await
            .unwrap();
        std::fs::create_dir_all(folder(data)).unwrap();
        std::fs::write(file(data, &tenant), text).unwrap();
        tenant
    }

    #[test]
    fn what_was_allowed_stays_until_it_is_taken_back() {
        let none = Allowed::default();
        assert_eq!(PolicyFlags::default().over(none), none);
        let loopback = PolicyFlags::loopback().over(none);
        assert!(loopback.loopback);
        assert_eq!(PolicyFlags::default().over(loopback), loopback);
        let back = PolicyFlags {
            allow_loopback: Some(false),
            ..PolicyFlags::default()
        };
        assert_eq!(back.over(loopback), none);
    }

    #[tokio::test]
    async fn the_files_of_an_earlier_version_are_taken_over_once() {
        let data = tempfile::tempdir().unwrap();
        let acme = old(data.path(), "acme", "loopback = true").await;
        let broken = old(data.path(), "broken", "loopbak = true").await;
        let plain = old(data.path(), "plain", "").await;
        // Whoever is not installed is given nothing for later.
        let nobody = TenantId::new("nobody").unwrap();
        std::fs::write(file(data.path(), &nobody), "metadata = true").unwrap();
        let store = Store::open(data.path()).await.unwrap();
        take_over(data.path(), &store).await.unwrap();
        clear(data.path()).unwrap();
        assert!(store.allowed(&acme).await.unwrap().loopback);
        for strict in [&broken, &plain] {
            assert_eq!(store.allowed(strict).await.unwrap(), Allowed::default());
        }
        assert!(!folder(data.path()).exists());
        // What comes later as a file decides nothing any more.
        store.allow(&acme, Allowed::default()).await.unwrap();
        std::fs::create_dir_all(folder(data.path())).unwrap();
        std::fs::write(file(data.path(), &acme), "metadata = true").unwrap();
        take_over(data.path(), &store).await.unwrap();
        assert_eq!(store.allowed(&acme).await.unwrap(), Allowed::default());
        clear(data.path()).unwrap();
        clear(data.path()).unwrap();
    }
}
