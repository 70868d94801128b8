//! Content synchronization (RFC 4533): the server remembers what has changed since its cookie.

use std::collections::BTreeSet;

use super::checkpoint::Mark;
use super::{Unable, look};
use crate::decode;
use crate::ports::directory::{ChangeRequest, ChangeTurn, Changes, Session};
use crate::profile::RootDse;
use crate::settings::Places;

/// The control that asks for it.
const CONTROL: &str = "1.3.6.1.4.1.4203.1.9.1.1";

/// The longest cookie that can be sent again.
const LONGEST_COOKIE: usize = 8192;
/// Entries that are as they were, 16 bytes each.
const MOST_PRESENT: usize = 4_000_000;

/// A round under way: a request for each base.
#[derive(Debug)]
pub(super) struct Content<C> {
    changes: C,
    bases: Vec<ChangeRequest>,
    /// The base that is being asked for.
    at: usize,
    cookies: Vec<Vec<u8>>,
    started: Option<String>,
    /// A set, since a server may tell of one entry again and again.
    changed: BTreeSet<[u8; 16]>,
    present: Vec<[u8; 16]>,
    /// Whoever was told neither as changed nor as present may be gone.
    by_absence: bool,
    /// Who is gone is told, whatever the server says of it.
    deletes: bool,
    /// Only the cookies are wanted.
    first: bool,
}

/// What a round came to.
pub(super) struct Told {
    /// To ask next with.
    pub(super) mark: Mark,
    /// New, or not as they were; each once.
    pub(super) changed: Vec<[u8; 16]>,
    /// Of the known people only these, ascending, are as they were, if there is a list.
    pub(super) present: Option<Vec<[u8; 16]>>,
}

impl<C: Changes> Content<C> {
    /// Begins; `before` is where the last sync left off.
    pub(super) fn begin<S: Session<Changes = C>>(
        session: &S,
        root: &RootDse,
        places: &Places,
        before: Option<&Mark>,
        deletes: bool,
    ) -> Result<Self, Unable> {
        if !root.has("supportedControl", CONTROL) {
            return Err(Unable::new(
                "the directory does not offer content synchronization (RFC 4533) to the bind account",
            ));
        }
        let started = started(session, root);
        let cookies = match before {
            Some(Mark::ContentSync {
                cookies,
                started: then,
            }) => {
                in_order(cookies, then.as_deref(), started.as_deref())?;
                cookies.clone()
            }
            _ => vec![Vec::new(); places.bases().len()],
        };
        let bases: Vec<ChangeRequest> = places
            .bases()
            .zip(cookies)
            .map(|(base, cookie)| ChangeRequest {
                base: base.to_owned(),
                scope: places.scope(),
                cookie,
            })
            .collect();
        let request = bases.first().ok_or_else(|| Unable::new("no base is set"))?;
        Ok(Self {
            changes: ask(session, request)?,
            bases,
            at: 0,
            cookies: Vec::new(),
            started,
            changed: BTreeSet::new(),
            present: Vec::new(),
            by_absence: false,
            deletes,
            first: before.is_none(),
        })
    }

    /// Takes what comes next; changed and deleted entries go into `ids`. Nothing while there is more.
    pub(super) fn step<S: Session<Changes = C>>(
        &mut self,
        session: &S,
        ids: &mut BTreeSet<String>,
    ) -> Result<Option<Told>, Unable> {
        let end = match self.changes.next() {
            ChangeTurn::Changed(uuids) => {
                if !self.first {
                    self.changed.extend(each(&uuids));
                    ids.extend(each(&uuids).map(decode::uuid_from_bytes));
                }
                return Ok(None);
            }
            ChangeTurn::Deleted(uuids) => {
                if !self.first {
                    ids.extend(each(&uuids).map(decode::uuid_from_bytes));
                }
                return Ok(None);
            }
            ChangeTurn::Present(uuids) => {
                if !self.first {
                    self.present.extend(each(&uuids));
                }
                if self.present.len() > MOST_PRESENT {
                    return Err(Unable::new(
                        "the directory told of more entries than are remembered",
                    ));
                }
                return Ok(None);
            }
            ChangeTurn::Finished(end) => end,
        };
        look::whole(&end.completion, "what has changed")?;
        if end.completion.referrals > 0 {
            return Err(Unable::new("a part of a base is on another server"));
        }
        let asked = &self.bases[self.at];
        self.by_absence |= !end.deletes && !self.deletes;
        let cookie = if end.cookie.is_empty() {
            asked.cookie.clone()
        } else {
            end.cookie
        };
        if cookie.is_empty() {
            return Err(Unable::new(
                "the directory gave no cookie to ask with the next time",
            ));
        }
        if cookie.len() > LONGEST_COOKIE {
            return Err(Unable::new("the directory's cookie is longer than is kept"));
        }
        self.cookies.push(cookie);
        self.at += 1;
        if let Some(request) = self.bases.get(self.at) {
            self.changes = ask(session, request)?;
            return Ok(None);
        }
        let mark = Mark::ContentSync {
            cookies: std::mem::take(&mut self.cookies),
            started: self.started.take(),
        };
        let mut present = std::mem::take(&mut self.present);
        present.sort_unstable();
        let compare = self.by_absence && !self.first;
        Ok(Some(Told {
            mark,
            changed: std::mem::take(&mut self.changed).into_iter().collect(),
            present: compare.then_some(present),
        }))
    }
}

