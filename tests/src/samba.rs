//! A real Samba domain controller as a child process: an Active Directory of its own.
//!
//! Its LDAP ports cannot be chosen, so every instance has an address of loopback of its own. Domains are made and
//! filled once, kept beside the built program, and copied for each instance. It needs root.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rollcall::demo::directory::tls::Authority;
use rollcall::demo::people::dice::Dice;
use rollcall::demo::people::{Expected, SUFFIX, ServiceAccount};
use rollcall::demo::{Entry, Organisation};
use tempfile::TempDir;

use crate::server::process::{certify, end, feed, io_error, program, run, serve};
use crate::server::{Server, ServerError};

mod config;
mod domain;
mod people;

/// What to install where the server is missing.
const PACKAGES: &str = "samba samba-ad-dc samba-dsdb-modules samba-vfs-modules samba-ad-provision \
                        samba-common-bin ldb-tools python3-samba winbind attr ldap-utils";
/// Addresses are free when they are looked for and may be taken a moment later.
const ATTEMPTS: u64 = 5;
/// The optional feature that is the recycle bin (MS-ADTS section 3.1.1.9.1).
const RECYCLE_BIN: &str = "766ddcd8-acd0-445e-f3b9-a7f9b6744f2a";
/// LDAP, LDAPS, and both of the global catalogue.
const PORTS: [u16; 4] = [389, 636, 3268, 3269];

/// A running domain controller.
#[derive(Debug)]
pub struct Samba {
    folder: TempDir,
    process: Option<Child>,
    address: Ipv4Addr,
    authority: Authority,
    organisation: Organisation,
    /// Its settings name the administrator's account.
    privileged: bool,
}

impl Samba {
    /// The same, to be read with the administrator's account, which sees what was deleted.
    #[must_use]
    pub fn with_privilege(mut self) -> Self {
        self.privileged = true;
        self
    }

    /// Gives the domain a recycle bin (MS-ADTS section 3.1.1.9.1). Over LDAP nobody may, so the server stops meanwhile.
    ///
    /// # Errors
    /// Where it cannot be stopped, changed or started.
    pub fn with_recycle_bin(mut self) -> Result<Self, ServerError> {
        self.change_stopped(&format!(
            "dn:\nchangetype: modify\nadd: enableOptionalFeature\n\
             enableOptionalFeature: CN=Partitions,CN=Configuration,{SUFFIX}:{RECYCLE_BIN}\n"
        ))?;
        Ok(self)
    }

    /// Removes from the recycle bin what was deleted, by its `objectGUID`. The server stops meanwhile.
    ///
    /// # Errors
    /// As [`Self::with_recycle_bin`].
    pub fn purge(&mut self, id: &str) -> Result<(), ServerError> {
        self.change_stopped(&format!("dn: <GUID={id}>\nchangetype: delete\n"))
    }

    fn change_stopped(&mut self, ldif: &str) -> Result<(), ServerError> {
        self.stop()?;
        let programs = programs()?;
        let mut command = domain::tool(&programs.modify, self.folder.path());
        command.arg("--controls=show_deleted:1");
        feed(&mut command, PACKAGES, |input| {
            input.write_all(ldif.as_bytes())
        })?;
        self.serve(&programs)
    }

    /// Whether this machine has everything that [`Self::start`] needs. Whether this is root is another question.
    #[must_use]
    pub fn is_installed() -> bool {
        programs().is_ok()
    }

    /// Starts a domain controller of a domain with this organisation, but for troubles that it cannot hold
    /// ([`Server::organisation`] has none of them). Connections are accepted once this returns.
    ///
    /// # Errors
    /// [`ServerError`]; its message says what to install where something is missing.
    pub fn start(organisation: &Organisation) -> Result<Self, ServerError> {
        let programs = programs()?;
        if !rustix::process::geteuid().is_root() {
            return Err(ServerError::NotRoot("Samba as a domain controller"));
        }
        let organisation = people::fit(organisation);
        let domain = domain::with(&organisation, &programs)?;
        let folder = tempfile::Builder::new()
            .prefix("rollcall-samba-")
            .tempdir()
            .map_err(io_error("making a folder"))?;
        domain::copy(&domain, folder.path())?;
        let address = free_address()?;
        let authority = settle(folder.path(), address)?;
        let mut server = Self {
            folder,
            process: None,
            address,
            authority,
            organisation,
            privileged: false,
        };
        server.serve(&programs)?;
        Ok(server)
    }

    /// Everything that this server keeps.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address on which it listens.
    #[must_use]
    pub const fn address(&self) -> Ipv4Addr {
        self.address
    }

