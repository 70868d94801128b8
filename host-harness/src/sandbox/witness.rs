//! What the host itself saw of the searches of a run, to hold a plugin's completeness proof against.
//!
//! A plugin that is wrong, or worse, could claim that its reading was complete and have everybody
//! deactivated. A proof counts only if a search of the same base ended here as the proof says.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::Problem;
use crate::contract::ldap::{Scope, SearchRequest, Turn};
use crate::contract::plan::{Basis, Proof, Searched};
use crate::dn::Dn;
use crate::ports::{Cursor, OpenCursor};

/// Complete searches remembered; a run that makes more keeps the newest.
const REMEMBERED: usize = 512;

/// What an enumeration must have searched to be one, as an administrator said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enumeration {
    /// The base DNs.
    pub bases: Vec<String>,
    /// Everything below them, and not only their direct children.
    pub subtree: bool,
    /// A checkpoint was handed to the run: it may ask for those alone who may have changed since.
    pub changes: bool,
}

/// The complete searches of one instance.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness(Arc<Mutex<Vec<Seen>>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    base: String,
    subtree: bool,
    pages: u32,
    entries: u64,
}

impl Witness {
    /// Watches a search to its end. One that asks for a base alone, or for a limited number, proves nothing.
    pub(super) fn watch(&self, request: &SearchRequest, cursor: OpenCursor) -> OpenCursor {
        if request.scope == Scope::Base || request.limit > 0 {
            return cursor;
        }
        Box::new(Watched {
            cursor,
            witness: self.clone(),
            seen: Some(Seen {
                base: request.base.clone(),
                subtree: request.scope == Scope::Subtree,
                pages: 0,
                entries: 0,
            }),
        })
    }

    /// Holds a proof against what was seen and against what had to be searched.
    ///
    /// # Errors
    /// `absence-unproven` where it claims a completeness that no search had.
    pub(super) fn check(&self, proof: &Proof, wanted: Option<&Enumeration>) -> Result<(), Problem> {
        if !proof.complete {
            return Ok(());
        }
        let unproven = |message: String| {
            Problem::new(
                "absence-unproven",
                message,
                "Report this to whoever makes the plugin; nothing was changed.",
            )
        };
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if proof.basis == Basis::Changes {
            let held = wanted.filter(|wanted| wanted.changes);
            let held = held.is_some_and(|wanted| asked_everywhere(&seen, wanted));
            return if held {
                Ok(())
            } else {
                Err(unproven(
                    "the plugin says that it asked for everybody who may have changed, and had no checkpoint to go by or \
                     did not search every base"
                        .to_owned(),
                ))
            };
        }
        let ended = |one: &Searched, seen: &&Seen| {
            seen.base == one.base
                && seen.entries == one.entries
                && seen.entries > 0
                && seen.pages == one.pages
        };
        let mut searches = Vec::new();
        for one in &proof.searches {
            let Some(seen) = seen.iter().find(|seen| ended(one, seen)) else {
                return Err(unproven(format!(
                    "the plugin says that it read all {} entries below {:?}, and the host saw no search end so",
                    one.entries, one.base
                )));
            };
            searches.push(seen);
        }
        let total: u64 = searches.iter().map(|seen| seen.entries).sum();
        if searches.is_empty() || total != proof.entries {
            return Err(unproven(format!(
                "the plugin says that it read all {} entries, and its searches gave {total}",
                proof.entries
            )));
        }
        let left_out = wanted.and_then(|wanted| {
            let covers = |base: &&String| searches.iter().any(|seen| seen.covers(base, wanted));
            wanted.bases.iter().find(|base| !covers(base))
        });
        match left_out {
            Some(base) => Err(unproven(format!(
                "the plugin says that it read everything, and did not search {base:?} as the settings say"
            ))),
            None => Ok(()),
        }
    }

    fn remember(&self, seen: Seen) {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() == REMEMBERED {
            list.remove(0);
        }
        list.push(seen);
    }
}

/// Below each base a search ended well, and somebody was found: a directory that shows nobody at all says nothing.
fn asked_everywhere(seen: &[Seen], wanted: &Enumeration) -> bool {
    let asked = |base: &String| seen.iter().any(|seen| seen.covers(base, wanted));
    wanted.bases.iter().all(asked) && seen.iter().any(|seen| seen.entries > 0)
}

impl Seen {
    /// Everybody whom a base stands for was in the search.
    fn covers(&self, base: &str, wanted: &Enumeration) -> bool {
        let (Ok(searched), Ok(base)) = (Dn::key_of(&self.base), Dn::key_of(base)) else {
            return self.base == base && self.subtree == wanted.subtree;
        };
        if wanted.subtree {
            // A key begins with the key of the name above.
            self.subtree && base.starts_with(&searched)
        } else {
            searched == base
        }
    }
}

/// A cursor that counts what passes.
struct Watched {
    cursor: OpenCursor,
    witness: Witness,
    seen: Option<Seen>,
}

