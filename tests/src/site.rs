//! A real server and the program with a data directory of its own: what most acceptance tests begin with.

use std::error::Error;
use std::ffi::OsStr;
use std::path::PathBuf;

use rollcall::demo::Entry;
use rollcall::demo::people::ldif::append_record;
use rollcall::demo::people::{Organisation, SUFFIX};
use tempfile::TempDir;

use crate::portal::{PlanRow, Portal};
use crate::rollcall::{Answer, Rollcall};
use crate::server::Server;
use crate::slapd::{Settings, Slapd};

/// Whatever went wrong, with its own message.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// A server, a data directory, and a folder for the files that an administrator has.
#[derive(Debug)]
pub struct Site<S = Slapd> {
    /// The directory.
    pub server: S,
    /// The program.
    pub rollcall: Rollcall,
    files: TempDir,
}

impl Site {
    /// A slapd with this organisation and an empty data directory.
    ///
    /// # Errors
    /// Where the server or the program is missing.
    pub fn start(organisation: &Organisation) -> Outcome<Self> {
        Self::start_with(organisation, &Settings::default())
    }

    /// The same with a server of another kind.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(organisation: &Organisation, settings: &Settings) -> Outcome<Self> {
        Self::of(Slapd::start_with(organisation, settings)?)
    }
}

impl<S: Server> Site<S> {
    /// A server with an empty data directory.
    ///
    /// # Errors
    /// Where the program is missing.
    pub fn of(server: S) -> Outcome<Self> {
        Ok(Self {
            rollcall: Rollcall::new()?,
            server,
            files: tempfile::tempdir()?,
        })
    }

    /// Installs for a tenant, stores the settings for this server over LDAPS from a settings file, and the password
    /// from another.
    ///
    /// # Errors
    /// Where a command does not end well.
    pub fn settle(&self, tenant: &str) -> Outcome<()> {
        self.rollcall
            .expect(0, &["install", tenant, "--allow-loopback"])?;
        self.configure(tenant, &self.server, Security::Ldaps)?;
        Ok(())
    }

    /// Stores the settings for a server.
    ///
    /// # Errors
    /// Where the command does not end well.
    pub fn configure(
        &self,
        tenant: &str,
        server: &impl Server,
        security: Security,
    ) -> Outcome<Answer> {
        let (url, word) = match security {
            Security::Ldaps => (server.ldaps_url(), "ldaps"),
            Security::StartTls => (server.url(), "start-tls"),
        };
        let settings = self.file(
            &format!("{tenant}.toml"),
            &format!(
                "[settings]\nurl = \"{url}\"\nsecurity = \"{word}\"\nbind-name = \"{}\"\n\
                 base-dn = \"ou=People,{SUFFIX}\"\ncertificate-authority = '''\n{}'''\n{}\n{}",
                server.bind_name(),
                server.ca_pem(),
                server.settings(),
                server.mapping(),
            ),
        )?;
        let password = self.file(&format!("{tenant}.password"), &server.password())?;
        let arguments = ["configure", tenant, "--settings"].map(OsStr::new);
        let arguments: Vec<&OsStr> = arguments
            .into_iter()
            .chain([
                settings.as_os_str(),
                OsStr::new("--password-file"),
                password.as_os_str(),
            ])
            .collect();
        Ok(self.rollcall.expect(0, &arguments)?)
    }

    /// Syncs, expects an exit code, and gives the run's number and rows that are there now.
    ///
    /// # Errors
    /// Where it ends otherwise.
    pub fn sync(&self, tenant: &str, exit: i32) -> Outcome<(Answer, Vec<PlanRow>)> {
        let answer = self.rollcall.expect(exit, &["sync", tenant])?;
        let rows = self.portal()?.rows(run_of(&answer))?;
        Ok((answer, rows))
    }

    /// The portal's database.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn portal(&self) -> Outcome<Portal> {
        Ok(Portal::of(self.rollcall.data())?)
    }

    /// Writes a file outside of the data directory.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn file(&self, name: &str, text: &str) -> Outcome<PathBuf> {
        let path = self.files.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Makes changes in the directory, in order.
    ///
    /// # Errors
    /// Where the server refuses one; those before it stay made.
    pub fn change(&self, changes: &[Entry]) -> Outcome<()> {
        let mut text = Vec::new();
        for change in changes {
            append_record(change, &mut text);
        }
        Ok(self.server.change(&String::from_utf8(text)?)?)
    }
}

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// From the first byte.
    Ldaps,
    /// After asking on the plain port.
    StartTls,
}

/// The number of the run that an answer tells of.
#[must_use]
pub fn run_of(answer: &Answer) -> i64 {
    answer.at("/run/id").as_i64().unwrap_or_default()
}

/// Change records of LDIF (RFC 2849), whatever the names hold.
pub mod changes {
    use super::{Entry, SUFFIX};

    /// Puts other values in place of an attribute's; none removes it.
    #[must_use]
    pub fn replace(dn: &str, attribute: &'static str, values: &[&str]) -> Entry {
        let change = Entry::new(dn)
            .with("changetype", "modify")
            .with("replace", attribute);
        values
            .iter()
            .fold(change, |change, value| change.with(attribute, *value))
    }

    /// Gives an entry another name, in the same place.
    #[must_use]
    pub fn rename(dn: &str, rdn: &str) -> Entry {
        Entry::new(dn)
            .with("changetype", "modrdn")
            .with("newrdn", rdn)
            .with("deleteoldrdn", "1")
    }

    /// Puts an entry into another container below the suffix.
    #[must_use]
    pub fn transfer(dn: &str, rdn: &str, container: &str) -> Entry {
        rename(dn, rdn).with("newsuperior", format!("{container},{SUFFIX}"))
    }

    /// Removes an entry.
    #[must_use]
    pub fn remove(dn: &str) -> Entry {
        Entry::new(dn).with("changetype", "delete")
    }

    /// Adds a person with what the portal requires.
    #[must_use]
    pub fn hire(uid: &str, given: &str, family: &str, mail: &str) -> Entry {
        Entry::new(format!("uid={uid},ou=People,{SUFFIX}"))
            .with("changetype", "add")
            .with("objectClass", "inetOrgPerson")
            .with("uid", uid)
            .with("cn", format!("{given} {family}"))
            .with("givenName", given)
            .with("sn", family)
            .with("mail", mail)
    }
}
