//! A tenant of the built program on a demo directory of its own, which can be told to fail.

use std::fmt::Display;

use rollcall::demo::DemoDirectory;
use rollcall::demo::directory::Options;
use rollcall::demo::people::Troubles;
use rollcall::ports::{PersonEdit, PortalDesk as _, TenantId};
use rollcall::store::Store;
use serde_json::Value;

use crate::contents::Contents;
use crate::rollcall::{Answer, Rollcall};

/// The tenant.
pub const TENANT: &str = "acme";
/// Where its people are.
pub const BASE: &str = "ou=People,dc=example,dc=org";
/// Entries a page.
pub const PAGE: u32 = 50;

/// What may go wrong in setting up; tests end with it.
pub type Trouble = Box<dyn std::error::Error>;

/// A program, a directory, and the tenant that joins them.
#[derive(Debug)]
pub struct Tenancy {
    /// The program on its data directory.
    pub rollcall: Rollcall,
    /// The directory.
    pub directory: DemoDirectory,
}

/// People without troubles.
#[must_use]
pub fn sound(people: u64) -> Options {
    Options {
        people,
        troubles: Troubles::none(),
        ..Options::default()
    }
}

/// The program on a new data directory that shares the compiled plugin with other tests.
///
/// # Errors
/// Where the program is not built, or no directory can be made.
pub fn program() -> Result<Rollcall, Trouble> {
    let rollcall = Rollcall::new()?;
    let shared = rollcall
        .program()
        .with_file_name("test-compiled-components");
    std::fs::create_dir_all(&shared)?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(&shared, rollcall.data().join("compiled"))?;
    Ok(rollcall)
}

impl Tenancy {
    /// The plugin installed, and nothing else.
    ///
    /// # Errors
    /// What the directory or the program says.
    pub fn installed(options: Options) -> Result<Self, Trouble> {
        let tenancy = Self {
            rollcall: program()?,
            directory: DemoDirectory::start(options)?,
        };
        tenancy
            .rollcall
            .expect(0, &["install", TENANT, "--allow-loopback"])?;
        Ok(tenancy)
    }

    /// Installed, configured and mapped. No guard stands in the way of a deactivation: what protects is the proof.
    ///
    /// # Errors
    /// As [`Self::installed`].
    pub fn configured(options: Options) -> Result<Self, Trouble> {
        let tenancy = Self::installed(options)?;
        tenancy.configure(0, &tenancy.settings())?;
        tenancy
            .rollcall
            .expect(0, &["map", "store", TENANT, "--suggested"])?;
        Ok(tenancy)
    }

    /// Configured, and synced once.
    ///
    /// # Errors
    /// As [`Self::installed`].
    pub fn synced(options: Options) -> Result<Self, Trouble> {
        let tenancy = Self::configured(options)?;
        tenancy.sync(0)?;
        Ok(tenancy)
    }

    /// Arguments of `configure` for the directory as it is.
    #[must_use]
    pub fn settings(&self) -> Vec<String> {
        let mut arguments: Vec<String> = [
            "--security=plain",
            "--leavers=deactivate",
            "--set=guard-count=1000000",
            "--set=guard-percent=100",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--url={}", self.url()));
        arguments.push(format!("--bind-name={}", self.directory.bind_name()));
        arguments.push(format!("--base-dn={BASE}"));
        arguments.push(format!("--set=page-size={PAGE}"));
        arguments
    }

    /// Where the directory answers.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.directory.port())
    }

    /// Configures with the directory's password, and expects an exit code.
    ///
    /// # Errors
    /// Where the program ends otherwise.
    pub fn configure<A: AsRef<str>>(&self, exit: i32, changes: &[A]) -> Result<Answer, Trouble> {
        let file = self.rollcall.password_file(&self.directory.password())?;
        let file = format!("--password-file={}", file.display());
        let mut arguments = vec!["configure", TENANT, &file];
        arguments.extend(changes.iter().map(AsRef::as_ref));
        Ok(self.rollcall.expect(exit, &arguments)?)
    }

    /// Syncs, and expects an exit code.
    ///
    /// # Errors
    /// Where the program ends otherwise.
    pub fn sync(&self, exit: i32) -> Result<Answer, Trouble> {
        Ok(self.rollcall.expect(exit, &["sync", TENANT])?)
    }

    /// The newest run, as `runs` tells it.
    ///
    /// # Errors
    /// Where the program ends otherwise.
    pub fn last_run(&self) -> Result<Value, Trouble> {
        let answer = self.rollcall.expect(0, &["runs", TENANT])?;
        let runs = answer.result();
        let first = runs.get(0).or_else(|| runs["runs"].get(0));
        first.cloned().ok_or_else(|| trouble("there is no run"))
    }

    /// Adds somebody to the portal by hand, whom no sync brought, and gives the portal's id.
    ///
    /// # Errors
    /// The portal's.
    pub fn add_by_hand(&self, values: &[(&str, &str)]) -> Result<String, Trouble> {
        let edit = PersonEdit {
            values: values
                .iter()
                .map(|(field, value)| ((*field).to_owned(), Some((*value).to_owned())))
                .collect(),
            ..PersonEdit::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime
            .block_on(async {
                let store = Store::open(self.rollcall.data()).await?;
                store.add_person(&TenantId::new(TENANT)?, &edit).await
            })
            .map_err(|problem| trouble(problem.message))
    }

    /// What the database holds.
    ///
    /// # Errors
    /// The database's.
    pub fn contents(&self) -> Result<Contents, Trouble> {
        Ok(Contents::of(self.rollcall.data())?)
    }

    /// Takes these people, by index, out of the directory.
    ///
    /// # Errors
    /// Where they are not there.
    pub fn leave(&self, people: &[u64]) -> Result<(), Trouble> {
        for index in people {
            let person = self.directory.organisation().expected(*index);
            self.directory.delete(&person.dn)?;
        }
        Ok(())
    }
}

/// Rows of a kind in a run's counts, whatever became of them.
#[must_use]
pub fn rows_of(run: &Value, kind: &str) -> u64 {
    let rows = run["rows"].as_array().map_or(&[][..], Vec::as_slice);
    rows.iter()
        .filter(|count| count["kind"] == kind)
        .filter_map(|count| count["rows"].as_u64())
        .sum()
}

/// A reason to end a test with.
pub fn trouble(what: impl Display) -> Trouble {
    what.to_string().into()
}
