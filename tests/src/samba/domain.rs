//! Domains, made once and kept in the build's directory: making one and filling it takes many seconds.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use rollcall::demo::Organisation;

use super::{PACKAGES, Programs, config, people};
use crate::server::ServerError;
use crate::server::process::{feed, io_error, run};

/// Records that are added in one transaction. Samba walks all of a transaction's index at every record, so that ten
/// times as many take a hundred times as long.
const CHUNK: usize = 400;

/// Says that passwords may be as the organisation has them.
const PASSWORDS: &str = "dn: DC=example,DC=org
changetype: modify
replace: pwdProperties
pwdProperties: 0
-
replace: minPwdLength
minPwdLength: 0
-
replace: pwdHistoryLength
pwdHistoryLength: 0
-
replace: minPwdAge
minPwdAge: 0
-
replace: maxPwdAge
maxPwdAge: -9223372036854775808
";

/// The folder of a domain with this organisation, to be copied.
pub(super) fn with(org: &Organisation, programs: &Programs) -> Result<PathBuf, ServerError> {
    let records = people::records(org);
    let mut hasher = DefaultHasher::new();
    (version(programs)?, PASSWORDS, &records).hash(&mut hasher);
    kept(&format!("{:016x}", hasher.finish()), |folder| {
        copy(&bare(programs)?, folder)?;
        // Only the tools read this configuration, which need no address.
        config::write(folder, Ipv4Addr::LOCALHOST)?;
        feed(&mut tool(&programs.modify, folder), PACKAGES, |input| {
            input.write_all(PASSWORDS.as_bytes())
        })?;
        records.chunks(CHUNK).try_for_each(|chunk| {
            let mut add = tool(&programs.add, folder);
            add.args(["--relax", "-o", "batch_mode:1"]);
            feed(&mut add, PACKAGES, |input| {
                chunk.iter().try_for_each(|record| input.write_all(record))
            })
        })
    })
}

/// A program that works on a domain whose server does not run.
pub(super) fn tool(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("-H").arg(folder.join("private/sam.ldb"));
    command.arg("--configfile").arg(config::file(folder));
    command
}

/// Copies a domain's folder into one that is there.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), ServerError> {
    let mut command = Command::new("cp");
    command.arg("-a").arg(from.join(".")).arg(to);
    run(&mut command, PACKAGES)
}

/// A domain without people.
fn bare(programs: &Programs) -> Result<PathBuf, ServerError> {
    let mut hasher = DefaultHasher::new();
    version(programs)?.hash(&mut hasher);
    kept(&format!("bare-{:016x}", hasher.finish()), |folder| {
        let mut command = Command::new(&programs.tool);
        command
            .args([
                "domain",
                "provision",
                "--server-role=dc",
                "--dns-backend=NONE",
            ])
            .arg(format!("--realm={}", config::REALM))
            .arg(format!("--domain={}", config::DOMAIN))
            .arg(format!("--host-name={}", config::HOST))
            .arg(format!("--adminpass={}", config::ADMIN_PASSWORD))
            .arg("--host-ip=127.0.0.1")
            .arg("--targetdir")
            .arg(folder);
        run(&mut command, PACKAGES)
    })
}

/// What is kept under a name, made where it is not there. Of several processes one makes it.
fn kept(
    name: &str,
    make: impl FnOnce(&Path) -> Result<(), ServerError>,
) -> Result<PathBuf, ServerError> {
    let folder = store()?;
    let lock = File::create(folder.join(format!("{name}.lock")));
    let lock = lock.map_err(io_error("making a lock"))?;
    lock.lock().map_err(io_error("waiting for a lock"))?;
    let (ready, part) = (folder.join(name), folder.join(format!("{name}.part")));
    if ready.exists() {
        return Ok(ready);
    }
    if part.exists() {
        fs::remove_dir_all(&part).map_err(io_error("removing what was begun"))?;
    }
    fs::create_dir(&part).map_err(io_error("making a folder"))?;
    if let Err(error) = make(&part) {
        // What is left of it helps nobody; the next attempt removes it where this fails.
        let _ = fs::remove_dir_all(&part);
        return Err(error);
    }
    fs::rename(&part, &ready).map_err(io_error("keeping a domain"))?;
    Ok(ready)
}

/// Beside the built program, so that it goes with the rest of what is built.
fn store() -> Result<PathBuf, ServerError> {
    let test = std::env::current_exe().map_err(io_error("looking for the build's directory"))?;
    let folder = test.parent().unwrap_or(Path::new("."));
    let folder = if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    let folder = folder.join("test-samba-domains");
    fs::create_dir_all(&folder).map_err(io_error("making a folder"))?;
    Ok(folder)
}

/// Another version may keep its files otherwise.
fn version(programs: &Programs) -> Result<String, ServerError> {
    let output = Command::new(&programs.server).arg("--version").output();
    let output = output.map_err(io_error("asking Samba for its version"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
