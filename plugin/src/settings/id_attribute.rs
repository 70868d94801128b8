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
