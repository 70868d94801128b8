//! What the server says about itself (RFC 4512 section 5.1).

use super::options::Options;
use crate::demo::Entry;
use crate::demo::people::SUFFIX;

/// The OID of the paging control (RFC 2696).
pub(super) const PAGING: &str = "1.2.840.113556.1.4.319";
/// The OID of the `ManageDsaIT` control (RFC 3296).
const MANAGE_DSA_IT: &str = "2.16.840.1.113730.3.4.2";
/// The OID of the StartTLS operation (RFC 4511 section 4.14).
pub(super) const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
/// The OID of the "Who am I?" operation (RFC 4532).
pub(super) const WHO_AM_I: &str = "1.3.6.1.4.1.4203.1.11.3";
/// The OID of the feature "all operational attributes" (RFC 3673).
const ALL_OPERATIONAL: &str = "1.3.6.1.4.1.4203.1.5.1";

/// The root DSE. Everything but the object class and `structuralObjectClass` is operational, but
/// OpenLDAP does not insist on that for the attributes of RFC 4512, which it shows when asked for by name or `+`.
pub(super) fn root_dse(options: &Options) -> Entry {
    let mut entry = Entry::new("").with("objectClass", "top");
    entry.push("namingContexts", options.vendor.dn(SUFFIX));
    for (name, value) in options.vendor.kind().root {
        entry.push(*name, *value);
    }
    if options.paging {
        entry.push("supportedControl", PAGING);
    }
    entry.push("supportedControl", MANAGE_DSA_IT);
    if options.tls.start_tls {
        entry.push("supportedExtension", START_TLS);
    }
    entry.push("supportedExtension", WHO_AM_I);
    entry.push("supportedFeatures", ALL_OPERATIONAL);
    entry.push("supportedLDAPVersion", "3");
    entry.push("entryDN", "");
    entry.push("subschemaSubentry", "cn=Subschema");
    entry
}
