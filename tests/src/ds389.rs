//! A real 389 Directory Server as a child process, with its own directory, ports, limits and certificates.
//!
//! It is laid out by hand from the templates that its package brings and filled offline from the generator: the
//! installer `dscreate` would change the system and needs systemd. Nothing outside of its directory is touched, and no
//! privilege is needed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rollcall::demo::directory::tls::Authority;
use rollcall::demo::people::{Expected, ServiceAccount};
use rollcall::demo::{Entry, Organisation};
use tempfile::TempDir;

use crate::server::process::{
    certify, end, feed, first, free_ports, io_error, local, missing, program, run, serve,
};
use crate::server::{Server, ServerError};
use crate::site::changes;

mod config;
mod people;

/// What to install where the server is missing.
const PACKAGES: &str = "389-ds-base libnss3-tools openssl ldap-utils";
/// Ports are free when they are looked for and may be taken a moment later.
const ATTEMPTS: u32 = 5;
/// Protects a key for the moment in which one tool hands it to another.
const PASSAGE: &str = "rollcall";

/// A running server.
#[derive(Debug)]
pub struct Ds389 {
    folder: TempDir,
    process: Option<Child>,
    port: u16,
    ldaps_port: u16,
    authority: Authority,
    organisation: Organisation,
}

impl Ds389 {
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
        let programs = programs()?;
        let folder = tempfile::Builder::new()
            .prefix("rollcall-389ds-")
            .tempdir()
            .map_err(io_error("making a folder"))?;
        let authority = lay_out(folder.path(), &programs)?;
        fill(folder.path(), organisation, &programs)?;
        let mut server = Self {
            folder,
            process: None,
            port: 0,
            ldaps_port: 0,
            authority,
            organisation: organisation.clone(),
        };
        server.serve(&programs)?;
        Ok(server)
    }

    /// Everything that this server keeps.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn serve(&mut self, programs: &Programs) -> Result<(), ServerError> {
        let mut served = Ok(());
        let dse = self.folder.path().join("conf/dse.ldif");
        for _ in 0..ATTEMPTS {
            let (port, ldaps_port) = free_ports()?;
            let before = fs::read_to_string(&dse).map_err(io_error("reading dse.ldif"))?;
            fs::write(&dse, config::on_ports(&before, port, ldaps_port))
                .map_err(io_error("writing dse.ldif"))?;
            let mut command = Command::new(&programs.server);
            command
                // A debug level, even none, keeps it in the foreground.
                .args(["-d", "0", "-D"])
                .arg(self.folder.path().join("conf"))
                .arg("-i")
                .arg(self.folder.path().join("run/pid"))
                .stdin(Stdio::null());
            let log = self.folder.path().join("ns-slapd.log");
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

impl Server for Ds389 {
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
        let lock: &[&str] = if enabled { &[] } else { &["TRUE"] };
        vec![changes::replace(dn, "nsAccountLock", lock)]
    }

    fn hire(&self, name: &str, given: &str, family: &str, mail: &str) -> Entry {
        changes::hire(name, given, family, mail)
    }

    fn change(&self, ldif: &str) -> Result<(), ServerError> {
        let mut command = Command::new("ldapmodify");
        let account = ["-D", config::ADMIN, "-w", config::ADMIN_PASSWORD];
        command.args(["-x", "-H", &self.url()]);
        feed(command.args(account), PACKAGES, |input| {
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

impl Drop for Ds389 {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("a 389 Directory Server was left behind: {error}");
        }
    }
}

/// Where the server's parts are.
#[derive(Debug)]
struct Programs {
    server: PathBuf,
    /// Templates of the configuration.
    templates: PathBuf,
    /// What every instance gets a copy of.
    defaults: PathBuf,
    certutil: PathBuf,
    pk12util: PathBuf,
    openssl: PathBuf,
}

fn programs() -> Result<Programs, ServerError> {
    let folder = |path: &'static str| first(&[path]).ok_or_else(|| missing(path, PACKAGES));
    Ok(Programs {
        server: program("ns-slapd", PACKAGES)?,
        templates: folder("/usr/share/dirsrv/data")?,
        defaults: folder("/etc/dirsrv")?,
        certutil: program("certutil", PACKAGES)?,
        pk12util: program("pk12util", PACKAGES)?,
        openssl: program("openssl", PACKAGES)?,
    })
}

/// Makes the folders, the configuration and the certificates.
fn lay_out(folder: &Path, programs: &Programs) -> Result<Authority, ServerError> {
    for name in config::FOLDERS {
        fs::create_dir_all(folder.join(name)).map_err(io_error("making the server's folders"))?;
    }
    for (from, to) in config::COPIES {
        fs::copy(programs.defaults.join(from), folder.join(to))
            .map_err(io_error("copying the server's defaults"))?;
    }
    let template = |name: &str| {
        fs::read_to_string(programs.templates.join(name))
            .map_err(io_error("reading a template of 389 Directory Server"))
    };
    let (main, suffix) = (
        template("template-dse.ldif")?,
        template("template-suffix-db.ldif")?,
    );
    fs::write(
        folder.join("conf/dse.ldif"),
        config::dse(folder, &user()?, &main, &suffix),
    )
    .map_err(io_error("writing dse.ldif"))?;
    let (authority, identity) = certify(&[])?;
    let files = [
        ("ca.crt", &authority.pem()),
        ("server.crt", &identity.certificate),
        ("server.key", &identity.key),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).map_err(io_error("writing certificates"))?;
    }
    keep_certificates(folder, programs)?;
    Ok(authority)
}

/// Who runs the tests: the server wants the name of the user whom it is to run as.
fn user() -> Result<String, ServerError> {
    let output = Command::new("id").arg("-un").output();
    let output = output.map_err(io_error("asking for the user's name"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Puts the certificates into the database in which the server's TLS library looks for them.
fn keep_certificates(folder: &Path, programs: &Programs) -> Result<(), ServerError> {
    let (conf, bundle) = (folder.join("conf"), folder.join("server.p12"));
    let mut make = Command::new(&programs.certutil);
    make.arg("-N").arg("--empty-password").arg("-d").arg(&conf);
    let mut trust = Command::new(&programs.certutil);
    trust.args(["-A", "-n", "authority", "-t", "CT,,", "-d"]);
    trust.arg(&conf).arg("-i").arg(folder.join("ca.crt"));
    let mut pack = Command::new(&programs.openssl);
    pack.args([
        "pkcs12",
        "-export",
        "-name",
        config::CERTIFICATE,
        "-passout",
    ]);
    pack.arg(format!("pass:{PASSAGE}")).arg("-out").arg(&bundle);
    pack.arg("-in").arg(folder.join("server.crt"));
    pack.arg("-inkey").arg(folder.join("server.key"));
    let mut unpack = Command::new(&programs.pk12util);
    unpack.args(["-W", PASSAGE, "-K", "", "-d"]).arg(&conf);
    unpack.arg("-i").arg(&bundle);
    for command in [&mut make, &mut trust, &mut pack, &mut unpack] {
        run(command, PACKAGES)?;
    }
    Ok(())
}

fn fill(
    folder: &Path,
    organisation: &Organisation,
    programs: &Programs,
) -> Result<(), ServerError> {
    let file = folder.join("people.ldif");
    File::create(&file)
        .and_then(|to| people::write(organisation, to))
        .map_err(io_error("writing the people"))?;
    let mut command = Command::new(&programs.server);
    command.arg("ldif2db").arg("-D").arg(folder.join("conf"));
    command.args(["-n", config::BACKEND, "-i"]).arg(&file);
    // Ends with a code of its own where entries were left out.
    run(&mut command, PACKAGES)?;
    fs::remove_file(&file).map_err(io_error("removing the people's file"))
}
