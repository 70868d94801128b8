//! The settings form, as an administrator sees it.

/// What a field of the form holds (contract: `lifecycle.form-kind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormKind {
    /// One line.
    Text,
    /// Several lines.
    Multiline,
    /// A whole number.
    Number,
    /// One of a few words.
    Choice,
    /// Becomes a credential handle before the plugin sees it.
    Secret,
    /// An LDAP filter (RFC 4515).
    Filter,
    /// DNs (RFC 4514), one a line.
    Dn,
}

/// One field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormField {
    /// Stable key.
    pub key: &'static str,
    /// What it holds.
    pub kind: FormKind,
    /// Shown before the field.
    pub label: &'static str,
    /// Shown below the field.
    pub help: &'static str,
    /// Must be filled in.
    pub required: bool,
    /// Stands where nothing is filled in.
    pub default: &'static str,
    /// For choices.
    pub choices: &'static [&'static str],
}

/// The form, in the order it is shown.
#[must_use]
pub fn form() -> &'static [FormField] {
    FORM
}

/// The field with this key.
#[must_use]
pub fn field(key: &str) -> Option<&'static FormField> {
    FORM.iter().find(|field| field.key == key)
}

const fn text(key: &'static str, label: &'static str, help: &'static str) -> FormField {
    FormField {
        key,
        kind: FormKind::Text,
        label,
        help,
        required: false,
        default: "",
        choices: &[],
    }
}

const fn number(
    key: &'static str,
    label: &'static str,
    help: &'static str,
    default: &'static str,
) -> FormField {
    FormField {
        kind: FormKind::Number,
        default,
        ..text(key, label, help)
    }
}

