//! A real OpenLDAP server as a child process, with its own directory, ports, limits and certificates.
//!
//! It is filled offline from the generator, and stopped and removed when it is dropped. Nothing outside of its
//! directory is touched, and no privilege is needed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rollcall::demo::Organisation;
use rollcall::demo::directory::Certificate;
use rollcall::demo::directory::tls::{Authority, Identity};
use rollcall::demo::people::{ServiceAccount, ldif};
use tempfile::TempDir;

mod config;

/// What to install where the server is missing.
const INSTALL: &str =
    "install it (Debian: apt-get install --no-install-recommends slapd ldap-utils)";
/// How long a start or a stop may take on a machine that is very busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Ports are free when they are looked for and may be taken a moment later.
const ATTEMPTS: u32 = 5;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum SlapdError {
    /// It is not on this machine.
    #[error("{0} was not found; {INSTALL}")]
    NotInstalled(&'static str),
    /// A program could not be run, or a file not be written.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        error: io::Error,
    },
    /// A program ended badly.
    #[error("{program} failed: {said}")]
    Failed {
        /// Which.
        program: &'static str,
        /// The end of what it said.
        said: String,
    },
    /// No certificate could be made.
    #[error("no certificate: {0}")]
    Certificate(String),
}

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
    /// [`SlapdError`]; its message says what to install where something is missing.
    pub fn start(organisation: &Organisation) -> Result<Self, SlapdError> {
        Self::start_with(organisation, &Settings::default())
    }

    /// The same, of another kind.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(
        organisation: &Organisation,
        settings: &Settings,
    ) -> Result<Self, SlapdError> {
        let programs = programs()?;
        let folder = tempfile::Builder::new()
            .prefix("rollcall-slapd-")
            .tempdir()
            .map_err(io_error("making a folder"))?;
        let certificate =
            |error: &dyn std::fmt::Display| SlapdError::Certificate(error.to_string());
        let authority = Authority::new("Rollcall test authority").map_err(|e| certificate(&e))?;
        let identity = authority
            .issue(settings.certificate)
            .map_err(|e| certificate(&e))?;
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

    /// `ldaps://localhost:…`
    #[must_use]
    pub fn ldaps_url(&self) -> String {
        format!("ldaps://localhost:{}", self.ldaps_port)
    }

    /// `ldap://127.0.0.1:…`
    #[must_use]
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority to trust.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// The same as a file.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// The authority that it trusts, and that issued its certificate.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The name to bind as for a sync.
    #[must_use]
    pub fn bind_name(&self) -> String {
        ServiceAccount::Sync.dn()
    }

    /// The password that goes with [`Self::bind_name`].
    #[must_use]
    pub fn password(&self) -> String {
        self.organisation.password_of(ServiceAccount::Sync)
    }

    /// Who is in it.
    #[must_use]
    pub const fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// The process, for measuring it; none while it is stopped.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// Makes changes as the administrator: change records of LDIF (RFC 2849), as `ldapmodify` reads them.
    ///
    /// # Errors
    /// Where `ldapmodify` is missing, or the server refuses a change; those before it stay made.
    pub fn change(&self, ldif: &str) -> Result<(), SlapdError> {
        let mut command = Command::new("ldapmodify");
        command.args([
            "-x",
            "-H",
            &self.url(),
            "-D",
            config::ADMIN,
            "-w",
            config::ADMIN_PASSWORD,
        ]);
        feed("ldapmodify", &mut command, |input| {
            input.write_all(ldif.as_bytes())
        })
    }

    /// Adds a password policy, by which a locked account is locked.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub fn enforce_policy(&self) -> Result<(), SlapdError> {
        self.change(&format!(
            "dn: {}\nchangetype: add\nobjectClass: device\nobjectClass: pwdPolicy\ncn: policy\n\
             pwdAttribute: userPassword\npwdLockout: TRUE\n",
            config::POLICY
        ))
    }

    /// Stops the server, keeping what it holds. Does nothing while it is stopped.
    ///
    /// # Errors
    /// Where it does not end.
    pub fn stop(&mut self) -> Result<(), SlapdError> {
        let Some(mut process) = self.process.take() else {
            return Ok(());
        };
        let asked = Command::new("kill")
            .args(["-INT", &process.id().to_string()])
            .status();
        let end = Instant::now() + PATIENCE;
        if asked.is_ok_and(|status| status.success()) {
            while Instant::now() < end {
                if process
                    .try_wait()
                    .map_err(io_error("waiting for slapd"))?
                    .is_some()
                {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        process.kill().map_err(io_error("ending slapd"))?;
        process.wait().map_err(io_error("waiting for slapd"))?;
        Ok(())
    }

    /// Starts a stopped server again, on other ports.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn resume(&mut self) -> Result<(), SlapdError> {
        self.stop()?;
        self.serve(&programs()?)
    }

    fn serve(&mut self, programs: &Programs) -> Result<(), SlapdError> {
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            let (port, ldaps_port) = free_ports().map_err(io_error("looking for free ports"))?;
            let log = self.folder.path().join("slapd.log");
            let output = File::create(&log).map_err(io_error("making slapd's log"))?;
            let mut process = Command::new(&programs.slapd)
                // A debug level, even none, keeps it in the foreground.
                .args(["-d", "0", "-n", "slapd", "-F"])
                .arg(self.folder.path().join("conf"))
                .args([
                    "-h",
                    &format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{ldaps_port}/"),
                ])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(output)
                .spawn()
                .map_err(io_error("running slapd"))?;
            if answers(&mut process, &[port, ldaps_port])? {
                self.process = Some(process);
                (self.port, self.ldaps_port) = (port, ldaps_port);
                return Ok(());
            }
            // It ended or hangs; another attempt takes other ports.
            let _ = process.kill();
            let _ = process.wait();
            said = last_lines(&fs::read_to_string(&log).unwrap_or_default());
        }
        Err(SlapdError::Failed {
            program: "slapd",
            said,
        })
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

fn programs() -> Result<Programs, SlapdError> {
    let first = |candidates: &[&str]| {
        candidates
            .iter()
            .map(PathBuf::from)
            .find(|path| path.exists())
    };
    let program = |name: &'static str| {
        let folders = [
            "/usr/sbin",
            "/usr/local/sbin",
            "/usr/libexec",
            "/usr/local/libexec",
            "/opt/homebrew/opt/openldap/libexec",
        ];
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain(folders.map(PathBuf::from))
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
            .ok_or(SlapdError::NotInstalled(name))
    };
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
        slapd: program("slapd")?,
        slapadd: program("slapadd")?,
        schema: first(&schemas).ok_or(SlapdError::NotInstalled("OpenLDAP's schema"))?,
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
) -> Result<(), SlapdError> {
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
    feed("slapadd", &mut command, |input| {
        input.write_all(text.as_bytes())
    })
}

fn fill(folder: &Path, organisation: &Organisation, programs: &Programs) -> Result<(), SlapdError> {
    let mut command = Command::new(&programs.slapadd);
    command
        .args(["-n", "1", "-q", "-w", "-F"])
        .arg(folder.join("conf"));
    feed("slapadd", &mut command, |input| {
        ldif::write_organisation(organisation, input)
    })
}

/// Runs a program, gives it input, and expects it to end well.
fn feed(
    program: &'static str,
    command: &mut Command,
    give: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), SlapdError> {
    // What it says goes to a file: a pipe that nobody reads while input is given would fill.
    let mut said = tempfile::tempfile().map_err(io_error("making a file"))?;
    let errors = said.try_clone().map_err(io_error("making a file"))?;
    let started = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(errors)
        .spawn();
    let mut process = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SlapdError::NotInstalled(program),
        _ => SlapdError::Io {
            what: format!("running {program}"),
            error,
        },
    })?;
    // A program that ends early closes its input; what it said tells more than the broken pipe.
    let given = process
        .stdin
        .take()
        .map_or(Ok(()), |mut input| give(&mut input));
    let status = process.wait().map_err(io_error("waiting for a program"))?;
    if status.success() {
        return given.map_err(io_error("giving a program its input"));
    }
    let mut text = String::new();
    let read =
        io::Seek::rewind(&mut said).and_then(|()| io::Read::read_to_string(&mut said, &mut text));
    read.map_err(io_error("reading what a program said"))?;
    Err(SlapdError::Failed {
        program,
        said: last_lines(&text),
    })
}

/// Waits until every port accepts; false where the process ends first, or takes too long.
fn answers(process: &mut Child, ports: &[u16]) -> Result<bool, SlapdError> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if process
            .try_wait()
            .map_err(io_error("waiting for slapd"))?
            .is_some()
        {
            return Ok(false);
        }
        let accepts = |port: &u16| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok();
        if ports.iter().all(accepts) {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(false)
}

fn free_ports() -> io::Result<(u16, u16)> {
    let one = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok((one.local_addr()?.port(), other.local_addr()?.port()))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("; ")
}

fn io_error(what: &'static str) -> impl FnOnce(io::Error) -> SlapdError {
    move |error| SlapdError::Io {
        what: what.to_owned(),
        error,
    }
}
