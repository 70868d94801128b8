//! A real OpenLDAP server as a child process, with its own directory, ports, limits and certificates.
//!
//! It is filled offline from the generator, and stopped and removed when it is dropped. Nothing outside of its
//! directory is touched, and no privilege is needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rollcall::demo::directory::Certificate;
use rollcall::demo::directory::tls::{Authority, Identity};
use rollcall::demo::people::{Expected, ServiceAccount, ldif};
use rollcall::demo::{Entry, Organisation};
use tempfile::TempDir;

use crate::server::process::{
    end, feed, first, free_ports, io_error, local, missing, no_certificate, program, serve,
};
use crate::server::{Server, ServerError};
use crate::site::changes;

mod config;

const PACKAGES: &str = "slapd ldap-utils";
/// Ports are free when they are looked for and may be taken a moment later.
const ATTEMPTS: u32 = 5;

/// What an instance is like.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Threads that serve requests.
    pub threads: u32,
    /// The certificate it shows.
    pub certificate: Certificate,
    /// Whether it asks for client certificates; `CN=x,OU=Machines` is then the service account `cn=x`.
    pub asks_clients: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threads: 4,
            certificate: Certificate::Good,
            asks_clients: false,
        }
    }
}

/// A running server.
#[derive(Debug)]
pub struct Slapd {
    folder: TempDir,
    process: Option<Child>,
    port: u16,
    ldaps_port: u16,
    authority: Authority,
    organisation: Organisation,
}

impl Slapd {
    /// Whether this machine has everything that [`Self::start`] needs.
    #[must_use]
    pub fn is_installed() -> bool {
        programs().is_ok()
    }

    /// Fills a directory with an organisation and starts a server on it. Connections are accepted once this returns.
    ///
    /// # Errors
    /// [`ServerError`]; its message says what to install where something is missing.
    pub fn start(organisation: &Organisation) -> Result<Self, ServerError> {
        Self::start_with(organisation, &Settings::default())
    }

    /// The same, of another kind.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(
        organisation: &Organisation,
        settings: &Settings,
    ) -> Result<Self, ServerError> {
        let programs = programs()?;
        let folder = tempfile::Builder::new()
            .prefix("rollcall-slapd-")
            .tempdir()
            .map_err(io_error("making a folder"))?;
        let authority = Authority::new("Rollcall test authority").map_err(no_certificate)?;
        let identity = authority
            .issue(settings.certificate)
            .map_err(no_certificate)?;
        lay_out(folder.path(), &authority, &identity, settings, &programs)?;
        fill(folder.path(), organisation, &programs)?;
        let mut slapd = Self {
            folder,
            process: None,
            port: 0,
            ldaps_port: 0,
            authority,
            organisation: organisation.clone(),
        };
        slapd.serve(&programs)?;
        Ok(slapd)
    }

    /// The port for LDAP and StartTLS.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The port for LDAPS.
    #[must_use]
    pub const fn ldaps_port(&self) -> u16 {
        self.ldaps_port
    }

    /// The certificate of the authority to trust.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// The authority that it trusts, and that issued its certificate.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The process, for measuring it; none while it is stopped.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// Adds a password policy, by which a locked account is locked.
    ///
    /// # Errors
    /// As [`Server::change`].
    pub fn enforce_policy(&self) -> Result<(), ServerError> {
        self.change(&format!(
            "dn: {}\nchangetype: add\nobjectClass: device\nobjectClass: pwdPolicy\ncn: policy\n\
             pwdAttribute: userPassword\npwdLockout: TRUE\n",
            config::POLICY
        ))
    }

    fn serve(&mut self, programs: &Programs) -> Result<(), ServerError> {
        let mut served = Ok(());
        for attempt in 0..ATTEMPTS {
            // Where it was before, if it was: for who asks it is the same server.
            let (port, ldaps_port) = match (attempt, self.port) {
                (1.., _) | (_, 0) => free_ports()?,
                _ => (self.port, self.ldaps_port),
            };
            let mut command = Command::new(&programs.slapd);
            command
                // A debug level, even none, keeps it in the foreground.
                .args(["-d", "0", "-n", "slapd", "-F"])
                .arg(self.folder.path().join("conf"))
                .args([
                    "-h",
                    &format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{ldaps_port}/"),
                ])
                .stdin(Stdio::null());
            let log = self.folder.path().join("slapd.log");
            match serve(&mut command, &log, &[local(port), local(ldaps_port)]) {
                Ok(process) => {
                    self.process = Some(process);
                    (self.port, self.ldaps_port) = (port, ldaps_port);
                    return Ok(());
                }
                // Another attempt takes other ports.
                Err(failed @ ServerError::Failed { .. }) => served = Err(failed),
                Err(other) => return Err(other),
            }
        }
        served
    }
}

