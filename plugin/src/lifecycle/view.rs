//! How the entries of a directory are read: which attributes, whose entry it is, whether it is disabled, and what
//! the mapping makes of it.

use crate::attribute::AttributeSet;
use crate::decode;
use crate::entry::Entry;
use crate::field::Field;
use crate::filter::Filter;
use crate::mapping::{Mapping, Rule, Traced, Value};
use crate::ports::directory::{Scope, SearchRequest};
use crate::problem::Problem;
use crate::profile::{Identity, Ids, Profile, status};
use crate::roles::{Evidence, Roles};
use crate::settings::role_rules::contradiction;
use crate::settings::{Adoption, Places, Settings};

/// Everything needed to read entries, and the search that gives them.
#[derive(Debug)]
pub(crate) struct View {
    /// Who is synced.
    pub(crate) filter: Filter,
    /// Who is disabled; none: nobody.
    pub(crate) disabled_when: Option<Filter>,
    /// The rules that apply: the stored ones, or the profile's.
    pub(crate) rules: Vec<Rule>,
    /// Compiled.
    pub(crate) mapping: Mapping,
    /// By what people are known.
    pub(crate) ids: Ids,
    /// Whose entry it is.
    pub(crate) identity: Identity,
    /// Attributes without which nobody can tell who is disabled.
    always: &'static [&'static str],
    /// By position.
    pub(crate) attributes: AttributeSet,
    /// Roles by group; without rules until they are read.
    pub(crate) roles: Roles,
    /// What says which groups a person is in.
    pub(crate) evidence: Evidence,
    /// Where a sync looks.
    pub(crate) places: Places,
    /// Whom of the portal a new person takes over.
    pub(crate) adoption: Adoption,
    page_size: u32,
}

/// One mapping rule and what it made (contract: `types.mapped-field`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedField {
    /// The portal's field.
    pub field: String,
    /// The rule's source as written.
    pub source: String,
    /// The raw values that it read, printable.
    pub raw: Vec<String>,
    /// What would go into the portal.
    pub value: Option<String>,
    /// Why not.
    pub problem: Option<Problem>,
}

/// One person as read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) dn: String,
    pub(crate) id: Result<String, Problem>,
    pub(crate) disabled: bool,
    /// The raw values that make the person disabled, or do not, and what they mean.
    pub(crate) status: Vec<String>,
    /// Whether the person is disabled cannot be told.
    pub(crate) unreadable: Option<Problem>,
    pub(crate) fields: Vec<MappedField>,
    /// Fields that are cleared, by id.
    pub(crate) cleared: Vec<String>,
    /// Required fields that a new person would be without.
    pub(crate) missing: Vec<Problem>,
    /// Values that are not fit to come over; the person comes without.
    pub(crate) left_out: Vec<Problem>,
}

/// Rules that apply: those stored, or where there are none those of the profile.
pub(crate) fn rules_in_force(stored: &[Rule], profile: &Profile, fields: &[Field]) -> Vec<Rule> {
    if stored.is_empty() {
        profile.rules_for(fields)
    } else {
        stored.to_vec()
    }
}

impl View {
    /// Prepares the reading. `now` (Unix seconds) says which accounts have expired.
    ///
    /// # Errors
    /// What is wrong with the rules, all at once.
    pub(crate) fn new(
        settings: &Settings,
        rules: &[Rule],
        profile: &Profile,
        fields: &[Field],
        now: u64,
    ) -> Result<Self, Vec<Problem>> {
        let one = |problem| vec![problem];
        let filter = match &settings.filter {
            Some(filter) => filter.clone(),
            None => profile.filter().map_err(one)?,
        };
        let disabled_when = match &settings.disabled_when {
            Some(filter) => Some(filter.clone()),
            None => profile.disabled_when(now).map_err(one)?,
        };
        let mut attributes = AttributeSet::new();
        let ids = profile.ids(&settings.id_attribute);
        let identity = ids.identity(&mut attributes);
        if let Some(filter) = &disabled_when {
            filter.intern(&mut attributes);
        }
        let rules = rules_in_force(rules, profile, fields);
        contradiction(&settings.role_rules, &rules).map_or(Ok(()), |problem| Err(one(problem)))?;
        let mapping = Mapping::compile(&rules, fields, &mut attributes)?
            .with_photo_limit(settings.photo_max_kb as usize * 1024);
        let evidence = match settings.role_rules.as_slice() {
            [] => Evidence::default(),
            _ => Evidence::of(&profile.groups, &mut attributes),
        };
        Ok(Self {
            filter,
            disabled_when,
            rules,
            mapping,
            ids,
            identity,
            always: match settings.disabled_when {
                Some(_) => &[],
                None => profile.always,
            },
            attributes,
            roles: Roles::default(),
            evidence,
            places: settings.places.clone(),
            adoption: settings.adoption,
            page_size: settings.page_size,
        })
    }

