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
        profile,
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
