//! What a refused bind means to an administrator: the result code, the password policy's control, and the words that
//! directories add.
//!
//! Words count only in the exact form, and beside the result code, in which a directory says them: the same digits in
//! another server's message mean nothing.

use ldap3::result::LdapResult;

use super::password_policy::Violation;

/// What is wrong, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) code: &'static str,
    pub(super) what: &'static str,
    pub(super) remedy: &'static str,
    pub(super) field: Option<&'static str>,
}

const fn meaning(code: &'static str, what: &'static str, remedy: &'static str) -> Meaning {
    Meaning {
        code,
        what,
        remedy,
        field: None,
    }
}

const fn of_field(field: &'static str, meaning: Meaning) -> Meaning {
    Meaning {
        field: Some(field),
        ..meaning
    }
}

const NAMES: &str = "Correct the bind name and the password. Names are DNs, or for Active Directory also user@domain or \
                     DOMAIN\\user.";
const WRONG_PASSWORD: Meaning = of_field(
    "password",
    meaning("wrong-password", "the name or the password is wrong", NAMES),
);
const PASSWORD_EXPIRED: Meaning = of_field(
    "password",
    meaning(
        "password-expired",
        "the account's password has expired",
        "Set a new password in the directory, preferably one that does not expire, and here.",
    ),
);
const PASSWORD_MUST_CHANGE: Meaning = of_field(
    "password",
    meaning(
        "password-must-change",
        "the account must change its password first",
        "Change the account's password in the directory, and set the new one here.",
    ),
);
const ACCOUNT_DISABLED: Meaning = meaning(
    "account-disabled",
    "the account is disabled",
    "Enable the account in the directory.",
);
const ACCOUNT_EXPIRED: Meaning = meaning(
    "account-expired",
    "the account has expired",
    "Extend the account's expiry in the directory.",
);
const ACCOUNT_LOCKED: Meaning = meaning(
    "account-locked",
    "the account is locked",
    "Unlock the account in the directory, and correct the password here before it locks again.",
);

/// Tells what a simple bind's refusal means. `protected` is whether TLS is in place.
pub(super) fn of_simple(
    result: &LdapResult,
    policy: Option<Violation>,
    protected: bool,
) -> Meaning {
    match policy {
        Some(Violation::PasswordExpired) => return PASSWORD_EXPIRED,
        Some(Violation::AccountLocked) => return ACCOUNT_LOCKED,
        Some(Violation::ChangeAfterReset) => return PASSWORD_MUST_CHANGE,
        None => {}
    }
    let text = result.text.trim_end_matches('\0').trim();
    if let Some(meaning) = active_directory(result.rc, text).or_else(|| in_words(result.rc, text)) {
        return meaning;
    }
    match result.rc {
        49 => WRONG_PASSWORD,
        8 if !protected => meaning(
            "stronger-auth-required",
            "the server requires stronger authentication than a simple bind without protection; Active Directory says so \
             where LDAP signing is required",
            "Choose start-tls or ldaps.",
        ),
        8 => meaning(
            "stronger-auth-required",
            "the server requires stronger authentication than a simple bind, even over TLS",
            "Give a client certificate and choose external authentication, or let the server allow simple binds over TLS.",
        ),
        13 => meaning(
            "confidentiality-required",
            "the server accepts passwords on protected connections only",
            "Choose start-tls or ldaps.",
        ),
        7 | 48 => meaning(
            "bind-refused",
            "the server does not allow this account a simple bind",
            "Use an account with a password that may bind, or let the server allow simple binds.",
        ),
        53 => meaning(
            "bind-refused",
            "the server is unwilling to let the account bind",
            "The account may be locked or inactive, or the server refuses simple binds: read the server's message.",
        ),
        32 | 34 => of_field(
            "bind-name",
            meaning(
                "bad-bind-name",
                "the bind name is not a DN that this server knows",
                "Write the bind name as a DN, for example cn=sync,ou=services,dc=example,dc=org.",
            ),
        ),
        50 => meaning(
            "bind-refused",
            "the account has no right to bind",
            "Give the account the right to authenticate.",
        ),
        code => of_any(code),
    }
}

/// Tells what the refusal of a SASL EXTERNAL bind means. `asked` is whether the server asked for a certificate in the
/// handshake.
pub(super) fn of_external(result: &LdapResult, asked: bool) -> Meaning {
    match result.rc {
        7 => meaning(
            "external-unsupported",
            "the server does not know SASL EXTERNAL, or not on this connection",
            "Let the server offer SASL EXTERNAL (its root DSE lists supportedSASLMechanisms), or bind with name and password.",
        ),
        _ if !asked && !matches!(result.rc, 51 | 52) => meaning(
            "client-certificate-unasked",
            "the server did not ask for a client certificate, so it cannot know by one who asks",
            "Let the server ask for client certificates (OpenLDAP: olcTLSVerifyClient try; 389-DS: nsSSLClientAuth allowed), \
             or bind with name and password.",
        ),
        13 | 14 | 32 | 34 | 48 | 49 | 50 | 53 => meaning(
            "external-refused",
            "the server lets nobody in by this client certificate",
            "Let the server trust the certificate's authority and map its subject to an account (OpenLDAP: olcAuthzRegexp; \
             389-DS: certmap.conf; Active Directory: altSecurityIdentities).",
        ),
        code => of_any(code),
    }
}

