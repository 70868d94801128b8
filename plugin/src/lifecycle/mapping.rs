//! The `map` hook but for its preview: suggest, check, store, show.

use std::collections::BTreeMap;

use crate::attribute::AttributeSet;
use crate::mapping::{Mapping, Rule};
use crate::ports::Host;
use crate::ports::directory::SearchRequest;
use crate::problem::Problem;
use crate::settings::Configuration;
use crate::settings::configuration::stored_rules;
use crate::settings::role_rules::contradiction;

use super::answer::{Answer, one, ours};
use super::connected::connect_or_say;

/// People looked at for a suggestion.
const SAMPLE: u32 = 200;

/// Attributes looked for beside those that the profile's rules read, because people often want to map them.
const OFTEN: [&str; 24] = [
    "cn",
    "displayName",
    "givenName",
    "sn",
    "initials",
    "uid",
    "mail",
    "telephoneNumber",
    "mobile",
    "homePhone",
    "title",
    "departmentNumber",
    "ou",
    "o",
    "l",
    "st",
    "street",
    "postalCode",
    "c",
    "employeeNumber",
    "employeeType",
    "manager",
    "preferredLanguage",
    "memberOf",
];

/// What could be stored (contract: `mapping.suggestion`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The directory profile's id.
    pub profile: String,
    /// Why this profile, and what is worth knowing about the sample.
    pub evidence: Vec<String>,
    /// For those of the portal's fields that the profile knows.
    pub rules: Vec<Rule>,
    /// Attributes and how many of the sample have each, most frequent first.
    pub attributes: Vec<(String, u64)>,
}

/// Proposes rules for the directory's profile. Optional fields whose attributes nobody in the sample has are left out.
///
/// # Errors
/// What keeps the directory from being read: `not-configured`, the host's problems, `cancelled`.
pub fn suggest<H: Host>(host: &H) -> Answer<Suggestion> {
    let mut configuration =
        Configuration::require(host.state(), &host.portal().roles()).map_err(ours)?;
    let connected = connect_or_say(host, &mut configuration)?;
    let profile = connected.detected.profile;
    let fields = host.portal().fields();
    let rules = profile.rules_for(&fields);
    let mut attributes = AttributeSet::new();
    let read: BTreeMap<&str, AttributeSet> = rules
        .iter()
        .map(|rule| (rule.field.as_str(), attributes_of(rule)))
        .collect();
    for name in read.values().flat_map(AttributeSet::names) {
        attributes.intern(name);
    }
    for name in OFTEN {
        attributes.intern(name);
    }
    let filter = match configuration.settings.filter {
        Some(filter) => filter,
        None => profile.filter().map_err(one)?,
    };
    let places = &configuration.settings.places;
    let request = |base: &str| SearchRequest {
        base: base.to_owned(),
        scope: places.scope(),
        filter: filter.clone(),
        attributes: attributes.names().to_vec(),
        page_size: configuration.settings.page_size.min(SAMPLE),
        limit: SAMPLE,
        show_deleted: false,
    };
    let requests: Vec<_> = places.bases().map(request).collect();
    let mut counts = vec![0_u64; attributes.len()];
    let mut people = 0_u64;
    let completion = connected.all(host.progress(), "sample", &requests, |entry| {
        if places.exclude(entry.dn()) {
            return;
        }
        people += 1;
        for (count, values) in counts.iter_mut().zip(entry.counts()) {
            *count += u64::from(*values > 0);
        }
    })?;
    if let Some(problem) = completion.problem.filter(|_| people == 0) {
        return Err(one(problem));
    }
    let mut evidence = connected.detected.evidence.clone();
    evidence.push(match people {
        0 => "nobody matches base, scope and filter: the rules are the profile's, unproven".into(),
        _ => format!("{people} people looked at"),
    });
    let has = |name: &String| {
        attributes
            .position(name)
            .is_some_and(|place| counts[place] > 0)
    };
    let required = |id: &str| fields.iter().any(|field| field.id == id && field.required);
    let kept = rules
        .iter()
        .filter(|rule| {
            let attributes = read
                .get(rule.field.as_str())
                .map_or(&[][..], AttributeSet::names);
            people == 0
                || required(&rule.field)
                || attributes.is_empty()
                || attributes.iter().any(has)
        })
        .cloned()
        .collect();
    let mut coverage: Vec<(String, u64)> = attributes
        .names()
        .iter()
        .cloned()
        .zip(counts.iter().copied())
        .filter(|(_, count)| *count > 0)
        .collect();
    coverage.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(Suggestion {
        profile: profile.id.to_owned(),
        evidence,
        rules: kept,
        attributes: coverage,
    })
}

