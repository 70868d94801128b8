//! The bind: with name and password (RFC 4513 section 5.1), or by what the TLS handshake has shown (section 5.2.3).

use std::future::Future;

use ldap3::result::{LdapError, LdapResult};
use zeroize::Zeroizing;

use super::diagnosis::{self, Meaning};
use super::error::{Fault, printable};
use super::identity::{self, Identity};
use super::link::Link;
use super::password_policy::{self, Violation};
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

/// The connection that a bind is for.
pub(super) struct Binding<'a> {
    pub(super) link: &'a Link,
    pub(super) ldap: &'a mut ldap3::Ldap,
    pub(super) limits: &'a Limits,
    /// As problems call it.
    pub(super) server: &'a str,
    /// TLS is in place.
    pub(super) protected: bool,
}

impl Binding<'_> {
    /// Binds with name and password.
    ///
    /// # Errors
    /// `bind-name-missing`, `empty-password`, `wrong-credential`, and what [`diagnosis::of_simple`] says.
    pub(super) async fn simple(
        &mut self,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<(), BindFailure> {
        sendable(name, &password)?;
        self.ldap.with_controls(password_policy::request());
        let bound = self.ldap.simple_bind(name, &password);
        let mut result = timely(self.link, self.limits, self.server, bound).await?;
        if result.text.contains(password.as_str()) {
            result.text = "withheld: the server's message holds the password".to_owned();
        }
        drop(password);
        let violation = password_policy::violation(&result);
        // Such a bind succeeds and allows nothing: every search would fail without a word of why.
        if result.rc == 0 && violation != Some(Violation::ChangeAfterReset) {
            return Ok(());
        }
        let meaning = diagnosis::of_simple(&result, violation, self.protected);
        let who = format!("bind as {:?}", printable(name));
        Err(failure(&result, meaning, &who, self.server))
    }

    /// Binds as whom the client certificate names.
    ///
    /// # Errors
    /// What [`diagnosis::of_external`] says.
    pub(super) async fn external(&mut self, identity: &Identity) -> Result<(), BindFailure> {
        let bound = self.ldap.sasl_external_bind();
        let result = timely(self.link, self.limits, self.server, bound).await?;
        if result.rc == 0 {
            return Ok(());
        }
        let meaning = diagnosis::of_external(&result, identity.was_asked());
        let who = format!("bind by the certificate {:?}", identity.subject());
        Err(failure(&result, meaning, &who, self.server))
    }
}

/// Refuses what a server would misunderstand, or must not see.
fn sendable(name: &str, password: &str) -> Result<(), BindFailure> {
    let problem = if name.is_empty() {
        Problem::new(
            "bind-name-missing",
            "a password without a bind name is an anonymous bind",
            "Set the bind name, or connect anonymously.",
        )
        .of_field("bind-name")
    } else if password.is_empty() {
        Problem::new(
            "empty-password",
            "a bind name without a password is an unauthenticated bind, which servers take for an anonymous one",
            "Set the password of the bind account.",
        )
        .of_field("password")
    } else if identity::is_private_key(password) {
        Problem::new(
            "wrong-credential",
            "the stored password is a private key, which is never sent",
            "Set the password of the bind account.",
        )
        .of_field("password")
    } else {
        return Ok(());
    };
    Err(BindFailure {
        problem,
        another_server: false,
    })
}

/// The bind's result, if it comes in time.
async fn timely(
    link: &Link,
    limits: &Limits,
    server: &str,
    bind: impl Future<Output = Result<LdapResult, LdapError>>,
) -> Result<LdapResult, BindFailure> {
    let after = limits.bind;
    let fault = match tokio::time::timeout(after, bind).await {
        Ok(Ok(result)) => return Ok(result),
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

fn failure(result: &LdapResult, meaning: Meaning, who: &str, server: &str) -> BindFailure {
    let Meaning {
        code,
        what,
        remedy,
        field,
    } = meaning;
    let mut message = format!("{server}: {who}: {what} (result code {}", result.rc);
    let text = printable(&result.text);
    if !text.is_empty() {
        message.push_str(&format!(", \"{text}\""));
    }
    message.push(')');
    let problem = Problem::new(code, message, remedy);
    BindFailure {
        problem: match field {
            Some(field) => problem.of_field(field),
            None => problem,
        },
        another_server: matches!(result.rc, 51 | 52),
    }
}
