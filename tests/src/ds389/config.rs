//! The server's configuration, `dse.ldif`, from the templates of its package.

use std::path::Path;

use rollcall::demo::people::SUFFIX;

/// Who may change everything.
pub(super) const ADMIN: &str = "cn=Directory Manager";
/// Good for a server on loopback that lives as long as a test.
pub(super) const ADMIN_PASSWORD: &str = "admin-of-tests";
/// What holds the people.
pub(super) const BACKEND: &str = "userRoot";
/// The name that the templates give to the server's certificate.
pub(super) const CERTIFICATE: &str = "Server-Cert";

/// What an instance needs to exist.
pub(super) const FOLDERS: [&str; 9] = [
    "conf/schema",
    "db",
    "lock",
    "tmp",
    "ldif",
    "bak",
    "run",
    "inst",
    "log",
];

/// What an instance has a copy of.
pub(super) const COPIES: [(&str, &str); 3] = [
    ("config/slapd-collations.conf", "conf/slapd-collations.conf"),
    ("config/certmap.conf", "conf/certmap.conf"),
    ("schema/99user.ldif", "conf/schema/99user.ldif"),
];

/// Placeholders of the templates that stand for a folder of the instance.
const PLACES: [(&str, &str); 13] = [
    ("schema_dir", "conf/schema"),
    ("config_dir", "conf"),
    ("cert_dir", "conf"),
    ("lock_dir", "lock"),
    ("tmp_dir", "tmp"),
    ("ldif_dir", "ldif"),
    ("bak_dir", "bak"),
    ("run_dir", "run"),
    ("inst_dir", "inst"),
    ("log_dir", "log"),
    ("db_dir", "db"),
    ("db_home_dir", "db"),
    ("ldapi", "run/ldapi"),
];

const CONFIG: &str = "cn=config";
const DATABASE: &str = "cn=config,cn=ldbm database,cn=plugins,cn=config";
const ENCRYPTION: &str = "cn=RSA,cn=encryption,cn=config";
const MEMBER_OF: &str = "cn=MemberOf Plugin,cn=plugins,cn=config";
const CHANGELOG: &str = "cn=Retro Changelog Plugin,cn=plugins,cn=config";
const CONTENT_SYNC: &str = "cn=Content Synchronization,cn=plugins,cn=config";

/// What differs from the templates.
const SETTINGS: &[(&str, &str, &str)] = &[
    (CONFIG, "nsslapd-listenhost", "127.0.0.1"),
    (CONFIG, "nsslapd-securelistenhost", "127.0.0.1"),
    (CONFIG, "nsslapd-security", "on"),
    (CONFIG, "nsslapd-accesslog-logging-enabled", "off"),
    // As on the other servers; an account may have limits of its own.
    (CONFIG, "nsslapd-sizelimit", "500"),
    (CONFIG, "nsslapd-pagedsizelimit", "0"),
    // Directories that were there before the check hold what it would refuse.
    (CONFIG, "nsslapd-syntaxcheck", "off"),
    (DATABASE, "nsslapd-db-durable-transaction", "off"),
    (ENCRYPTION, "nsSSLPersonalitySSL", CERTIFICATE),
    (ENCRYPTION, "nsSSLActivation", "on"),
    (MEMBER_OF, "nsslapd-pluginEnabled", "on"),
    (MEMBER_OF, "memberofgroupattr", "member"),
    (CHANGELOG, "nsslapd-pluginEnabled", "on"),
    // Content Synchronization finds the ids of those who are gone there.
    (CHANGELOG, "nsslapd-attribute", "nsuniqueid:targetUniqueId"),
    (CONTENT_SYNC, "nsslapd-pluginEnabled", "on"),
];

/// The configuration of an instance in a folder, run by a user, not yet on any port.
pub(super) fn dse(folder: &Path, user: &str, main: &str, suffix: &str) -> String {
    let mut text = format!("{main}\n{suffix}");
    for (name, place) in PLACES {
        let place = folder.join(place).display().to_string();
        text = text.replace(&format!("%{name}%"), &place);
    }
    for (name, value) in [
        ("fqdn", "localhost"),
        ("ds_port", "0"),
        ("ds_user", user),
        ("rootdn", ADMIN),
        ("ldapi_enabled", "off"),
        ("ldapi_autobind", "off"),
        ("ds_suffix", SUFFIX),
        ("ds_bename", BACKEND),
        ("db_lib", "bdb"),
        // The scheme has to be known before a password that is not hashed.
        ("ds_passwd", "{CLEAR}"),
    ] {
        text = text.replace(&format!("%{name}%"), value);
    }
    let mut records = records(&text);
    set(&mut records, CONFIG, "nsslapd-rootpw", None);
    set(
        &mut records,
        CONFIG,
        "nsslapd-rootpwstoragescheme",
        Some("CLEAR"),
    );
    let password = format!("{{CLEAR}}{ADMIN_PASSWORD}");
    set(&mut records, CONFIG, "nsslapd-rootpw", Some(&password));
    for (dn, name, value) in SETTINGS {
        set(&mut records, dn, name, Some(value));
    }
    written(&records)
}

/// The same configuration on other ports.
pub(super) fn on_ports(dse: &str, port: u16, ldaps_port: u16) -> String {
    let mut records = records(dse);
    let (port, ldaps_port) = (port.to_string(), ldaps_port.to_string());
    set(&mut records, CONFIG, "nsslapd-port", Some(&port));
    set(
        &mut records,
        CONFIG,
        "nsslapd-securePort",
        Some(&ldaps_port),
    );
    written(&records)
}

/// The records, each by its lines. The server takes a comment or a second empty line for an entry that is wrong.
fn records(text: &str) -> Vec<Vec<String>> {
    let records = text.split("\n\n").map(|record| {
        let lines = record.lines();
        let lines = lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    });
    records.filter(|record| !record.is_empty()).collect()
}

fn written(records: &[Vec<String>]) -> String {
    let records: Vec<String> = records.iter().map(|record| record.join("\n")).collect();
    records.join("\n\n") + "\n"
}

/// Gives an entry one value of an attribute, or none.
fn set(records: &mut Vec<Vec<String>>, dn: &str, name: &str, value: Option<&str>) {
    let is = |line: &str, name: &str, wanted: Option<&str>| {
        line.split_once(':').is_some_and(|(found, value)| {
            found.eq_ignore_ascii_case(name)
                && wanted.is_none_or(|wanted| value.trim().eq_ignore_ascii_case(wanted))
        })
    };
    let held = records
        .iter()
        .position(|record| record.first().is_some_and(|line| is(line, "dn", Some(dn))));
    let at = held.unwrap_or_else(|| {
        records.push(vec![format!("dn: {dn}")]);
        records.len() - 1
    });
    records[at].retain(|line| !is(line, name, None));
    records[at].extend(value.map(|value| format!("{name}: {value}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_takes_the_place_of_another_whatever_its_case() {
        let text =
            "# none\ndn: cn=config\ncn: config\nNSSLAPD-port:1\n\n\ndn: cn=x\nnsslapd-port: 2\n";
        let wanted = "dn: cn=config\ncn: config\nnsslapd-port: 7\nnsslapd-securePort: 8\n\n\
                      dn: cn=x\nnsslapd-port: 2\n";
        assert_eq!(on_ports(text, 7, 8), wanted);
    }
}
