//! People who name, as their managers, those who have changed: their own entries may stay as they are.

use std::collections::BTreeSet;

use super::asking::Around;
use super::{Unable, look, shown};
use crate::attribute::AttributeSet;
use crate::filter::Filter;
use crate::ports::Host;
use crate::ports::directory::{SearchRequest, Session};
use crate::sync::recipe::Recipe;

/// Names a search.
const NAMES: usize = 50;
/// The most names that are looked for.
const MOST_NAMES: usize = 1000;
/// Ids of people who may be named, a call.
const NAMED: usize = 1000;

/// Whom to look for, and who was found.
#[derive(Debug)]
pub(super) struct Naming {
    /// The portal's field.
    field: String,
    /// The directory's attribute.
    attribute: String,
    /// External ids of people who were not found: the portal knows who names them.
    gone: Vec<String>,
    /// Names of people who are new or not as they were.
    names: Vec<String>,
    /// Who names those who are gone, as far as the portal knows: not told of, so they must be there.
    named: Vec<String>,
    found: BTreeSet<String>,
}

impl Naming {
    /// Begins, where a rule asks who names whom.
    ///
    /// # Errors
    /// There are too many names.
    pub(super) fn begin(
        recipe: &Recipe,
        gone: Vec<String>,
        names: Vec<String>,
    ) -> Result<Option<Self>, Unable> {
        let Some(link) = recipe.mapping().link() else {
            return Ok(None);
        };
        if names.len() > MOST_NAMES {
            return Err(Unable::new(format!(
                "more than {MOST_NAMES} names may be those of managers"
            )));
        }
        let attribute = recipe.attributes().name(link.attribute());
        Ok(Some(Self {
            field: recipe.mapping().fields()[link.field()].id.clone(),
            attribute: attribute.unwrap_or_default().to_owned(),
            gone,
            names,
            named: Vec::new(),
            found: BTreeSet::new(),
        }))
    }

    /// Asks for the next few. False where there are no more.
    ///
    /// # Errors
    /// It cannot be told who they are.
    pub(super) fn step<H: Host>(
        &mut self,
        host: &H,
        around: &Around<'_, impl Session>,
        known: &[String],
    ) -> Result<bool, Unable> {
        if let Some(gone) = shown::next(&mut self.gone, NAMED) {
            let naming = host.portal().naming(&self.field, &gone).into_iter();
            self.named
                .extend(naming.filter(|id| known.binary_search(id).is_err()));
        } else if let Some(named) = shown::next(&mut self.named, shown::IDS) {
            shown::by_id(host, around, &named, |since| since == 0)?;
            self.found.extend(named);
        } else if let Some(names) = shown::next(&mut self.names, NAMES) {
            self.search(around, &names)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn search(
        &mut self,
        around: &Around<'_, impl Session>,
        names: &[String],
    ) -> Result<(), Unable> {
        let mut attributes = AttributeSet::new();
        let identity = around.recipe.ids().identity(&mut attributes);
        let name = |dn: &String| Filter::Equal(self.attribute.clone(), dn.as_bytes().to_vec());
        let names = Filter::Or(names.iter().map(name).collect());
        let mut hidden = 0;
        for narrowed in around.recipe.narrowed(&names) {
            let request = SearchRequest {
                attributes: attributes.names().to_vec(),
                page_size: look::PAGE,
                ..narrowed
            };
            look::every(
                around.session,
                &request,
                "people who name others",
                |entry| match identity.read(entry) {
                    Ok(id) => _ = self.found.insert(id.into_owned()),
                    Err(_) => hidden += usize::from(!around.recipe.places().exclude(entry.dn())),
                },
            )?;
        }
        match hidden {
            0 => Ok(()),
            people => Err(shown::hidden(people, &attributes)),
        }
    }

    /// Who was found, but for those who are known, ascending.
    pub(super) fn others(self, known: &[String]) -> impl Iterator<Item = String> {
        let others = self.found.into_iter();
        others.filter(|id| known.binary_search(id).is_err())
    }
}