fn ask<S: Session>(session: &S, request: &ChangeRequest) -> Result<S::Changes, Unable> {
    let changes = session.changes(request);
    changes.map_err(|problem| Unable::new(problem.message))
}

fn each(uuids: &[u8]) -> impl Iterator<Item = [u8; 16]> {
    let (uuids, _) = uuids.as_chunks::<16>();
    uuids.iter().copied()
}

/// When the server process began: slapd gives its subschema that time.
fn started(session: &impl Session, root: &RootDse) -> Option<String> {
    let subschema = root.value("subschemaSubentry")?;
    let time = look::value(session, subschema, "createTimestamp")?;
    String::from_utf8(time).ok()
}

/// slapd orders changes by its clock, which runs forward as long as the process does. Begun anew before the newest
/// change that it has told of, it could make changes that count as told.
fn in_order(cookies: &[Vec<u8>], then: Option<&str>, now: Option<&str>) -> Result<(), Unable> {
    let Some(began) = now.filter(|_| now != then) else {
        return Ok(());
    };
    let newest = cookies.iter().filter_map(|cookie| newest(cookie)).max();
    match newest {
        Some(newest) if began.get(..14).is_none_or(|began| *began <= *newest) => Err(Unable::new(
            "the server was started at a time before its newest change: its clock was set back",
        )),
        _ => Ok(()),
    }
}

/// The time of the newest change sequence number in a cookie of slapd, in seconds: `rid=…,csn=20260101120000.…Z#…`.
fn newest(cookie: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(cookie).ok()?;
    let (_, numbers) = text.split_once("csn=")?;
    let times = numbers.split(';').filter_map(|number| number.get(..14));
    let times = times.filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()));
    times.max().map(str::to_owned)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::lifecycle::configure;
    use crate::ports::Host;
    use crate::ports::directory::Scope;
    use crate::settings::Configuration;
    use crate::sync::open;
    use crate::testing::World;

    #[test]
    fn an_entry_that_is_told_again_and_again_is_held_once() {
        let world = World::with_people(3);
        world.directory.faults.borrow_mut().repeats = 10_000;
        let settings = [("url", "ldap://h"), ("base-dn", "dc=example,dc=com")];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
        configure(&world, &settings).unwrap();
        let roles = world.portal().roles();
        let configuration = Configuration::require(world.state(), &roles).unwrap();
        let session = open::session(&world, &configuration.settings).unwrap();
        let request = ChangeRequest {
            base: "dc=example,dc=com".into(),
            scope: Scope::Subtree,
            cookie: Vec::new(),
        };
        let mut content = Content {
            changes: session.changes(&request).unwrap(),
            bases: vec![request],
            at: 0,
            cookies: Vec::new(),
            started: None,
            changed: BTreeSet::new(),
            present: Vec::new(),
            by_absence: false,
            deletes: false,
            first: false,
        };
        let mut ids = BTreeSet::new();
        let mut turns = 0;
        let told = loop {
            turns += 1;
            assert!(content.changed.len() <= 3, "{turns}");
            if let Some(told) = content.step(&session, &mut ids).unwrap() {
                break told;
            }
        };
        assert!(turns > 10_000);
        assert_eq!((told.changed.len(), ids.len()), (3, 3));
    }

    #[test]
    fn a_server_begun_before_its_newest_change_has_had_its_clock_set_back() {
        let cookies = [
            b"rid=000,csn=20261125100000.123456Z#000000#000#000000;20261125120000.5Z#000000#001#000000".to_vec(),
        ];
        let check = |then, now| in_order(&cookies, then, now).is_ok();
        assert!(check(Some("20261125090000Z"), Some("20261125090000Z")));
        assert!(check(Some("20261125090000Z"), Some("20261125130000Z")));
        assert!(!check(Some("20261125090000Z"), Some("20261125110000Z")));
        assert!(!check(Some("20261125090000Z"), Some("20261124110000Z")));
        assert!(!check(None, Some("?")));
        assert!(check(None, None));
        assert!(
            in_order(
                &[b"ldap1:389#cn=x#42".to_vec()],
                None,
                Some("20260101000000Z")
            )
            .is_ok()
        );
    }
}
