//! Filters from the contract's prefix list to the text that the LDAP library takes (RFC 4515).

use super::attributes::is_description;
use crate::Problem;
use crate::contract::ldap::FilterNode;

/// The deepest nesting accepted.
const MAX_DEPTH: usize = 48;
/// The most nodes accepted.
const MAX_NODES: usize = 20_000;

/// Writes a filter.
///
/// # Errors
/// `bad-request` where the nodes are not one tree, nest too deeply, or name what cannot be an attribute.
pub(super) fn write(nodes: &[FilterNode]) -> Result<String, Problem> {
    if nodes.len() > MAX_NODES {
        return Err(bad(format!(
            "the filter has {} parts, over {MAX_NODES}",
            nodes.len()
        )));
    }
    let mut out = String::new();
    // How many operands each open node still wants.
    let mut open: Vec<u32> = Vec::new();
    let mut complete = false;
    for node in nodes {
        if complete {
            return Err(bad("the filter goes on after its end".to_owned()));
        }
        out.push('(');
        let operands = match node {
            FilterNode::And(operands) => {
                out.push('&');
                *operands
            }
            FilterNode::Or(operands) => {
                out.push('|');
                *operands
            }
            FilterNode::Not => {
                out.push('!');
                1
            }
            item => {
                write_item(&mut out, item)?;
                0
            }
        };
        if operands > 0 {
            if open.len() == MAX_DEPTH {
                return Err(bad(format!("the filter nests more than {MAX_DEPTH} deep")));
            }
            open.push(operands);
            continue;
        }
        out.push(')');
        loop {
            match open.last_mut() {
                None => complete = true,
                Some(left) if *left > 1 => *left -= 1,
                Some(_) => {
                    open.pop();
                    out.push(')');
                    continue;
                }
            }
            break;
        }
    }
    if complete {
        Ok(out)
    } else {
        Err(bad("the filter ends early".to_owned()))
    }
}

fn write_item(out: &mut String, node: &FilterNode) -> Result<(), Problem> {
    match node {
        FilterNode::Equal(item) => {
            attribute(out, &item.attribute)?;
            out.push('=');
            value(out, &item.value);
        }
        FilterNode::GreaterOrEqual(item) => {
            attribute(out, &item.attribute)?;
            out.push_str(">=");
            value(out, &item.value);
        }
        FilterNode::LessOrEqual(item) => {
            attribute(out, &item.attribute)?;
            out.push_str("<=");
            value(out, &item.value);
        }
        FilterNode::Approximate(item) => {
            attribute(out, &item.attribute)?;
            out.push_str("~=");
            value(out, &item.value);
        }
        FilterNode::Present(name) => {
            attribute(out, name)?;
            out.push_str("=*");
        }
        FilterNode::Substrings(item) => {
            let parts = item.initial.iter().chain(&item.any).chain(&item.final_);
            if parts.clone().next().is_none() || parts.clone().any(Vec::is_empty) {
                return Err(bad("a substring filter with an empty part".to_owned()));
            }
            attribute(out, &item.attribute)?;
            out.push('=');
            value(out, item.initial.as_deref().unwrap_or_default());
            out.push('*');
            for part in &item.any {
                value(out, part);
                out.push('*');
            }
            value(out, item.final_.as_deref().unwrap_or_default());
        }
        FilterNode::Extensible(item) => {
            if item.attribute.is_none() && item.rule.is_none() {
                return Err(bad(
                    "an extensible filter without attribute and rule".to_owned()
                ));
            }
            if let Some(name) = &item.attribute {
                attribute(out, name)?;
            }
            if item.dn_attributes {
                out.push_str(":dn");
            }
            if let Some(rule) = &item.rule {
                out.push(':');
                attribute(out, rule)?;
            }
            out.push_str(":=");
            value(out, &item.value);
        }
        FilterNode::And(_) | FilterNode::Or(_) | FilterNode::Not => {}
    }
    Ok(())
}