/// Checks rules against the portal's fields: everything that is wrong. Nothing is good.
pub fn check(host: &impl Host, rules: &[Rule]) -> Vec<Problem> {
    Mapping::compile(rules, &host.portal().fields(), &mut AttributeSet::new())
        .err()
        .unwrap_or_default()
}

/// Checks and stores rules; gives the new configuration digest. No rules at all stand for the profile's.
///
/// # Errors
/// Everything that is wrong with them, and then nothing is stored; `not-configured`; what the host says.
pub fn submit(host: &impl Host, rules: &[Rule]) -> Answer<String> {
    if !rules.is_empty() {
        let problems = check(host, rules);
        if !problems.is_empty() {
            return Err(ours(problems));
        }
    }
    let found = Configuration::require(host.state(), &host.portal().roles()).map_err(ours)?;
    if let Some(problem) = contradiction(&found.settings.role_rules, rules) {
        return Err(one(problem));
    }
    let configuration = found.with_rules(rules.to_vec());
    configuration.store(host.state()).map_err(one)?;
    Ok(configuration.digest)
}

/// The stored rules; none before the first [`submit`].
pub fn current(host: &impl Host) -> Vec<Rule> {
    stored_rules(host.state())
        .map(|(rules, _)| rules)
        .unwrap_or_default()
}

/// The attributes that one rule reads.
pub(crate) fn attributes_of(rule: &Rule) -> AttributeSet {
    let mut attributes = AttributeSet::new();
    // Only the template matters here, so any field will do.
    let field = crate::field::Field::plain(&rule.field, crate::field::FieldKind::Text);
    let plain = Rule::new(&rule.field, &rule.source);
    let _ = Mapping::compile(&[plain], &[field], &mut attributes);
    attributes
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::configure;
    use super::*;
    use crate::testing::World;

    #[test]
    fn what_the_directory_has_is_suggested_with_its_coverage() {
        let world = World::configured(10, &[]);
        world.change("uid=user3,", |entry| entry.add("mobile", b"1"));
        let suggestion = suggest(&world).unwrap();
        let fields: Vec<_> = suggestion
            .rules
            .iter()
            .map(|rule| rule.field.as_str())
            .collect();
        assert_eq!(
            fields,
            [
                "username",
                "email",
                "first-name",
                "last-name",
                "display-name"
            ]
        );
        assert_eq!(suggestion.profile, "openldap");
        assert!(suggestion.attributes.contains(&("mail".into(), 10)));
        assert_eq!(
            suggestion.attributes.last(),
            Some(&("mobile".to_owned(), 1))
        );
        assert!(check(&world, &suggestion.rules).is_empty());
    }

    #[test]
    fn without_settings_nothing_is_suggested_or_stored() {
        let world = World::with_people(1);
        assert_eq!(suggest(&world).unwrap_err()[0].code, "not-configured");
        assert_eq!(submit(&world, &[]).unwrap_err()[0].code, "not-configured");
    }

    #[test]
    fn rules_that_are_wrong_are_all_named_and_not_stored() {
        let world = World::configured(1, &[]);
        let rules = [
            Rule::new("email", "{mail|shout}"),
            Rule::new("shoe-size", "{x}"),
        ];
        let codes: Vec<_> = submit(&world, &rules)
            .unwrap_err()
            .into_iter()
            .map(|p| p.code)
            .collect();
        assert!(codes.contains(&"unknown-transform".into()), "{codes:?}");
        assert!(codes.contains(&"unknown-field".into()), "{codes:?}");
        assert!(codes.contains(&"missing-rule".into()), "{codes:?}");
        assert!(current(&world).is_empty());
    }

    #[test]
    fn stored_rules_change_the_digest_and_survive_new_settings() {
        let world = World::configured(1, &[]);
        let before = super::super::configuration(&world).unwrap().digest;
        let rules = suggest(&world).unwrap().rules;
        let digest = submit(&world, &rules).unwrap();
        assert_ne!(digest, before);
        assert_eq!(current(&world), rules);
        let given = [("url", "b"), ("base-dn", "dc=example,dc=com")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        configure(&world, &given).unwrap();
        assert_eq!(current(&world), rules);
    }
}
