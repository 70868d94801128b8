//! The attributes of a search, each named once and known by position from then on.

/// The attributes that a search asks for. A page gives their values by these positions.
///
/// Names are compared without regard to case (RFC 4512 section 2.5) and keep the spelling in which they came first.
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
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    /// The position of an attribute that is there.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
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
    fn an_attribute_that_was_not_asked_for_has_no_position() {
        let set: AttributeSet = ["cn", "sn"].into_iter().collect();
        assert_eq!(set.position("SN"), Some(1));
        assert_eq!(set.position("mail"), None);
    }
}
