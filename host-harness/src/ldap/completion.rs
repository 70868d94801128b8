//! How a search ended, in the contract's words: result codes become problems that name the limit to raise.

use ldap3::result::LdapResult;

use super::error::{Fault, printable};
use crate::Problem;
use crate::contract::ldap::{Completion, ServerIdentity};

/// What a search has come to so far.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    pub(super) referrals: u32,
    pub(super) pages: u32,
    pub(super) entries: u64,
    pub(super) paged: bool,
    pub(super) server: ServerIdentity,
}

impl Tally {
    /// Nothing came from this server yet.
    pub(super) fn of(server: ServerIdentity) -> Self {
        Self {
            referrals: 0,
            pages: 0,
            entries: 0,
            paged: false,
            server,
        }
    }
}

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    /// With this result of the server; `exhausted` if nothing is left.
    Answered {
        result: Box<LdapResult>,
        exhausted: bool,
    },
    /// The request's own limit was reached before the server was through.
    Limited,
    /// With as many entries as were asked for and not a word on whether more would follow.
    PagingIgnored,
    /// Not by the server.
    Broken(Fault),
    /// Values of a large attribute could not be retrieved whole.
    RangeIncomplete(String),
}

/// Makes the completion record.
pub(super) fn completion(end: &End, tally: &Tally) -> Completion {
    let server = name(&tally.server);
    let (result_code, message, matched_dn, exhausted, problem) = match end {
        End::Answered { result, exhausted } => (
            result.rc,
            printable(&result.text),
            result.matched.clone(),
            *exhausted && result.rc == 0,
            (result.rc != 0).then(|| refused(result, &server, tally)),
        ),
        End::Limited => (0, String::new(), String::new(), false, None),
        End::PagingIgnored => {
            let problem = Problem::new(
                "paging-missing",
                format!(
                    "{server}: the server answered a request for a page of {0} with {0} entries and without the paging \
                     control; whether there are more cannot be told",
                    tally.entries
                ),
                "Let the server support simple paged results (RFC 2696), or choose another page size.",
            );
            (0, String::new(), String::new(), false, Some(problem))
        }
        End::Broken(fault) => (
            client_code(fault),
            fault.to_string(),
            String::new(),
            false,
            Some(fault.problem(&server)),
        ),
        End::RangeIncomplete(what) => {
            let problem = Problem::new(
                "range-incomplete",
                format!("{server}: {what}"),
                "The entry probably changed while it was read. Try again.",
            );
            (80, what.clone(), String::new(), false, Some(problem))
        }
    };
    Completion {
        result_code,
        message,
        matched_dn,
        referrals: tally.referrals,
        pages: tally.pages,
        entries: tally.entries,
        exhausted,
        paged: tally.paged,
        server: tally.server.clone(),
        problem,
    }
}

/// `host:port`, as people write it.
pub(super) fn name(server: &ServerIdentity) -> String {
    super::endpoint::name(&server.endpoint)
}

/// The codes that client libraries use for ends that no server sent, so that none of them reads as success.
fn client_code(fault: &Fault) -> u32 {
    match fault {
        Fault::Lost(_) | Fault::ClientCertificate(_) => 81,
        Fault::Notice { code: 0, .. } => 81,
        Fault::Notice { code, .. } => *code,
        Fault::Malformed(_) | Fault::Circle(_) => 84,
        Fault::Timeout { .. } => 85,
        Fault::Superseded => 88,
        Fault::Memory { .. } | Fault::Crowded { .. } => 90,
        Fault::Library(_) => 82,
    }
}

fn refused(result: &LdapResult, server: &str, tally: &Tally) -> Problem {
    let (code, what, remedy) = match result.rc {
        1 => (
            "operations-error",
            "the server refused the search (operations error)",
            "Active Directory answers so to anonymous connections: set a bind name and password.",
        ),
        3 => (
            "time-limit",
            "the server's time limit ended the search",
            "Raise the server's time limit for the bind account (OpenLDAP: olcLimits time; 389 Directory Server: \
             nsslapd-timelimit or nsTimeLimit on the account; Active Directory: MaxQueryDuration), or index \
             the filter's attributes.",
        ),
        4 => (
            "size-limit",
            "the server's size limit ended the search",
            "Raise the server's size limit for the bind account (OpenLDAP: olcLimits size.soft, size.hard and \
             size.prtotal; 389 Directory Server: nsslapd-sizelimit and nsslapd-pagedsizelimit, or nsSizeLimit on \
             the account; Active Directory: MaxPageSize), or narrow base and filter.",
        ),
        10 => (
            "referral",
            "the base is held by another server",
            "Use the server that holds the base DN, or a base DN that this server holds. Referrals are not followed.",
        ),
        11 => (
            "admin-limit",
            "an administrative limit of the server ended the search",
            "Lower the page size (OpenLDAP: at most olcLimits size.pr) or raise the limit (389 Directory Server: \
             nsslapd-lookthroughlimit and nsslapd-pagedlookthroughlimit).",
        ),
        12 => (
            "paging-missing",
            "the server does not support a control that the search needs",
            "Let the server support simple paged results (RFC 2696).",
        ),
        32 => (
            "no-such-base",
            "there is no such base DN, or the bind account may not see it",
            "Correct the base DN, or give the bind account the right to read it.",
        ),
        34 => (
            "bad-dn",
            "the server does not take the base DN for a DN",
            "Correct the base DN, for example ou=people,dc=example,dc=org.",
        ),
        50 => (
            "access-denied",
            "the bind account may not search here",
            "Give the bind account the right to read and search below the base DN.",
        ),
        4096 => (
            "refresh-required",
            "the server no longer knows what has changed since the last sync",
            "Nothing is to be done: everything is read instead.",
        ),
        51 | 52 => (
            "server-unavailable",
            "the server is busy or unavailable",
            "Try again later, or name a further server.",
        ),
        53 => (
            "search-refused",
            "the server is unwilling to perform the search",
            "Read the server's message; often the account may not search without limits, or the page size is \
             too large.",
        ),
        _ => (
            "search-failed",
            "the server ended the search with an error",
            "Read the server's message and log.",
        ),
    };
    let mut message = format!("{server}: {what} (result code {}", result.rc);
    let text = printable(&result.text);
    if !text.is_empty() {
        message.push_str(&format!(", \"{text}\""));
    }
    message.push_str(&format!(") after {} entries", tally.entries));
    if result.rc == 32 && !result.matched.is_empty() {
        message.push_str(&format!(
            "; what exists of it is {:?}",
            printable(&result.matched)
        ));
    }
    Problem::new(code, message, remedy)
}
