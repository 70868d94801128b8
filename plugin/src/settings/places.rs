//! Where the people are: the bases, how deep below them, and the subtrees that are left out.

use crate::dn::Dn;
use crate::ports::directory::Scope;
use crate::problem::Problem;

/// The setting that holds the bases.
pub(super) const BASES: &str = "base-dn";
/// The setting that holds the subtrees that are left out.
pub(super) const EXCLUDED: &str = "excluded-subtrees";

/// Bases that do not overlap, and what is left out below them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    bases: Vec<Named>,
    scope: Scope,
    excluded: Vec<Named>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where<'a> {
    /// A sync looks there.
    Inside {
        /// The base, as written.
        base: &'a str,
    },
    /// Below none of the bases.
    Elsewhere,
    /// Below a base, but not its direct child, and the scope takes no others.
    TooDeep,
    /// In a subtree that is left out.
    Excluded {
        /// The subtree, as written.
        subtree: &'a str,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    text: String,
    dn: Dn,
}

impl Places {
    /// Reads both settings, a DN a line. A base below another one is left out, so that nobody is read twice.
    ///
    /// # Errors
    /// `bad-dn`, each at its place, and `bad-exclusion` for what leaves out a whole base; with the setting it is of.
    pub(crate) fn read(
        bases: &str,
        excluded: &str,
        scope: Scope,
    ) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let (named, mut problems) = lines(bases, BASES);
        let (excluded, bad) = lines(excluded, EXCLUDED);
        problems.extend(bad);
        let mut warnings = Vec::new();
        let mut bases: Vec<Named> = Vec::new();
        for (place, base) in named.iter().enumerate() {
            let covers = |other: &Named| match scope {
                Scope::Subtree => base.dn.is_below(&other.dn),
                _ => base.dn == other.dn,
            };
            let earlier = named[..place].iter().find(|other| covers(other));
            let above = || {
                named[place + 1..]
                    .iter()
                    .find(|other| covers(other) && other.dn != base.dn)
            };
            match earlier.or_else(above) {
                Some(other) => warnings.push(overlapping(base, other)),
                None => bases.push(base.clone()),
            }
        }
        for subtree in &excluded {
            if let Some(base) = bases.iter().find(|base| base.dn.is_below(&subtree.dn)) {
                problems.push(leaves_nothing(subtree, base));
            } else if !bases.is_empty() && !bases.iter().any(|base| subtree.dn.is_below(&base.dn)) {
                warnings.push(leaves_everything(subtree));
            }
        }
        if problems.is_empty() {
            let places = Self {
                bases,
                scope,
                excluded,
            };
            Ok((places, warnings))
        } else {
            Err(problems)
        }
    }

    /// The bases as written. Empty only where a form without a base was allowed.
    pub fn bases(&self) -> impl ExactSizeIterator<Item = &str> {
        self.bases.iter().map(|base| base.text.as_str())
    }

    /// [`Scope::One`] or [`Scope::Subtree`], of every base.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Something is left out.
    #[must_use]
    pub fn has_exclusions(&self) -> bool {
        !self.excluded.is_empty()
    }

    /// The entry with this name is left out. A name that is none is not.
    #[must_use]
    pub fn exclude(&self, name: &[u8]) -> bool {
        self.has_exclusions()
            && std::str::from_utf8(name)
                .ok()
                .and_then(|name| Dn::parse(name).ok())
                .is_some_and(|name| self.subtree_of(&name).is_some())
    }

    /// Where an entry stands.
    #[must_use]
    pub fn locate(&self, name: &Dn) -> Where<'_> {
        if let Some(subtree) = self.subtree_of(name) {
            return Where::Excluded { subtree };
        }
        let below = |base: &&Named| name.is_below(&base.dn);
        let direct = |base: &&Named| {
            self.scope == Scope::Subtree || name.parent().as_ref() == Some(&base.dn)
        };
        match self.bases.iter().filter(below).find(direct) {
            Some(base) => Where::Inside { base: &base.text },
            None if self.bases.iter().any(|base| below(&base)) => Where::TooDeep,
            None => Where::Elsewhere,
        }
    }

    fn subtree_of(&self, name: &Dn) -> Option<&str> {
        self.excluded
            .iter()
            .find(|subtree| name.is_below(&subtree.dn))
            .map(|subtree| subtree.text.as_str())
    }
}

/// A DN a line; blank lines are passed over.
fn lines(text: &str, key: &str) -> (Vec<Named>, Vec<Problem>) {
    let (mut names, mut problems) = (Vec::new(), Vec::new());
    let mut start = 0;
    for line in text.split('\n') {
        let name = line.trim();
        let begins = start + line.len() - line.trim_start().len();
        start += line.len() + 1;
        if name.is_empty() {
            continue;
        }
        match Dn::parse(name) {
            Ok(dn) => names.push(Named {
                text: name.to_owned(),
                dn,
            }),
            Err(problem) => {
                let position = problem.position.map_or(0, |position| position as usize);
                problems.push(problem.of_field(key).at(begins + position));
            }
        }
    }
    (names, problems)
}

