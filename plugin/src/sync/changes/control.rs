//! People who are known to be there as they were. A directory that shows them otherwise, without telling of a change, is
//! not the one it was: restored from a backup, exchanged, or no longer readable for the bind account.

use super::super::sweep::{Sweep, Swept};
use super::asking::Around;
use super::{Unable, look};
use crate::entry::Entry;
use crate::ports::Host;
use crate::ports::directory::{HostProblem, Session};
use crate::sync::hash::{Hashes, SourceHash};
use crate::sync::known::Marks;

/// Looks at the controls that were not told of. Gives those who are there, for the next time.
pub(super) fn check<H: Host>(
    host: &H,
    around: &Around<'_, impl Session>,
    controls: &[String],
) -> Result<Vec<String>, Unable> {
    let Around {
        session,
        recipe,
        roles,
        ..
    } = *around;
    let differs = || {
        Unable::new(
            "people are not as they were, and the directory did not tell of it: it may have been restored from a backup, or \
             the bind account sees less than it did",
        )
    };
    let Some(requests) = recipe.by_id(controls) else {
        return Err(Unable::new("nobody is remembered who must be there"));
    };
    let index = host.portal().index_of(controls);
    let hashes = Hashes::new(0, recipe.digest()).of_first(recipe.width());
    let mut there: Vec<String> = Vec::new();
    let mut same = true;
    let mut entry = |entry: &Entry<'_>| {
        let Ok(id) = recipe.external_id(entry) else {
            return;
        };
        let known = index.external_ids.iter().position(|known| *known == *id);
        let Some(place) = known else { return };
        let marks = Marks::of(index.marks.get(place).copied().unwrap_or_default());
        let word = |at: usize| index.source_hashes.get(at).copied().unwrap_or_default();
        let was = SourceHash([word(2 * place), word(2 * place + 1)]);
        let (source, judged) = roles.judge(recipe, entry, hashes.source(entry));
        let disabled = recipe.disabled(entry);
        // Whom somebody changed in the portal is looked at anyway.
        same &= marks.changed() || (marks.keep_status(disabled) && roles.same(was, source, judged));
        there.push(id.into_owned());
    };
    let unable = |problem: HostProblem| Unable::new(problem.message);
    let mut sweep = Sweep::begin(session, &requests).map_err(unable)?;
    loop {
        match sweep.next(session) {
            Swept::Page(page) => page
                .iter()
                .filter(|one| !recipe.places().exclude(one.dn()))
                .for_each(|one| entry(&one)),
            Swept::Finished(completion, _) => {
                look::whole(&completion, "people who must be there")?;
                break;
            }
        }
    }
    let active = |(place, id): (usize, &String)| {
        let marks = index.marks.get(place).copied().unwrap_or_default();
        Marks::of(marks).inactive() || there.contains(id)
    };
    let all = index.external_ids.iter().enumerate().all(active);
    if !same || !all {
        return Err(differs());
    }
    if there.is_empty() {
        return Err(nobody());
    }
    Ok(there)
}

/// Whether any of the controls is there, whatever became of them: those who changed are nobody's business here.
pub(super) fn there(around: &Around<'_, impl Session>, controls: &[String]) -> Result<(), Unable> {
    let Some(requests) = around.recipe.by_id(controls) else {
        return Err(Unable::new("nobody is remembered who must be there"));
    };
    let unable = |problem: HostProblem| Unable::new(problem.message);
    let mut sweep = Sweep::begin(around.session, &requests).map_err(unable)?;
    let mut found = false;
    loop {
        match sweep.next(around.session) {
            Swept::Page(page) => found |= page.iter().next().is_some(),
            Swept::Finished(completion, _) => {
                look::whole(&completion, "people who must be there")?;
                break;
            }
        }
    }
    if found {
        return Ok(());
    }
    Err(nobody())
}

fn nobody() -> Unable {
    Unable::new(
        "nobody of those who must be there was found: the bind account may see less than it did",
    )
}
