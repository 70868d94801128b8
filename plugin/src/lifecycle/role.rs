//! Roles by group, for looking at people: which role, and by which rule and group.

use std::collections::BTreeMap;

use crate::entry::Entry;
use crate::ports::Host;
use crate::ports::directory::{Directory, Stage, Verdict};
use crate::roles::{Asked, Judged, Roles};
use crate::settings::Settings;

use super::answer::{Answer, one};
use super::connected::Connected;
use super::view::{MappedField, Reading, View};

/// The portal's pseudo field.
const ROLE: &str = "role";

impl View {
    /// Reads the groups that the rules for roles name, if there are rules. From then on every reading tells the role.
    ///
    /// # Errors
    /// `cancelled`. What keeps a group from being read is a warning: see [`Self::role_stage`].
    pub(crate) fn read_groups<H: Host>(
        &mut self,
        host: &H,
        connected: &Connected<<H::Directory as Directory>::Session>,
        settings: &Settings,
    ) -> Answer<()> {
        let asked = Asked {
            session: &connected.session,
            root: &connected.root,
            profile: connected.detected.profile,
            progress: host.progress(),
        };
        self.roles = Roles::read(&asked, settings, host.clock().now()).map_err(one)?;
        Ok(())
    }

    /// The rules, the groups found, and what keeps roles from changing; nothing where there are no rules.
    pub(crate) fn role_stage(&self, reading: Option<&Reading>) -> Option<Stage> {
        if !self.roles.are_ruled() {
            return None;
        }
        let role = reading.and_then(|reading| reading.fields.iter().find(|one| one.field == ROLE));
        let evidence = match role {
            Some(role) => vec![match &role.value {
                Some(value) => format!("{value}: {}", by(role)),
                None => by(role),
            }],
            None => self.roles.told(),
        };
        let problems = self.roles.problems();
        Some(Stage {
            name: ROLE.to_owned(),
            verdict: if problems.is_empty() {
                Verdict::Passed
            } else {
                Verdict::Warned
            },
            evidence,
            problems: problems.iter().cloned().map(Into::into).collect(),
        })
    }

    /// The role as a field, told as a mapping rule's would be; nothing where there are no rules.
    pub(super) fn role_of(&self, entry: &Entry<'_>) -> Option<MappedField> {
        let judged = self.roles.judge(entry, &self.evidence);
        let (source, raw) = match judged {
            Judged::Unruled => return None,
            Judged::Rule(_) => (
                self.roles.rule(judged).map(ToString::to_string)?,
                self.roles.group(judged).map(ToOwned::to_owned),
            ),
            Judged::Default => ("no role rule fits".to_owned(), None),
            Judged::Kept => (
                "stays: who is in which group cannot be read".to_owned(),
                None,
            ),
        };
        Some(MappedField {
            field: ROLE.to_owned(),
            source,
            raw: raw.into_iter().collect(),
            value: self.roles.role(judged).map(ToOwned::to_owned),
            problem: None,
        })
    }
}

/// How many of a sample have which role, as a sentence; nothing where there are no rules.
pub(crate) fn spread(sample: &[Reading]) -> Option<String> {
    let mut roles: BTreeMap<&str, u64> = BTreeMap::new();
    for role in sample.iter().filter_map(|reading| reading.value(ROLE)) {
        *roles.entry(role).or_default() += 1;
    }
    let told: Vec<_> = roles
        .iter()
        .map(|(role, people)| format!("{people} {role}"))
        .collect();
    (!told.is_empty()).then(|| format!("roles by group: {}", told.join(", ")))
}