fn of_any(code: u32) -> Meaning {
    match code {
        51 | 52 => meaning(
            "server-unavailable",
            "the server is busy or unavailable",
            "Try again later, or name a further server.",
        ),
        _ => meaning(
            "bind-refused",
            "the server refuses the bind",
            "Read the server's message and log.",
        ),
    }
}

/// The Windows error in the message of Active Directory and Samba: `80090308: LdapErr: DSID-0C090447, comment:
/// AcceptSecurityContext error, data 52e, v3839`.
fn active_directory(code: u32, text: &str) -> Option<Meaning> {
    if code != 49 {
        return None;
    }
    let (status, rest) = text.split_once(": LdapErr: DSID-")?;
    let (_, rest) = rest.split_once(", comment: AcceptSecurityContext error, data ")?;
    let (data, version) = rest.split_once(", v")?;
    let hexadecimal = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    if status.len() != 8 || !hexadecimal(status) || !hexadecimal(version) {
        return None;
    }
    Some(match data.to_ascii_lowercase().as_str() {
        "525" => of_field(
            "bind-name",
            meaning("unknown-account", "there is no such account", NAMES),
        ),
        "52e" => of_field(
            "password",
            meaning(
                "wrong-password",
                "the password is wrong, or there is no such account",
                NAMES,
            ),
        ),
        "52f" => meaning(
            "account-restricted",
            "a restriction of the account or of an authentication policy stands against it",
            "Take the account out of Protected Users and of policies that forbid it a simple bind, or use another account.",
        ),
        "530" => meaning(
            "logon-hours",
            "the account may not log on at this time",
            "Let the account log on at any time (Logon Hours), or schedule the sync within its hours.",
        ),
        "531" => meaning(
            "logon-workstation",
            "the account may not log on from this machine",
            "Let the account log on to all computers (Log On To), or to the domain controllers.",
        ),
        "532" => PASSWORD_EXPIRED,
        "533" => ACCOUNT_DISABLED,
        "568" => meaning(
            "account-groups",
            "the account is in too many groups to log on",
            "Use an account that is in few groups.",
        ),
        "569" => meaning(
            "logon-right-missing",
            "the account lacks the right to log on over the network",
            "Give it the right \"Access this computer from the network\" on the domain controllers.",
        ),
        "701" => ACCOUNT_EXPIRED,
        "773" => PASSWORD_MUST_CHANGE,
        "775" => ACCOUNT_LOCKED,
        _ => return None,
    })
}

