//! Where groups are looked for: the directory's parts that hold the people, and those that a rule names.

use crate::dn::Dn;
use crate::profile::RootDse;
use crate::settings::{GroupName, Settings};

/// The parts of the directory, as the server or the settings write them; none is below another.
pub(super) fn contexts(root: &RootDse, settings: &Settings) -> Vec<String> {
    let offered: Vec<Dn> = root
        .bases()
        .iter()
        .filter_map(|base| Dn::parse(base).ok())
        .collect();
    let named = settings
        .role_rules
        .iter()
        .filter_map(|rule| match &rule.group {
            GroupName::Dn(dn) => Some(dn.as_str()),
            GroupName::Name(_) => None,
        });
    let mut contexts: Vec<Dn> = Vec::new();
    for place in settings.places.bases().chain(named) {
        let Ok(place) = Dn::parse(place) else {
            continue;
        };
        let around = offered.iter().filter(|context| place.is_below(context));
        let context = match around.min_by_key(|context| context.rdns().len()) {
            Some(context) => context.clone(),
            None => domain(&place),
        };
        if contexts.iter().any(|known| context.is_below(known)) {
            continue;
        }
        contexts.retain(|known| !known.is_below(&context));
        contexts.push(context);
    }
    contexts.iter().map(Dn::to_string).collect()
}

/// Where a server does not say what it holds: the domain that a name ends with (RFC 2247), or else the name itself.
fn domain(name: &Dn) -> Dn {
    let is_domain = |dn: &Dn| dn.rdns().iter().all(|rdn| is_component(rdn.parts()));
    let mut above = name.clone();
    while !above.is_empty() && !is_domain(&above) {
        above = above.parent().unwrap_or_default();
    }
    if above.is_empty() {
        name.clone()
    } else {
        above
    }
}

fn is_component(parts: &[crate::dn::NamePart]) -> bool {
    parts
        .iter()
        .all(|part| part.attribute.eq_ignore_ascii_case("dc"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::ports::portal::Role;
    use crate::settings::parse;

    fn found(offered: &[&str], bases: &str, rules: &str) -> Vec<String> {
        let role = Role {
            id: "requester".into(),
            label: String::new(),
        };
        let given = [("url", "a"), ("base-dn", bases), ("role-rules", rules)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let settings = parse(&given, &[role]).unwrap().settings;
        let root: RootDse = [("namingContexts", offered.to_vec())].into_iter().collect();
        contexts(&root, &settings)
    }

    #[test]
    fn groups_are_looked_for_in_the_parts_that_hold_people_or_are_named() {
        let offered = ["dc=x", "cn=config", "o=other", "o=third"];
        let rules = "Desk => requester\ncn=a,ou=g,o=other => requester";
        assert_eq!(
            found(&offered, "ou=p,dc=x\nou=q,dc=x", rules),
            ["dc=x", "o=other"]
        );
    }

    #[test]
    fn where_a_server_says_nothing_the_domain_counts() {
        let rules = "Desk => requester";
        assert_eq!(
            found(&[], "ou=p,dc=x,dc=y\nou=q,o=z", rules),
            ["dc=x,dc=y", "ou=q,o=z"]
        );
    }
}
