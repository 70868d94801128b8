//! How the values of each attribute compare (RFC 4517, RFC 4519, RFC 4524, RFC 2798), and by which names it goes.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::demo::dn::{Dn, fold};

/// A family of matching rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// `caseIgnoreMatch` and its kin.
    Words,
    /// `caseExactMatch`.
    ExactWords,
    /// `telephoneNumberMatch`.
    Phone,
    /// `distinguishedNameMatch`.
    Name,
    /// `integerMatch`.
    Integer,
    /// `generalizedTimeMatch`.
    Time,
    /// `UUIDMatch`.
    Uuid,
    /// `octetStringMatch`.
    Octets,
}

struct Known {
    /// Canonical spelling first, then the other names and the OID.
    names: &'static [&'static str],
    syntax: Syntax,
    operational: bool,
}

const fn user(names: &'static [&'static str], syntax: Syntax) -> Known {
    Known {
        names,
        syntax,
        operational: false,
    }
}

const fn operational(names: &'static [&'static str], syntax: Syntax) -> Known {
    Known {
        names,
        syntax,
        operational: true,
    }
}

const KNOWN: &[Known] = &[
    user(&["objectClass", "2.5.4.0"], Syntax::Words),
    user(&["cn", "commonName", "2.5.4.3"], Syntax::Words),
    user(&["sn", "surname", "2.5.4.4"], Syntax::Words),
    user(&["givenName", "gn", "2.5.4.42"], Syntax::Words),
    user(&["displayName", "2.16.840.1.113730.3.1.241"], Syntax::Words),
    user(
        &["uid", "userid", "0.9.2342.19200300.100.1.1"],
        Syntax::Words,
    ),
    user(
        &["mail", "rfc822Mailbox", "0.9.2342.19200300.100.1.3"],
        Syntax::Words,
    ),
    user(&["telephoneNumber", "2.5.4.20"], Syntax::Phone),
    user(
        &[
            "mobile",
            "mobileTelephoneNumber",
            "0.9.2342.19200300.100.1.41",
        ],
        Syntax::Phone,
    ),
    user(&["homePhone", "homeTelephoneNumber"], Syntax::Phone),
    user(&["facsimileTelephoneNumber", "fax"], Syntax::Phone),
    user(
        &["employeeNumber", "2.16.840.1.113730.3.1.3"],
        Syntax::Words,
    ),
    user(&["employeeType", "2.16.840.1.113730.3.1.4"], Syntax::Words),
    user(&["title", "2.5.4.12"], Syntax::Words),
    user(
        &["departmentNumber", "2.16.840.1.113730.3.1.2"],
        Syntax::Words,
    ),
    user(&["o", "organizationName", "2.5.4.10"], Syntax::Words),
    user(&["ou", "organizationalUnitName", "2.5.4.11"], Syntax::Words),
    user(&["physicalDeliveryOfficeName", "2.5.4.19"], Syntax::Words),
    user(&["street", "2.5.4.9"], Syntax::Words),
    // Another name for `street` in RFC 4519, and an attribute of its own in Active Directory.
    user(&["streetAddress"], Syntax::Words),
    user(&["l", "localityName", "2.5.4.7"], Syntax::Words),
    user(&["st", "stateOrProvinceName", "2.5.4.8"], Syntax::Words),
    user(&["postalCode", "2.5.4.17"], Syntax::Words),
    user(&["postalAddress", "2.5.4.16"], Syntax::Words),
    user(&["c", "countryName", "2.5.4.6"], Syntax::Words),
    user(&["description", "2.5.4.13"], Syntax::Words),
    user(&["initials", "2.5.4.43"], Syntax::Words),
    user(&["carLicense"], Syntax::Words),
    user(&["roomNumber"], Syntax::Words),
    user(&["businessCategory"], Syntax::Words),
    user(
        &["preferredLanguage", "2.16.840.1.113730.3.1.39"],
        Syntax::Words,
    ),
    user(&["labeledURI"], Syntax::ExactWords),
    user(&["ref", "2.16.840.1.113730.3.1.34"], Syntax::ExactWords),
    user(
        &["dc", "domainComponent", "0.9.2342.19200300.100.1.25"],
        Syntax::Words,
    ),
    user(&["manager", "0.9.2342.19200300.100.1.10"], Syntax::Name),
    user(&["secretary"], Syntax::Name),
    user(&["seeAlso", "2.5.4.34"], Syntax::Name),
    user(&["member", "2.5.4.31"], Syntax::Name),
    user(&["uniqueMember", "2.5.4.50"], Syntax::Name),
    user(&["owner", "2.5.4.32"], Syntax::Name),
    user(&["jpegPhoto", "0.9.2342.19200300.100.1.60"], Syntax::Octets),
    user(&["userCertificate", "2.5.4.36"], Syntax::Octets),
    user(&["userPassword", "2.5.4.35"], Syntax::Octets),
    user(&["sAMAccountName"], Syntax::Words),
    user(&["sAMAccountType"], Syntax::Integer),
    user(&["userAccountControl"], Syntax::Integer),
    user(&["accountExpires"], Syntax::Integer),
    user(&["objectCategory"], Syntax::Name),
    user(&["objectGUID"], Syntax::Octets),
    user(&["objectSid"], Syntax::Octets),
    user(&["primaryGroupID"], Syntax::Integer),
    user(&["ipaUniqueID"], Syntax::Words),
    operational(&["nsUniqueId"], Syntax::Words),
    operational(&["nsAccountLock"], Syntax::Words),
    operational(&["entryUUID", "1.3.6.1.1.16.4"], Syntax::Uuid),
    operational(&["entryCSN"], Syntax::ExactWords),
    operational(&["entryDN", "1.3.6.1.1.20"], Syntax::Name),
    operational(&["createTimestamp", "2.5.18.1"], Syntax::Time),
    operational(&["modifyTimestamp", "2.5.18.2"], Syntax::Time),
    operational(&["creatorsName", "2.5.18.3"], Syntax::Name),
    operational(&["modifiersName", "2.5.18.4"], Syntax::Name),
    operational(&["structuralObjectClass", "2.5.21.9"], Syntax::Words),
    operational(&["subschemaSubentry", "2.5.18.10"], Syntax::Name),
    operational(&["hasSubordinates", "2.5.18.9"], Syntax::Words),
    operational(&["memberOf", "1.2.840.113556.1.2.102"], Syntax::Name),
    operational(
        &["pwdAccountLockedTime", "1.3.6.1.4.1.42.2.27.8.1.17"],
        Syntax::Time,
    ),
    operational(
        &["pwdChangedTime", "1.3.6.1.4.1.42.2.27.8.1.16"],
        Syntax::Time,
    ),
];

