//! A search under way: the paging loop, one page ahead of who reads it.
//!
//! The next page is requested as soon as the last one has been taken, so that the server works while the reader
//! does; no further ahead, so that memory is bounded.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use ldap3::controls::{MakeCritical, PagedResults, RawControl};
use ldap3::result::LdapResult;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::attributes::Attributes;
use super::completion::{End, Tally, completion};
use super::domain_scope;
use super::error::Fault;
use super::link::Link;
use super::page::{self, Continued, PageBuilder};
use super::paging::{self, Circles};
use super::policy::Limits;
use super::pump::Piece;
use super::request::Checked;
use crate::contract::ldap::{Page, ServerIdentity, Turn};

/// MS-ADTS section 3.1.1.3.4.1.14.
pub(super) const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";
/// MS-ADTS section 3.1.1.3.4.1.26: of a domain with a recycle bin, what was purged from it too.
const SHOW_RECYCLED: &str = "1.2.840.113556.1.4.2064";

/// Below this, a page size is not worth asking for.
const LEAST_PAGE: u32 = 50;

/// One search.
pub(super) struct Search {
    link: Arc<Link>,
    ldap: ldap3::Ldap,
    request: Checked,
    limits: Limits,
    tally: Tally,
    /// Entries accepted so far, some of which may still be held.
    accepted: u64,
    turns: mpsc::Sender<Turn>,
}

/// One answer of the server: its result, and what its entries were like.
struct Answer {
    result: LdapResult,
    entries: u64,
    /// Of the names of its entries, page by page.
    fingerprint: u64,
    /// Entries were left out, because the request's limit was reached.
    cut: bool,
}

/// Why the loop stops before the server is through.
enum Stop {
    End(End),
    /// Nobody reads any more.
    Unread,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::End(End::Broken(fault))
    }
}

impl Search {
    pub(super) fn new(
        link: Arc<Link>,
        ldap: ldap3::Ldap,
        request: Checked,
        limits: Limits,
        server: ServerIdentity,
        turns: mpsc::Sender<Turn>,
    ) -> Self {
        Self {
            link,
            ldap,
            request,
            limits,
            tally: Tally::of(server),
            accepted: 0,
            turns,
        }
    }

    /// Searches until the end, until `superseded`, or until nobody reads any more.
    pub(super) async fn run(mut self, superseded: CancellationToken) {
        let turns = self.turns.clone();
        let end = tokio::select! {
            end = self.pages() => end,
            () = superseded.cancelled() => End::Broken(Fault::Superseded),
            () = turns.closed() => return,
        };
        let finished = Turn::Finished(completion(&end, &self.tally));
        drop(self);
        let _ = turns.send(finished).await;
    }

    async fn pages(&mut self) -> End {
        match self.page_by_page().await {
            Ok(end) | Err(Stop::End(end)) => end,
            Err(Stop::Unread) => End::Broken(Fault::Superseded),
        }
    }

    async fn page_by_page(&mut self) -> Result<End, Stop> {
        let mut circles = Circles::new(self.limits.empty_pages);
        // An entry by its name needs no paging, and some servers refuse it there.
        let mut paging = self.request.scope != ldap3::Scope::Base;
        let mut size = self.request.page_size;
        if self.request.limit > 0 {
            size = size.min(u32::try_from(self.request.limit).unwrap_or(u32::MAX));
        }
        let mut cookie = Vec::new();
        loop {
            // Requests nothing before the page before was taken.
            drop(self.turns.reserve().await.map_err(|_| Stop::Unread)?);
            let answer = self.answer(paging.then_some((size, &cookie)), size).await?;
            let first = self.tally.pages == 0 && self.tally.entries == 0;
            if first && paging && answer.result.rc == 12 {
                paging = false;
                continue;
            }
            if first && paging && answer.result.rc == 11 && size > LEAST_PAGE {
                size = (size / 2).max(LEAST_PAGE);
                continue;
            }
            self.tally.pages += 1;
            let next = paging::cookie(&answer.result).map_err(Fault::from)?;
            if self.tally.paged && next.is_none() && answer.result.rc == 0 {
                return Err(Fault::Circle("a later answer came without the paging control").into());
            }
            self.tally.paged |= next.is_some();
            let next = next.unwrap_or_default();
            let through = next.is_empty() || answer.result.rc != 0;
            if answer.cut || (!through && self.limit_reached()) {
                return Ok(End::Limited);
            }
            // A page without the control, as full as was asked for: all there is, or only the first of many.
            let uncertain = paging
                && !self.tally.paged
                && self.request.limit == 0
                && answer.result.rc == 0
                && answer.entries == u64::from(size);
            if uncertain {
                return Ok(End::PagingIgnored);
            }
            if through {
                return Ok(End::Answered {
                    result: Box::new(answer.result),
                    exhausted: true,
                });
            }
            circles.check(&next, answer.entries, answer.fingerprint)?;
            cookie = next;
        }
    }

