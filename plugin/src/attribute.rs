//! The attributes of a search, each named once and known by position from then on.

/// The attributes that a search asks for. A page gives their values by these positions.
///
/// Names are compared without regard to case (RFC 4512 section 2.5) and keep the spelling in which they came
/// first. Second names of the usual attributes (`surname` of `sn`) become the first ones: servers
/// answer with those, whichever was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeSet {
    names: Vec<String>,
}

impl AttributeSet {
    /// No attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The position of an attribute, which is added where it is not there yet.
    pub fn intern(&mut self, name: &str) -> usize {
        let name = name.trim();
        self.position(name).unwrap_or_else(|| {
            self.names
                .push(canonical(name).unwrap_or_else(|| name.to_owned()));
            self.names.len() - 1
        })
    }

    /// The position of an attribute that is there.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        let find = |name: &str| {
            self.names
                .iter()
                .position(|known| known.eq_ignore_ascii_case(name))
        };
        find(name).or_else(|| find(&canonical(name)?))
    }

    /// The names by position.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name at a position.
    #[must_use]
    pub fn name(&self, position: usize) -> Option<&str> {
        self.names.get(position).map(String::as_str)
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// None.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

impl<'a> FromIterator<&'a str> for AttributeSet {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut set = Self::new();
        for name in names {
            set.intern(name);
        }
        set
    }
}

/// The first name of an attribute that is given by a second one (RFC 4519, RFC 4524, RFC 2798), with its options.
/// `streetAddress` is none: it is an attribute of its own in Active Directory.
fn canonical(name: &str) -> Option<String> {
    const NAMES: [(&str, &str); 15] = [
        ("commonName", "cn"),
        ("surname", "sn"),
        ("gn", "givenName"),
        ("userid", "uid"),
        ("rfc822Mailbox", "mail"),
        ("localityName", "l"),
        ("stateOrProvinceName", "st"),
        ("organizationName", "o"),
        ("organizationalUnitName", "ou"),
        ("countryName", "c"),
        ("friendlyCountryName", "co"),
        ("fax", "facsimileTelephoneNumber"),
        ("homeTelephoneNumber", "homePhone"),
        ("mobileTelephoneNumber", "mobile"),
        ("pagerTelephoneNumber", "pager"),
    ];
    let (kind, options) = name.split_at(name.find(';').unwrap_or(name.len()));
    NAMES
        .iter()
        .find(|(second, _)| second.eq_ignore_ascii_case(kind))
        .map(|(_, first)| format!("{first}{options}"))
}

#[cfg(test)]
mod tests {
    use super::AttributeSet;

    #[test]
    fn a_name_in_another_case_is_the_same_attribute() {
        let mut set = AttributeSet::new();
        assert_eq!(set.intern("givenName"), 0);
        assert_eq!(set.intern("mail"), 1);
        assert_eq!(set.intern(" GIVENNAME "), 0);
        assert_eq!(set.names(), ["givenName", "mail"]);
    }

    #[test]
    fn a_second_name_is_the_same_attribute() {
        let mut set = AttributeSet::new();
        assert_eq!(set.intern("surname"), 0);
        assert_eq!(set.intern("sn"), 0);
        assert_eq!(set.position("SurName"), Some(0));
        assert_eq!(set.intern("commonName;lang-de"), 1);
        assert_eq!(set.names(), ["sn", "cn;lang-de"]);
    }

    #[test]
    fn a_name_of_something_else_is_another_attribute() {
        let mut set = AttributeSet::new();
        assert_eq!(set.intern("street"), 0);
        assert_eq!(set.intern("streetAddress"), 1);
    }

    #[test]
    fn an_attribute_that_was_not_asked_for_has_no_position() {
        let set: AttributeSet = ["cn", "sn"].into_iter().collect();
        assert_eq!(set.position("SN"), Some(1));
        assert_eq!(set.position("mail"), None);
    }
}
