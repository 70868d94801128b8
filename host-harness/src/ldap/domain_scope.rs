//! The domain scope control (MS-ADTS section 3.1.1.3.4.1.2): the server answers from the naming context of the base, and
//! leaves out references to its other ones. Without it a search at the root of an Active Directory domain always ends
//! with references, to `DomainDnsZones` at the least, and never proves to be everything.
//!
//! It is sent where the root DSE, once read over the connection, offers it; and not as critical, so that a server that
//! changed its mind goes on. References that come all the same count as ever.

use ldap3::controls::RawControl;

use super::request::Checked;
use crate::contract::ldap::Page;

/// The control's OID.
pub(super) const OID: &str = "1.2.840.113556.1.4.1339";

/// The attribute of the root DSE that lists controls (RFC 4512 section 5.1).
const CONTROLS: &str = "supportedControl";

/// The control, which has no value.
pub(super) fn control() -> RawControl {
    RawControl {
        ctype: OID.to_owned(),
        crit: false,
        val: None,
    }
}

/// The page is a root DSE that offers the control.
pub(super) fn is_offered(request: &Checked, page: &Page) -> bool {
    let root = request.base.is_empty() && request.scope == ldap3::Scope::Base;
    let names = request.names.iter();
    let Some(position) = names
        .clone()
        .position(|name| name.eq_ignore_ascii_case(CONTROLS))
        .filter(|_| root && page.entries == 1)
    else {
        return false;
    };
    let count = |counts: &[u32]| counts.iter().map(|count| *count as usize).sum::<usize>();
    let Some(before) = page.counts.get(..position).map(count) else {
        return false;
    };
    let own = page.counts.get(position).map_or(0, |own| *own as usize);
    // The name's end comes first.
    let ends = page.ends.get(before..=before + own).unwrap_or_default();
    ends.windows(2).any(|value| {
        let value = page.bytes.get(value[0] as usize..value[1] as usize);
        value == Some(OID.as_bytes())
    })
}
