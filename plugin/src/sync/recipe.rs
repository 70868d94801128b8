//! How the entries of one search are read: which are asked for, whose each is, disabled or not, which values.

use std::borrow::Cow;

use crate::attribute::AttributeSet;
use crate::entry::Entry;
use crate::field::Field;
use crate::filter::Filter;
use crate::mapping::{Mapped, Mapping, Rule};
use crate::ports::directory::SearchRequest;
use crate::problem::Problem;
use crate::profile::{Identity, Ids, Profile, status};
use crate::roles::Evidence;
use crate::settings::{Configuration, Places};

use super::hash;

/// A configuration made ready for one directory and one portal.
#[derive(Debug, Clone)]
pub struct Recipe {
    requests: Vec<SearchRequest>,
    places: Places,
    attributes: AttributeSet,
    ids: Ids,
    identity: Identity,
    mapping: Mapping,
    disabled: Option<Filter>,
    always: &'static [&'static str],
    digest: [u64; 2],
    /// Attributes that a person is made of; those behind only say which groups the person is in.
    width: usize,
    evidence: Evidence,
}

impl Recipe {
    /// Prepares the configuration for a directory of this profile and a portal with these fields. Without rules of
    /// its own, the configuration means those of the profile. `now` (Unix seconds) says which accounts have expired.
    ///
    /// # Errors
    /// What is wrong with the filters and the rules, all at once.
    pub fn new(
        configuration: &Configuration,
        profile: &Profile,
        fields: &[Field],
        now: u64,
    ) -> Result<Self, Vec<Problem>> {
        let settings = &configuration.settings;
        let rules = match configuration.rules.as_slice() {
            [] => profile.rules_for(fields),
            own => own.to_vec(),
        };
        let mut problems = Vec::new();
        let mut attributes = AttributeSet::new();
        let ids = profile.ids(&settings.id_attribute);
        let identity = ids.identity(&mut attributes);
        let filter = match &settings.filter {
            Some(filter) => Ok(filter.clone()),
            None => profile.filter(),
        };
        let disabled = match &settings.disabled_when {
            Some(filter) => Ok(Some(filter.clone())),
            None => profile.disabled_when(now),
        };
        if let Ok(Some(disabled)) = &disabled {
            disabled.intern(&mut attributes);
        }
        let mapping = Mapping::compile(&rules, fields, &mut attributes);
        match (filter, disabled, mapping) {
            (Ok(filter), Ok(disabled), Ok(mapping)) => {
                let photo = settings.photo_max_kb;
                let mapping = mapping.with_photo_limit(photo as usize * 1024);
                let disabled_when = settings.disabled_when.as_ref();
                let digest = digest(profile, &ids, disabled_when, &rules, fields, photo);
                let places = settings.places.clone();
                let width = attributes.len();
                let evidence = match settings.role_rules.as_slice() {
                    [] => Evidence::default(),
                    _ => Evidence::of(&profile.groups, &mut attributes),
                };
                let requests = places.bases().map(|base| SearchRequest {
                    base: base.to_owned(),
                    scope: places.scope(),
                    filter: filter.clone(),
                    attributes: attributes.names().to_vec(),
                    page_size: settings.page_size,
                    limit: 0,
                    show_deleted: false,
                });
                Ok(Self {
                    requests: requests.collect(),
                    places,
                    attributes,
                    ids,
                    identity,
                    mapping,
                    disabled,
                    always: match settings.disabled_when {
                        Some(_) => &[],
                        None => profile.always,
                    },
                    digest,
                    width,
                    evidence,
                })
            }
            (filter, disabled, mapping) => {
                problems.extend(filter.err());
                problems.extend(disabled.err());
                problems.extend(mapping.err().into_iter().flatten());
                Err(problems)
            }
        }
    }

    /// The searches for everybody, one for each base.
    #[must_use]
    pub fn requests(&self) -> &[SearchRequest] {
        &self.requests
    }

    /// The same searches for those alone who match another filter too.
    pub(super) fn narrowed(&self, by: &Filter) -> Vec<SearchRequest> {
        let narrowed = |everybody: &SearchRequest| SearchRequest {
            filter: Filter::And(vec![everybody.filter.clone(), by.clone()]),
            ..everybody.clone()
        };
        self.requests.iter().map(narrowed).collect()
    }

    /// The same searches for people by their ids; none where no entry can have such an id.
    pub(super) fn by_id(&self, ids: &[String]) -> Option<Vec<SearchRequest>> {
        let having = ids.iter().flat_map(|id| self.ids.having(id));
        let having: Vec<Filter> = having.collect();
        (!having.is_empty()).then(|| self.narrowed(&Filter::Or(having)))
    }

    /// Where these search.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// By what people are known.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The same, and its entries can be told apart by other ids too.
    pub(super) fn and_by(mut self, others: &[Ids]) -> (Self, Vec<Identity>) {
        let identities = others.iter().map(|ids| ids.identity(&mut self.attributes));
        let identities = identities.collect();
        for request in &mut self.requests {
            request.attributes = self.attributes.names().to_vec();
        }
        (self, identities)
    }

    /// The attributes that the search asks for.
    #[must_use]
    pub fn attributes(&self) -> &AttributeSet {
        &self.attributes
    }

    /// The rules, compiled.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Whose entry it is.
    ///
    /// # Errors
    /// See [`Identity::read`].
    pub fn external_id<'e>(&self, entry: &Entry<'e>) -> Result<Cow<'e, str>, Problem> {
        self.identity.read(entry)
    }

    /// The entry is disabled in the directory.
    #[must_use]
    pub fn disabled(&self, entry: &Entry<'_>) -> bool {
        self.disabled
            .as_ref()
            .is_some_and(|filter| filter.matches(entry, &self.attributes))
    }

    /// Whether the entry is disabled cannot be told.
    #[must_use]
    pub fn unreadable(&self, entry: &Entry<'_>) -> Option<Problem> {
        status::unreadable(self.always, entry, &self.attributes)
    }

    /// The values that go into the portal.
    #[must_use]
    pub fn evaluate<'e>(&'e self, entry: &Entry<'e>) -> Vec<Mapped<'e>> {
        self.mapping.evaluate(entry)
    }

    /// How many attributes, from the first, a person is made of.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// What says which groups the person is in.
    pub(super) fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Identifies what the values of an entry depend on, beside the entry.
    pub(super) fn digest(&self) -> [u64; 2] {
        self.digest
    }
}

/// The entry's name as text.
pub(super) fn name<'e>(entry: &Entry<'e>) -> Cow<'e, str> {
    String::from_utf8_lossy(entry.dn())
}

/// The moment is no part of it: people do not change by the passing of time, and whether they are disabled is asked
/// of each in each run.
fn digest(
    profile: &Profile,
    ids: &Ids,
    disabled: Option<&Filter>,
    rules: &[Rule],
    fields: &[Field],
    photo: u32,
) -> [u64; 2] {
    let photo = photo.to_string();
    let rules = format!("{rules:?}");
    let fields = format!("{fields:?}");
    let disabled = match disabled {
        Some(filter) => filter.to_string(),
        None => profile.disabled_when.to_owned(),
    };
    let ids = format!("{ids:?}");
    let version = env!("CARGO_PKG_VERSION");
    hash::recipe([version, &ids, &disabled, &rules, &fields, &photo])
}