fn overlapping(base: &Named, other: &Named) -> Problem {
    Problem::new(
        "overlapping-bases",
        format!(
            "everybody below {} is below {} too, and read once",
            base.text, other.text
        ),
        "Remove one of the two bases.",
    )
    .of_field(BASES)
}

fn leaves_nothing(subtree: &Named, base: &Named) -> Problem {
    Problem::new(
        "bad-exclusion",
        format!(
            "leaving out {} leaves nobody below {}",
            subtree.text, base.text
        ),
        "Leave out subtrees below the bases, or remove the base.",
    )
    .of_field(EXCLUDED)
}

fn leaves_everything(subtree: &Named) -> Problem {
    Problem::new(
        "exclusion-elsewhere",
        format!(
            "{} is below none of the bases: leaving it out changes nothing",
            subtree.text
        ),
        "Correct it, or remove it.",
    )
    .of_field(EXCLUDED)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const SALES: &str = "ou=Sales,dc=x";
    const LABS: &str = "ou=Labs,dc=x";

    fn places(bases: &[&str], excluded: &[&str], scope: Scope) -> (Places, Vec<&'static str>) {
        let (places, warnings) =
            Places::read(&bases.join("\n"), &excluded.join("\n"), scope).unwrap();
        (
            places,
            warnings.iter().map(|warning| warning.code).collect(),
        )
    }

    fn located<'a>(places: &'a Places, name: &str) -> Where<'a> {
        places.locate(&Dn::parse(name).unwrap())
    }

    #[test]
    fn every_line_is_a_base() {
        let (places, warnings) = places(&[SALES, "", " ou=Labs,dc=x "], &[], Scope::Subtree);
        assert_eq!(places.bases().collect::<Vec<_>>(), [SALES, LABS]);
        assert_eq!(warnings, [""; 0]);
        assert_eq!(
            located(&places, "uid=a,ou=Deep,ou=labs,dc=x"),
            Where::Inside { base: LABS }
        );
        assert_eq!(located(&places, "uid=a,dc=x"), Where::Elsewhere);
    }

    #[test]
    fn a_base_within_another_counts_once() {
        for (bases, kept) in [
            ([SALES, "dc=x"], "dc=x"),
            (["dc=x", SALES], "dc=x"),
            ([SALES, "OU=sales, DC=X"], SALES),
        ] {
            let (places, warnings) = places(&bases, &[], Scope::Subtree);
            assert_eq!(places.bases().collect::<Vec<_>>(), [kept]);
            assert_eq!(warnings, ["overlapping-bases"]);
        }
    }

    #[test]
    fn direct_children_of_a_base_and_of_one_below_it_are_different_people() {
        let (places, warnings) = places(&["dc=x", SALES], &[], Scope::One);
        assert_eq!((places.bases().len(), warnings.len()), (2, 0));
        assert_eq!(
            located(&places, "uid=a,ou=Sales,dc=x"),
            Where::Inside { base: SALES }
        );
        assert_eq!(located(&places, "uid=a,ou=Labs,dc=x"), Where::TooDeep);
    }

    #[test]
    fn what_is_left_out_is_so_with_all_below_it_and_nothing_else() {
        let (places, _) = places(&["dc=x"], &[SALES], Scope::Subtree);
        assert!(places.exclude(b"uid=a,OU=sales,dc=x"));
        assert!(places.exclude(SALES.as_bytes()));
        assert_eq!(
            located(&places, "uid=a,ou=Sales,dc=x"),
            Where::Excluded { subtree: SALES }
        );
        for kept in [&b"uid=a,ou=Labs,dc=x"[..], b"dc=x", b"no name", b"\xff"] {
            assert!(!places.exclude(kept));
        }
    }

    #[test]
    fn leaving_out_a_base_is_refused_and_leaving_out_nobody_is_told() {
        for all in ["dc=x", SALES] {
            let problems = Places::read(SALES, all, Scope::Subtree).unwrap_err();
            assert_eq!(problems[0].code, "bad-exclusion");
            assert_eq!(problems[0].field.as_deref(), Some(EXCLUDED));
        }
        assert_eq!(
            places(&[SALES], &[LABS], Scope::Subtree).1,
            ["exclusion-elsewhere"]
        );
    }

    #[test]
    fn a_bad_line_is_named_by_its_place_in_the_whole() {
        let problems = Places::read("dc=x\n  nonsense", "a", Scope::Subtree).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code, problem.field.as_deref(), problem.position))
            .collect();
        let expected = Dn::parse("nonsense").unwrap_err().position.unwrap() + 7;
        assert_eq!(found[0], ("bad-dn", Some(BASES), Some(expected)));
        assert_eq!((found[1].0, found[1].1), ("bad-dn", Some(EXCLUDED)));
    }
}
