//! Simple paged results (RFC 2696): the control's value, and a guard against paging in circles.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use ldap3::result::LdapResult;

use super::ber::{INTEGER, OCTETS, Reader, SEQUENCE};
use super::error::{Fault, Malformed};

/// The control's OID.
pub(super) const OID: &str = "1.2.840.113556.1.4.319";

/// The cookie of a result, or `None` where the server answered without the control.
pub(super) fn cookie(result: &LdapResult) -> Result<Option<Vec<u8>>, Malformed> {
    let control = result
        .ctrls
        .iter()
        .map(|control| &control.1)
        .find(|raw| raw.ctype == OID);
    let Some(control) = control else {
        return Ok(None);
    };
    let value = control.val.as_deref().ok_or(Malformed::Unexpected)?;
    let mut reader = Reader::new(value);
    let mut content = Reader::new(reader.expect(SEQUENCE)?);
    content.number(INTEGER)?;
    let cookie = content.expect(OCTETS)?.to_vec();
    if content.is_empty() && reader.is_empty() {
        Ok(Some(cookie))
    } else {
        Err(Malformed::Unexpected)
    }
}

/// Notices when pages repeat. A repeated cookie alone proves nothing: 389-DS sends the same one with every page.
#[derive(Debug)]
pub(super) struct Circles {
    seen: HashSet<u64>,
    empty: u32,
    most_empty: u32,
}

impl Circles {
    /// A guard that accepts so many empty pages in a row.
    pub(super) fn new(most_empty: u32) -> Self {
        Self {
            seen: HashSet::new(),
            empty: 0,
            most_empty,
        }
    }

    /// Checks a page that is to be followed by another one.
    pub(super) fn check(
        &mut self,
        cookie: &[u8],
        entries: u64,
        fingerprint: u64,
    ) -> Result<(), Fault> {
        self.empty = if entries == 0 { self.empty + 1 } else { 0 };
        if self.empty > self.most_empty {
            return Err(Fault::Circle("one page after another is empty"));
        }
        let mut hasher = DefaultHasher::new();
        (cookie, entries, fingerprint).hash(&mut hasher);
        if self.seen.insert(hasher.finish()) {
            Ok(())
        } else {
            Err(Fault::Circle("a page came again, with the same cookie"))
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_constant_cookie_is_fine_while_pages_differ() {
        let mut guard = Circles::new(3);
        assert_eq!(guard.check(b"0", 10, 1), Ok(()));
        assert_eq!(guard.check(b"0", 10, 2), Ok(()));
    }

    #[test]
    fn the_same_page_under_the_same_cookie_is_a_circle() {
        let mut guard = Circles::new(3);
        guard.check(b"a", 10, 1).unwrap();
        guard.check(b"b", 10, 2).unwrap();
        assert!(matches!(guard.check(b"a", 10, 1), Err(Fault::Circle(_))));
    }

    #[test]
    fn empty_pages_are_accepted_up_to_the_limit() {
        let mut guard = Circles::new(2);
        guard.check(b"a", 0, 0).unwrap();
        guard.check(b"b", 0, 0).unwrap();
        assert!(matches!(guard.check(b"c", 0, 0), Err(Fault::Circle(_))));
    }
}