    /// Reads the filter's own attributes too, and those that tell people apart, for looking at one person.
    pub(crate) fn widen(&mut self, profile: &Profile) {
        self.filter.intern(&mut self.attributes);
        for name in profile.attributes {
            self.attributes.intern(name);
        }
    }

    /// The searches for everybody, those left out among them; 0 is no limit.
    pub(crate) fn requests(&self, limit: u32) -> Vec<SearchRequest> {
        self.searches_for(&self.filter, limit)
    }

    /// Searches with another filter, in the same places.
    pub(crate) fn searches_for(&self, filter: &Filter, limit: u32) -> Vec<SearchRequest> {
        let bases = self.places.bases();
        bases
            .map(|base| self.search(base, self.places.scope(), filter, limit))
            .collect()
    }

    /// One search somewhere else.
    pub(crate) fn search(
        &self,
        base: &str,
        scope: Scope,
        filter: &Filter,
        limit: u32,
    ) -> SearchRequest {
        SearchRequest {
            base: base.to_owned(),
            scope,
            filter: filter.clone(),
            attributes: self.attributes.names().to_vec(),
            page_size: self.page_size,
            limit,
            show_deleted: false,
        }
    }

    /// The entry is in a subtree that is left out.
    pub(crate) fn excludes(&self, entry: &Entry<'_>) -> bool {
        self.places.exclude(entry.dn())
    }

    /// The person is disabled in the directory.
    pub(crate) fn is_disabled(&self, entry: &Entry<'_>) -> bool {
        self.disabled_when
            .as_ref()
            .is_some_and(|filter| filter.matches(entry, &self.attributes))
    }

    /// Reads one entry.
    pub(crate) fn read(&self, entry: &Entry<'_>) -> Reading {
        let traced = self.mapping.trace(entry);
        let mapped: Vec<_> = traced.iter().map(|traced| traced.mapped.clone()).collect();
        let name = |place: usize| {
            self.mapping
                .fields()
                .get(place)
                .map_or("", |field| &field.id)
        };
        Reading {
            dn: String::from_utf8_lossy(entry.dn()).into_owned(),
            id: self.identity.read(entry).map(std::borrow::Cow::into_owned),
            disabled: self.is_disabled(entry),
            status: self.status(entry),
            unreadable: status::unreadable(self.always, entry, &self.attributes)
                .filter(|_| !self.is_disabled(entry)),
            cleared: mapped
                .iter()
                .filter(|mapped| mapped.value == Value::Clear)
                .map(|mapped| name(mapped.field).to_owned())
                .chain(self.unlinked(entry))
                .collect(),
            missing: self.mapping.missing(&mapped),
            left_out: mapped
                .iter()
                .filter_map(|mapped| match &mapped.value {
                    Value::LeftOut(problem) => Some(problem.clone()),
                    _ => None,
                })
                .collect(),
            fields: traced
                .into_iter()
                .map(|traced| field_of(traced, &name))
                .chain(self.role_of(entry))
                .chain(self.linked(entry))
                .collect(),
        }
    }

