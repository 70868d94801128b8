//! Whether an enumeration was everything: absence is a conclusion, not an observation.

use crate::ports::directory::{Completion, HostProblem, SearchRequest, ServerIdentity, Session};
use crate::ports::plan::{Basis, Proof, Searched};
use crate::problem::Problem;

use super::changes;
use super::recipe::Recipe;

/// What a run knows about its enumeration when it ends.
#[derive(Debug, Clone)]
pub(super) struct Enumeration<'a> {
    pub(super) completion: &'a Completion,
    /// Who answered when the run began.
    pub(super) server: &'a ServerIdentity,
    /// Entries that arrived here.
    pub(super) entries: u64,
    /// Entries whose person could be told.
    pub(super) identified: u64,
    /// The searches it was made of.
    pub(super) searches: Vec<Searched>,
    /// How many bases there are.
    pub(super) bases: usize,
    /// Digest of the configuration.
    pub(super) configuration: &'a str,
}

/// Weighs the evidence.
pub(super) fn proof(seen: Enumeration<'_>) -> Proof {
    let gaps = gaps(&seen);
    Proof {
        basis: Basis::Enumeration,
        complete: gaps.is_empty(),
        gaps,
        pages: seen.completion.pages,
        entries: seen.entries,
        referrals: seen.completion.referrals,
        server: named(&seen.completion.server),
        searches: seen.searches,
        configuration: seen.configuration.to_owned(),
    }
}

/// Why the search did not end well, if so.
pub(super) fn failure(completion: &Completion) -> Option<HostProblem> {
    if let Some(problem) = &completion.problem {
        return Some(problem.clone());
    }
    let code = match completion.result_code {
        0 => return None,
        3 => "time-limit",
        4 => "size-limit",
        10 => "referral",
        11 => "admin-limit",
        32 => "no-such-base",
        _ => "search-failed",
    };
    let what = if completion.message.is_empty() {
        "no message"
    } else {
        &completion.message
    };
    Some(HostProblem {
        code: code.to_owned(),
        field: None,
        message: format!(
            "the directory ended the search with result code {} ({what})",
            completion.result_code
        ),
        remedy: "Look up the code in the directory's documentation and its log; then sync again."
            .to_owned(),
        position: None,
    })
}

fn gaps(seen: &Enumeration<'_>) -> Vec<HostProblem> {
    let completion = seen.completion;
    let mut gaps: Vec<HostProblem> = failure(completion).into_iter().collect();
    let mut gap = |code: &'static str, message: String, remedy: &str| {
        gaps.push(Problem::new(code, message, remedy).into());
    };
    if !completion.exhausted && completion.problem.is_none() {
        gap(
            "not-exhausted",
            "the directory did not say that there is no more".to_owned(),
            "Sync again; if it stays so, report it to whoever runs the directory.",
        );
    }
    if completion.referrals > 0 {
        gap(
            "referral",
            format!(
                "{} references to other servers were not followed",
                completion.referrals
            ),
            "Choose a base whose people are all on this server, or a server that has all of them.",
        );
    }
    if completion.server != *seen.server {
        gap(
            "server-changed",
            format!(
                "the run began at {} and ended at {}",
                named(seen.server),
                named(&completion.server)
            ),
            "Sync again.",
        );
    }
    if completion.entries != seen.entries {
        gap(
            "entries-lost",
            format!(
                "the host read {} entries, and {} arrived",
                completion.entries, seen.entries
            ),
            "Sync again; if it stays so, report this to whoever runs the host.",
        );
    }
    let empty = |search: &&Searched| search.entries == 0;
    if seen.searches.len() < seen.bases && completion.problem.is_none() {
        gap(
            "not-exhausted",
            format!("{} of {} bases were read", seen.searches.len(), seen.bases),
            "Sync again.",
        );
    }
    if let Some(search) = seen.searches.iter().find(empty)
        && seen.identified > 0
    {
        let Problem {
            code,
            message,
            remedy,
            ..
        } = nobody_below(&search.base);
        gap(code, message, &remedy);
    }
    if seen.identified == 0 {
        gap(
            "empty-result",
            "nobody was found whose id can be read".to_owned(),
            "Check base, scope, filter and the rights of the bind account with verify.",
        );
    } else if seen.identified < seen.entries {
        // Any of them may be anybody: names change, and the id is what tells.
        gap(
            "unidentified-entries",
            format!(
                "{} entries were found whose id cannot be read",
                seen.entries - seen.identified
            ),
            "Let the bind account read the id of everybody below the base (entryUUID in OpenLDAP).",
        );
    }
    gaps
}

