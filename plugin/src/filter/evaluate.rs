//! Filters evaluated on an entry (RFC 4511 section 4.5.1.7).

use super::Filter;
use super::compare::{BIT_AND, BIT_OR, Matcher};
use crate::attribute::AttributeSet;
use crate::dn::Dn;
use crate::entry::Entry;

impl Filter {
    /// The filter is *true* for the entry. Attributes that were not asked for are undefined, and so is
    /// what follows from them alone: neither they nor their negation match.
    #[must_use]
    pub fn matches(&self, entry: &Entry<'_>, attributes: &AttributeSet) -> bool {
        self.evaluate(entry, attributes) == Some(true)
    }

    /// *True*, *false*, or undefined (`None`).
    ///
    /// Without a schema, text is compared without regard to case and to the amount of white space, DNs as
    /// DNs where the attribute is known to hold them, numbers as numbers, all else byte by byte.
    #[must_use]
    pub fn evaluate(&self, entry: &Entry<'_>, attributes: &AttributeSet) -> Option<bool> {
        self.decide(&mut |assertion| {
            let attribute = assertion.attribute()?;
            let position = attributes.position(attribute);
            let held = position.and_then(|position| assertion.holds(entry.values(position)));
            if held == Some(true) || !assertion.is_about_name() {
                return held;
            }
            // The values in the entry's name count as well (RFC 4511 section 4.5.1.7.7).
            let dn = std::str::from_utf8(entry.dn()).ok()?;
            let dn = Dn::parse(dn).ok()?;
            let values: Vec<_> = dn.values_of(attribute).collect();
            let named = assertion.holds(values.iter().map(|value| value.as_bytes()))?;
            if named { Some(true) } else { held }
        })
    }

    /// Combines what `oracle` says about each assertion, in Kleene's three values.
    pub(super) fn decide(&self, oracle: &mut dyn FnMut(&Filter) -> Option<bool>) -> Option<bool> {
        match self {
            Self::And(operands) => {
                let mut result = Some(true);
                for operand in operands {
                    match operand.decide(oracle) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => result = None,
                    }
                }
                result
            }
            Self::Or(operands) => {
                let mut result = Some(false);
                for operand in operands {
                    match operand.decide(oracle) {
                        Some(false) => {}
                        Some(true) => return Some(true),
                        None => result = None,
                    }
                }
                result
            }
            Self::Not(operand) => operand.decide(oracle).map(|held| !held),
            assertion => oracle(assertion),
        }
    }

    /// Whether an assertion holds for an attribute with these values.
    pub(super) fn holds<'v>(&self, values: impl Iterator<Item = &'v [u8]>) -> Option<bool> {
        let mut values = values.peekable();
        match self {
            Self::And(_) | Self::Or(_) | Self::Not(_) => None,
            Self::Present(_) => Some(values.peek().is_some()),
            // Nothing to prepare for: the usual case for an attribute that marks the few.
            Self::Equal(..) | Self::Substrings { .. } if values.peek().is_none() => Some(false),
            Self::Equal(attribute, wanted) | Self::Approximate(attribute, wanted) => {
                let matcher = Matcher::new(attribute, wanted);
                let held = values.any(|value| matcher.equals(value));
                // A class's short name stands for the name of whatever category it has: only the server knows.
                let short =
                    attribute.eq_ignore_ascii_case("objectCategory") && !wanted.contains(&b'=');
                (held || !short).then_some(held)
            }
            Self::GreaterOrEqual(attribute, wanted) => {
                let matcher = Matcher::new(attribute, wanted);
                Some(values.any(|value| matcher.order(value).is_some_and(|order| order.is_ge())))
            }
            Self::LessOrEqual(attribute, wanted) => {
                let matcher = Matcher::new(attribute, wanted);
                Some(values.any(|value| matcher.order(value).is_some_and(|order| order.is_le())))
            }
            Self::Substrings {
                initial, any, last, ..
            } => {
                let parts = super::compare::Parts::new(initial.as_deref(), any, last.as_deref());
                Some(values.any(|value| parts.match_in(value)))
            }
            Self::Extensible {
                attribute,
                rule,
                value: wanted,
                ..
            } => match rule.as_deref() {
                Some(BIT_AND) => bits(values, wanted, |value, mask| value & mask == mask),
                Some(BIT_OR) => bits(values, wanted, |value, mask| value & mask != 0),
                Some(rule) if rule.eq_ignore_ascii_case("caseExactMatch") || rule == "2.5.13.5" => {
                    Some(values.any(|value| value == wanted))
                }
                Some(rule)
                    if rule.eq_ignore_ascii_case("caseIgnoreMatch") || rule == "2.5.13.2" =>
                {
                    let matcher = Matcher::new("", wanted);
                    Some(values.any(|value| matcher.equals(value)))
                }
                // Another rule may mean anything: only the server knows.
                Some(_) => None,
                None => {
                    let matcher = Matcher::new(attribute.as_deref()?, wanted);
                    Some(values.any(|value| matcher.equals(value)))
                }
            },
        }
    }
}

fn bits<'v>(
    mut values: impl Iterator<Item = &'v [u8]>,
    mask: &[u8],
    test: fn(i64, i64) -> bool,
) -> Option<bool> {
    let mask = crate::decode::integer(mask).ok()?;
    Some(values.any(|value| crate::decode::integer(value).is_ok_and(|value| test(value, mask))))
}