    /// The field that holds another person, with the name that the entry gives. Who that is, the entry does not say.
    fn linked(&self, entry: &Entry<'_>) -> Option<MappedField> {
        let link = self.mapping.link()?;
        let name = link.name(entry);
        Some(MappedField {
            field: link.rule().field.clone(),
            source: link.rule().source.clone(),
            raw: name.map(|name| name.into_owned()).into_iter().collect(),
            value: None,
            problem: None,
        })
    }

    /// The same field, where the entry gives no name and the rule clears.
    fn unlinked(&self, entry: &Entry<'_>) -> Option<String> {
        let link = self.mapping.link()?;
        (link.clears() && link.name(entry).is_none()).then(|| link.rule().field.clone())
    }

    /// What the entry has where disabled accounts are told by.
    fn status(&self, entry: &Entry<'_>) -> Vec<String> {
        let mut status: Vec<String> = Vec::new();
        let assertions = self.disabled_when.iter().flat_map(Filter::assertions);
        for assertion in assertions {
            let fact = if assertion.is_about_name() {
                format!("the name is {}", String::from_utf8_lossy(entry.dn()))
            } else {
                let Some(name) = assertion.attribute() else {
                    continue;
                };
                match self.told(entry, name) {
                    values if values.is_empty() => format!("{name} is absent"),
                    values => format!("{name} is {}", values.join("; ")),
                }
            };
            if !status.contains(&fact) {
                status.push(fact);
            }
        }
        status
    }

    /// What an entry says for an attribute, with what it means.
    fn told(&self, entry: &Entry<'_>, attribute: &str) -> Vec<String> {
        let position = self.attributes.position(attribute);
        let values = position.into_iter().flat_map(|at| entry.values(at));
        values
            .map(|value| {
                let shown = decode::printable(value).into_owned();
                match status::meaning(attribute, value) {
                    Some(meaning) => format!("{shown} ({meaning})"),
                    None => shown,
                }
            })
            .collect()
    }

    /// What an entry says for an attribute, printable.
    pub(crate) fn shown(&self, entry: &Entry<'_>, attribute: &str) -> Vec<String> {
        let Some(position) = self.attributes.position(attribute) else {
            return Vec::new();
        };
        entry
            .values(position)
            .map(|value| decode::printable(value).into_owned())
            .collect()
    }
}

impl Reading {
    /// The value of a field.
    pub(crate) fn value(&self, field: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|mapped| mapped.field == field)
            .and_then(|mapped| mapped.value.as_deref())
    }

    /// What makes the person disabled; nothing where nothing does.
    pub(crate) fn disabled_by(&self) -> Option<Problem> {
        self.disabled.then(|| {
            Problem::new(
                "disabled",
                format!(
                    "the account is disabled in the directory: {}",
                    self.status.join(", ")
                ),
                "Enable it there if that is wrong.",
            )
            .of_field("disabled-when")
        })
    }

    /// Everything that keeps the person from being brought over, by whether the portal knows the person already:
    /// then it keeps what it has.
    pub(crate) fn problems(&self, known: bool) -> Vec<Problem> {
        let id = self.id.as_ref().err().cloned();
        let failed = self
            .fields
            .iter()
            .filter_map(|mapped| mapped.problem.clone());
        let missing = self.missing.iter().filter(|_| !known).cloned();
        let unreadable = self.unreadable.clone();
        id.into_iter()
            .chain(unreadable)
            .chain(failed)
            .chain(missing)
            .collect()
    }
}

fn field_of<'a>(traced: Traced<'_>, name: &impl Fn(usize) -> &'a str) -> MappedField {
    let (value, problem) = match traced.mapped.value {
        Value::Set(value) => (Some(value.into_owned()), None),
        Value::Clear | Value::Keep => (None, None),
        // Said beside: it does not keep the person out.
        Value::LeftOut(_) => (None, None),
        Value::Failed(problem) => (None, Some(problem)),
    };
    MappedField {
        field: name(traced.mapped.field).to_owned(),
        source: traced.source.to_owned(),
        raw: traced.raw,
        value,
        problem,
    }
}
