//! What a profile says.

use super::identity::{IdAttribute, Ids};
use super::{Groups, RootDse};
use crate::decode;
use crate::field::Field;
use crate::filter::Filter;
use crate::mapping::Rule;
use crate::problem::Problem;
use crate::sync::changes::Mechanism;

/// What a kind of directory is like. Data only, but for its detection.
#[derive(Debug)]
pub struct Profile {
    /// Stable, kebab-case: a choice of the setting `profile`.
    pub id: &'static str,
    /// Shown.
    pub label: &'static str,
    /// What in the root DSE says that a directory is of this kind, as facts to show; nothing if it isn't.
    pub detect: fn(&RootDse) -> Option<Vec<String>>,
    /// Attributes whose value never changes and never comes back, best first.
    pub ids: &'static [IdAttribute],
    /// Whom to sync where the settings say nothing. Disabled accounts and people without a mail address are in it: the
    /// first must be seen to be deactivated, the second to be reported.
    pub filter: &'static str,
    /// Field and source, for the portal's usual fields.
    pub rules: &'static [(&'static str, &'static str)],
    /// Who is disabled (a filter), where the settings say nothing; empty where directories of this kind do not say.
    /// `{now}` in it stands for the present as a Windows file time. It is evaluated here, never by the server.
    pub disabled_when: &'static str,
    /// Attributes of `disabled_when` that every account has: where one is missing, it cannot be read.
    pub always: &'static [&'static str],
    /// Other attributes worth showing when one person is looked at, and for finding one by name.
    pub attributes: &'static [&'static str],
    /// Where people are below the directory's suffix, as RDNs; empty where every directory has its own places.
    pub base: &'static str,
    /// How a directory of this kind is asked what has changed, the best way first.
    pub changes: &'static [Mechanism],
    /// Its groups.
    pub groups: Groups,
    /// What servers of this kind limit, as sentences for whoever meets a limit.
    pub limits: &'static [&'static str],
}

impl Profile {
    /// The default filter, read.
    ///
    /// # Errors
    /// `filter-syntax`, which a test rules out for the profiles here.
    pub fn filter(&self) -> Result<Filter, Problem> {
        Filter::parse(self.filter)
    }

    /// The filter for accounts that are disabled at a moment (Unix seconds); `None` where this kind of directory has none.
    ///
    /// # Errors
    /// `filter-syntax`, which a test rules out for the profiles here.
    pub fn disabled_when(&self, now: u64) -> Result<Option<Filter>, Problem> {
        if self.disabled_when.is_empty() {
            return Ok(None);
        }
        let now = decode::file_time_of(now).to_string();
        Filter::parse(&self.disabled_when.replace("{now}", &now)).map(Some)
    }

    /// What could be the base, the likeliest first: where this kind of directory keeps its people, and what the server
    /// offers.
    #[must_use]
    pub fn bases(&self, root_dse: &RootDse) -> Vec<String> {
        let offered = root_dse.bases();
        let suffix = offered
            .iter()
            .find(|base| base.to_ascii_lowercase().starts_with("dc="));
        let people = suffix
            .filter(|_| !self.base.is_empty())
            .map(|suffix| format!("{},{suffix}", self.base));
        let offered = offered.iter().map(|base| (*base).to_owned());
        people.into_iter().chain(offered).collect()
    }

    /// The default rules for those of the portal's fields that the profile knows.
    #[must_use]
    pub fn rules_for(&self, fields: &[Field]) -> Vec<Rule> {
        fields
            .iter()
            .filter_map(|field| self.rules.iter().find(|(id, _)| *id == field.id))
            .map(|(field, source)| Rule::new(*field, *source))
            .collect()
    }

    /// By what people of this kind of directory are known; `chosen` is the attribute that somebody chose instead, or
    /// empty.
    #[must_use]
    pub fn ids(&self, chosen: &str) -> Ids {
        Ids::new(self.ids, chosen)
    }
}
