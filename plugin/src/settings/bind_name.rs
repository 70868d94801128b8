//! What kind of name a bind name is. A DN is what RFC 4511 section 4.2 asks for; Active Directory and Samba take a user
//! principal name (`reader@example.com`) and a down-level name (`EXAMPLE\reader`) as well.

use crate::dn::Dn;
use crate::problem::Problem;

/// The kinds that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A distinguished name (RFC 4514).
    Dn,
    /// `user@realm`.
    PrincipalName,
    /// `DOMAIN\user`.
    DownLevel,
    /// None of them; a directory may know it all the same.
    Other,
}

/// Tells the kind of a bind name, without white space around it.
///
/// # Errors
/// `bad-dn` for what begins like a DN and is none, with the position; `bad-bind-name` for control characters, which no such
/// name has, but which a backslash in a settings file makes.
pub fn kind(name: &str) -> Result<Kind, Problem> {
    let dn = Dn::parse(name);
    if dn.is_ok() {
        return Ok(Kind::Dn);
    }
    if let Some(at) = name.find(char::is_control) {
        return Err(Problem::new(
            "bad-bind-name",
            "the bind name holds a control character, as a backslash in double quotes makes it",
            "In a settings file, write the name in single quotes: bind-name = 'DOMAIN\\user'.",
        )
        .at(at));
    }
    if principal(name) {
        return Ok(Kind::PrincipalName);
    }
    if down_level(name) {
        return Ok(Kind::DownLevel);
    }
    match dn {
        Err(problem) if begins_like_a_dn(name) => Err(problem),
        _ => Ok(Kind::Other),
    }
}

/// Warns of a name that is of no known kind.
#[must_use]
pub fn unusual(name: &str) -> Problem {
    let remedy = if name.contains(['\\', '@', '=']) {
        "Write it as a DN (cn=reader,dc=example,dc=com), or for Active Directory as reader@example.com or EXAMPLE\\reader."
    } else {
        "A login name alone is no name for a bind: write the account's DN (cn=reader,dc=example,dc=com), or for Active \
         Directory reader@example.com or EXAMPLE\\reader."
    };
    Problem::new(
        "unusual-bind-name",
        "the bind name is no DN, no user@realm and no DOMAIN\\user; few directories take another",
        remedy,
    )
    .of_field("bind-name")
}

fn principal(name: &str) -> bool {
    name.split_once('@').is_some_and(|(user, realm)| {
        let label = |label: &str| {
            !label.is_empty()
                && label
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        };
        !user.is_empty()
            && user == user.trim_end()
            && !user.contains(['\\', '/', ',', '"'])
            && realm.split('.').all(label)
    })
}

fn down_level(name: &str) -> bool {
    name.split_once('\\').is_some_and(|(domain, user)| {
        // What a sAMAccountName may not hold ([MS-SAMR] section 3.1.1.6).
        let forbidden = [
            '"', '/', '\\', '[', ']', ':', '|', '<', '>', '+', '=', ';', '?', ',', '*', '@',
        ];
        let usual =
            |part: &str| !part.is_empty() && part == part.trim() && !part.contains(forbidden);
        usual(domain) && !domain.contains(' ') && usual(user)
    })
}

/// An attribute's name or number and an equals sign.
fn begins_like_a_dn(name: &str) -> bool {
    name.split_once('=').is_some_and(|(attribute, _)| {
        let attribute = attribute.trim();
        !attribute.is_empty()
            && attribute
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_kinds_of_names_are_told_apart() {
        for (name, expected) in [
            ("cn=reader,dc=example,dc=com", Kind::Dn),
            ("CN=Reader\\, Sales,OU=Services,DC=example,DC=com", Kind::Dn),
            ("uid=reader@example.com,dc=example,dc=com", Kind::Dn),
            ("reader@example.com", Kind::PrincipalName),
            ("svc-rollcall@EXAMPLE", Kind::PrincipalName),
            ("a=b@example.com", Kind::Dn),
            ("EXAMPLE\\reader", Kind::DownLevel),
            ("example.com\\Reader One", Kind::DownLevel),
        ] {
            assert_eq!(kind(name).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn what_is_none_of_them_is_another_kind_of_name() {
        for name in [
            "reader",
            "Reader One",
            "@example.com",
            "reader@",
            "reader@example..com",
            "reader@example com",
            "\\reader",
            "EXAMPLE\\",
            "EXAMPLE\\a\\b",
            "EXAMPLE/reader",
            "{8b2b4a52-0000-4000-8000-000000000000}",
        ] {
            assert_eq!(kind(name).unwrap(), Kind::Other, "{name}");
            assert_eq!(unusual(name).code, "unusual-bind-name");
        }
    }

    #[test]
    fn a_dn_with_an_error_is_told_as_one_with_its_place() {
        for (name, at) in [
            ("cn=reader,dc=example,", 21),
            ("cn=reader,ou", 10),
            ("cn=reader;dc=example", 9),
            ("2.5.4.3=reader,\"x\"", 15),
        ] {
            let problem = kind(name).unwrap_err();
            assert_eq!(
                (problem.code, problem.position),
                ("bad-dn", Some(at)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_backslash_that_became_a_control_character_is_told() {
        // As double quotes in TOML read EXAMPLE\reader and EXAMPLE\tom.
        for name in ["EXAMPLE\reader", "EXAMPLE\tom"] {
            let problem = kind(name).unwrap_err();
            assert_eq!((problem.code, problem.position), ("bad-bind-name", Some(7)));
            assert!(problem.remedy.contains("single quotes"));
        }
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic_and_positions_lie_inside(name in "\\PC{0,40}") {
            if let Err(problem) = kind(&name) {
                prop_assert!(problem.position.is_some_and(|at| at as usize <= name.len()));
            }
        }
    }
}
