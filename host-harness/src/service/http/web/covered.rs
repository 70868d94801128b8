//! What a rule comes to over a sample, in words.

use std::collections::BTreeMap;

use super::words::number;
use crate::contract::hooks::mapping::Rule;
use crate::contract::people::Coverage;
use crate::tenant::{Hook, Tenant};

/// What one rule comes to.
pub(super) struct Covered {
    pub(super) words: String,
    /// How many it fails for, in words; empty for none.
    pub(super) fail: String,
    /// One of them, and the problem's code, for whoever may see people.
    pub(super) example: Option<(String, String)>,
}

/// What rules come to, by the portal's field; nothing where there are none to count, or it cannot be told.
pub(super) async fn count(
    tenant: &Tenant,
    rules: &[Rule],
    reads: bool,
) -> (BTreeMap<String, Covered>, bool) {
    if rules.is_empty() {
        return (BTreeMap::new(), false);
    }
    let counted: Hook<Coverage> = tenant.coverage(rules.to_vec()).await;
    match counted {
        Ok(coverage) => (told(coverage, reads), false),
        Err(refused) => (BTreeMap::new(), refused.code() == "plugin-older"),
    }
}

fn told(coverage: Coverage, reads: bool) -> BTreeMap<String, Covered> {
    let sampled = number(u64::from(coverage.sampled));
    let fields = coverage.fields.into_iter();
    let words = |field: crate::contract::people::Covered| {
        let have = if field.valued == 1 { "has" } else { "have" };
        let fail = if field.failing == 1 { "fails" } else { "fail" };
        let covered = Covered {
            words: format!(
                "{} of {sampled} {have} a value",
                number(u64::from(field.valued))
            ),
            fail: match field.failing {
                0 => String::new(),
                failing => format!("{} {fail}", number(u64::from(failing))),
            },
            example: field
                .examples
                .into_iter()
                .next()
                .filter(|_| reads)
                .map(|one| (one.dn, one.code)),
        };
        (field.field, covered)
    };
    fields.map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::people::{Covered as Field, Failing};

    fn coverage(valued: u32, empty: u32, failing: u32) -> Coverage {
        let example = Failing {
            dn: "uid=a".into(),
            code: "bad-value".into(),
        };
        Coverage {
            sampled: valued + empty + failing,
            fields: vec![Field {
                field: "email".into(),
                valued,
                empty,
                failing,
                examples: (0..failing.min(5)).map(|_| example.clone()).collect(),
            }],
        }
    }

    #[test]
    fn counts_read_as_a_sentence_and_who_fails_is_shown_to_whoever_may_see_people() {
        let covered = &told(coverage(197, 1, 2), true)["email"];
        assert_eq!(
            (covered.words.as_str(), covered.fail.as_str()),
            ("197 of 200 have a value", "2 fail")
        );
        assert_eq!(covered.example, Some(("uid=a".into(), "bad-value".into())));
        let hidden = &told(coverage(197, 1, 2), false)["email"];
        assert_eq!((hidden.fail.as_str(), &hidden.example), ("2 fail", &None));
        let sound = &told(coverage(1, 3, 0), true)["email"];
        assert_eq!(
            (sound.words.as_str(), sound.fail.as_str()),
            ("1 of 4 has a value", "")
        );
        assert_eq!(told(coverage(0, 0, 1), true)["email"].fail, "1 fails");
    }
}
