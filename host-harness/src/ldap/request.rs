//! Search requests, checked before anything is sent.

use ldap3::Scope;

use super::attributes::{Attributes, is_description};
use super::filter;
use crate::Problem;
use crate::contract::ldap::{Scope as WantedScope, SearchRequest};

const MAX_ATTRIBUTES: usize = 256;
const MAX_PAGE: u32 = 1000;
const MAX_BASE: usize = 8192;

/// A request that can be sent.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) base: String,
    pub(super) scope: Scope,
    pub(super) filter: String,
    /// As sent: `1.1` where none are wanted, since none named means all (RFC 4511 section 4.5.1.8).
    pub(super) names: Vec<String>,
    pub(super) attributes: Attributes,
    pub(super) page_size: u32,
    pub(super) limit: u64,
    pub(super) show_deleted: bool,
}

impl Checked {
    /// Checks a request against the contract's limits.
    pub(super) fn new(request: SearchRequest) -> Result<Self, Problem> {
        let refuse = |message: String| {
            Err(Problem::new(
                "bad-request",
                message,
                "Correct the search request.",
            ))
        };
        if request.attributes.len() > MAX_ATTRIBUTES {
            return refuse(format!(
                "{} attributes, over {MAX_ATTRIBUTES}",
                request.attributes.len()
            ));
        }
        if !(1..=MAX_PAGE).contains(&request.page_size) {
            return refuse(format!(
                "page size {}, not 1 to {MAX_PAGE}",
                request.page_size
            ));
        }
        if request.base.len() > MAX_BASE {
            return refuse(format!(
                "a base DN of {} bytes, over {MAX_BASE}",
                request.base.len()
            ));
        }
        for (position, name) in request.attributes.iter().enumerate() {
            if !is_description(name) {
                return refuse(format!("{name:?} cannot be an attribute's name"));
            }
            if request.attributes[..position]
                .iter()
                .any(|other| other.eq_ignore_ascii_case(name))
            {
                return refuse(format!("attribute {name:?} is named twice"));
            }
        }
        let filter = filter::write(&request.filter)?;
        if ldap3::parse_filter(&filter).is_err() {
            return refuse("the filter cannot be sent".to_owned());
        }
        let attributes = Attributes::new(&request.attributes);
        let names = if request.attributes.is_empty() {
            vec!["1.1".to_owned()]
        } else {
            request.attributes
        };
        Ok(Self {
            base: request.base,
            scope: scope(request.scope),
            filter,
            names,
            attributes,
            page_size: request.page_size,
            limit: u64::from(request.limit),
            show_deleted: request.show_deleted,
        })
    }
}

/// The library's word for a scope.
pub(super) fn scope(scope: WantedScope) -> Scope {
    match scope {
        WantedScope::Base => Scope::Base,
        WantedScope::One => Scope::OneLevel,
        WantedScope::Subtree => Scope::Subtree,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::fake::request;
    use super::*;

    #[test]
    fn a_request_within_its_limits_is_accepted() {
        let checked = Checked::new(request(&["cn", "cn;lang-de"])).unwrap();
        assert_eq!(
            (checked.filter.as_str(), checked.attributes.len()),
            ("(objectClass=*)", 2)
        );
        assert_eq!(Checked::new(request(&[])).unwrap().names, ["1.1"]);
    }

    #[test]
    fn a_request_out_of_its_limits_is_refused() {
        let many: Vec<String> = (0..257).map(|number| format!("a{number}")).collect();
        for bad in [
            request(&["cn", "CN"]),
            request(&["*"]),
            SearchRequest {
                attributes: many,
                ..request(&[])
            },
            SearchRequest {
                page_size: 0,
                ..request(&[])
            },
            SearchRequest {
                page_size: 1001,
                ..request(&[])
            },
            SearchRequest {
                base: "x".repeat(9000),
                ..request(&[])
            },
            SearchRequest {
                filter: Vec::new(),
                ..request(&[])
            },
        ] {
            assert_eq!(Checked::new(bad).unwrap_err().code, "bad-request");
        }
    }
}