#[async_trait]
impl Cursor for Watched {
    async fn next(&mut self) -> Turn {
        let turn = self.cursor.next().await;
        match &turn {
            Turn::Entries(page) => {
                if let Some(seen) = &mut self.seen {
                    seen.entries += u64::from(page.entries);
                }
            }
            Turn::Finished(end) => {
                if let Some(mut seen) = self.seen.take() {
                    let complete = end.result_code == 0
                        && end.exhausted
                        && end.referrals == 0
                        && end.problem.is_none()
                        && end.entries == seen.entries;
                    if complete {
                        seen.pages = end.pages;
                        self.witness.remember(seen);
                    }
                }
            }
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::ldap::{Completion, Endpoint, Page, ServerIdentity};

    /// One page of three entries, then an end.
    struct Three {
        pages: u32,
        end: Completion,
    }

    #[async_trait]
    impl Cursor for Three {
        async fn next(&mut self) -> Turn {
            if self.pages == 0 {
                return Turn::Finished(self.end.clone());
            }
            self.pages -= 1;
            Turn::Entries(Page {
                entries: 3,
                counts: Vec::new(),
                ends: vec![0, 0, 0],
                bytes: Vec::new(),
            })
        }
    }

    fn end() -> Completion {
        Completion {
            result_code: 0,
            message: String::new(),
            matched_dn: String::new(),
            referrals: 0,
            pages: 1,
            entries: 3,
            exhausted: true,
            paged: true,
            server: ServerIdentity {
                endpoint: Endpoint {
                    host: "h".into(),
                    port: 389,
                },
                address: "127.0.0.1:389".into(),
                connection: 1,
            },
            problem: None,
        }
    }

    fn request(scope: Scope, limit: u32) -> SearchRequest {
        SearchRequest {
            base: "dc=org".into(),
            scope,
            filter: Vec::new(),
            attributes: Vec::new(),
            page_size: 100,
            limit,
            show_deleted: false,
        }
    }

    fn proof(entries: u64) -> Proof {
        Proof {
            basis: Basis::Enumeration,
            complete: true,
            gaps: Vec::new(),
            pages: 1,
            entries,
            referrals: 0,
            server: String::new(),
            searches: vec![Searched {
                base: "dc=org".into(),
                pages: 1,
                entries,
            }],
            configuration: String::new(),
        }
    }

    fn wanted(bases: &[&str], subtree: bool) -> Enumeration {
        Enumeration {
            bases: bases.iter().map(|base| (*base).to_owned()).collect(),
            subtree,
            changes: false,
        }
    }

    async fn after(request: SearchRequest, end: Completion) -> Witness {
        let witness = Witness::default();
        let mut cursor = witness.watch(&request, Box::new(Three { pages: 1, end }));
        while let Turn::Entries(_) = cursor.next().await {}
        witness
    }

    #[tokio::test]
    async fn a_proof_of_what_was_seen_holds() {
        let witness = after(request(Scope::Subtree, 0), end()).await;
        assert_eq!(witness.check(&proof(3), None), Ok(()));
    }

    #[tokio::test]
    async fn a_proof_that_claims_no_completeness_needs_no_witness() {
        let proof = Proof {
            complete: false,
            ..proof(9)
        };
        assert_eq!(Witness::default().check(&proof, None), Ok(()));
    }

    #[tokio::test]
    async fn a_proof_of_something_else_is_refused() {
        let refused = |witness: Witness, proof: Proof| {
            let problem = witness.check(&proof, None).err();
            assert_eq!(
                problem.map(|problem| problem.code).as_deref(),
                Some("absence-unproven")
            );
        };
        refused(Witness::default(), proof(3));
        refused(after(request(Scope::Subtree, 0), end()).await, proof(4));
        refused(after(request(Scope::Subtree, 5), end()).await, proof(3));
        refused(after(request(Scope::Base, 0), end()).await, proof(3));
        let bad = [
            Completion {
                result_code: 4,
                ..end()
            },
            Completion {
                exhausted: false,
                ..end()
            },
            Completion {
                referrals: 1,
                ..end()
            },
            Completion {
                entries: 4,
                ..end()
            },
            Completion {
                problem: Some(Problem::new("connection-lost", "", "")),
                ..end()
            },
        ];
        for end in bad {
            refused(after(request(Scope::Subtree, 0), end).await, proof(3));
        }
    }

    #[tokio::test]
    async fn every_base_of_the_settings_must_have_been_searched_as_they_say() {
        let deep = after(request(Scope::Subtree, 0), end()).await;
        let flat = after(request(Scope::One, 0), end()).await;
        let holds = |witness: &Witness, bases: &[&str], subtree| {
            let wanted = wanted(bases, subtree);
            witness.check(&proof(3), Some(&wanted)).is_ok()
        };
        assert!(holds(&deep, &["DC=Org"], true));
        assert!(holds(&deep, &["ou=a, dc=org", "dc=org"], true));
        assert!(holds(&flat, &["dc=org"], false));
        assert!(!holds(&flat, &["dc=org"], true));
        assert!(!holds(&flat, &["ou=a,dc=org"], false));
        assert!(!holds(&deep, &["dc=org", "dc=com"], true));
    }

    #[tokio::test]
    async fn those_who_may_have_changed_are_asked_for_only_with_a_checkpoint_and_below_every_base()
    {
        let witness = after(request(Scope::Subtree, 0), end()).await;
        let proof = Proof {
            basis: Basis::Changes,
            ..proof(3)
        };
        let with = |bases: &[&str], changes| Enumeration {
            changes,
            ..wanted(bases, true)
        };
        assert_eq!(
            witness.check(&proof, Some(&with(&["dc=org"], true))),
            Ok(())
        );
        assert!(
            witness
                .check(&proof, Some(&with(&["dc=org"], false)))
                .is_err()
        );
        assert!(
            witness
                .check(&proof, Some(&with(&["dc=org", "dc=com"], true)))
                .is_err()
        );
        assert!(witness.check(&proof, None).is_err());
        let nobody = Witness::default();
        assert!(nobody.check(&proof, Some(&with(&[], true))).is_err());
    }

    #[tokio::test]
    async fn entries_that_no_search_gave_are_not_proven() {
        let witness = after(request(Scope::Subtree, 0), end()).await;
        let more = Proof {
            entries: 4,
            ..proof(3)
        };
        assert!(witness.check(&more, None).is_err());
        let none = Proof {
            searches: Vec::new(),
            ..proof(0)
        };
        assert!(witness.check(&none, None).is_err());
    }
}
