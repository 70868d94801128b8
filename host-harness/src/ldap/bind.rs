//! The bind (RFC 4513 section 5.1), and what its result codes mean to an administrator.

use ldap3::result::LdapResult;
use zeroize::Zeroizing;

use super::error::{Fault, printable};
use super::link::Link;
use super::policy::Limits;
use crate::Problem;

/// What a bind has come to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BindFailure {
    pub(super) problem: Problem,
    /// Another server may answer differently. Never for a wrong password, which would only be wrong
    /// again and lock the account sooner.
    pub(super) another_server: bool,
}

/// Binds with name and password.
///
/// # Errors
/// `bind-name-missing`, `empty-password`, and what `failure` says.
pub(super) async fn simple(
    link: &Link,
    ldap: &mut ldap3::Ldap,
    name: &str,
    password: Zeroizing<String>,
    limits: &Limits,
    server: &str,
) -> Result<(), BindFailure> {
    let stop = |problem| {
        Err(BindFailure {
            problem,
            another_server: false,
        })
    };
    if name.is_empty() {
        return stop(
            Problem::new(
                "bind-name-missing",
                "a password without a bind name is an anonymous bind",
                "Set the bind name, or connect anonymously.",
            )
            .of_field("bind-name"),
        );
    }
    if password.is_empty() {
        return stop(
            Problem::new(
                "empty-password",
                "a bind name without a password is an unauthenticated bind, which servers take for an anonymous one",
                "Set the password of the bind account.",
            )
            .of_field("password"),
        );
    }
    let after = limits.bind;
    let bound = tokio::time::timeout(after, ldap.simple_bind(name, &password)).await;
    drop(password);
    let fault = match bound {
        Ok(Ok(result)) if result.rc == 0 => return Ok(()),
        Ok(Ok(result)) => return Err(failure(&result, name, server)),
        Ok(Err(error)) => link.cause(&error).await,
        Err(_) => link.fail(Fault::Timeout {
            what: "bind",
            after,
        }),
    };
    Err(BindFailure {
        problem: fault.problem(server),
        another_server: true,
    })
}

/// Tells what a bind's result code means.
pub(super) fn failure(result: &LdapResult, name: &str, server: &str) -> BindFailure {
    const PASSWORD: &str = "Correct the bind name and the password. Names are DNs, or for Active Directory also \
                            user@domain or DOMAIN\\user.";
    let (code, what, remedy) = match (result.rc, active_directory(&result.text)) {
        (49, Some("525")) => ("wrong-password", "there is no such account", PASSWORD),
        (49, Some("52e")) => ("wrong-password", "the password is wrong", PASSWORD),
        (49, Some("530" | "531")) => (
            "bind-refused",
            "the account may not log on at this time or from this machine",
            "Let the account log on from the platform at any time.",
        ),
        (49, Some("532")) => (
            "password-expired",
            "the account's password has expired",
            "Set a new password in the directory, preferably one that does not expire, and here.",
        ),
        (49, Some("533")) => (
            "account-disabled",
            "the account is disabled",
            "Enable the account in the directory.",
        ),
        (49, Some("701")) => (
            "account-expired",
            "the account has expired",
            "Extend the account's expiry in the directory.",
        ),
        (49, Some("773")) => (
            "password-must-change",
            "the account must change its password first",
            "Change the account's password in the directory, and set the new one here.",
        ),
        (49, Some("775")) => (
            "account-locked",
            "the account is locked",
            "Unlock the account in the directory, and correct the password here before it locks again.",
        ),
        (49, _) => (
            "wrong-password",
            "the name or the password is wrong",
            PASSWORD,
        ),
        (8, _) => (
            "bind-refused",
            "the server wants stronger authentication than a simple bind without protection",
            "Use LDAPS or StartTLS.",
        ),
        (13, _) => (
            "bind-refused",
            "the server accepts passwords on protected connections only",
            "Use LDAPS or StartTLS.",
        ),
        (7 | 48, _) => (
            "bind-refused",
            "the server does not allow this account a simple bind",
            "Use an account with a password that may bind, or let the server allow simple binds.",
        ),
        (53, _) => (
            "bind-refused",
            "the server is unwilling to let the account bind",
            "The account may be locked or inactive, or the server refuses simple binds: read the server's message.",
        ),
        (32 | 34, _) => (
            "bad-bind-name",
            "the bind name is not a DN that this server knows",
            "Write the bind name as a DN, for example cn=sync,ou=services,dc=example,dc=org.",
        ),
        (50, _) => (
            "bind-refused",
            "the account has no right to bind",
            "Give the account the right to authenticate.",
        ),
        (51 | 52, _) => (
            "server-unavailable",
            "the server is busy or unavailable",
            "Try again later, or name a further server.",
        ),
        _ => (
            "bind-refused",
            "the server refuses the bind",
            "Read the server's message and log.",
        ),
    };
    let mut message = format!(
        "{server}: bind as {:?}: {what} (result code {}",
        printable(name),
        result.rc
    );
    let text = printable(&result.text);
    if !text.is_empty() {
        message.push_str(&format!(", \"{text}\""));
    }
    message.push(')');
    let mut problem = Problem::new(code, message, remedy);
    if code == "wrong-password" {
        problem = problem.of_field("password");
    }
    BindFailure {
        problem,
        another_server: matches!(result.rc, 51 | 52),
    }
}

/// The sub-code of Active Directory's message: `… AcceptSecurityContext error, data 52e, v4563`.
fn active_directory(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(", data ")?;
    let end = rest
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(rest.len());
    (end > 0).then_some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(rc: u32, text: &str) -> String {
        let result = LdapResult {
            rc,
            matched: String::new(),
            text: text.to_owned(),
            refs: Vec::new(),
            ctrls: Vec::new(),
        };
        failure(&result, "cn=sync", "ldap:389").problem.code
    }

    #[test]
    fn active_directory_says_why_in_its_message() {
        let say = |data: &str| {
            format!(
                "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v4563"
            )
        };
        for (data, expected) in [
            ("52e", "wrong-password"),
            ("533", "account-disabled"),
            ("532", "password-expired"),
            ("701", "account-expired"),
            ("773", "password-must-change"),
            ("775", "account-locked"),
            ("999", "wrong-password"),
        ] {
            assert_eq!(code(49, &say(data)), expected, "{data}");
        }
    }

    #[test]
    fn other_codes_have_their_own_problems() {
        for (rc, expected) in [
            (49, "wrong-password"),
            (53, "bind-refused"),
            (8, "bind-refused"),
            (34, "bad-bind-name"),
            (51, "server-unavailable"),
            (4711, "bind-refused"),
        ] {
            assert_eq!(code(rc, ""), expected, "{rc}");
        }
    }
}
