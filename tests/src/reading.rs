//! A real server, read with `ldapsearch`: by another client than the tested program has.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::process::Command;

use rollcall::demo::Entry;
use rollcall::demo::people::SUFFIX;
use rollcall::demo::people::ldif::append_record;

use crate::server::{Server, ServerError};

/// Expects everybody, and nobody else, over LDAPS and StartTLS.
///
/// # Panics
/// Where the server says something else.
pub fn everybody_is_read_in_every_way(server: &impl Server, filter: &str) {
    let people = (0..server.organisation().people).map(|index| format!("E{:07}", index + 1));
    let people: BTreeSet<String> = people.collect();
    for (url, start_tls) in [(server.ldaps_url(), false), (server.url(), true)] {
        let base = format!("ou=People,{SUFFIX}");
        let asked = [
            "-b",
            &base,
            "-E",
            "pr=500/noprompt",
            filter,
            "employeeNumber",
        ];
        let said = search(server, &url, &server.bind_name(), start_tls, &asked).unwrap();
        let found: Vec<&str> = values_in(&said, "employeeNumber").collect();
        assert_eq!(found.len(), people.len(), "{url}");
        assert!(found.iter().all(|it| people.contains(*it)), "{url}");
    }
}

/// The texts of an attribute of one entry; the root DSE has the empty name.
///
/// # Panics
/// Where it cannot be read.
pub fn values(server: &impl Server, dn: &str, attribute: &str) -> Vec<String> {
    let asked = ["-s", "base", "-b", dn, "(objectClass=*)", attribute];
    let said = search(
        server,
        &server.ldaps_url(),
        &server.bind_name(),
        false,
        &asked,
    )
    .unwrap();
    values_in(&said, attribute).map(str::to_owned).collect()
}

/// How many people a filter finds.
///
/// # Panics
/// Where it finds no way to the server.
pub fn count(server: &impl Server, filter: &str) -> u64 {
    let base = format!("ou=People,{SUFFIX}");
    let asked = ["-b", &base, "-E", "pr=500/noprompt", filter, "1.1"];
    let said = search(
        server,
        &server.ldaps_url(),
        &server.bind_name(),
        false,
        &asked,
    )
    .unwrap();
    said.lines().filter(|line| line.starts_with("dn:")).count() as u64
}

/// Binds under a name with the sync's password and reads the root DSE.
///
/// # Errors
/// What `ldapsearch` says.
pub fn bind(
    server: &impl Server,
    url: &str,
    name: &str,
    start_tls: bool,
) -> Result<String, String> {
    search(server, url, name, start_tls, &["-s", "base", "-b", ""])
}

/// Whether anybody answers at a URL.
///
/// # Panics
/// Where `ldapsearch` cannot be run.
#[must_use]
pub fn answers(url: &str) -> bool {
    let mut command = Command::new("ldapsearch");
    command.args(["-x", "-H", url, "-s", "base", "-b", ""]);
    command.output().unwrap().status.success()
}

/// Makes one change as the administrator.
///
/// # Errors
/// Where the server refuses it.
pub fn change(server: &impl Server, change: &Entry) -> Result<(), ServerError> {
    let mut text = Vec::new();
    append_record(change, &mut text);
    server.change(&String::from_utf8_lossy(&text))
}

fn search(
    server: &impl Server,
    url: &str,
    name: &str,
    start_tls: bool,
    asked: &[&str],
) -> Result<String, String> {
    let mut authority = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut authority, server.ca_pem().as_bytes()).unwrap();
    let mut command = Command::new("ldapsearch");
    command
        .env("LDAPTLS_CACERT", authority.path())
        // It would look for the machine's own name in a certificate for `localhost`.
        .args(["-x", "-LLL", "-o", "ldif-wrap=no", "-H"])
        .arg(url.replace("localhost", "127.0.0.1"))
        .args(["-D", name, "-w", &server.password()])
        .args(start_tls.then_some("-ZZ"))
        .args(asked);
    let output = command.output().unwrap();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn values_in<'t>(said: &'t str, attribute: &str) -> impl Iterator<Item = &'t str> {
    let prefix = format!("{attribute}: ");
    said.lines()
        .filter_map(move |line| line.strip_prefix(prefix.as_str()))
}
