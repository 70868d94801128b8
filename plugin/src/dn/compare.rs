//! Names compared whatever their spelling.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;

use super::{Dn, DnValue, NamePart, Rdn};

impl Dn {
    /// One spelling for all that name the same entry: attributes by their short names in lower case, values
    /// in NFKC and lower case without needless white space, the parts of a multi-valued RDN sorted,
    /// escapes as this module writes them. Made for comparing and hashing, not for servers.
    #[must_use]
    pub fn normalized(&self) -> String {
        let mut text = String::new();
        for (place, rdn) in self.rdns.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            rdn.normalize_into(&mut text);
        }
        text
    }
}

impl PartialEq for Dn {
    fn eq(&self, other: &Self) -> bool {
        self.rdns == other.rdns
    }
}

impl Eq for Dn {}

impl PartialEq for Rdn {
    fn eq(&self, other: &Self) -> bool {
        if let ([one], [two]) = (self.parts.as_slice(), other.parts.as_slice())
            && one.attribute.eq_ignore_ascii_case(&two.attribute)
            && one.value == two.value
        {
            return true;
        }
        self.parts.len() == other.parts.len() && {
            let (mut one, mut two) = (String::new(), String::new());
            self.normalize_into(&mut one);
            other.normalize_into(&mut two);
            one == two
        }
    }
}

impl Eq for Rdn {}

impl Rdn {
    fn normalize_into(&self, text: &mut String) {
        let mut parts: Vec<String> = self.parts.iter().map(NamePart::normalized).collect();
        parts.sort_unstable();
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                text.push('+');
            }
            text.push_str(part);
        }
    }
}

impl NamePart {
    fn normalized(&self) -> String {
        let mut text = type_name(&self.attribute).into_owned();
        text.push('=');
        let _infallible = match &self.value {
            DnValue::Text(value) => super::print::escaped(&mut text, &fold(value)),
            other => write!(text, "{other}"),
        };
        text
    }
}

/// The short name, in lower case, of the attributes that names are made of (RFC 4514 section 3, RFC 4519).
pub(super) fn type_name(attribute: &str) -> Cow<'static, str> {
    const NAMES: [(&str, &str, &str); 11] = [
        ("cn", "commonname", "2.5.4.3"),
        ("sn", "surname", "2.5.4.4"),
        ("c", "countryname", "2.5.4.6"),
        ("l", "localityname", "2.5.4.7"),
        ("st", "stateorprovincename", "2.5.4.8"),
        ("street", "streetaddress", "2.5.4.9"),
        ("o", "organizationname", "2.5.4.10"),
        ("ou", "organizationalunitname", "2.5.4.11"),
        ("dc", "domaincomponent", "0.9.2342.19200300.100.1.25"),
        ("uid", "userid", "0.9.2342.19200300.100.1.1"),
        ("mail", "rfc822mailbox", "0.9.2342.19200300.100.1.3"),
    ];
    NAMES
        .iter()
        .find(|(short, long, oid)| {
            [short, long, oid]
                .iter()
                .any(|name| name.eq_ignore_ascii_case(attribute))
        })
        .map_or_else(
            || Cow::Owned(attribute.to_ascii_lowercase()),
            |(short, ..)| Cow::Borrowed(*short),
        )
}

/// RFC 4518: NFKC, lower case, one space for several, none at the ends.
fn fold(value: &str) -> String {
    let mapped: String = if value.is_ascii() {
        value.to_ascii_lowercase()
    } else {
        value.nfkc().flat_map(char::to_lowercase).nfkc().collect()
    };
    let mut folded = String::with_capacity(mapped.len());
    for word in mapped.split(' ').filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}
