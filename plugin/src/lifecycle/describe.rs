//! The `describe` hook: what this plugin is and what it wants to know.

use crate::profile::registry;
use crate::schedule::database_version;
use crate::settings::{FormField, form};

/// What the marketplace shows (contract: `lifecycle.description`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The product's name.
    pub name: &'static str,
    /// The component's version.
    pub version: &'static str,
    /// The settings form.
    pub form: &'static [FormField],
    /// Directory profiles: id and label.
    pub profiles: Vec<(&'static str, &'static str)>,
    /// What it needs, in plain words.
    pub needs: Vec<&'static str>,
    /// The version of the time zone database inside.
    pub zone_database: &'static str,
}

/// Pure.
#[must_use]
pub fn describe() -> Description {
    Description {
        name: "Rollcall LDAP directory sync",
        version: env!("CARGO_PKG_VERSION"),
        form: form(),
        profiles: profiles(),
        needs: vec![
            "A directory that speaks LDAP version 3, reached from the host by TCP, with start-tls or ldaps for encryption.",
            "An account that may read the people and their operational attributes (the directory's stable id among them).",
            "Paged results (RFC 2696), and a size limit for that account above the number of people.",
            "Nothing is ever written to the directory.",
        ],
        zone_database: database_version(),
    }
}

fn profiles() -> Vec<(&'static str, &'static str)> {
    registry()
        .iter()
        .map(|profile| (profile.id, profile.label))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_names_the_profiles_and_the_zone_database() {
        let description = describe();
        assert_eq!(
            description.profiles,
            [
                ("active-directory", "Active Directory"),
                ("freeipa", "FreeIPA"),
                ("389-ds", "389 Directory Server"),
                ("openldap", "OpenLDAP"),
                ("generic", "Other LDAP directory")
            ]
        );
        assert!(description.zone_database.starts_with("20"));
        assert!(!description.needs.is_empty() && !description.form.is_empty());
    }
}
