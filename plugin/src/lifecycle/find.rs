//! People to pick from, by a part of a name.

use crate::attribute::AttributeSet;
use crate::filter::Filter;
use crate::ports::Host;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::settings::Configuration;

use super::answer::{Answer, one, ours};
use super::connected::connect_or_say;
use super::mapping::attributes_of;
use super::view::{Reading, View};

/// People found at most.
const MOST: u32 = 20;
/// Characters to look for: one alone would find nearly everybody.
const SHORTEST: usize = 2;
/// More is no part of anybody's name.
const LONGEST: usize = 200;
/// Fields whose values people are looked for by.
const NAMES: [&str; 5] = [
    "username",
    "email",
    "display-name",
    "first-name",
    "last-name",
];

/// Somebody who was found (contract: `people.candidate`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// As the server writes it.
    pub dn: String,
    /// Empty where there is none; so the others.
    pub display_name: String,
    /// Of `username`.
    pub username: String,
    /// Of `email`.
    pub email: String,
}

/// At most `limit` people whom a sync sees and whose name has a text in it; with an empty text the first of all.
///
/// # Errors
/// `search-text`, `bad-number`, and what keeps the directory from being read.
pub fn find<H: Host>(host: &H, text: &str, limit: u32) -> Answer<Vec<Candidate>> {
    let text = text.trim();
    let length = text.chars().count();
    if length > 0 && !(SHORTEST..=LONGEST).contains(&length) {
        return Err(one(Problem::new(
            "search-text",
            format!("people cannot be looked for by {length} characters"),
            format!(
                "Give {SHORTEST} to {LONGEST} characters of a name, a user name or a mail address."
            ),
        )
        .of_field("text")));
    }
    if !(1..=MOST).contains(&limit) {
        return Err(one(Problem::new(
            "bad-number",
            format!("{limit} people cannot be asked for"),
            format!("Ask for 1 to {MOST}."),
        )
        .of_field("limit")));
    }
    let mut configuration =
        Configuration::require(host.state(), &host.portal().roles()).map_err(ours)?;
    let connected = connect_or_say(host, &mut configuration)?;
    let (settings, rules) = (&configuration.settings, &configuration.rules);
    let profile = connected.detected.profile;
    let fields = host.portal().fields();
    let now = host.clock().now();
    let view = View::new(settings, rules, profile, &fields, now).map_err(ours)?;
    let filter = if text.is_empty() {
        view.filter.clone()
    } else {
        Filter::And(vec![view.filter.clone(), having(&view, profile, text)])
    };
    // Where some are left out, the first that are found may be among them.
    let most = if view.places.has_exclusions() {
        0
    } else {
        limit
    };
    let mut found: Vec<Candidate> = Vec::new();
    let searched = connected.first(&view.searches_for(&filter, most), |entry| {
        if !view.excludes(entry) {
            found.push(candidate(&view.read(entry)));
        }
        (found.len() == limit as usize).then_some(())
    });
    // Those who were found before it ended badly are of use all the same.
    if let Err(problem) = searched
        && found.is_empty()
    {
        return Err(one(problem));
    }
    found.sort_by(|a, b| (&a.display_name, &a.dn).cmp(&(&b.display_name, &b.dn)));
    Ok(found)
}

/// The text is in a value that names people, or that the profile tells them apart by.
fn having(view: &View, profile: &Profile, text: &str) -> Filter {
    let mut attributes = AttributeSet::new();
    let naming = view.rules.iter();
    for rule in naming.filter(|rule| NAMES.contains(&rule.field.as_str())) {
        for name in attributes_of(rule).names() {
            attributes.intern(name);
        }
    }
    for name in profile.attributes {
        attributes.intern(name);
    }
    let names = attributes.names().iter();
    let names = names.filter(|name| !name.eq_ignore_ascii_case("objectClass"));
    let within = |name: &String| Filter::Substrings {
        attribute: name.clone(),
        initial: None,
        any: vec![text.as_bytes().to_vec()],
        last: None,
    };
    Filter::Or(names.map(within).collect())
}

fn candidate(reading: &Reading) -> Candidate {
    let value = |field: &str| reading.value(field).unwrap_or_default().to_owned();
    let whole = || format!("{} {}", value("first-name"), value("last-name"));
    Candidate {
        dn: reading.dn.clone(),
        display_name: Some(value("display-name"))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| whole().trim().to_owned()),
        username: value("username"),
        email: value("email"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::World;

    fn users(world: &World, text: &str, limit: u32) -> Vec<String> {
        let found = find(world, text, limit).unwrap();
        found.into_iter().map(|one| one.username).collect()
    }

    fn code(world: &World, text: &str, limit: u32) -> String {
        find(world, text, limit).unwrap_err().remove(0).code
    }

    #[test]
    fn people_are_found_by_a_part_of_any_name() {
        let world = World::configured(30, &[]);
        assert_eq!(users(&world, "user17", 20), ["user17"]);
        assert_eq!(users(&world, "ser17@exam", 20), ["user17"]);
        assert_eq!(users(&world, " ame 17 ", 20), ["user17"]);
        assert_eq!(users(&world, "nobody", 20), [""; 0]);
        let one = find(&world, "user17", 20).unwrap().remove(0);
        assert_eq!(one.dn, "uid=user17,ou=people,dc=example,dc=com");
        assert_eq!(
            (one.display_name.as_str(), one.email.as_str()),
            ("Given Name 17", "user17@example.com")
        );
    }

    #[test]
    fn no_more_are_found_than_were_asked_for_and_none_who_are_left_out() {
        let world = World::configured(30, &[]);
        assert_eq!(users(&world, "", 20).len(), 20);
        assert_eq!(users(&world, "user", 3).len(), 3);
        let excluding = World::configured(
            30,
            &[(
                "excluded-subtrees",
                "uid=user17,ou=people,dc=example,dc=com",
            )],
        );
        assert_eq!(users(&excluding, "user17", 20), [""; 0]);
        assert_eq!(users(&excluding, "user18", 20), ["user18"]);
    }

    #[test]
    fn whom_the_filter_hides_is_not_found() {
        let world = World::configured(
            5,
            &[("filter", "(&(objectClass=inetOrgPerson)(!(uid=user2)))")],
        );
        assert_eq!(users(&world, "user2", 20), [""; 0]);
        assert_eq!(users(&world, "user3", 20), ["user3"]);
    }

    #[test]
    fn what_means_something_in_a_filter_stands_for_itself() {
        let world = World::configured(3, &[]);
        world.change("uid=user2,", |entry| entry.set("cn", &["A*(b)\\ c"]));
        for text in ["A*(b", "*(", "(b)", ")\\", "\\ c"] {
            assert_eq!(users(&world, text, 20), ["user2"], "{text}");
        }
        for text in ["**", "*)(uid=*", "u*r", "\\2a", "user1)"] {
            assert_eq!(users(&world, text, 20), [""; 0], "{text}");
        }
    }

    #[test]
    fn too_little_or_too_much_is_refused_before_the_directory_is_asked() {
        let world = World::configured(3, &[]);
        world.directory.faults.borrow_mut().open = Some("connect-refused");
        assert_eq!(code(&world, "u", 20), "search-text");
        assert_eq!(code(&world, &"u".repeat(201), 20), "search-text");
        assert_eq!(code(&world, "user", 0), "bad-number");
        assert_eq!(code(&world, "user", 21), "bad-number");
        assert_eq!(code(&world, "us", 20), "connect-refused");
        assert_eq!(code(&World::with_people(1), "us", 20), "not-configured");
    }
}