fn known(name: &str) -> Option<&'static Known> {
    KNOWN
        .iter()
        .find(|known| known.names.iter().any(|n| n.eq_ignore_ascii_case(name)))
}

/// An attribute type without its options.
pub(super) fn base(description: &str) -> &str {
    description.split(';').next().unwrap_or(description)
}

/// The usual spelling of an attribute description; one that is not known stays as it is.
pub(super) fn canonical(description: &str) -> Cow<'static, str> {
    let base = base(description);
    match known(base) {
        Some(known) if base.len() == description.len() => Cow::Borrowed(known.names[0]),
        Some(known) => Cow::Owned(format!("{}{}", known.names[0], &description[base.len()..])),
        None => Cow::Owned(description.to_owned()),
    }
}

/// Whether the schema has it at all.
pub(super) fn is_known(description: &str) -> bool {
    known(base(description)).is_some()
}

/// Whether it must be asked for by name or with `+` (RFC 3673).
pub(super) fn is_operational(description: &str) -> bool {
    known(base(description)).is_some_and(|known| known.operational)
}

/// How its values compare; an attribute that is not known compares as words.
pub(super) fn syntax(description: &str) -> Syntax {
    known(base(description)).map_or(Syntax::Words, |known| known.syntax)
}

/// The syntax that a matching rule, by name or OID, compares by.
pub(super) fn rule(name: &str) -> Option<Syntax> {
    Some(match name.to_ascii_lowercase().as_str() {
        "caseignorematch"
        | "2.5.13.2"
        | "caseignoreia5match"
        | "1.3.6.1.4.1.1466.109.114.2"
        | "objectidentifiermatch"
        | "2.5.13.0" => Syntax::Words,
        "caseexactmatch" | "2.5.13.5" | "caseexactia5match" | "1.3.6.1.4.1.1466.109.114.1" => {
            Syntax::ExactWords
        }
        "telephonenumbermatch" | "2.5.13.20" => Syntax::Phone,
        "distinguishednamematch" | "2.5.13.1" => Syntax::Name,
        "integermatch" | "2.5.13.14" => Syntax::Integer,
        "generalizedtimematch" | "2.5.13.27" => Syntax::Time,
        "uuidmatch" | "1.3.6.1.1.16.2" => Syntax::Uuid,
        "octetstringmatch" | "2.5.13.17" => Syntax::Octets,
        _ => return None,
    })
}