fn attribute(out: &mut String, name: &str) -> Result<(), Problem> {
    if !is_description(name) {
        return Err(bad(format!("{name:?} cannot be an attribute's name")));
    }
    out.push_str(name);
    Ok(())
}

/// Every octet that is not a letter, a digit or harmless is written as `\xx`, so that nothing of a value is syntax.
fn value(out: &mut String, octets: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for octet in octets {
        if octet.is_ascii_alphanumeric() || b"-_.@ ,=/+:".contains(octet) {
            out.push(char::from(*octet));
        } else {
            out.push('\\');
            out.push(char::from(HEX[usize::from(octet >> 4)]));
            out.push(char::from(HEX[usize::from(octet & 15)]));
        }
    }
}

fn bad(message: String) -> Problem {
    Problem::new("bad-request", message, "Correct the search request.")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::contract::ldap::{Assertion, Extensible, Substrings};

    fn equal(attribute: &str, value: &[u8]) -> FilterNode {
        FilterNode::Equal(Assertion {
            attribute: attribute.to_owned(),
            value: value.to_vec(),
        })
    }

    #[test]
    fn a_tree_is_written_as_text_that_the_library_parses() {
        let nodes = [
            FilterNode::And(3),
            FilterNode::Or(2),
            equal("cn", b"a"),
            FilterNode::Not,
            FilterNode::Present("mail".to_owned()),
            FilterNode::And(0),
            FilterNode::Substrings(Substrings {
                attribute: "sn".to_owned(),
                initial: Some(b"x".to_vec()),
                any: vec![b"y".to_vec()],
                final_: None,
            }),
        ];
        let text = write(&nodes).unwrap();
        assert_eq!(text, "(&(|(cn=a)(!(mail=*)))(&)(sn=x*y*))");
        assert!(ldap3::parse_filter(&text).is_ok());
    }

    #[test]
    fn values_cannot_become_syntax() {
        let text = write(&[equal("cn", b"*)(uid=*\\\0\xff")]).unwrap();
        assert_eq!(text, "(cn=\\2a\\29\\28uid=\\2a\\5c\\00\\ff)");
        assert!(ldap3::parse_filter(&text).is_ok());
    }

    #[test]
    fn what_is_not_one_tree_is_refused() {
        for nodes in [
            vec![],
            vec![FilterNode::And(2), equal("cn", b"a")],
            vec![FilterNode::Not],
            vec![equal("cn", b"a"), equal("cn", b"b")],
            vec![FilterNode::Not; 60],
        ] {
            assert_eq!(write(&nodes).unwrap_err().code, "bad-request");
        }
    }

    #[test]
    fn names_that_are_syntax_are_refused() {
        for name in ["", "cn=*)(uid", "c n", "1x", "cn;", "ä"] {
            assert!(write(&[equal(name, b"a")]).is_err(), "{name}");
        }
        assert!(write(&[equal("cn;lang-de", b"a")]).is_ok());
        assert!(write(&[equal("2.5.4.3", b"a")]).is_ok());
    }

    #[test]
    fn extensible_matches_keep_their_rule() {
        let node = FilterNode::Extensible(Extensible {
            attribute: Some("userAccountControl".to_owned()),
            rule: Some("1.2.840.113556.1.4.803".to_owned()),
            value: b"2".to_vec(),
            dn_attributes: false,
        });
        let text = write(&[node]).unwrap();
        assert_eq!(text, "(userAccountControl:1.2.840.113556.1.4.803:=2)");
        assert!(ldap3::parse_filter(&text).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn any_value_survives_the_library(value in proptest::collection::vec(proptest::num::u8::ANY, 0..40)) {
            let text = write(&[equal("cn", &value)]).unwrap();
            proptest::prop_assert!(ldap3::parse_filter(&text).is_ok());
        }
    }
}
