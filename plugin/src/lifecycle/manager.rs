//! Whom the portal would have as somebody's manager, for looking at one person.

use crate::mapping::Rule;
use crate::ports::directory::Session;
use crate::ports::{Host, Portal};
use crate::problem::Problem;
use crate::settings::Configuration;
use crate::sync::Recipe;
use crate::sync::resolve::{Answer, Resolver};

use super::connected::{Connected, at};
use super::place::base_of;
use super::view::Reading;

/// What is to be told of it.
#[derive(Debug)]
pub(crate) struct Told {
    /// The name, and who that is.
    pub(crate) evidence: String,
    /// Why nobody.
    pub(crate) problem: Option<Problem>,
}

/// Asks for the manager's name as a sync does, and gives the field its value. Nothing where no rule asks, or there is no
/// name.
pub(crate) fn find<H: Host, S: Session>(
    host: &H,
    configuration: &Configuration,
    rules: &[Rule],
    connected: &Connected<S>,
    reading: &mut Reading,
) -> Option<Told> {
    let configuration = configuration.clone().with_rules(rules.to_vec());
    let profile = connected.detected.profile;
    let now = host.clock().now();
    let recipe = Recipe::new(&configuration, profile, &host.portal().fields(), now).ok()?;
    let id = &recipe.mapping().link()?.rule().field;
    let field = reading.fields.iter_mut().find(|field| field.field == *id)?;
    let name = field.raw.first()?.clone();
    let resolver = Resolver {
        recipe: &recipe,
        session: &connected.session,
    };
    let stays =
        |id: &str| Some(known(host.portal(), id).is_some() || comes(connected, &recipe, &name));
    match resolver.who(host.portal(), &name, stays) {
        Answer::Person(manager) if reading.id.as_ref() != Ok(&manager) => {
            let evidence = match known(host.portal(), &manager) {
                Some(shown) => format!("{id}: \"{name}\" is {shown} ({manager})"),
                None => format!("{id}: \"{name}\" is somebody whom a sync brings ({manager})"),
            };
            field.value = Some(manager);
            Some(Told {
                evidence,
                problem: None,
            })
        }
        Answer::Person(_) => Some(nobody(
            id,
            &name,
            "it is the person's own name",
            "Correct it in the directory.",
        )),
        Answer::Nobody(cause) => {
            let (what, remedy) = cause.told();
            Some(nobody(id, &name, what, remedy))
        }
    }
}

fn nobody(field: &str, name: &str, what: &str, remedy: &str) -> Told {
    let message = format!("the manager \"{name}\" is nobody in the portal: {what}");
    Told {
        evidence: format!("{field}: \"{name}\" is nobody in the portal"),
        problem: Some(Problem::new("manager-unresolved", message, remedy).of_field(field)),
    }
}

/// A name to show of somebody whom the portal has.
fn known(portal: &dyn Portal, id: &str) -> Option<String> {
    let person = portal.people(&[id.to_owned()]).into_iter().next()?;
    let value = |field: &str| {
        let mut values = person.values.iter();
        values
            .find(|(id, _)| id == field)
            .map(|(_, value)| value.clone())
    };
    Some(
        value("display-name")
            .or_else(|| value("username"))
            .unwrap_or(person.id),
    )
}

/// The entry of this name is among those who are synced, and is not disabled.
fn comes<S: Session>(connected: &Connected<S>, recipe: &Recipe, name: &str) -> bool {
    let Some(filter) = recipe
        .requests()
        .first()
        .map(|request| request.filter.clone())
    else {
        return false;
    };
    base_of(recipe.places(), name).is_ok()
        && connected
            .first(&at(name, filter, recipe.attributes()), |entry| {
                (!recipe.disabled(entry)).then_some(())
            })
            .is_ok_and(|found| found.is_some())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use crate::field::{Field, FieldKind};
    use crate::lifecycle::{Who, configure, explain, preview};
    use crate::testing::World;

    const BOSS: &str = "uid=user1,ou=people,dc=example,dc=com";

    /// The second of two people reports to somebody of this name.
    fn reporting_to(name: &str) -> World {
        let world = World::with_people(2);
        world
            .portal
            .fields
            .borrow_mut()
            .push(Field::plain("manager", FieldKind::Person));
        world.change("uid=user2,", |record| record.set("manager", &[name]));
        let given = [("url", "ldap://h"), ("base-dn", "dc=example,dc=com")];
        let given = given.map(|(key, value)| (key.to_owned(), value.to_owned()));
        configure(&world, &given).unwrap();
        world
    }

    #[test]
    fn a_preview_shows_the_name_and_the_person_whom_a_sync_would_write() {
        let world = reporting_to(BOSS);
        let previewed = preview(&world, &[], &Who::Named("user2".into())).unwrap();
        let manager = previewed
            .fields
            .iter()
            .find(|field| field.field == "manager");
        let manager = manager.unwrap();
        assert_eq!(manager.raw, [BOSS]);
        let id = "00000000-0000-4000-8000-000000000001";
        assert_eq!(manager.value.as_deref(), Some(id));
        assert!(previewed.problems.is_empty());
        world.portal.add(id, BOSS, &[("display-name", "The Boss")]);
        let explained = explain(&world, &Who::Named("user2".into())).unwrap();
        let told = format!("manager: \"{BOSS}\" is The Boss ({id})");
        assert!(
            explained
                .stages
                .iter()
                .any(|stage| stage.evidence.contains(&told))
        );
    }

    #[test]
    fn a_manager_who_is_nobody_is_told_with_the_cause_and_keeps_nobody_out() {
        for (name, cause) in [
            ("uid=gone,dc=example,dc=com", "no entry of that name"),
            ("uid=user2,ou=people,dc=example,dc=com", "own name"),
            ("ou=people,dc=example,dc=com", "no id"),
        ] {
            let world = reporting_to(name);
            let previewed = preview(&world, &[], &Who::Named("user2".into())).unwrap();
            assert_eq!(previewed.outcome, "would-create");
            assert_eq!(previewed.problems.len(), 1, "{name}");
            let problem = &previewed.problems[0];
            assert_eq!(problem.code, "manager-unresolved");
            assert!(problem.message.contains(cause), "{}", problem.message);
            let manager = previewed
                .fields
                .iter()
                .find(|field| field.field == "manager");
            assert_eq!(manager.unwrap().value, None);
        }
    }
}