    /// One request and its answer; pages of it go out as they come.
    async fn answer(&mut self, paging: Option<(u32, &Vec<u8>)>, size: u32) -> Result<Answer, Stop> {
        let builder = PageBuilder::new(self.request.attributes.clone());
        let turn = self.link.turn().await;
        let mut pieces = self.link.expect(builder, size as usize);
        let mut controls: Vec<RawControl> = Vec::new();
        if let Some((size, cookie)) = paging {
            let size = i32::try_from(size).unwrap_or(i32::MAX);
            let cookie = cookie.clone();
            controls.push(PagedResults { size, cookie }.critical().into());
        }
        if self.request.show_deleted {
            // Older domains have no recycle bin, and do not know the second.
            for (control, crit) in [(SHOW_DELETED, true), (SHOW_RECYCLED, false)] {
                controls.push(RawControl {
                    ctype: control.to_owned(),
                    crit,
                    val: None,
                });
            }
        }
        if self.request.scope != ldap3::Scope::Base && self.link.has_domain_scope() {
            controls.push(domain_scope::control());
        }
        self.ldap.with_controls(controls);
        let stream = self.ldap.streaming_search(
            &self.request.base,
            self.request.scope,
            &self.request.filter,
            self.request.names.clone(),
        );
        let mut stream = in_time(&self.link, self.limits.page, stream).await?;
        drop(turn);
        let mut hasher = DefaultHasher::new();
        let (mut entries, mut cut) = (0, false);
        // Pages with values to be retrieved by range, which must wait until this answer is through.
        let mut held: Vec<Piece> = Vec::new();
        let mut held_bytes = 0;
        while let Some(mut piece) = self.next_piece(&mut pieces).await? {
            self.tally.referrals = self.tally.referrals.saturating_add(piece.references);
            entries += u64::from(piece.page.entries);
            self.fingerprint(&piece.page, &mut hasher);
            cut |= self.apply_limit(&mut piece);
            self.accepted += u64::from(piece.page.entries);
            if held.is_empty() && piece.continued.is_empty() {
                self.hand_on(piece.page).await?;
                if cut {
                    break;
                }
            } else {
                held_bytes += piece.size();
                if held_bytes > self.limits.held_bytes {
                    let limit = self.limits.held_bytes;
                    return Err(self.link.fail(Fault::Memory { limit }).into());
                }
                held.push(piece);
            }
        }
        let result = if cut && held.is_empty() {
            drop(pieces);
            stream.finish().await
        } else {
            let next = in_time(&self.link, self.limits.page, stream.next()).await?;
            if next.is_some() {
                return Err(self
                    .link
                    .fail(Fault::Library("an entry got past".to_owned()))
                    .into());
            }
            stream.finish().await
        };
        for piece in held {
            let page = self.whole(piece).await?;
            self.hand_on(page).await?;
        }
        Ok(Answer {
            result,
            entries,
            fingerprint: hasher.finish(),
            cut,
        })
    }

