//! Whose trouble a code is.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The directory cannot be reached, or refuses.
    Directory,
    /// The plugin failed, or is none.
    Plugin,
    /// Anything else: settings, a reading that is not complete, the host itself.
    Other,
}

impl Cause {
    /// The cause behind a code.
    #[must_use]
    pub fn of(code: &str) -> Self {
        match code {
            "not-a-component"
            | "component-too-large"
            | "import-refused"
            | "export-missing"
            | "unexplained" => Self::Plugin,
            code if code.starts_with("plugin-") => Self::Plugin,
            code if DIRECTORY.contains(&code)
                || code.starts_with("tls-")
                || code.starts_with("connect-")
                || code.starts_with("ldap-") =>
            {
                Self::Directory
            }
            _ => Self::Other,
        }
    }
}

/// A code that is in the list of codes; `other` for one that a plugin has made up.
#[must_use]
pub fn known(code: &str) -> &'static str {
    LISTED.get(code).copied().unwrap_or("other")
}

static LISTED: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let rows = include_str!("../../wit/codes.md").lines();
    rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next())
        .collect()
});

/// Codes of a directory that cannot be reached, or refuses.
const DIRECTORY: [&str; 36] = [
    "resolve-failed",
    "endpoint-refused",
    "starttls-refused",
    "wrong-password",
    "bind-refused",
    "protocol-violation",
    "connection-lost",
    "timeout",
    "no-such-base",
    "referral",
    "verify-failed",
    "insufficient-access",
    "access-denied",
    "account-disabled",
    "account-expired",
    "account-groups",
    "account-locked",
    "account-restricted",
    "client-certificate-unasked",
    "confidentiality-required",
    "external-refused",
    "external-unsupported",
    "logon-hours",
    "logon-right-missing",
    "logon-workstation",
    "memory-limit",
    "operations-error",
    "password-expired",
    "password-must-change",
    "range-incomplete",
    "search-ended",
    "search-failed",
    "search-refused",
    "server-unavailable",
    "stronger-auth-required",
    "unknown-account",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_codes_are_told() {
        for code in ["wrong-password", "plugin-trap", "overdue"] {
            assert_eq!(known(code), code);
        }
        for made_up in ["", "code", "ada-lovelace", "means"] {
            assert_eq!(known(made_up), "other", "{made_up}");
        }
    }

    #[test]
    fn a_code_says_where_to_look() {
        for (code, cause) in [
            ("connect-refused", Cause::Directory),
            ("tls-expired", Cause::Directory),
            ("wrong-password", Cause::Directory),
            ("plugin-trap", Cause::Plugin),
            ("not-a-component", Cause::Plugin),
            ("size-limit", Cause::Other),
            ("store-busy", Cause::Other),
        ] {
            assert_eq!(Cause::of(code), cause, "{code}");
        }
    }
}