impl Syntax {
    /// A form in which equal values are equal bytes.
    pub(super) fn normal(self, value: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Octets {
            return Cow::Borrowed(value);
        }
        let Ok(text) = std::str::from_utf8(value) else {
            return Cow::Owned(value.to_ascii_lowercase());
        };
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if matches!(self, Self::Words) && value.iter().copied().all(is_plain) {
            return Cow::Borrowed(value);
        }
        let normal = match self {
            Self::ExactWords => text
                .split(' ')
                .filter(|w| !w.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
            Self::Phone => fold(text).replace([' ', '-'], ""),
            Self::Name => Dn::key_of(text).unwrap_or_else(|_| fold(text)),
            Self::Uuid => text.replace('-', "").to_ascii_lowercase(),
            Self::Words | Self::Integer | Self::Time | Self::Octets => fold(text),
        };
        Cow::Owned(normal.into_bytes())
    }

    /// Orders two normal values.
    pub(super) fn order(self, left: &[u8], right: &[u8]) -> Ordering {
        match (self, integer(left), integer(right)) {
            (Self::Integer, Some(left), Some(right)) => left.cmp(&right),
            _ => left.cmp(right),
        }
    }
}

/// A value as a whole number.
pub(super) fn integer(value: &[u8]) -> Option<i128> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_goes_by_all_its_names() {
        for name in ["CN", "commonName", "2.5.4.3"] {
            assert_eq!(canonical(name), "cn");
        }
        assert_eq!(canonical("SURNAME;lang-de"), "sn;lang-de");
        assert_eq!(canonical("shoeSize"), "shoeSize");
    }

    #[test]
    fn values_compare_by_their_syntax() {
        let same = |syntax: Syntax, a: &str, b: &str| {
            syntax.normal(a.as_bytes()) == syntax.normal(b.as_bytes())
        };
        assert!(same(Syntax::Words, " Anna  KOWALSKA ", "anna kowalska"));
        assert!(!same(Syntax::ExactWords, "Anna", "anna"));
        assert!(same(Syntax::Phone, "+49 30-555", "+4930555"));
        assert!(same(Syntax::Name, "CN=a\\2cb, dc=X", "cn=A\\,b,dc=x"));
        assert!(!same(Syntax::Octets, "A", "a"));
    }

    #[test]
    fn whole_numbers_order_by_value() {
        assert_eq!(Syntax::Integer.order(b"9", b"10"), Ordering::Less);
        assert_eq!(Syntax::Words.order(b"9", b"10"), Ordering::Greater);
    }
}
