//! Searches, with paging (RFC 2696) and limits, and the faults that happen at a page.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapOp, LdapResult, LdapSearchRequest};
use ldap3_proto::{LdapResultCode, LdapSearchScope};

use super::change::ChangeError;
use super::connection::{Connection, Flow, Who};
use super::faults::{Deed, When};
use super::filter::Filter;
use super::options::Anonymous;
use super::reply::{self, EntryWriter};
use super::root_dse::root_dse;
use super::selection::Selection;
use super::tree::{Node, Tree};
use crate::demo::Entry;
use crate::demo::dn::{Dn, parent_key};

/// Entries taken from the tree at a time where the client does not page.
const BATCH: u64 = 1_000;
/// Bytes gathered before they are sent.
const GATHER: usize = 64 << 10;

/// Where an enumeration stands: what a cookie says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    /// The last entry seen.
    after: u64,
    /// Pages sent.
    pages: u32,
    /// Entries sent.
    sent: u64,
}

/// What a search is after.
#[derive(Debug)]
struct Target {
    base: String,
    scope: LdapSearchScope,
    filter: Filter,
    selection: Selection,
    follow_nothing: bool,
}

/// What a stretch of the tree has.
#[derive(Debug, Default)]
struct Found {
    nodes: Vec<(Arc<Node>, bool)>,
    more: bool,
}

/// The paging that a request asks for.
#[derive(Debug)]
struct Paging {
    size: u64,
    cookie: Vec<u8>,
}

impl Connection {
    pub(super) fn may_read(&self) -> bool {
        self.who != Who::Anonymous || self.shared.options.anonymous == Anonymous::Read
    }

    pub(super) async fn search(
        &mut self,
        id: i32,
        request: LdapSearchRequest,
        controls: &[LdapControl],
    ) -> io::Result<Flow> {
        self.shared.counts.searches.fetch_add(1, Ordering::Relaxed);
        if request.base.is_empty() && request.scope == LdapSearchScope::Base {
            return self.send_root_dse(id, &request).await;
        }
        let target = match self.target(&request, controls) {
            Ok(target) => target,
            Err(refused) => return self.done(id, refused, None).await,
        };
        let paging = controls.iter().find_map(|control| match control {
            LdapControl::SimplePagedResults { size, cookie } if self.shared.options.paging => {
                Some(Paging {
                    size: u64::try_from(*size).unwrap_or(0),
                    cookie: cookie.clone(),
                })
            }
            _ => None,
        });
        let client_limit = u64::try_from(request.sizelimit)
            .ok()
            .filter(|limit| *limit > 0);
        if target.scope == LdapSearchScope::Base {
            return self.whole(id, &target, client_limit, None).await;
        }
        match paging {
            Some(paging) => self.page(id, &target, &paging, client_limit).await,
            None => {
                let deed = self.deed_at_page(1);
                self.whole(id, &target, client_limit, deed).await
            }
        }
    }

    /// Sends one page of an enumeration.
    async fn page(
        &mut self,
        id: i32,
        target: &Target,
        paging: &Paging,
        client_limit: Option<u64>,
    ) -> io::Result<Flow> {
        let limits = self.limits();
        let Some(place) = self.place(&paging.cookie) else {
            let refused = reply::result(
                LdapResultCode::UnwillingToPerform,
                "paged results cookie is invalid or old",
            );
            return self.done(id, refused, None).await;
        };
        let caps = self.shared.options.vendor.kind().caps_pages;
        let largest = limits.page.filter(|_| caps).unwrap_or(u64::MAX);
        let size = paging.size.min(largest);
        if !caps && limits.page.is_some_and(|largest| paging.size > largest) {
            let refused = reply::result(LdapResultCode::AdminLimitExceeded, "");
            return self.done(id, refused, None).await;
        }
        if paging.size == 0 {
            // The client gives the enumeration up.
            let done = reply::result(LdapResultCode::Success, "");
            return self.done(id, done, Some(Vec::new())).await;
        }
        let number = place.pages + 1;
        let deed = self.deed_at_page(number);
        if let Some(deed) = deed
            && self.strike(id, deed).await? == Flow::End
        {
            return Ok(Flow::End);
        }
        if deed == Some(Deed::Empty) {
            let done = reply::result(LdapResultCode::Success, "");
            return self.done(id, done, Some(Vec::new())).await;
        }

        let limit = smaller(limits.paged, client_limit);
        let left = limit.map_or(u64::MAX, |limit| limit.saturating_sub(place.sent));
        let found = collect(&self.shared.tree(), target, place.after, size.min(left));
        let stopped = found.more && left <= size;
        let now = Place {
            after: found.nodes.last().map_or(place.after, |(node, _)| node.id),
            pages: number,
            sent: place.sent + found.nodes.len() as u64,
        };
        let (shown, failure) = match deed {
            Some(Deed::Result { code, after }) => {
                (after.min(found.nodes.len()), Some(reply::code(code)))
            }
            _ => (
                found.nodes.len(),
                stopped.then_some(LdapResultCode::SizeLimitExceeded),
            ),
        };
        if self
            .entries(id, target, &found.nodes[..shown], place.sent)
            .await?
            == Flow::End
        {
            return Ok(Flow::End);
        }
        self.shared.counts.pages.fetch_add(1, Ordering::Relaxed);
        let cookie = match deed {
            Some(Deed::RepeatCookie) => paging.cookie.clone(),
            Some(Deed::DropCookie) => Vec::new(),
            _ if found.more && failure.is_none() => self.cookie(now),
            _ => Vec::new(),
        };
        let control = (deed != Some(Deed::NoControl) && failure.is_none()).then_some(cookie);
        let done = reply::result(failure.unwrap_or(LdapResultCode::Success), "");
        if self.done(id, done, control).await? == Flow::End {
            return Ok(Flow::End);
        }
        self.after_page(id, number).await
    }

