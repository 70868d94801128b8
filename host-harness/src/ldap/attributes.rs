//! The attributes a search asks for, found again by the descriptions that the server answers with.
//!
//! A server may answer in other letters, with options (`cn;lang-de`), as `;binary`, in ranges
//! (`member;range=0-1499`), or by the first name of an attribute that has two (RFC 4519).

/// Names of the same attribute (RFC 4519 and RFC 4524).
const SYNONYMS: &[(&str, &str)] = &[
    ("c", "countryname"),
    ("cn", "commonname"),
    ("dc", "domaincomponent"),
    ("facsimiletelephonenumber", "fax"),
    ("givenname", "gn"),
    ("homephone", "hometelephonenumber"),
    ("l", "localityname"),
    ("mail", "rfc822mailbox"),
    ("mobile", "mobiletelephonenumber"),
    ("o", "organizationname"),
    ("ou", "organizationalunitname"),
    ("pager", "pagertelephonenumber"),
    ("sn", "surname"),
    ("st", "stateorprovincename"),
    ("street", "streetaddress"),
    ("uid", "userid"),
];

/// Requested attributes by position.
#[derive(Debug, Clone)]
pub(super) struct Attributes {
    count: usize,
    /// Lower-case names with their positions; the requested ones first, in order, then their synonyms.
    names: Vec<(Box<[u8]>, usize)>,
}

/// Where the values of a description belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) position: usize,
    /// It has options that were not asked for: its values follow the plain ones.
    pub(super) tagged: bool,
    /// `range=`: the position of the value that follows, if there are more.
    pub(super) more_from: Option<u32>,
}

impl Attributes {
    /// Indexes the requested names.
    pub(super) fn new(requested: &[String]) -> Self {
        let mut names: Vec<(Box<[u8]>, usize)> = requested
            .iter()
            .enumerate()
            .map(|(position, name)| {
                let name = name.to_ascii_lowercase();
                let name = name.strip_suffix(";binary").unwrap_or(&name);
                (name.as_bytes().into(), position)
            })
            .collect();
        for position in 0..requested.len() {
            let name = names[position].0.clone();
            for (one, other) in SYNONYMS {
                let synonym = match &*name {
                    name if name == one.as_bytes() => other,
                    name if name == other.as_bytes() => one,
                    _ => continue,
                };
                if names
                    .iter()
                    .all(|(known, _)| **known != *synonym.as_bytes())
                {
                    names.push((synonym.as_bytes().into(), position));
                }
            }
        }
        Self {
            count: requested.len(),
            names,
        }
    }

    /// How many were requested.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Finds a description; `hint` is where to look first.
    #[inline]
    pub(super) fn find(&self, description: &[u8], hint: usize) -> Option<Match> {
        if description.contains(&b';') {
            return self.with_options(description);
        }
        let position = self.named(description, hint)?;
        Some(Match {
            position,
            tagged: false,
            more_from: None,
        })
    }

    #[inline]
    fn named(&self, name: &[u8], hint: usize) -> Option<usize> {
        let hint = hint.min(self.names.len());
        let (before, after) = self.names.split_at(hint);
        after
            .iter()
            .chain(before)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, position)| *position)
    }

    fn with_options(&self, description: &[u8]) -> Option<Match> {
        let mut parts = description.split(|octet| *octet == b';');
        let name = parts.next()?;
        let mut full = name.to_vec();
        let mut more_from = None;
        for option in parts {
            if let Some(range) = strip_prefix_ignore_case(option, b"range=") {
                more_from = next_of(range);
            } else if !option.eq_ignore_ascii_case(b"binary") {
                full.push(b';');
                full.extend_from_slice(option);
            }
        }
        let exact = self.named(&full, 0).map(|position| (position, false));
        let (position, tagged) =
            exact.or_else(|| self.named(name, 0).map(|position| (position, true)))?;
        Some(Match {
            position,
            tagged,
            more_from,
        })
    }
}

/// Whether `name` is an attribute description (RFC 4512 section 2.5): a name or an OID, then options.
pub(super) fn is_description(name: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
    };
    let arc = |text: &str| {
        text.bytes().all(|octet| octet.is_ascii_digit())
            && !text.is_empty()
            && (text == "0" || !text.starts_with('0'))
    };
    let mut parts = name.split(';');
    let first = parts.next().unwrap_or_default();
    let named = first.starts_with(|c: char| c.is_ascii_alphabetic()) && word(first);
    (named || first.split('.').all(arc)) && parts.all(word)
}

/// The description without its `range=` option, to ask for the rest with.
pub(super) fn without_range(description: &[u8]) -> String {
    let kept: Vec<_> = String::from_utf8_lossy(description)
        .split(';')
        .filter(|part| strip_prefix_ignore_case(part.as_bytes(), b"range=").is_none())
        .map(str::to_owned)
        .collect();
    kept.join(";")
}

fn strip_prefix_ignore_case<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

/// `0-1499` goes on at 1500; `1500-*` is the end.
fn next_of(range: &[u8]) -> Option<u32> {
    let high = std::str::from_utf8(range).ok()?.split_once('-')?.1;
    high.parse::<u32>().ok()?.checked_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(names: &[&str]) -> Attributes {
        Attributes::new(
            &names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    fn at(position: usize) -> Option<Match> {
        Some(Match {
            position,
            tagged: false,
            more_from: None,
        })
    }

    #[test]
    fn names_are_found_in_any_case_and_from_any_hint() {
        let index = attributes(&["cn", "mail", "givenName"]);
        for hint in 0..9 {
            assert_eq!(index.find(b"GIVENNAME", hint), at(2));
        }
        assert_eq!(index.find(b"title", 0), None);
    }

    #[test]
    fn values_with_options_follow_the_plain_ones() {
        let index = attributes(&["cn", "cn;lang-fr"]);
        assert_eq!(
            index.find(b"cn;lang-de", 0),
            Some(Match {
                position: 0,
                tagged: true,
                more_from: None
            })
        );
        assert_eq!(index.find(b"CN;lang-FR", 0), at(1));
    }

    #[test]
    fn binary_is_the_attribute_itself() {
        let index = attributes(&["userCertificate;binary", "jpegPhoto"]);
        assert_eq!(index.find(b"userCertificate;binary", 0), at(0));
        assert_eq!(index.find(b"jpegPhoto;binary", 0), at(1));
    }

    #[test]
    fn ranges_say_where_they_go_on() {
        let index = attributes(&["member"]);
        let more =
            |description: &[u8]| index.find(description, 0).and_then(|found| found.more_from);
        assert_eq!(more(b"member;range=0-1499"), Some(1500));
        assert_eq!(more(b"member;Range=1500-*"), None);
        assert_eq!(without_range(b"member;range=0-1499"), "member");
        assert_eq!(without_range(b"cn;lang-de;range=0-9"), "cn;lang-de");
    }

    #[test]
    fn synonyms_are_found_unless_requested_themselves() {
        assert_eq!(attributes(&["surname"]).find(b"sn", 0), at(0));
        assert_eq!(
            attributes(&["streetAddress", "street"]).find(b"street", 0),
            at(1)
        );
    }
}
