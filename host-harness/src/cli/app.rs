//! The data directory opened: store, directory access, sandbox. Only as much of it as a command needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::Problem;
use crate::ldap::Ldap;
use crate::ports::endpoints::{Allowed, permit};
use crate::ports::tenants::Installation;
use crate::ports::{TenantId, Tenants};
use crate::sandbox::{BUNDLED, Sandbox, SandboxConfig};
use crate::store::vault::{KeyChoice, KeySource};
use crate::store::{Database, DatabaseUrl, PostgresStore, Store};
use crate::tenant::{Hook, Platform, Tenant};

use super::args::Global;
use super::database::DatabaseArgument;
use super::out::Out;
use super::policy::{self, PolicyFlags};

/// What a command works with.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) out: Out,
    pub(crate) data: PathBuf,
    database: Option<DatabaseArgument>,
    secrets_key: Option<KeySource>,
    plugin_log: bool,
    store: OnceCell<Arc<dyn Database>>,
    /// Whether `--data` was typed: then advice repeats it.
    typed: bool,
    /// Whether `--database` was.
    database_typed: bool,
    /// Whether `--secrets-key` was.
    key_typed: bool,
}

impl App {
    pub(crate) fn new(global: &Global, out: Out) -> Self {
        Self {
            out,
            data: global.data.clone().unwrap_or_else(data_folder),
            database: global.database.clone(),
            secrets_key: global.secrets_key.clone(),
            plugin_log: global.plugin_log,
            store: OnceCell::new(),
            typed: global.data.is_some()
                && global.data != std::env::var_os("ROLLCALL_DATA").map(PathBuf::from),
            database_typed: global.database.is_some()
                && global.database != std::env::var("ROLLCALL_DATABASE").ok().map(Into::into),
            key_typed: global.secrets_key.as_ref().is_some_and(|key| {
                std::env::var("ROLLCALL_SECRETS_KEY").ok() != Some(key.to_string())
            }),
        }
    }

    /// Works in this directory, though nobody typed it.
    pub(crate) fn stay_in(&mut self, data: PathBuf) {
        self.data = data;
        self.typed = true;
    }

    /// Works with the file in the data directory, whatever was typed.
    pub(crate) fn keep_to_file(&mut self) {
        self.database = None;
        self.database_typed = false;
        self.secrets_key = None;
        self.key_typed = false;
    }

    /// How to call this program again on the same data, for advice that can be pasted into a shell.
    pub(crate) fn program(&self) -> String {
        let mut program = "rollcall".to_owned();
        if self.typed {
            program = format!("{program} --data {}", quoted(&self.data.to_string_lossy()));
        }
        let url = self.database.as_ref().filter(|_| self.database_typed);
        if let Some(url) = url.and_then(DatabaseArgument::shareable) {
            program = format!("{program} --database {}", quoted(url));
        }
        if let Some(key) = self.secrets_key.as_ref().filter(|_| self.key_typed) {
            program = format!("{program} --secrets-key {}", quoted(&key.to_string()));
        }
        program
    }

    /// The database, brought up to date; a file is made where there is none.
    pub(crate) async fn store(&self) -> Hook<Arc<dyn Database>> {
        self.store_with(self.keys()).await
    }

    /// The same, with these keys for its passwords, unless it is open already.
    pub(crate) async fn store_with(&self, keys: KeyChoice) -> Hook<Arc<dyn Database>> {
        let open = || self.open(keys);
        Ok(self.store.get_or_try_init(open).await?.clone())
    }

    /// The database, where a command has opened it.
    pub(crate) fn opened(&self) -> Option<&dyn Database> {
        self.store.get().map(|store| &**store)
    }

    async fn open(&self, keys: KeyChoice) -> Result<Arc<dyn Database>, Problem> {
        let store: Arc<dyn Database> = match self.postgres()? {
            Some(url) => Arc::new(PostgresStore::open_with_keys(&url, &self.data, keys).await?),
            None => Arc::new(Store::open_with_keys(&self.data, keys).await?),
        };
        policy::take_over(&self.data, &*store).await?;
        policy::clear(&self.data)?;
        Ok(store)
    }

    /// Where the key of the stored passwords is.
    pub(crate) fn keys(&self) -> KeyChoice {
        match &self.secrets_key {
            Some(source) => KeyChoice::of(source.clone()),
            None => KeyChoice::beside(&self.data),
        }
    }

    /// Where the key of another data directory's passwords is.
    pub(crate) fn keys_of(&self, data: &Path) -> KeyChoice {
        let keys = KeyChoice::beside(data);
        match &self.secrets_key {
            Some(source) => keys.or(source.clone()),
            None => keys,
        }
    }

    /// The PostgreSQL database, where one was asked for.
    pub(crate) fn postgres(&self) -> Result<Option<DatabaseUrl>, Problem> {
        let url = self.database.as_ref().map(DatabaseArgument::postgres);
        Ok(url.transpose()?.flatten())
    }

    /// Where the data is, for people.
    pub(crate) fn place(&self) -> Result<String, Problem> {
        Ok(match self.postgres()? {
            Some(url) => url.to_string(),
            None => self.data.display().to_string(),
        })
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
            plugin_log: self.plugin_log,
            ..SandboxConfig::default()
        };
        Ok(Sandbox::new(config)?)
    }

    /// Stores what was typed of a tenant's endpoint policy, and gives what holds now.
    pub(crate) async fn allow(&self, tenant: &TenantId, typed: &PolicyFlags) -> Hook<Allowed> {
        let store = self.store().await?;
        let change = |before| typed.any().then(|| typed.over(before));
        Ok(permit(&*store, tenant, change).await?)
    }

    /// What is installed for a tenant.
    pub(crate) async fn installed(&self, tenant: &TenantId) -> Hook<Installation> {
        Ok(Tenants::get(&*self.store().await?, tenant).await?)
    }

    /// The ports.
    pub(crate) async fn platform(&self) -> Hook<Platform> {
        Ok(platform(self.store().await?, self.sandbox()?))
    }

    /// An installed tenant, ready for its hooks.
    pub(crate) async fn tenant(&self, tenant: &TenantId) -> Hook<Tenant> {
        self.platform().await?.tenant(tenant).await
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

/// The ports of an open database, with plugins in a sandbox.
pub(crate) fn platform(store: Arc<dyn Database>, sandbox: Sandbox) -> Platform {
    Platform {
        tenants: store.clone(),
        portal: store.clone(),
        plans: store.clone(),
        state: store.clone(),
        secrets: store.clone(),
        queue: store.clone(),
        directory: Arc::new(Ldap::by_tenant(store.clone(), store.clone())),
        sandbox,
        leases: store.clone(),
        endpoints: store.clone(),
        versions: store.clone(),
        receipts: store,
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
        assert_eq!(
            program(&["rollcall", "tenants", "--database", "postgres://ada@h/d"]),
            "rollcall --database postgres://ada@h/d"
        );
        assert_eq!(
            program(&["rollcall", "tenants", "--database", "postgres://ada:x@h/d"]),
            "rollcall"
        );
        assert_eq!(
            program(&[
                "rollcall",
                "tenants",
                "--secrets-key",
                "command:pass show key"
            ]),
            "rollcall --secrets-key 'command:pass show key'"
        );
    }
}