    /// Sends everything at once.
    async fn whole(
        &mut self,
        id: i32,
        target: &Target,
        client_limit: Option<u64>,
        deed: Option<Deed>,
    ) -> io::Result<Flow> {
        if let Some(deed) = deed
            && self.strike(id, deed).await? == Flow::End
        {
            return Ok(Flow::End);
        }
        let (most, code) = match deed {
            Some(Deed::Result { code, after }) => (Some(after as u64), Some(reply::code(code))),
            Some(Deed::Empty) => (Some(0), Some(LdapResultCode::Success)),
            _ => (smaller(self.limits().unpaged, client_limit), None),
        };
        let mut place = Place::default();
        let stopped = loop {
            let left = most.map_or(u64::MAX, |most| most.saturating_sub(place.sent));
            let found = collect(&self.shared.tree(), target, place.after, BATCH.min(left));
            if self.entries(id, target, &found.nodes, place.sent).await? == Flow::End {
                return Ok(Flow::End);
            }
            place.sent += found.nodes.len() as u64;
            place.after = found.nodes.last().map_or(place.after, |(node, _)| node.id);
            if !found.more || left <= BATCH {
                break found.more;
            }
        };
        let code = code.unwrap_or(if stopped {
            LdapResultCode::SizeLimitExceeded
        } else {
            LdapResultCode::Success
        });
        if self.done(id, reply::result(code, ""), None).await? == Flow::End {
            return Ok(Flow::End);
        }
        if target.scope == LdapSearchScope::Base {
            Ok(Flow::Go)
        } else {
            self.after_page(id, 1).await
        }
    }

    /// Sends entries; `before` were sent in this enumeration already.
    async fn entries(
        &mut self,
        id: i32,
        target: &Target,
        nodes: &[(Arc<Node>, bool)],
        before: u64,
    ) -> io::Result<Flow> {
        let mut bytes = BytesMut::with_capacity(GATHER + (8 << 10));
        let counts = target.scope != LdapSearchScope::Base;
        for ((node, has_subordinates), sent) in nodes.iter().zip(before + 1..) {
            if is_referral(&node.entry) && !target.follow_nothing {
                reply::reference(&mut bytes, id, node.entry.values("ref"));
            } else {
                let mut writer = EntryWriter::new(&mut bytes, id, &node.entry.dn);
                target.selection.write(node, *has_subordinates, &mut writer);
                writer.finish();
            }
            let deed = if counts {
                self.shared
                    .script
                    .take(|when| when == When::AfterEntries(sent))
            } else {
                None
            };
            if bytes.len() >= GATHER || deed.is_some() {
                if self.send(id, &bytes).await? == Flow::End {
                    return Ok(Flow::End);
                }
                bytes.clear();
            }
            if let Some(deed) = deed
                && self.strike(id, deed).await? == Flow::End
            {
                return Ok(Flow::End);
            }
        }
        self.shared
            .counts
            .entries
            .fetch_add(nodes.len() as u64, Ordering::Relaxed);
        if bytes.is_empty() {
            Ok(Flow::Go)
        } else {
            self.send(id, &bytes).await
        }
    }

    async fn done(
        &mut self,
        id: i32,
        result: LdapResult,
        cookie: Option<Vec<u8>>,
    ) -> io::Result<Flow> {
        let controls = cookie.map(|cookie| LdapControl::SimplePagedResults { size: 0, cookie });
        let mut bytes = BytesMut::new();
        let controls = controls.into_iter().collect();
        reply::message(&mut bytes, id, LdapOp::SearchResultDone(result), controls)?;
        self.send(id, &bytes).await
    }

    fn deed_at_page(&self, number: u32) -> Option<Deed> {
        self.shared
            .script
            .take(|when| when == When::Page(number) || when == When::EveryPage)
    }

    async fn after_page(&mut self, id: i32, number: u32) -> io::Result<Flow> {
        match self
            .shared
            .script
            .take(|when| when == When::AfterPage(number))
        {
            Some(deed) => self.strike(id, deed).await,
            None => Ok(Flow::Go),
        }
    }

