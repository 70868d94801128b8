//! Search filters, evaluated with three values (RFC 4511 section 4.5.1.7).

use std::borrow::Cow;

use ldap3_proto::LdapFilter;
use ldap3_proto::proto::LdapMatchingRuleAssertion;

use super::request::sent;
use super::schema::{self, Syntax};
use crate::demo::Entry;
use crate::demo::dn::Dn;
use crate::demo::people::SUFFIX;

/// The bit rules that OpenLDAP and Active Directory share.
const BIT_AND: &str = "1.2.840.113556.1.4.803";
const BIT_OR: &str = "1.2.840.113556.1.4.804";

/// A filter made ready for many entries.
#[derive(Debug)]
pub(super) enum Filter {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Present(Cow<'static, str>),
    /// A test of single values.
    Value(Cow<'static, str>, Test),
    /// A test of every attribute that compares this way.
    Any(Syntax, Test),
    /// A test of the values in the DN beside (or instead of) those of the attributes.
    Name(Box<Self>, Option<Cow<'static, str>>, Test),
    /// Neither true nor false for any entry.
    Undefined,
}

/// A test of one value. Assertions are in normal form.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Equal(Syntax, Vec<u8>),
    AtLeast(Syntax, Vec<u8>),
    AtMost(Syntax, Vec<u8>),
    Approximate(Vec<u8>),
    Parts {
        syntax: Syntax,
        initial: Vec<u8>,
        any: Vec<Vec<u8>>,
        last: Vec<u8>,
    },
    AllBits(i128),
    AnyBit(i128),
}

impl Filter {
    /// Makes a filter ready. `seen` says whether an attribute that the schema does not have occurs all the same.
    pub(super) fn new(filter: &LdapFilter, seen: &dyn Fn(&str) -> bool) -> Self {
        let all = |filters: &[LdapFilter]| filters.iter().map(|f| Self::new(f, seen)).collect();
        let value = |name: &str, test: &dyn Fn(Syntax) -> Test| {
            if schema::is_known(name) || seen(name) {
                Self::Value(schema::canonical(name), test(schema::syntax(name)))
            } else {
                Self::Undefined
            }
        };
        let normal = |syntax: Syntax, value: &str| syntax.normal(&sent(value)).into_owned();
        match filter {
            LdapFilter::And(filters) => Self::And(all(filters)),
            LdapFilter::Or(filters) => Self::Or(all(filters)),
            LdapFilter::Not(filter) => Self::Not(Box::new(Self::new(filter, seen))),
            LdapFilter::Present(name) if schema::is_known(name) || seen(name) => {
                Self::Present(schema::canonical(name))
            }
            LdapFilter::Present(_) => Self::Undefined,
            LdapFilter::Equality(name, v) if is_category(name) && !v.contains('=') => {
                let category = format!("cn={v},cn=Schema,cn=Configuration,{SUFFIX}");
                value(name, &|s| Test::Equal(s, normal(s, &category)))
            }
            LdapFilter::Equality(name, v) => value(name, &|s| Test::Equal(s, normal(s, v))),
            LdapFilter::GreaterOrEqual(name, v) => value(name, &|s| Test::AtLeast(s, normal(s, v))),
            LdapFilter::LessOrEqual(name, v) => value(name, &|s| Test::AtMost(s, normal(s, v))),
            LdapFilter::Approx(name, v) => {
                value(name, &|_| Test::Approximate(essence(v.as_bytes())))
            }
            LdapFilter::Substring(name, parts) => value(name, &|syntax| {
                let part = |text: &Option<String>| {
                    text.as_deref().map_or(Vec::new(), |t| piece(syntax, t))
                };
                Test::Parts {
                    syntax,
                    initial: part(&parts.initial),
                    any: parts.any.iter().map(|text| piece(syntax, text)).collect(),
                    last: part(&parts.final_),
                }
            }),
            LdapFilter::Extensible(assertion) => Self::extensible(assertion),
        }
    }

    fn extensible(assertion: &LdapMatchingRuleAssertion) -> Self {
        let LdapMatchingRuleAssertion {
            matching_rule,
            type_,
            match_value,
            dn_attributes,
        } = assertion;
        let bits = schema::integer(match_value.as_bytes());
        let named = type_.as_deref().map(schema::canonical);
        let (syntax, test) = match (matching_rule.as_deref(), bits) {
            (Some(BIT_AND), Some(bits)) => (Syntax::Integer, Test::AllBits(bits)),
            (Some(BIT_OR), Some(bits)) => (Syntax::Integer, Test::AnyBit(bits)),
            (rule, _) => {
                let syntax = match (rule, &named) {
                    (Some(rule), _) => schema::rule(rule),
                    (None, Some(name)) => Some(schema::syntax(name)),
                    (None, None) => None,
                };
                let Some(syntax) = syntax else {
                    return Self::Undefined;
                };
                let value = syntax.normal(match_value.as_bytes()).into_owned();
                (syntax, Test::Equal(syntax, value))
            }
        };
        let of_attributes = match &named {
            Some(name) => Self::Value(name.clone(), test.clone()),
            None => Self::Any(syntax, test.clone()),
        };
        if *dn_attributes {
            Self::Name(Box::new(of_attributes), named, test)
        } else {
            of_attributes
        }
    }

    /// Whether it is true of an entry. A filter that is undefined is not.
    pub(super) fn matches(&self, entry: &Entry) -> bool {
        self.evaluate(entry) == Some(true)
    }

    fn evaluate(&self, entry: &Entry) -> Option<bool> {
        match self {
            Self::And(filters) => filters.iter().try_fold_three(entry, false),
            Self::Or(filters) => filters.iter().try_fold_three(entry, true),
            Self::Not(filter) => filter.evaluate(entry).map(|truth| !truth),
            Self::Present(name) => {
                Some(is_computed(name) || entry.attributes.iter().any(|a| describes(name, &a.name)))
            }
            Self::Value(name, test) if *name == "entryDN" => Some(test.holds(entry.dn.as_bytes())),
            Self::Value(name, test) => Some(
                entry
                    .attributes
                    .iter()
                    .filter(|a| describes(name, &a.name))
                    .any(|a| a.values.iter().any(|v| test.holds(v))),
            ),
            Self::Any(syntax, test) => Some(
                entry
                    .attributes
                    .iter()
                    .filter(|a| *syntax == Syntax::Integer || schema::syntax(&a.name) == *syntax)
                    .any(|a| a.values.iter().any(|v| test.holds(v))),
            ),
            Self::Name(of_attributes, named, test) => {
                if of_attributes.evaluate(entry) == Some(true) {
                    return Some(true);
                }
                let dn = Dn::parse(&entry.dn).ok()?;
                Some(dn.rdns.iter().flatten().any(|ava| {
                    let name = schema::canonical(&ava.attribute);
                    named.as_ref().is_none_or(|named| describes(named, &name))
                        && test.holds(&ava.value)
                }))
            }
            Self::Undefined => None,
        }
    }
}

/// `and` and `or` over three values: one decisive operand decides; without one, an undefined operand makes it undefined.
trait ThreeValued<'a>: Iterator<Item = &'a Filter> + Sized {
    fn try_fold_three(self, entry: &Entry, decisive: bool) -> Option<bool> {
        let mut result = Some(!decisive);
        for filter in self {
            match filter.evaluate(entry) {
                Some(truth) if truth == decisive => return Some(decisive),
                Some(_) => {}
                None => result = None,
            }
        }
        result
    }
}

impl<'a, I: Iterator<Item = &'a Filter>> ThreeValued<'a> for I {}

/// Whether an attribute of an entry is what was asked for: the same, or the same with more options.
pub(super) fn describes(wanted: &str, stored: &str) -> bool {
    match stored.get(..wanted.len()) {
        Some(start) if start.eq_ignore_ascii_case(wanted) => {
            matches!(stored.as_bytes().get(wanted.len()), None | Some(b';'))
        }
        _ => false,
    }
}

/// Active Directory lets a class's short name stand for the name of its category.
fn is_category(name: &str) -> bool {
    name.eq_ignore_ascii_case("objectCategory")
}

/// Attributes that every entry has without storing them.
fn is_computed(name: &str) -> bool {
    [
        "entryDN",
        "hasSubordinates",
        "subschemaSubentry",
        "creatorsName",
        "modifiersName",
        "entryCSN",
    ]
    .iter()
    .any(|computed| computed.eq_ignore_ascii_case(name))
}

impl Test {
    fn holds(&self, value: &[u8]) -> bool {
        match self {
            Self::Equal(syntax, wanted) => {
                (*syntax == Syntax::Words && value.eq_ignore_ascii_case(wanted))
                    || *syntax.normal(value) == **wanted
            }
            Self::AtLeast(syntax, wanted) => syntax.order(&syntax.normal(value), wanted).is_ge(),
            Self::AtMost(syntax, wanted) => syntax.order(&syntax.normal(value), wanted).is_le(),
            Self::Approximate(wanted) => essence(value) == *wanted,
            Self::Parts {
                syntax,
                initial,
                any,
                last,
            } => parts_hold(&syntax.normal(value), initial, any, last),
            Self::AllBits(bits) => {
                schema::integer(value).is_some_and(|value| value & bits == *bits)
            }
            Self::AnyBit(bits) => schema::integer(value).is_some_and(|value| value & bits != 0),
        }
    }
}

fn parts_hold(value: &[u8], initial: &[u8], any: &[Vec<u8>], last: &[u8]) -> bool {
    let Some(mut rest) = value.strip_prefix(initial) else {
        return false;
    };
    for part in any.iter().filter(|part| !part.is_empty()) {
        match rest
            .windows(part.len())
            .position(|window| window == part.as_slice())
        {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A part of a substring assertion in normal form: spaces at its ends count, for they stand inside the value.
fn piece(syntax: Syntax, text: &str) -> Vec<u8> {
    let normal = syntax.normal(text.as_bytes());
    let keeps_spaces = matches!(syntax, Syntax::Words | Syntax::ExactWords);
    if !keeps_spaces || text.trim_matches(' ').is_empty() {
        return normal.into_owned();
    }
    let space = |there: bool| if there { &b" "[..] } else { b"" };
    [
        space(text.starts_with(' ')),
        &normal,
        space(text.ends_with(' ')),
    ]
    .concat()
}

/// Letters and digits only, in lower case: what "about the same" compares.
fn essence(value: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(value)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .into_bytes()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use ldap3_proto::parse_ldap_filter_str;

    use super::*;

    fn anna() -> Entry {
        Entry::new("uid=anna1,ou=People,dc=example,dc=org")
            .with("objectClass", "inetOrgPerson")
            .with("cn", "Anna Maria Kowalska")
            .with("cn;lang-de", "Anna K")
            .with("uid", "anna1")
            .with("manager", "cn=Boss\\,The,dc=example")
            .with("modifyTimestamp", "20240102030405Z")
            .with("telephoneNumber", "+49 30-5550")
            .with("uidNumber", "514")
    }

    fn matches(filter: &str) -> bool {
        let parsed = parse_ldap_filter_str(filter).unwrap();
        Filter::new(&parsed, &|name| name == "uidNumber").matches(&anna())
    }

    #[test]
    fn filters_that_are_true_match() {
        for filter in [
            "(objectClass=INETORGPERSON)",
            "(commonName=anna*kowal*)",
            "(cn=*maria*)",
            "(cn~=anna-k)",
            "(&(uid=anna1)(!(uid=anna2)))",
            "(|(uid=nobody)(cn=*))",
            "(modifyTimestamp>=20240101000000Z)",
            "(modifyTimestamp<=20240102030405Z)",
            "(telephoneNumber=+49305550)",
            "(uidNumber:1.2.840.113556.1.4.803:=514)",
            "(uidNumber:1.2.840.113556.1.4.804:=3)",
            "(uid:2.5.13.5:=anna1)",
            "(ou:dn:=people)",
        ] {
            assert!(matches(filter), "{filter}");
        }
    }

    #[test]
    fn names_are_compared_as_names() {
        let equal = |name: &str, dn: &str| {
            let filter = LdapFilter::Equality(name.to_owned(), dn.to_owned());
            Filter::new(&filter, &|_| false).matches(&anna())
        };
        assert!(equal("manager", "CN=boss\\2cthe, DC=example"));
        assert!(!equal("manager", "CN=boss,DC=example"));
        assert!(equal("entryDN", "UID=ANNA1,ou=people,dc=example,dc=org"));
        assert!(!equal("entryDN", "ou=people,dc=example,dc=org"));
    }

    #[test]
    fn filters_that_are_false_do_not_match() {
        for filter in [
            "(objectClass=person)",
            "(cn=kowal*)",
            "(cn=*maria*anna*)",
            "(!(uid=anna1))",
            "(&(uid=anna1)(uid=anna2))",
            "(modifyTimestamp>=20240103000000Z)",
            "(uidNumber:1.2.840.113556.1.4.803:=1)",
            "(uid:2.5.13.5:=ANNA1)",
            "(ou:=people)",
            "(jpegPhoto=*)",
        ] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn what_is_undefined_matches_neither_way() {
        assert!(!matches("(shoeSize=44)"));
        assert!(!matches("(!(shoeSize=44))"));
        assert!(!matches("(uid:1.2.3.4:=anna1)"));
        assert!(matches("(|(shoeSize=44)(uid=anna1))"));
    }

    #[test]
    fn without_operands_and_is_true_and_or_is_false() {
        assert!(Filter::And(Vec::new()).matches(&anna()));
        assert!(!Filter::Or(Vec::new()).matches(&anna()));
    }
}