/// A base that shows nobody at all, though the filter is the plain one.
pub(super) fn empty_base(session: &impl Session, recipe: &Recipe) -> Option<HostProblem> {
    let shows = |request: &&SearchRequest| {
        let request = SearchRequest {
            page_size: 1,
            limit: 1,
            ..(*request).clone()
        };
        changes::any(session, &request)
    };
    let empty = recipe.requests().iter().find(|request| !shows(request))?;
    Some(nobody_below(&empty.base).into())
}

fn nobody_below(base: &str) -> Problem {
    Problem::new(
        "empty-base",
        format!("nobody was found below {base:?}"),
        "If that is right, remove the base from the settings; else check the rights of the bind account there.",
    )
}

pub(super) fn named(server: &ServerIdentity) -> String {
    format!(
        "{}:{} ({})",
        server.endpoint.host, server.endpoint.port, server.address
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::directory::Endpoint;

    fn server(connection: u64) -> ServerIdentity {
        ServerIdentity {
            endpoint: Endpoint {
                host: "h".into(),
                port: 389,
            },
            address: "127.0.0.1:389".into(),
            connection,
        }
    }

    fn good() -> Completion {
        Completion {
            result_code: 0,
            message: String::new(),
            matched_dn: String::new(),
            referrals: 0,
            pages: 2,
            entries: 9,
            exhausted: true,
            paged: true,
            server: server(1),
            problem: None,
        }
    }

    fn codes(completion: &Completion, identified: u64) -> Vec<String> {
        let proof = proof(Enumeration {
            completion,
            server: &server(1),
            entries: 9,
            identified,
            searches: vec![searched("dc=x", 9)],
            bases: 1,
            configuration: "c",
        });
        assert_eq!(proof.complete, proof.gaps.is_empty());
        proof.gaps.into_iter().map(|gap| gap.code).collect()
    }

    fn searched(base: &str, entries: u64) -> Searched {
        Searched {
            base: base.to_owned(),
            pages: 1,
            entries,
        }
    }

    #[test]
    fn every_base_must_have_been_read_and_have_somebody() {
        let gaps = |searches: Vec<Searched>| {
            let proof = proof(Enumeration {
                completion: &good(),
                server: &server(1),
                entries: 9,
                identified: 9,
                searches,
                bases: 2,
                configuration: "c",
            });
            let gaps = proof.gaps.into_iter().map(|gap| gap.code);
            gaps.collect::<Vec<_>>()
        };
        let one = || searched("ou=a", 9);
        assert_eq!(gaps(vec![one(), searched("ou=b", 1)]), [""; 0]);
        assert_eq!(gaps(vec![one(), searched("ou=b", 0)]), ["empty-base"]);
        assert_eq!(gaps(vec![one()]), ["not-exhausted"]);
    }

    #[test]
    fn a_search_that_ended_well_proves_completeness() {
        assert_eq!(codes(&good(), 9), Vec::<String>::new());
    }

    #[test]
    fn anything_else_does_not() {
        assert_eq!(codes(&good(), 0), ["empty-result"]);
        assert_eq!(codes(&good(), 8), ["unidentified-entries"]);
        assert_eq!(
            codes(
                &Completion {
                    result_code: 4,
                    ..good()
                },
                9
            ),
            ["size-limit"]
        );
        assert_eq!(
            codes(
                &Completion {
                    exhausted: false,
                    ..good()
                },
                9
            ),
            ["not-exhausted"]
        );
        assert_eq!(
            codes(
                &Completion {
                    referrals: 1,
                    ..good()
                },
                9
            ),
            ["referral"]
        );
        assert_eq!(
            codes(
                &Completion {
                    server: server(2),
                    ..good()
                },
                9
            ),
            ["server-changed"]
        );
        assert_eq!(
            codes(
                &Completion {
                    entries: 8,
                    ..good()
                },
                9
            ),
            ["entries-lost"]
        );
        let cut = Problem::new("connection-lost", "cut", "again").into();
        assert_eq!(
            codes(
                &Completion {
                    problem: Some(cut),
                    ..good()
                },
                9
            ),
            ["connection-lost"]
        );
    }
}