fn by(role: &MappedField) -> String {
    match role.raw.first() {
        Some(group) => format!("{}, in {group} or a group in it", role.source),
        None => role.source.clone(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::mapping::submit;
    use super::super::{Who, configure, explain, preview, verify};
    use super::*;
    use crate::mapping::Rule;
    use crate::testing::World;
    use crate::testing::directory::Record;

    /// Three people, the second of them in the group Desk, with these rules.
    fn configured(rules: &str) -> World {
        let world = World::with_people(3);
        let members = [
            ("objectClass", "groupOfNames"),
            ("cn", "Desk"),
            ("member", "uid=user2,ou=people,dc=example,dc=com"),
        ];
        let desk = Record::new("cn=Desk,dc=example,dc=com", &members);
        world.directory.entries.borrow_mut().push(desk);
        configure(&world, &settings(rules)).unwrap();
        world
    }

    fn settings(rules: &str) -> Vec<(String, String)> {
        let base = "ou=people,dc=example,dc=com";
        [("url", "a"), ("base-dn", base), ("role-rules", rules)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into()
    }

    fn role(fields: &[MappedField]) -> Option<(Option<&str>, &str, Vec<&str>)> {
        let role = fields.iter().find(|field| field.field == ROLE)?;
        let raw = role.raw.iter().map(String::as_str).collect();
        Some((role.value.as_deref(), role.source.as_str(), raw))
    }

    fn named(name: &str) -> Who {
        Who::Named(name.to_owned())
    }

    #[test]
    fn preview_and_explain_tell_the_role_and_the_rule_and_group_behind_it() {
        let world = configured("Desk => approver");
        let member = preview(&world, &[], &named("user2")).unwrap();
        let by_rule = (
            Some("approver"),
            "Desk => approver",
            vec!["cn=Desk,dc=example,dc=com"],
        );
        assert_eq!(role(&member.fields), Some(by_rule));
        let other = preview(&world, &[], &named("user1")).unwrap();
        assert_eq!(
            role(&other.fields),
            Some((Some("requester"), "no role rule fits", vec![]))
        );
        assert_eq!((member.problems, other.problems), (vec![], vec![]));
        let explained = explain(&world, &named("user2")).unwrap();
        let stage = explained.stages.iter().find(|stage| stage.name == ROLE);
        let stage = stage.unwrap();
        assert_eq!(stage.verdict, Verdict::Passed);
        assert_eq!(
            stage.evidence,
            ["approver: Desk => approver, in cn=Desk,dc=example,dc=com or a group in it"]
        );
    }

    #[test]
    fn a_role_that_would_change_is_an_update_and_one_that_stays_is_not() {
        let world = configured("Desk => approver");
        for n in 1..=2 {
            let values = [
                ("username", format!("user{n}")),
                ("email", format!("user{n}@example.com")),
                ("first-name", "Given".to_owned()),
                ("last-name", format!("Name {n}")),
                ("display-name", format!("Given Name {n}")),
            ];
            let values = values
                .each_ref()
                .map(|(field, value)| (*field, value.as_str()));
            let id = format!("00000000-0000-4000-8000-{n:012}");
            let dn = format!("uid=user{n},ou=people,dc=example,dc=com");
            world.portal.add(&id, &dn, &values);
        }
        let outcome = |name| preview(&world, &[], &named(name)).unwrap().outcome;
        assert_eq!(
            [outcome("user1"), outcome("user2")],
            ["unchanged", "would-update"]
        );
    }

    #[test]
    fn verify_tells_what_each_rule_found_and_how_many_have_which_role() {
        let world = configured("Desk => approver");
        let report = verify(&world, &[]).unwrap();
        let evidence = |name: &str| {
            let stage = report.stages.iter().find(|stage| stage.name == name);
            let stage = stage.unwrap();
            assert_eq!(stage.verdict, Verdict::Passed, "{stage:?}");
            stage.evidence.clone()
        };
        assert_eq!(
            evidence(ROLE),
            ["Desk => approver: cn=Desk,dc=example,dc=com; members found: 1"]
        );
        let told = "roles by group: 1 approver, 2 requester".to_owned();
        assert!(evidence("sample").contains(&told));
    }

    #[test]
    fn a_group_that_cannot_be_read_is_a_warning_everywhere_and_keeps_nobody_out() {
        let world = configured("Desk => approver\nNobody => approver");
        let report = verify(&world, &[]).unwrap();
        let stage = report.stages.iter().find(|stage| stage.name == ROLE);
        let stage = stage.unwrap();
        let codes: Vec<_> = stage
            .problems
            .iter()
            .map(|problem| &*problem.code)
            .collect();
        assert_eq!(
            (stage.verdict, codes),
            (Verdict::Warned, vec!["role-group-unreadable"])
        );
        assert_eq!(report.tally.would_map, 3);
        let person = preview(&world, &[], &named("user2")).unwrap();
        assert_eq!(person.outcome, "would-create");
        assert_eq!(person.problems[0].code, "role-group-unreadable");
        assert_eq!(role(&person.fields).unwrap().0, None);
    }

    #[test]
    fn without_rules_no_role_is_told() {
        let world = configured("");
        assert_eq!(
            role(&preview(&world, &[], &named("user2")).unwrap().fields),
            None
        );
        let stages = verify(&world, &[]).unwrap().stages;
        assert!(stages.iter().all(|stage| stage.name != ROLE));
    }

    #[test]
    fn rules_and_a_mapping_for_the_role_are_refused_together_and_taken_one_by_one() {
        let world = configured("");
        let role = crate::field::Field::plain(ROLE, crate::field::FieldKind::Text);
        world.portal.fields.borrow_mut().push(role);
        let without: Vec<Rule> = ["username", "email", "last-name"]
            .map(|field| Rule::new(field, "{uid}"))
            .into();
        let with: Vec<Rule> = [without.clone(), vec![Rule::new(ROLE, "approver")]].concat();
        submit(&world, &with).unwrap();
        let code = |refused: Vec<crate::ports::directory::HostProblem>| refused[0].code.clone();
        let rules = settings("Desk => approver");
        assert_eq!(
            code(configure(&world, &rules).unwrap_err()),
            "contradiction"
        );
        submit(&world, &without).unwrap();
        configure(&world, &rules).unwrap();
        assert_eq!(code(submit(&world, &with).unwrap_err()), "contradiction");
        assert_eq!(
            code(preview(&world, &with, &named("user2")).unwrap_err()),
            "contradiction"
        );
    }
}