    fn serve(&mut self, programs: &Programs) -> Result<(), ServerError> {
        let mut command = Command::new(&programs.server);
        command
            .args(["-F", "--no-process-group", "--model=single", "-s"])
            .arg(config::file(self.folder.path()))
            // It ends when its input does, and so with the test that started it, however that ends.
            .stdin(Stdio::piped());
        let log = self.folder.path().join("samba.log");
        let ports = PORTS.map(|port| SocketAddr::from((self.address, port)));
        self.process = Some(serve(&mut command, &log, &ports)?);
        Ok(())
    }
}

impl Server for Samba {
    fn url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    fn ldaps_url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    fn bind_name(&self) -> String {
        if self.privileged {
            return config::ADMIN.to_owned();
        }
        people::dn(&ServiceAccount::Sync.dn())
    }

    fn password(&self) -> String {
        if self.privileged {
            return config::ADMIN_PASSWORD.to_owned();
        }
        self.organisation.password_of(ServiceAccount::Sync)
    }

    fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn mapping(&self) -> String {
        people::MAPPING.to_owned()
    }

    fn expected(&self, index: u64) -> Expected {
        people::expected(&self.organisation, index)
    }

    fn switch(&self, dn: &str, enabled: bool) -> Vec<Entry> {
        people::switch(dn, enabled)
    }

    fn hire(&self, name: &str, given: &str, family: &str, mail: &str) -> Entry {
        people::hire(name, given, family, mail)
    }

    fn change(&self, ldif: &str) -> Result<(), ServerError> {
        let mut command = Command::new("ldapmodify");
        command
            .env("LDAPTLS_CACERT", self.folder.path().join("tls/ca.pem"))
            .args(["-x", "-H", &self.ldaps_url(), "-D", config::ADMIN])
            .args(["-w", config::ADMIN_PASSWORD]);
        feed(&mut command, PACKAGES, |input| {
            input.write_all(ldif.as_bytes())
        })
    }

    fn stop(&mut self) -> Result<(), ServerError> {
        self.process.take().map_or(Ok(()), |it| end(it, "-TERM"))
    }

    fn resume(&mut self) -> Result<(), ServerError> {
        self.stop()?;
        self.serve(&programs()?)
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("a Samba domain controller was left behind: {error}");
        }
    }
}

/// Where the server's parts are.
#[derive(Debug)]
struct Programs {
    server: PathBuf,
    tool: PathBuf,
    add: PathBuf,
    modify: PathBuf,
}

fn programs() -> Result<Programs, ServerError> {
    let of = |name: &str| program(name, PACKAGES);
    Ok(Programs {
        server: of("samba")?,
        tool: of("samba-tool")?,
        add: of("ldbadd")?,
        modify: of("ldbmodify")?,
    })
}

/// Gives a copy of a domain an address and a certificate.
fn settle(folder: &Path, address: Ipv4Addr) -> Result<Authority, ServerError> {
    let (authority, identity) = certify(&[address.to_string()])?;
    let tls = folder.join("tls");
    fs::create_dir_all(&tls).map_err(io_error("making a folder"))?;
    for (name, text) in [
        ("ca.pem", &authority.pem()),
        ("cert.pem", &identity.certificate),
        ("key.pem", &identity.key),
    ] {
        fs::write(tls.join(name), text).map_err(io_error("writing certificates"))?;
    }
    // It refuses a key that others may read.
    let mut private = Command::new("chmod");
    run(private.arg("600").arg(tls.join("key.pem")), PACKAGES)?;
    config::write(folder, address)?;
    Ok(authority)
}

/// An address of loopback on which nobody listens at the ports of a domain controller.
fn free_address() -> Result<Ipv4Addr, ServerError> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap_or_default().as_nanos();
    let seed = u64::from(std::process::id()) ^ u64::try_from(now).unwrap_or_default();
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        let mut dice = Dice::of(seed, attempt, 389);
        let mut part = || u8::try_from(1 + dice.below(250)).unwrap_or(1);
        let address = Ipv4Addr::new(127, part(), part(), part());
        let held: Result<Vec<_>, _> = PORTS
            .iter()
            .map(|port| TcpListener::bind((address, *port)))
            .collect();
        match held {
            Ok(_) => return Ok(address),
            Err(error) => last = Some(error),
        }
    }
    let error = last.unwrap_or_else(|| std::io::ErrorKind::AddrInUse.into());
    Err(io_error("looking for an address of loopback")(error))
}
