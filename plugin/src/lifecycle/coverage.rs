//! What rules come to over a sample of people.

use crate::mapping::Rule;
use crate::ports::Host;
use crate::settings::Configuration;

use super::answer::{Answer, one, ours};
use super::connected::connect_or_say;
use super::view::{Reading, View};

/// People looked at.
const SAMPLE: u32 = 200;
/// Of those for whom a rule fails, so many are named.
const EXAMPLES: usize = 5;

/// What one rule comes to (contract: `people.covered`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    /// The portal's field.
    pub field: String,
    /// People with a value.
    pub valued: u32,
    /// People without, who need none.
    pub empty: u32,
    /// People whose value is unfit, or missing.
    pub failing: u32,
    /// DN and problem code of some who fail.
    pub examples: Vec<(String, &'static str)>,
}

/// What rules come to (contract: `people.coverage`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// People looked at, without those who are disabled.
    pub sampled: u32,
    /// One for each rule.
    pub fields: Vec<Covered>,
}

/// What these rules, or where there are none the stored ones, come to over the first people that a sync would see.
///
/// # Errors
/// What is wrong with the rules, and what keeps the directory from being read.
pub fn coverage<H: Host>(host: &H, rules: &[Rule]) -> Answer<Coverage> {
    let mut configuration =
        Configuration::require(host.state(), &host.portal().roles()).map_err(ours)?;
    let connected = connect_or_say(host, &mut configuration)?;
    let settings = &configuration.settings;
    let rules = if rules.is_empty() {
        &configuration.rules
    } else {
        rules
    };
    let profile = connected.detected.profile;
    let fields = host.portal().fields();
    let now = host.clock().now();
    let view = View::new(settings, rules, profile, &fields, now).map_err(ours)?;
    let mut coverage = Coverage {
        sampled: 0,
        fields: view
            .rules
            .iter()
            .map(|rule| Covered {
                field: rule.field.clone(),
                ..Covered::default()
            })
            .collect(),
    };
    let requests = view.requests(SAMPLE);
    let completion = connected.all(host.progress(), "sample", &requests, |entry| {
        // Who is disabled neither comes over nor fails.
        if view.excludes(entry) || view.is_disabled(entry) {
            return;
        }
        coverage.sampled += 1;
        let reading = view.read(entry);
        let link = view.mapping.link().map(|link| &link.rule().field);
        for field in &mut coverage.fields {
            let link = link == Some(&field.field);
            field.count(&reading, link);
        }
    })?;
    if let Some(problem) = completion.problem.filter(|_| coverage.sampled == 0) {
        return Err(one(problem));
    }
    Ok(coverage)
}

impl Covered {
    fn count(&mut self, reading: &Reading, link: bool) {
        let mine = reading.fields.iter().find(|one| one.field == self.field);
        let failed = mine.and_then(|one| one.problem.as_ref());
        let lacking = reading.missing.iter().chain(&reading.left_out);
        let lacking = lacking.filter(|problem| problem.field.as_ref() == Some(&self.field));
        if let Some(problem) = failed.into_iter().chain(lacking).next() {
            self.failing += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.push((reading.dn.clone(), problem.code));
            }
            return;
        }
        // Whom the name of another person stands for, the entry does not say.
        let valued = mine.is_some_and(|one| one.value.is_some() || (link && !one.raw.is_empty()));
        self.valued += u32::from(valued);
        self.empty += u32::from(!valued);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::World;

    fn of(coverage: &Coverage, field: &str) -> (u32, u32, u32) {
        let covered = coverage.fields.iter().find(|one| one.field == field);
        let covered = covered.unwrap();
        let counts = (covered.valued, covered.empty, covered.failing);
        assert_eq!(counts.0 + counts.1 + counts.2, coverage.sampled, "{field}");
        counts
    }

    #[test]
    fn each_rule_is_counted_by_who_gets_a_value_who_gets_none_and_who_fails() {
        let world = World::configured(10, &[]);
        world.change("uid=user1,", |entry| entry.set("mail", &[]));
        world.change("uid=user2,", |entry| entry.set("mail", &["no address"]));
        world.change("uid=user3,", |entry| entry.add("mobile", b"1"));
        world.change("uid=user4,", |entry| entry.set("cn", &[]));
        let rules = [
            Rule::new("username", "{uid}"),
            Rule::new("email", "{mail}"),
            Rule::new("first-name", "{givenName}"),
            Rule::new("last-name", "{sn}"),
            Rule::new("display-name", "{cn}"),
        ];
        let coverage = coverage(&world, &rules).unwrap();
        assert_eq!(coverage.sampled, 10);
        assert_eq!(coverage.fields.len(), rules.len());
        assert_eq!(of(&coverage, "username"), (10, 0, 0));
        assert_eq!(of(&coverage, "email"), (8, 0, 2));
        assert_eq!(of(&coverage, "display-name"), (9, 1, 0));
        let dn = |n| format!("uid=user{n},ou=people,dc=example,dc=com");
        assert_eq!(
            coverage.fields[1].examples,
            [(dn(1), "missing-value"), (dn(2), "bad-value")]
        );
    }

    #[test]
    fn a_sample_has_an_end_and_nobody_who_is_disabled() {
        let world = World::configured(300, &[]);
        for n in 1..=7 {
            world.change(&format!("uid=user{n},"), |entry| {
                entry.set("pwdAccountLockedTime", &["000001010000Z"]);
                entry.set("sn", &[]);
            });
        }
        let coverage = coverage(&world, &[]).unwrap();
        assert_eq!(coverage.sampled, 193);
        assert_eq!(of(&coverage, "last-name"), (193, 0, 0));
    }

    #[test]
    fn no_more_than_five_who_fail_are_named() {
        let world = World::configured(9, &[]);
        for n in 1..=9 {
            world.change(&format!("uid=user{n},"), |entry| entry.set("sn", &[]));
        }
        let coverage = coverage(&world, &[]).unwrap();
        assert_eq!(of(&coverage, "last-name"), (0, 0, 9));
        let named = coverage.fields.iter().find(|one| one.field == "last-name");
        assert_eq!(named.unwrap().examples.len(), 5);
    }

    #[test]
    fn rules_that_are_wrong_and_a_directory_that_cannot_be_read_are_told() {
        let world = World::configured(3, &[]);
        let wrong = [Rule::new("email", "{mail|shout}")];
        let codes: Vec<_> = coverage(&world, &wrong).unwrap_err();
        assert!(codes.iter().any(|one| one.code == "unknown-transform"));
        world.directory.faults.borrow_mut().open = Some("connect-refused");
        assert_eq!(
            coverage(&world, &[]).unwrap_err()[0].code,
            "connect-refused"
        );
    }
}
