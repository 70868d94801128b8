//! The data directory opened: store, directory access, sandbox. Only as much of it as a command needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::Problem;
use crate::ldap::Ldap;
use crate::ports::tenants::Installation;
use crate::ports::{TenantId, Tenants as _};
use crate::sandbox::{BUNDLED, Sandbox, SandboxConfig};
use crate::store::Store;
use crate::tenant::{Hook, Platform, Tenant};

use super::args::Global;
use super::out::Out;
use super::policy::{Allowed, Policies};

/// What a command works with.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) out: Out,
    pub(crate) data: PathBuf,
    store: OnceCell<Store>,
    /// Whether `--data` was typed: then advice repeats it.
    typed: bool,
}

impl App {
    pub(crate) fn new(global: &Global, out: Out) -> Self {
        Self {
            out,
            data: global.data.clone().unwrap_or_else(data_folder),
            store: OnceCell::new(),
            typed: global.data.is_some()
                && global.data != std::env::var_os("ROLLCALL_DATA").map(PathBuf::from),
        }
    }

    /// Works in this directory, though nobody typed it.
    pub(crate) fn stay_in(&mut self, data: PathBuf) {
        self.data = data;
        self.typed = true;
    }

    /// How to call this program again on the same data, for advice that can be pasted into a shell.
    pub(crate) fn program(&self) -> String {
        if self.typed {
            format!("rollcall --data {}", quoted(&self.data.to_string_lossy()))
        } else {
            "rollcall".to_owned()
        }
    }

    /// The database, made where there is none.
    pub(crate) async fn store(&self) -> Hook<Store> {
        Ok(self
            .store
            .get_or_try_init(|| Store::open(&self.data))
            .await?
            .clone())
    }

    /// Leaves the database as one complete file.
    pub(crate) async fn close(&self) {
        if let Some(store) = self.store.get() {
            store.close().await;
        }
    }

    /// A sandbox that keeps compiled components in the data directory.
    pub(crate) fn sandbox(&self) -> Hook<Sandbox> {
        let config = SandboxConfig {
            cache: Some(self.data.join("compiled")),
            ..SandboxConfig::default()
        };
        Ok(Sandbox::new(config)?)
    }

    /// The endpoint policies of this data directory.
    pub(crate) fn policies(&self) -> Policies {
        Policies::new(&self.data)
    }

    /// What is installed for a tenant.
    pub(crate) async fn installed(&self, tenant: &TenantId) -> Hook<Installation> {
        Ok(self.store().await?.get(tenant).await?)
    }

    /// The ports, with a tenant's endpoint policy.
    pub(crate) async fn platform(&self, tenant: &TenantId) -> Hook<Platform> {
        let store = self.store().await?;
        self.platform_on(store, self.policies().get(tenant)?)
    }

    /// The ports over an open store.
    pub(crate) fn platform_on(&self, store: Store, allowed: Allowed) -> Hook<Platform> {
        Ok(self.platforms(store, self.sandbox()?)(allowed))
    }

    /// The ports over an open store, with plugins in one sandbox, by what a tenant may connect to.
    pub(crate) fn platforms(
        &self,
        store: Store,
        sandbox: Sandbox,
    ) -> impl Fn(Allowed) -> Platform + Send + Sync + 'static {
        let (store, data_dir) = (Arc::new(store), self.data.clone());
        move |allowed| Platform {
            tenants: store.clone(),
            portal: store.clone(),
            plans: store.clone(),
            state: store.clone(),
            secrets: store.clone(),
            queue: store.clone(),
            directory: Arc::new(Ldap::new(store.clone(), allowed.policy())),
            sandbox: sandbox.clone(),
            data_dir: data_dir.clone(),
        }
    }

    /// An installed tenant, ready for its hooks.
    pub(crate) async fn tenant(&self, tenant: &TenantId) -> Hook<Tenant> {
        self.platform(tenant).await?.tenant(tenant).await
    }

    /// A component's bytes: a file's, or the plugin that comes with this program.
    pub(crate) fn component(&self, file: Option<&Path>) -> Hook<Vec<u8>> {
        let Some(path) = file else {
            return Ok(BUNDLED.to_vec());
        };
        std::fs::read(path).map_err(|error| {
            Problem::new(
                "plugin-unreadable",
                format!("The component {} cannot be read: {error}", path.display()),
                "Check its name and permissions.",
            )
            .into()
        })
    }
}

/// Where data goes when nobody says: the platform's folder for the data of a user's programs.
fn data_folder() -> PathBuf {
    let folder = |name: &str| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let base = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        folder("XDG_DATA_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| folder("HOME").map(|home| home.join(".local/share")))
    };
    base.map_or_else(
        || PathBuf::from("rollcall-data"),
        |base| base.join("rollcall"),
    )
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::Arguments;

    fn program(arguments: &[&str]) -> String {
        let arguments = Arguments::parse_from(arguments);
        App::new(&arguments.global, Out::new(&arguments.global)).program()
    }

    #[test]
    fn advice_repeats_the_data_directory_that_was_typed() {
        assert_eq!(
            program(&["rollcall", "--data", "/srv/it's here", "tenants"]),
            r"rollcall --data '/srv/it'\''s here'"
        );
        assert_eq!(
            program(&["rollcall", "tenants", "--data", "x/y"]),
            "rollcall --data x/y"
        );
        assert_eq!(program(&["rollcall", "tenants"]), "rollcall");
    }
}