const FORM: &[FormField] = &[
    FormField {
        required: true,
        ..text(
            "url",
            "Server URL",
            "Host name, IP address, or a URL that begins with ldap:// or ldaps://. Several servers, separated by spaces \
             or commas, are tried in this order.",
        )
    },
    FormField {
        kind: FormKind::Number,
        ..text(
            "port",
            "Port",
            "For the servers whose URL names none. Empty: 389, or 636 for LDAPS.",
        )
    },
    FormField {
        kind: FormKind::Choice,
        choices: &["start-tls", "ldaps", "plain"],
        ..text(
            "security",
            "Connection security",
            "start-tls encrypts before the bind, ldaps encrypts from the first byte, plain encrypts nothing. Empty: ldaps \
             for ldaps:// URLs, otherwise start-tls.",
        )
    },
    FormField {
        kind: FormKind::Multiline,
        ..text(
            "certificate-authority",
            "Certificate authority",
            "PEM certificates of the authority that issued the server's certificate. They are trusted instead of the \
             well-known ones. Empty: the well-known ones.",
        )
    },
    FormField {
        kind: FormKind::Choice,
        choices: &["simple", "external", "anonymous"],
        ..text(
            "authentication",
            "Authentication",
            "simple binds with name and password, external lets the client certificate say who asks (SASL EXTERNAL), \
             anonymous sends no bind. Empty: simple where there is a bind name, else external where there is a client \
             certificate, else anonymous.",
        )
    },
    text(
        "bind-name",
        "Bind name",
        "The account that may read the people, as a DN: cn=reader,dc=example,dc=com. For Active Directory also as \
         reader@example.com or EXAMPLE\\reader.",
    ),
    FormField {
        kind: FormKind::Secret,
        ..text(
            "password",
            "Password",
            "Of the bind name. It is stored encrypted, and never shown again.",
        )
    },
    FormField {
        kind: FormKind::Multiline,
        ..text(
            "client-certificate",
            "Client certificate",
            "PEM certificates to show to a server that asks for one: the client's own first, then those between it and an \
             authority that the server knows.",
        )
    },
    FormField {
        kind: FormKind::Secret,
        ..text(
            "client-key",
            "Client key",
            "The private key of the client certificate (PEM, without a passphrase). It is stored encrypted, and never shown \
             again.",
        )
    },
    FormField {
        kind: FormKind::Dn,
        required: true,
        ..text(
            "base-dn",
            "Base DN",
            "Where the people are, for example ou=people,dc=example,dc=com. Several bases: one a line. Verify lists what \
             the server offers.",
        )
    },
    FormField {
        kind: FormKind::Dn,
        ..text(
            "excluded-subtrees",
            "Excluded subtrees",
            "DNs below the base whose entries are left out, with everything below them, one a line. Whoever moves there \
             becomes a leaver.",
        )
    },
    FormField {
        kind: FormKind::Choice,
        default: "subtree",
        choices: &["subtree", "one"],
        ..text(
            "scope",
            "Scope",
            "subtree searches the base and everything below, one only its direct children.",
        )
    },
    FormField {
        kind: FormKind::Filter,
        ..text(
            "filter",
            "Advance Search",
            "An LDAP filter that says who is synced, for example (&(objectClass=inetOrgPerson)(ou=Sales)). Do not filter \
             disabled accounts away: whom the sync cannot see it cannot deactivate. Empty: the directory type's default.",
        )
    },
    FormField {
        kind: FormKind::Choice,
        default: "auto",
        choices: crate::settings::PROFILE_CHOICES,
        ..text(
            "profile",
            "Directory type",
            "auto asks the server what it is.",
        )
    },
    text(
        "id-attribute",
        "Id attribute",
        "The attribute whose value says for ever who somebody is, for example entryUUID, objectGUID, nsUniqueId, ipaUniqueID \
         or employeeNumber. Empty: the directory type's. Once people are synced, change it by a migration of ids \
         (on the page Sync, or sync --mode migrate-ids).",
    ),
    FormField {
        default: "requester",
        ..text(
            "role",
            "Default role",
            "The portal role that new people get.",
        )
    },
    FormField {
        kind: FormKind::Multiline,
        ..text(
            "role-rules",
            "Roles by group",
            "A line each: a group's name or DN, then =>, then a role, as in Service Desk => agent. Members of the group, and \
             of groups in it, get the role; of several rules the first that fits counts, and whom none fits gets the default \
             role. Empty: a sync gives new people the default role and leaves everybody else's alone.",
        )
    },
    FormField {
        kind: FormKind::Filter,
        ..text(
            "disabled-when",
            "Disabled when",
            "An LDAP filter that is true for accounts that are disabled. Empty: the directory type's default. (|) is never \
             true: then nobody counts as disabled.",
        )
    },
    FormField {
        kind: FormKind::Choice,
        default: "deactivate",
        choices: &["keep", "deactivate", "grace", "review"],
        ..text(
            "leavers",
            "Leavers",
            "What becomes of synced people whom the directory no longer holds: keep them, deactivate them, deactivate them \
             after a grace period, or list them for review.",
        )
    },
    number(
        "leaver-grace-days",
        "Grace period in days",
        "For leavers = grace, 1 to 3650.",
        "30",
    ),
    FormField {
        kind: FormKind::Choice,
        default: "report",
        choices: super::adoption::CHOICES,
        ..text(
            "adoption",
            "People entered by hand",
            "What becomes of a new person of the directory whom the portal has already, entered by hand or under an \
             account that is gone: report a duplicate, or let the new person take over the one with the same mail \
             address (mail) or user name (username). The plan shows each of them.",
        )
    },
    number(
        "guard-count",
        "Guard: people",
        "A sync that would deactivate, reactivate, adopt, blank or change the role of more people than this waits for an \
         approval.",
        "500",
    ),
    number(
        "guard-percent",
        "Guard: percent",
        "The same as a share of the active synced people, 1 to 100. The smaller of the two holds.",
        "10",
    ),
    number(
        "page-size",
        "Page size",
        "Entries that are read at a time, 1 to 1000. Lower it where the server allows less.",
        "1000",
    ),
    number(
        "photo-max-kb",
        "Largest photo",
        "In KiB, 1 to 256, where a rule fills a photo. A larger one is left out with a warning; the person comes without it, or \
         keeps the one that the portal has.",
        "100",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_defaults_are_among_the_choices() {
        let mut keys: Vec<_> = form().iter().map(|field| field.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), form().len());
        for field in form() {
            assert!(
                field.default.is_empty()
                    || field.choices.is_empty()
                    || field.choices.contains(&field.default),
                "{}",
                field.key
            );
            assert!(field.required == field.default.is_empty() || !field.required);
        }
    }

    #[test]
    fn the_profiles_to_choose_from_are_those_there_are() {
        let ids: Vec<_> = crate::profile::registry()
            .iter()
            .map(|profile| profile.id)
            .collect();
        assert_eq!(
            crate::settings::PROFILE_CHOICES,
            [&["auto"][..], &ids].concat()
        );
    }

    #[test]
    fn a_field_is_found_by_its_key_and_an_unknown_one_is_not() {
        assert_eq!(field("url").map(|field| field.label), Some("Server URL"));
        assert_eq!(field("URL"), None);
    }
}
