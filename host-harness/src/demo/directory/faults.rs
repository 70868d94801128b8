//! A script of what goes wrong, and when.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The moment of a fault.
///
/// Pages and entries are those of one enumeration: a search of more than one entry (scope `one` or `subtree`), from its
/// first page, the number 1, to its last. A search without paging is one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A client has connected and said nothing yet.
    Connected,
    /// In place of an answer to StartTLS.
    StartTls,
    /// In place of an answer to a bind.
    Bind,
    /// In place of this page.
    Page(u32),
    /// In place of every page.
    EveryPage,
    /// After this page.
    AfterPage(u32),
    /// After so many entries.
    AfterEntries(u64),
    /// After so many bytes sent over one connection (before encryption).
    AfterBytes(u64),
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The connection is closed in good order (FIN).
    Cut,
    /// The connection is broken (RST).
    Reset,
    /// The answer comes later.
    Delay(Duration),
    /// No answer comes; the connection stays open.
    Silence,
    /// The page has so many of its entries, then ends the search with this result code.
    Result {
        /// RFC 4511 section 4.1.9; a bind or StartTLS is answered with it too.
        code: u16,
        /// Entries sent before; more than the page has are all.
        after: usize,
    },
    /// Success, with no entry and no cookie.
    Empty,
    /// The page as it should be, but with an empty cookie, as if it were the last.
    DropCookie,
    /// The page as it should be, but with the cookie that led to it.
    RepeatCookie,
    /// The page as it should be, but without the paging control.
    NoControl,
    /// Bytes that are not LDAP.
    Nonsense,
    /// A message of elements nested so deep.
    DeepBer(u32),
    /// A message that claims a length of 2 GiB.
    HugeLength,
    /// An answer to a request that was never made.
    WrongMessageId,
    /// Notice of Disconnection (RFC 4511 section 4.4.1) with this result code, then the end.
    NoticeOfDisconnection(u16),
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    when: When,
    deed: Deed,
    /// How often it still happens; `None` is always.
    left: Option<u32>,
}

impl Fault {
    /// Happens every time.
    #[must_use]
    pub const fn always(when: When, deed: Deed) -> Self {
        Self {
            when,
            deed,
            left: None,
        }
    }

    /// Happens the first time only.
    #[must_use]
    pub const fn once(when: When, deed: Deed) -> Self {
        Self::times(1, when, deed)
    }

    /// Happens the first few times.
    #[must_use]
    pub const fn times(times: u32, when: When, deed: Deed) -> Self {
        Self {
            when,
            deed,
            left: Some(times),
        }
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(super) struct Script(Mutex<Vec<Fault>>);

impl Script {
    pub(super) fn set(&self, faults: Vec<Fault>) {
        *self.faults() = faults;
    }

    /// The first fault of a moment that is not used up, which this uses once.
    pub(super) fn take(&self, when: impl Fn(When) -> bool) -> Option<Deed> {
        let mut faults = self.faults();
        let fault = faults
            .iter_mut()
            .find(|fault| fault.left != Some(0) && when(fault.when))?;
        fault.left = fault.left.map(|left| left - 1);
        Some(fault.deed)
    }

    /// The least number of bytes at which something is to happen, at or after `sent`.
    pub(super) fn next_byte(&self, sent: u64) -> Option<u64> {
        let at = |fault: &Fault| match fault.when {
            When::AfterBytes(at) if fault.left != Some(0) && at >= sent => Some(at),
            _ => None,
        };
        self.faults().iter().filter_map(at).min()
    }

    fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_as_often_as_it_should() {
        let script = Script::default();
        script.set(vec![Fault::times(2, When::Bind, Deed::Cut)]);
        let taken = (0..4).filter_map(|_| script.take(|when| when == When::Bind));
        assert_eq!(taken.count(), 2);
    }

    #[test]
    fn a_fault_waits_for_its_moment() {
        let script = Script::default();
        script.set(vec![Fault::always(When::Page(2), Deed::Cut)]);
        assert_eq!(script.take(|when| when == When::Page(1)), None);
        assert_eq!(script.take(|when| when == When::Page(2)), Some(Deed::Cut));
    }

    #[test]
    fn the_nearest_byte_comes_first() {
        let script = Script::default();
        let at = |n| Fault::once(When::AfterBytes(n), Deed::Cut);
        script.set(vec![at(900), at(100), at(500)]);
        assert_eq!(script.next_byte(101), Some(500));
        assert_eq!(script.next_byte(901), None);
    }
}
