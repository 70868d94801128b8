//! What a directory says of itself (RFC 4512 section 5.1, RFC 3045).

use crate::attribute::AttributeSet;
use crate::decode;
use crate::entry::Entry;

/// The paged results control (RFC 2696).
const PAGING: &str = "1.2.840.113556.1.4.319";

/// The root DSE's values by attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RootDse {
    values: Vec<(String, Vec<String>)>,
}

impl RootDse {
    /// The attributes to ask the entry "" for. Operational ones must be named.
    pub const ATTRIBUTES: [&'static str; 23] = [
        "objectClass",
        "structuralObjectClass",
        "vendorName",
        "vendorVersion",
        "namingContexts",
        "defaultNamingContext",
        "rootDomainNamingContext",
        "supportedControl",
        "supportedExtension",
        "supportedFeatures",
        "supportedCapabilities",
        "supportedLDAPVersion",
        "supportedSASLMechanisms",
        "configContext",
        "monitorContext",
        "subschemaSubentry",
        "forestFunctionality",
        "dsServiceName",
        "highestCommittedUSN",
        "nsslapd-changelogsuffix",
        "ipaTopologyPluginVersion",
        "ipaTopologyIsManaged",
        "ipaDomainLevel",
    ];

    /// Reads the root DSE's entry. Values that are not text are left out.
    #[must_use]
    pub fn read(entry: &Entry<'_>, attributes: &AttributeSet) -> Self {
        let names = attributes.names().iter().enumerate();
        let values = names.map(|(position, name)| {
            let texts = entry
                .values(position)
                .filter_map(|value| decode::utf8(value).ok());
            (name.clone(), texts.map(str::to_owned).collect())
        });
        Self {
            values: values
                .filter(|(_, values): &(_, Vec<_>)| !values.is_empty())
                .collect(),
        }
    }

    /// The values of an attribute.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .flat_map(|(_, values)| values.iter().map(String::as_str))
    }

    /// The first value of an attribute.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// An attribute has this value, whatever its case.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.values(name)
            .any(|known| known.eq_ignore_ascii_case(value))
    }

    /// The server pages (RFC 2696).
    #[must_use]
    pub fn pages(&self) -> bool {
        self.has("supportedControl", PAGING)
    }

    /// Naming contexts that could be the base, the directory's own default first.
    #[must_use]
    pub fn bases(&self) -> Vec<&str> {
        let mut bases: Vec<&str> = Vec::new();
        for base in self
            .values("defaultNamingContext")
            .chain(self.values("namingContexts"))
        {
            if !base.is_empty() && !bases.contains(&base) {
                bases.push(base);
            }
        }
        bases
    }
}

impl<'a, V: IntoIterator<Item = &'a str>> FromIterator<(&'a str, V)> for RootDse {
    fn from_iter<I: IntoIterator<Item = (&'a str, V)>>(values: I) -> Self {
        let values = values.into_iter().map(|(name, values)| {
            (
                name.to_owned(),
                values.into_iter().map(str::to_owned).collect(),
            )
        });
        Self {
            values: values.collect(),
        }
    }
}
