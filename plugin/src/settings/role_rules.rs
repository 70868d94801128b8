//! The rules that make roles of groups: a line each, `group => role`.

use std::fmt::{self, Display, Formatter};

use crate::dn::Dn;
use crate::mapping::Rule;
use crate::ports::portal::Role;
use crate::problem::Problem;

/// The setting that holds them.
pub(super) const ROLE_RULES: &str = "role-rules";

/// Stands between group and role. A DN may hold it, a role's id cannot: the last one on a line counts.
const ARROW: &str = "=>";

/// A group as an administrator names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupName {
    /// By its DN (RFC 4514).
    Dn(String),
    /// By its common name, or another name that its kind of directory has for groups.
    Name(String),
}

/// Members of a group have a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    /// Whose members.
    pub group: GroupName,
    /// A role of the portal, by id.
    pub role: String,
}

impl GroupName {
    /// As written.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Dn(text) | Self::Name(text) => text,
        }
    }
}

impl Display for RoleRule {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{} {ARROW} {}", self.group.text(), self.role)
    }
}

/// Why rules for roles and a mapping with a rule of its own for the role cannot be together; nothing where they are not.
#[must_use]
pub fn contradiction(role_rules: &[RoleRule], mapping: &[Rule]) -> Option<Problem> {
    let both = !role_rules.is_empty() && mapping.iter().any(|rule| rule.field == "role");
    both.then(|| {
        Problem::new(
            "contradiction",
            "the role is made by role rules and by a mapping rule, and only one of them can have it",
            "Remove the mapping rule for role, or empty the setting role-rules.",
        )
        .of_field(ROLE_RULES)
    })
}

/// Reads the setting; blank lines are passed over.
///
/// # Errors
/// All that is wrong, each at its place: `bad-role-rule`, `bad-dn`, `unknown-role`, `duplicate-rule`.
pub(super) fn read(text: &str, roles: &[Role]) -> Result<Vec<RoleRule>, Vec<Problem>> {
    let (mut rules, mut problems) = (Vec::<RoleRule>::new(), Vec::new());
    let mut groups = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let begins = start + line.len() - line.trim_start().len();
        start += line.len() + 1;
        if line.trim().is_empty() {
            continue;
        }
        match rule(line.trim(), roles) {
            Ok((rule, key)) if groups.contains(&key) => problems.push(twice(&rule).at(begins)),
            Ok((rule, key)) => {
                groups.push(key);
                rules.push(rule);
            }
            Err(problem) => {
                let within = problem.position.map_or(0, |position| position as usize);
                problems.push(problem.at(begins + within));
            }
        }
    }
    if problems.is_empty() {
        Ok(rules)
    } else {
        Err(problems)
    }
}

/// One line, with what the group is compared by.
fn rule(line: &str, roles: &[Role]) -> Result<(RoleRule, String), Problem> {
    let Some((group, role)) = line.rsplit_once(ARROW) else {
        return Err(bad("the line has no => between group and role"));
    };
    let role_at = line.len() - role.trim_start().len();
    let (group, role) = (group.trim(), role.trim());
    if group.is_empty() {
        return Err(bad("the line names no group"));
    }
    let (group, key) = if group.contains('=') {
        let dn = Dn::parse(group)?;
        (GroupName::Dn(group.to_owned()), dn.normalized())
    } else {
        (GroupName::Name(group.to_owned()), group.to_lowercase())
    };
    if role.is_empty() {
        return Err(bad("the line names no role").at(line.len()));
    }
    if !roles.iter().any(|known| known.id == role) {
        let known: Vec<_> = roles.iter().map(|role| role.id.as_str()).collect();
        return Err(Problem::new(
            "unknown-role",
            format!("the portal has no role `{role}`"),
            format!("Choose one of: {}.", known.join(", ")),
        )
        .at(role_at));
    }
    let role = role.to_owned();
    Ok((RoleRule { group, role }, key))
}

fn bad(message: &str) -> Problem {
    Problem::new(
        "bad-role-rule",
        message,
        "Write a line each: the group's name or DN, then =>, then the role, as in Service Desk => agent.",
    )
    .at(0)
}

fn twice(rule: &RoleRule) -> Problem {
    Problem::new(
        "duplicate-rule",
        format!(
            "there is a rule for the group {} already",
            rule.group.text()
        ),
        "Remove one of the two.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn roles() -> Vec<Role> {
        ["requester", "agent"]
            .map(|id| Role {
                id: id.into(),
                label: id.into(),
            })
            .into()
    }

    #[test]
    fn a_rule_names_a_group_by_dn_or_by_name_in_the_order_written() {
        let rules = read(
            "\n cn=a=>b,dc=x => agent \n\nHelp, Desk=>requester\n",
            &roles(),
        )
        .unwrap();
        assert_eq!(
            rules,
            [
                RoleRule {
                    group: GroupName::Dn("cn=a=>b,dc=x".into()),
                    role: "agent".into()
                },
                RoleRule {
                    group: GroupName::Name("Help, Desk".into()),
                    role: "requester".into()
                },
            ]
        );
        assert_eq!(rules[0].to_string(), "cn=a=>b,dc=x => agent");
        assert_eq!(read(" \n ", &roles()), Ok(Vec::new()));
    }

    #[test]
    fn every_wrong_line_is_reported_at_its_place() {
        let text = "Desk agent\n => agent\nDesk => boss\ncn=a,,dc=x => agent\nDesk => agent\n desk => requester\nDesk =>";
        let problems = read(text, &roles()).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code, problem.position.unwrap() as usize))
            .collect();
        let at = |part: &str| text.find(part).unwrap();
        assert_eq!(
            found,
            [
                ("bad-role-rule", 0),
                ("bad-role-rule", at("=> agent")),
                ("unknown-role", at("boss")),
                ("bad-dn", at("cn=a,,") + 5),
                ("duplicate-rule", at("desk =>")),
                ("bad-role-rule", text.len()),
            ]
        );
    }

    #[test]
    fn two_spellings_of_one_dn_are_one_group() {
        let text = "cn=Desk,dc=x => agent\nCN=desk, DC=x => requester";
        assert_eq!(read(text, &roles()).unwrap_err()[0].code, "duplicate-rule");
    }

    #[test]
    fn a_mapping_rule_for_the_role_contradicts_role_rules_and_other_rules_do_not() {
        let rules = read("Desk => agent", &roles()).unwrap();
        let mapping = [Rule::new("role", "agent")];
        assert_eq!(
            contradiction(&rules, &mapping).unwrap().code,
            "contradiction"
        );
        assert_eq!(contradiction(&[], &mapping), None);
        assert_eq!(contradiction(&rules, &[Rule::new("email", "{mail}")]), None);
    }
}
