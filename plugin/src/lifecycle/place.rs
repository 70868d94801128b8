//! Whether a sync looks where an entry stands.

use crate::dn::Dn;
use crate::problem::Problem;
use crate::settings::{Places, Where};

/// Why a sync does not look there; the base below which it does.
pub(crate) fn base_of<'p>(places: &'p Places, dn: &str) -> Result<&'p str, Problem> {
    let name = Dn::parse(dn)
        .map_err(|_| Problem::new("bad-dn", format!("{dn} is no DN"), "Report this."))?;
    let problem = match places.locate(&name) {
        Where::Inside { base } => return Ok(base),
        Where::Elsewhere => {
            let bases: Vec<_> = places.bases().collect();
            Problem::new(
                "outside-base",
                format!("the entry exists, but not below {}", bases.join(" or ")),
                "Set a base above it, or move the entry.",
            )
        }
        Where::TooDeep => Problem::new(
            "outside-scope",
            "the entry is no direct child of the base, and the scope takes no others",
            "Set the scope to subtree.",
        ),
        Where::Excluded { subtree } => {
            return Err(Problem::new(
                "excluded",
                format!("the entry is in {subtree}, which the settings leave out"),
                "Take the subtree out of the settings, or move the entry.",
            )
            .of_field("excluded-subtrees"));
        }
    };
    Err(problem.of_field("base-dn"))
}