/// Directories that say it in words: 389-DS, and FreeIPA's plugins for it.
fn in_words(code: u32, text: &str) -> Option<Meaning> {
    const WORDS: &[(u32, &str, Meaning)] = &[
        (
            53,
            "Account inactivated. Contact system administrator",
            ACCOUNT_DISABLED,
        ),
        (19, "Account inactivity limit exceeded.", ACCOUNT_DISABLED),
        (19, "Exceed password retry limit.", ACCOUNT_LOCKED),
        (49, "password expired!", PASSWORD_EXPIRED),
        (53, "Entry permanently locked.", ACCOUNT_LOCKED),
        (53, "Too many failed logins.", ACCOUNT_LOCKED),
        (
            53,
            "Account (Kerberos principal) is expired",
            ACCOUNT_EXPIRED,
        ),
    ];
    WORDS
        .iter()
        .find(|(known, words, _)| *known == code && text.starts_with(words))
        .map(|(_, _, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(rc: u32, text: &str) -> LdapResult {
        LdapResult {
            rc,
            matched: String::new(),
            text: text.to_owned(),
            refs: Vec::new(),
            ctrls: Vec::new(),
        }
    }

    fn code(rc: u32, text: &str) -> &'static str {
        of_simple(&result(rc, text), None, true).code
    }

    #[test]
    fn active_directory_and_samba_say_why_in_their_message() {
        for (data, expected) in [
            ("525", "unknown-account"),
            ("52e", "wrong-password"),
            ("52f", "account-restricted"),
            ("530", "logon-hours"),
            ("531", "logon-workstation"),
            ("532", "password-expired"),
            ("533", "account-disabled"),
            ("568", "account-groups"),
            ("569", "logon-right-missing"),
            ("701", "account-expired"),
            ("773", "password-must-change"),
            ("775", "account-locked"),
            // One that is not known is a wrong password, as the result code says.
            ("57", "wrong-password"),
        ] {
            for text in [
                // Windows Server 2012 R2, 2016 and 2019, with their zero at the end.
                format!(
                    "80090308: LdapErr: DSID-0C0903D9, comment: AcceptSecurityContext error, data {data}, v2580\0"
                ),
                format!(
                    "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {data}, v3839\0"
                ),
                format!(
                    "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {data}, v4563\0"
                ),
                // Samba.
                format!(
                    "8009030C: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1"
                ),
            ] {
                assert_eq!(code(49, &text), expected, "{text}");
            }
        }
    }

    #[test]
    fn the_same_digits_in_another_message_mean_nothing() {
        for text in [
            "data 533",
            "invalid credentials, data 775, v1",
            "AcceptSecurityContext error, data 533, v4563",
            "80090308: LdapErr: DSID-0C090447, comment: Error processing control, data 533, v3839",
            "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 533",
            "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 5333, v3839",
            "the log says 80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 533, v3839",
        ] {
            assert_eq!(code(49, text), "wrong-password", "{text}");
        }
        let text = "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 533, v3839";
        assert_eq!(code(53, text), "bind-refused");
    }

    #[test]
    fn directories_that_use_words_are_understood() {
        for (rc, text, expected) in [
            (
                53,
                "Account inactivated. Contact system administrator.",
                "account-disabled",
            ),
            (
                19,
                "Exceed password retry limit. Please try later.",
                "account-locked",
            ),
            (
                19,
                "Exceed password retry limit. Contact system administrator to reset.",
                "account-locked",
            ),
            (
                19,
                "Account inactivity limit exceeded. Contact system administrator to reset.",
                "account-disabled",
            ),
            (49, "password expired!", "password-expired"),
            (53, "Entry permanently locked.\n", "account-locked"),
            (53, "Too many failed logins.\n", "account-locked"),
            (
                53,
                "Account (Kerberos principal) is expired",
                "account-expired",
            ),
        ] {
            assert_eq!(code(rc, text), expected, "{text}");
        }
    }

    #[test]
    fn the_same_words_elsewhere_or_beside_another_code_mean_nothing() {
        for (rc, text, expected) in [
            (
                49,
                "Account inactivated. Contact system administrator.",
                "wrong-password",
            ),
            (
                53,
                "Exceed password retry limit. Please try later.",
                "bind-refused",
            ),
            (53, "unwilling: Account inactivated.", "bind-refused"),
            (49, "is your password expired!", "wrong-password"),
        ] {
            assert_eq!(code(rc, text), expected, "{text}");
        }
    }

    #[test]
    fn other_codes_have_their_own_problems() {
        for (rc, expected) in [
            (49, "wrong-password"),
            (53, "bind-refused"),
            (8, "stronger-auth-required"),
            (13, "confidentiality-required"),
            (34, "bad-bind-name"),
            (51, "server-unavailable"),
            (52, "server-unavailable"),
            (4711, "bind-refused"),
        ] {
            assert_eq!(code(rc, ""), expected, "{rc}");
        }
    }

    #[test]
    fn stronger_authentication_is_explained_by_what_protects_the_connection() {
        let windows = "00002028: LdapErr: DSID-0C090256, comment: The server requires binds to turn on integrity checking \
                       if SSL\\TLS are not already active on the connection, data 0, v3839\0";
        for text in [windows, "BindSimple: Transport encryption required."] {
            let plain = of_simple(&result(8, text), None, false);
            let protected = of_simple(&result(8, text), None, true);
            assert_eq!(plain.code, "stronger-auth-required");
            assert_eq!(protected.code, plain.code);
            assert!(plain.remedy.contains("start-tls"));
            assert!(!protected.remedy.contains("start-tls"));
        }
    }

    #[test]
    fn the_password_policy_says_more_than_the_code() {
        for (violation, expected) in [
            (Violation::AccountLocked, "account-locked"),
            (Violation::PasswordExpired, "password-expired"),
            (Violation::ChangeAfterReset, "password-must-change"),
        ] {
            let meaning = of_simple(&result(49, ""), Some(violation), true);
            assert_eq!(meaning.code, expected);
        }
    }

    #[test]
    fn a_refused_external_bind_says_whether_a_certificate_was_asked_for() {
        for (rc, asked, expected) in [
            (49, true, "external-refused"),
            (48, true, "external-refused"),
            (49, false, "client-certificate-unasked"),
            (7, true, "external-unsupported"),
            (7, false, "external-unsupported"),
            (51, true, "server-unavailable"),
            (52, false, "server-unavailable"),
            (80, true, "bind-refused"),
        ] {
            assert_eq!(of_external(&result(rc, ""), asked).code, expected, "{rc}");
        }
    }
}