    fn target(
        &self,
        request: &LdapSearchRequest,
        controls: &[LdapControl],
    ) -> Result<Target, LdapResult> {
        let follow_nothing = controls
            .iter()
            .any(|control| matches!(control, LdapControl::ManageDsaIT { .. }));
        if self.who == Who::Anonymous && self.shared.options.anonymous == Anonymous::Refused {
            return Err(reply::result(
                LdapResultCode::StrongerAuthRequired,
                "authentication required",
            ));
        }
        let base = Dn::key_of(&request.base)
            .map_err(|_| reply::result(LdapResultCode::InvalidDNSyntax, "invalid DN"))?;
        let tree = self.shared.tree();
        if !self.may_read() {
            return Err(reply::result(LdapResultCode::NoSuchObject, ""));
        }
        if let Some(referral) = nearest_referral(&tree, &base).filter(|_| !follow_nothing) {
            let text = |url: &Vec<u8>| String::from_utf8_lossy(url).into_owned();
            let mut result = reply::result(LdapResultCode::Referral, "");
            result.referral = referral.entry.values("ref").iter().map(text).collect();
            return Err(result);
        }
        if tree.by_key(&base).is_none() {
            let mut result = reply::result(LdapResultCode::NoSuchObject, "");
            if let ChangeError::NoSuchEntry { matched, .. } = tree.no_such(&request.base, &base) {
                result.matcheddn = matched;
            }
            return Err(result);
        }
        Ok(Target {
            base,
            scope: request.scope.clone(),
            filter: Filter::new(&request.filter, &|name| tree.has_seen(name)),
            selection: Selection::new(&request.attrs, request.typesonly),
            follow_nothing,
        })
    }

    async fn send_root_dse(&mut self, id: i32, request: &LdapSearchRequest) -> io::Result<Flow> {
        let entry = root_dse(&self.shared.options);
        let mut bytes = BytesMut::new();
        if Filter::new(&request.filter, &|_| true).matches(&entry) {
            let selection = Selection::new(&request.attrs, request.typesonly);
            let mut writer = EntryWriter::new(&mut bytes, id, "");
            selection.write_root(&entry, &mut writer);
            writer.finish();
        }
        let done = reply::result(LdapResultCode::Success, "");
        reply::message(&mut bytes, id, LdapOp::SearchResultDone(done), Vec::new())?;
        self.send(id, &bytes).await
    }

    fn cookie(&self, place: Place) -> Vec<u8> {
        let Place { after, pages, sent } = place;
        [
            &self.number.to_be_bytes()[..],
            &after.to_be_bytes(),
            &pages.to_be_bytes(),
            &sent.to_be_bytes(),
        ]
        .concat()
    }

    /// Where a cookie of this connection says to go on; nowhere for any other.
    fn place(&self, cookie: &[u8]) -> Option<Place> {
        if cookie.is_empty() {
            return Some(Place::default());
        }
        let (number, rest) = cookie.split_first_chunk()?;
        let (after, rest) = rest.split_first_chunk()?;
        let (pages, rest) = rest.split_first_chunk()?;
        let sent = u64::from_be_bytes(rest.try_into().ok()?);
        let place = Place {
            after: u64::from_be_bytes(*after),
            pages: u32::from_be_bytes(*pages),
            sent,
        };
        (u64::from_be_bytes(*number) == self.number).then_some(place)
    }
}

fn collect(tree: &Tree, target: &Target, after: u64, most: u64) -> Found {
    let mut found = Found::default();
    let suits = |node: &&Arc<Node>| {
        let here = match target.scope {
            LdapSearchScope::Base => node.key == target.base,
            LdapSearchScope::OneLevel => {
                parent_key(&node.key) == target.base && node.key != target.base
            }
            LdapSearchScope::Subtree => node.key.starts_with(&target.base),
            LdapSearchScope::Children => {
                node.key.starts_with(&target.base) && node.key != target.base
            }
        };
        // A referral stands for entries that are elsewhere, whatever they are like.
        here && (is_referral(&node.entry) || target.filter.matches(&node.entry))
    };
    let mut take = |node: &Arc<Node>| {
        found.more = found.nodes.len() as u64 >= most;
        if !found.more {
            found
                .nodes
                .push((Arc::clone(node), tree.has_subordinates(&node.key)));
        }
        found.more
    };
    if target.scope == LdapSearchScope::Base {
        let base = tree.by_key(&target.base).filter(|node| node.id > after);
        base.iter().copied().filter(suits).any(&mut take);
    } else {
        tree.after(after).filter(suits).any(&mut take);
    }
    found
}

fn is_referral(entry: &Entry) -> bool {
    entry
        .values("objectClass")
        .iter()
        .any(|class| class.eq_ignore_ascii_case(b"referral"))
}

/// The referral at a name or above it.
fn nearest_referral<'a>(tree: &'a Tree, key: &str) -> Option<&'a Arc<Node>> {
    let mut at = key;
    while !at.is_empty() {
        match tree.by_key(at) {
            Some(node) if is_referral(&node.entry) => return Some(node),
            _ => at = parent_key(at),
        }
    }
    None
}

fn smaller(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
