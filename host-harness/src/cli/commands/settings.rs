//! Settings as they are typed: one flag for each field of the form, or a file.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::Problem;
use crate::cli::settings_file::SettingsFile;
use crate::contract::types::Setting;
use crate::tenant::{Change, Hook};

/// Settings from flags and a file. Flags win over the file.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Settings {
    /// TOML file with [settings] and [mapping] tables
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Server: host, IP address, ldap:// or ldaps:// URL; several are tried in order
    #[arg(long)]
    url: Option<String>,
    /// Port
    #[arg(long)]
    port: Option<String>,
    /// plain, start-tls or ldaps
    #[arg(long)]
    security: Option<String>,
    /// File with the PEM certificates to trust instead of the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// simple, external (SASL EXTERNAL, by the client certificate) or anonymous
    #[arg(long, value_name = "HOW")]
    authentication: Option<String>,
    /// File with the PEM certificates to show to the server, the client's own first
    #[arg(long, value_name = "FILE")]
    cert_file: Option<PathBuf>,
    /// Account to bind as: a DN, user@realm or 'DOMAIN\user'
    #[arg(long, value_name = "NAME")]
    bind_name: Option<String>,
    /// Base DN of the search (repeatable)
    #[arg(long, value_name = "DN")]
    base_dn: Vec<String>,
    /// DN below the base that is left out, with everything below it (repeatable)
    #[arg(long, value_name = "DN")]
    excluded_subtree: Vec<String>,
    /// subtree or one
    #[arg(long)]
    scope: Option<String>,
    /// LDAP filter (RFC 4515), the portal's Advance Search
    #[arg(long)]
    filter: Option<String>,
    /// Directory profile, or auto
    #[arg(long)]
    profile: Option<String>,
    /// Role of new requesters
    #[arg(long)]
    role: Option<String>,
    /// LDAP filter that matches disabled accounts
    #[arg(long, value_name = "FILTER")]
    disabled_when: Option<String>,
    /// What becomes of people the directory no longer holds: keep, deactivate, grace or review
    #[arg(long, value_name = "POLICY")]
    leavers: Option<String>,
    /// Any setting of the plugin's form (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Put a setting back to its default (repeatable)
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// Begin from the defaults instead of what is stored; password and key stay
    #[arg(long)]
    afresh: bool,
}

impl Settings {
    /// Whether anything was typed.
    pub(crate) fn any(&self) -> bool {
        !self.named().is_empty()
    }

    /// What was typed: which settings, never what they become.
    pub(crate) fn named(&self) -> Vec<String> {
        let typed = [
            ("(file)", self.settings.is_some()),
            ("(afresh)", self.afresh),
            ("certificate-authority", self.ca_file.is_some()),
            ("client-certificate", self.cert_file.is_some()),
        ];
        let typed = typed.into_iter().filter(|(_, typed)| *typed);
        let flags = self.flags().into_iter().map(|(key, _)| key);
        typed
            .map(|(name, _)| name.to_owned())
            .chain(flags)
            .chain(self.unset.iter().cloned())
            .collect()
    }

    /// The change that was typed, without a password, and the file if there was one.
    pub(crate) fn change(&self) -> Hook<(Change, Option<SettingsFile>)> {
        let file = self
            .settings
            .as_deref()
            .map(SettingsFile::read)
            .transpose()?;
        let mut set = file
            .as_ref()
            .map(SettingsFile::settings)
            .unwrap_or_default();
        let mut flags = self.flags();
        for (key, path) in [
            ("certificate-authority", &self.ca_file),
            ("client-certificate", &self.cert_file),
        ] {
            if let Some(path) = path {
                flags.push((key.to_owned(), certificates(key, path)?));
            }
        }
        for (key, value) in flags {
            set.retain(|s| s.key != key);
            set.push(Setting { key, value });
        }
        let change = Change {
            set,
            unset: self.unset.clone(),
            afresh: self.afresh,
            ..Change::default()
        };
        Ok((change, file))
    }

    fn flags(&self) -> Vec<(String, String)> {
        let named = [
            ("url", &self.url),
            ("port", &self.port),
            ("security", &self.security),
            ("authentication", &self.authentication),
            ("bind-name", &self.bind_name),
            ("scope", &self.scope),
            ("filter", &self.filter),
            ("profile", &self.profile),
            ("role", &self.role),
            ("disabled-when", &self.disabled_when),
            ("leavers", &self.leavers),
        ];
        let lines = [
            ("base-dn", &self.base_dn),
            ("excluded-subtrees", &self.excluded_subtree),
        ]
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(key, lines)| (key.to_owned(), lines.join("\n")));
        named
            .into_iter()
            .filter_map(|(key, value)| value.clone().map(|v| (key.to_owned(), v)))
            .chain(lines)
            .chain(self.set.iter().cloned())
            .collect()
    }
}

/// The PEM certificates of a file.
fn certificates(key: &str, path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| {
        Problem::new(
            "bad-certificate",
            format!(
                "The certificate file {} cannot be read: {error}",
                path.display()
            ),
            "Give a file with PEM certificates.",
        )
        .of_field(key)
    })
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some(("password", _)) => {
            Err("a password is never an argument; use --password-file, --password-stdin or --password-prompt".to_owned())
        }
        Some(("client-key", _)) => Err("a key is never an argument; use --key-file".to_owned()),
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.toml");
        std::fs::write(&path, "[settings]\nurl = \"a\"\nrole = \"agent\"\n").unwrap();
        let settings = Settings {
            settings: Some(path),
            url: Some("b".into()),
            ..Settings::default()
        };
        let (change, file) = settings.change().unwrap();
        assert!(file.is_some());
        assert!(change.set.contains(&Setting {
            key: "url".into(),
            value: "b".into()
        }));
        assert!(change.set.contains(&Setting {
            key: "role".into(),
            value: "agent".into()
        }));
        assert_eq!(change.set.len(), 2);
    }

    #[test]
    fn a_bind_name_with_a_backslash_is_kept_from_flags_and_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.toml");
        for text in ["'EXAMPLE\\reader'", "\"EXAMPLE\\\\reader\""] {
            std::fs::write(&path, format!("[settings]\nbind-name = {text}\n")).unwrap();
            let settings = Settings {
                settings: Some(path.clone()),
                ..Settings::default()
            };
            let (change, _) = settings.change().unwrap();
            assert_eq!(change.set[0].value, "EXAMPLE\\reader");
        }
        let settings = Settings {
            bind_name: Some("EXAMPLE\\reader".into()),
            ..Settings::default()
        };
        let (change, _) = settings.change().unwrap();
        assert_eq!(change.set[0].value, "EXAMPLE\\reader");
    }

    #[test]
    fn a_password_among_the_settings_is_refused_unseen() {
        let said = pair("password=hunter2").unwrap_err();
        assert!(!said.contains("hunter2"));
        let said = pair("client-key=hunter2").unwrap_err();
        assert!(!said.contains("hunter2"));
        assert_eq!(
            pair("role=agent").unwrap(),
            ("role".to_owned(), "agent".to_owned())
        );
        assert!(pair("role").is_err());
    }
}