impl Server for Slapd {
    fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    fn ldaps_url(&self) -> String {
        format!("ldaps://localhost:{}", self.ldaps_port)
    }

    fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    fn bind_name(&self) -> String {
        ServiceAccount::Sync.dn()
    }

    fn password(&self) -> String {
        self.organisation.password_of(ServiceAccount::Sync)
    }

    fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn mapping(&self) -> String {
        String::new()
    }

    fn expected(&self, index: u64) -> Expected {
        self.organisation.expected(index)
    }

    fn switch(&self, dn: &str, enabled: bool) -> Vec<Entry> {
        let for_ever: &[&str] = if enabled { &[] } else { &["000001010000Z"] };
        vec![changes::replace(dn, "pwdAccountLockedTime", for_ever)]
    }

    fn hire(&self, name: &str, given: &str, family: &str, mail: &str) -> Entry {
        changes::hire(name, given, family, mail)
    }

    fn change(&self, ldif: &str) -> Result<(), ServerError> {
        let mut command = Command::new("ldapmodify");
        let account = ["-D", config::ADMIN, "-w", config::ADMIN_PASSWORD];
        command.args(["-x", "-H", &self.url()]).args(account);
        feed(&mut command, PACKAGES, |input| {
            input.write_all(ldif.as_bytes())
        })
    }

    fn stop(&mut self) -> Result<(), ServerError> {
        self.process.take().map_or(Ok(()), |it| end(it, "-INT"))
    }

    fn resume(&mut self) -> Result<(), ServerError> {
        self.stop()?;
        self.serve(&programs()?)
    }
}

impl Slapd {
    /// Keeps what the server holds now.
    ///
    /// # Errors
    /// Where it cannot be stopped, copied or started.
    pub fn back_up(&mut self) -> Result<(), ServerError> {
        self.carry("db", "backup")
    }

    /// Puts back what [`Self::back_up`] kept.
    ///
    /// # Errors
    /// As [`Self::back_up`].
    pub fn restore(&mut self) -> Result<(), ServerError> {
        self.carry("backup", "db")
    }

    fn carry(&mut self, from: &str, to: &str) -> Result<(), ServerError> {
        self.stop()?;
        let folder = self.folder.path();
        let copy = Command::new("cp")
            .args(["-a", "--remove-destination", "-T"])
            .args([folder.join(from), folder.join(to)])
            .status();
        if !copy.map_err(io_error("copying a database"))?.success() {
            return Err(ServerError::Failed {
                program: "cp".to_owned(),
                said: format!("{from} was not copied to {to}"),
            });
        }
        self.resume()
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("slapd was left behind: {error}");
        }
    }
}

/// Where the server's parts are.
#[derive(Debug)]
struct Programs {
    slapd: PathBuf,
    slapadd: PathBuf,
    schema: PathBuf,
    /// `None` where the overlays are built in.
    modules: Option<PathBuf>,
}

fn programs() -> Result<Programs, ServerError> {
    let schemas = [
        "/etc/ldap/schema",
        "/etc/openldap/schema",
        "/usr/local/etc/openldap/schema",
    ];
    let modules = [
        "/usr/lib/ldap",
        "/usr/lib64/openldap",
        "/usr/lib/openldap",
        "/usr/local/libexec/openldap",
    ];
    Ok(Programs {
        slapd: program("slapd", PACKAGES)?,
        slapadd: program("slapadd", PACKAGES)?,
        schema: first(&schemas).ok_or_else(|| missing("OpenLDAP's schema", PACKAGES))?,
        modules: first(&modules),
    })
}

/// Writes certificates and configuration.
fn lay_out(
    folder: &Path,
    authority: &Authority,
    identity: &Identity,
    settings: &Settings,
    programs: &Programs,
) -> Result<(), ServerError> {
    for name in ["conf", "db"] {
        fs::create_dir(folder.join(name)).map_err(io_error("making slapd's folders"))?;
    }
    let files = [
        ("ca.crt", &authority.pem()),
        ("server.crt", &identity.certificate),
        ("server.key", &identity.key),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).map_err(io_error("writing slapd's certificates"))?;
    }
    let text = config::ldif(
        folder,
        settings,
        &programs.schema,
        programs.modules.as_deref(),
    );
    let mut command = Command::new(&programs.slapadd);
    command.args(["-n", "0", "-F"]).arg(folder.join("conf"));
    feed(&mut command, PACKAGES, |input| {
        input.write_all(text.as_bytes())
    })
}

fn fill(
    folder: &Path,
    organisation: &Organisation,
    programs: &Programs,
) -> Result<(), ServerError> {
    let mut command = Command::new(&programs.slapadd);
    command
        .args(["-n", "1", "-q", "-w", "-F"])
        .arg(folder.join("conf"));
    feed(&mut command, PACKAGES, |input| {
        ldif::write_organisation(organisation, input)
    })
}