    /// Retrieves the values that the server held back (`range=`), to the last one.
    async fn whole(&mut self, piece: Piece) -> Result<Page, Stop> {
        let width = self.request.attributes.len();
        let mut additions = Vec::new();
        let mut bytes = piece.size();
        for first in &piece.continued {
            let incomplete = |why: &str| {
                Stop::End(End::RangeIncomplete(format!(
                    "the values of {} {why}",
                    first.description
                )))
            };
            let dn = std::str::from_utf8(page::name(&piece.page, first.entry, width))
                .map_err(|_| incomplete("belong to an entry whose name is not UTF-8"))?
                .to_owned();
            let mut from = Some(first.from);
            while let Some(start) = from {
                let (page, more) = self.values_from(&dn, first, start).await?;
                if page.entries != 1 || page.counts.first().is_none_or(|count| *count == 0) {
                    return Err(incomplete("could not be read to the end"));
                }
                from = more;
                if from.is_some_and(|next| next <= start) {
                    return Err(incomplete("come in ranges that do not go on"));
                }
                bytes += page::size(&page) + first.size();
                if bytes > self.limits.held_bytes {
                    let limit = self.limits.held_bytes;
                    return Err(self.link.fail(Fault::Memory { limit }).into());
                }
                additions.push((first.clone(), page));
            }
        }
        additions.sort_by_key(|(key, _): &(Continued, Page)| (key.entry, key.position));
        if additions.is_empty() {
            return Ok(piece.page);
        }
        page::splice(&piece.page, width, &additions).map_err(|error| Fault::from(error).into())
    }

    async fn values_from(
        &mut self,
        dn: &str,
        of: &Continued,
        start: u32,
    ) -> Result<(Page, Option<u32>), Stop> {
        let names = vec![format!("{};range={start}-*", of.description)];
        let builder = PageBuilder::new(Attributes::new(std::slice::from_ref(&of.description)));
        let turn = self.link.turn().await;
        let mut pieces = self.link.expect(builder, usize::MAX);
        let search = self
            .ldap
            .streaming_search(dn, ldap3::Scope::Base, "(objectClass=*)", names);
        let mut stream = in_time(&self.link, self.limits.page, search).await?;
        drop(turn);
        let mut found = (page::empty(), None);
        while let Some(piece) = self.next_piece(&mut pieces).await? {
            if piece.page.entries > 0 {
                found = (piece.page, piece.continued.first().map(|more| more.from));
            }
        }
        in_time(&self.link, self.limits.page, stream.next()).await?;
        stream.finish().await;
        Ok(found)
    }

    async fn hand_on(&mut self, page: Page) -> Result<(), Stop> {
        if page.entries == 0 {
            return Ok(());
        }
        if domain_scope::is_offered(&self.request, &page) {
            self.link.note_domain_scope();
        }
        let entries = u64::from(page.entries);
        self.turns
            .send(Turn::Entries(page))
            .await
            .map_err(|_| Stop::Unread)?;
        self.tally.entries += entries;
        Ok(())
    }

    /// The next piece of an answer, in time; the time that its reader takes does not count.
    async fn next_piece(&self, pieces: &mut mpsc::Receiver<Piece>) -> Result<Option<Piece>, Stop> {
        let after = self.limits.page;
        let piece = tokio::time::timeout(after, pieces.recv()).await;
        piece.map_err(|_| {
            self.link
                .fail(Fault::Timeout {
                    what: "search",
                    after,
                })
                .into()
        })
    }

    fn limit_reached(&self) -> bool {
        self.request.limit > 0 && self.accepted >= self.request.limit
    }

    /// Cuts a piece to what the request's limit leaves; says whether it had to.
    fn apply_limit(&self, piece: &mut Piece) -> bool {
        if self.request.limit == 0 {
            return false;
        }
        let left = self.request.limit.saturating_sub(self.accepted);
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        let cut = piece.page.entries > left;
        page::truncate(&mut piece.page, left, self.request.attributes.len());
        piece.continued.retain(|more| more.entry < left as usize);
        cut
    }

    fn fingerprint(&self, page: &Page, hasher: &mut DefaultHasher) {
        if let Some(last) = page.entries.checked_sub(1) {
            let width = self.request.attributes.len();
            page::name(page, 0, width).hash(hasher);
            page::name(page, last as usize, width).hash(hasher);
        }
    }
}

pub(super) async fn in_time<T>(
    link: &Link,
    after: Duration,
    work: impl Future<Output = Result<T, ldap3::LdapError>>,
) -> Result<T, Fault> {
    match tokio::time::timeout(after, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(link.cause(&error).await),
        Err(_) => Err(link.fail(Fault::Timeout {
            what: "search",
            after,
        })),
    }
}
