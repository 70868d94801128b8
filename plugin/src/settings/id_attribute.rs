//! The attribute by which people are known.

use crate::problem::Problem;
use crate::profile::Ids;

use super::parse::Reader;

const KEY: &str = "id-attribute";

/// The setting; empty where the profile says it. Adds `bad-attribute` where it is no name of an attribute.
pub(super) fn read(reader: &mut Reader) -> String {
    let name = reader.text(KEY);
    let word = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // RFC 4512 section 1.4: a descr begins with a letter.
    let described = name.starts_with(|first: char| first.is_ascii_alphabetic()) && word(&name);
    if !name.is_empty() && !described {
        reader.problems.push(
            Problem::new(
                "bad-attribute",
                "the id attribute is no name of an attribute",
                "Enter one name, for example entryUUID or employeeNumber, without options.",
            )
            .of_field(KEY),
        );
    }
    name
}

/// An attribute that people fill in may be given to somebody else.
pub(crate) fn warning(name: &str) -> Option<Problem> {
    (!name.is_empty() && !Ids::keeps(name)).then(|| {
        Problem::new(
            "id-reusable",
            format!("nothing keeps {name} from changing or from being given to somebody else"),
            "Choose it only if every value belongs to one person for ever: whoever gets it later gets that person's \
             place in the portal.",
        )
        .of_field(KEY)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::parse::parse;
    use super::*;
    use crate::ports::portal::Role;

    /// What is wrong with an id attribute, or warned of.
    fn codes(name: &str) -> (Vec<&'static str>, Vec<&'static str>) {
        let settings = [("url", "h"), ("base-dn", "dc=x"), (KEY, name)];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let codes = |problems: Vec<Problem>| problems.into_iter().map(|one| one.code).collect();
        let role = Role {
            id: "requester".into(),
            label: String::new(),
        };
        match parse(&settings, &[role]) {
            Ok(parsed) => {
                assert_eq!(parsed.settings.id_attribute, name.trim());
                (Vec::new(), codes(parsed.warnings))
            }
            Err(problems) => (codes(problems), Vec::new()),
        }
    }

    #[test]
    fn an_attribute_that_keeps_its_values_by_itself_is_taken_without_a_warning() {
        for name in ["", "entryUUID", "OBJECTGUID", " nsUniqueId ", "ipaUniqueID"] {
            let told = codes(name);
            assert!(!told.1.contains(&"id-reusable"), "{name}");
            assert!(!told.0.contains(&"bad-attribute"), "{name}");
        }
    }

    #[test]
    fn an_attribute_that_somebody_fills_in_is_warned_of() {
        for name in ["employeeNumber", "uid", "x-number2"] {
            assert!(codes(name).1.contains(&"id-reusable"), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_of_one_attribute_is_refused() {
        for name in ["employee number", "uid,mail", "2name", "cn;lang-de", "ü"] {
            assert!(codes(name).0.contains(&"bad-attribute"), "{name}");
        }
    }

    #[test]
    fn a_warning_is_of_the_setting() {
        assert_eq!(warning("uid").unwrap().field.as_deref(), Some(KEY));
    }
}
