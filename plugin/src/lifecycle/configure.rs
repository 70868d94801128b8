//! The `configure` and `configuration` hooks.

use crate::ports::Host;
use crate::problem::Problem;
use crate::settings::configuration::stored_rules;
use crate::settings::role_rules::contradiction;
use crate::settings::{Configuration, parse};

use super::answer::{Answer, one, ours};

/// What is stored (contract: `lifecycle.configured`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// Key and value, defaults filled in.
    pub settings: Vec<(String, String)>,
    /// Of settings and mapping.
    pub digest: String,
    /// What is allowed but worth knowing.
    pub warnings: Vec<Problem>,
}

impl From<Configuration> for Configured {
    fn from(configuration: Configuration) -> Self {
        Self {
            settings: configuration.texts.into_iter().collect(),
            digest: configuration.digest,
            warnings: configuration.warnings,
        }
    }
}

/// Checks and stores the settings; the mapping stays.
///
/// # Errors
/// Everything that is wrong with them, each by its key, and then nothing is stored; what the host says about `state`.
pub fn configure(host: &impl Host, given: &[(String, String)]) -> Answer<Configured> {
    let parsed = parse(given, &host.portal().roles()).map_err(ours)?;
    let (rules, version) = stored_rules(host.state()).map_err(one)?;
    if let Some(problem) = contradiction(&parsed.settings.role_rules, &rules) {
        return Err(one(problem));
    }
    let configuration = Configuration::new(parsed, rules, version);
    configuration.store(host.state()).map_err(one)?;
    Ok(configuration.into())
}

/// The settings now in force.
///
/// # Errors
/// `not-configured`, `state-damaged`, and what is no longer right.
pub fn configuration(host: &impl Host) -> Answer<Configured> {
    let roles = host.portal().roles();
    Configuration::require(host.state(), &roles)
        .map(Into::into)
        .map_err(ours)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::World;

    fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_configured_is_in_force_with_its_defaults() {
        let world = World::default();
        let configured =
            configure(&world, &settings(&[("url", "a"), ("base-dn", "dc=x")])).unwrap();
        assert!(
            configured
                .settings
                .contains(&("guard-count".into(), "500".into()))
        );
        assert_eq!(configuration(&world).unwrap(), configured);
    }

    #[test]
    fn a_wrong_setting_stores_nothing_and_leaves_what_was_in_force() {
        let world = World::default();
        assert_eq!(configuration(&world).unwrap_err()[0].code, "not-configured");
        let before = configure(&world, &settings(&[("url", "a"), ("base-dn", "dc=x")])).unwrap();
        let problems =
            configure(&world, &settings(&[("url", "a:0"), ("base-dn", "x")])).unwrap_err();
        assert_eq!(
            problems.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(),
            ["bad-port", "bad-dn"]
        );
        assert_eq!(configuration(&world).unwrap(), before);
    }

    #[test]
    fn a_role_that_the_portal_lost_is_noticed_when_the_settings_are_used() {
        let world = World::default();
        configure(&world, &settings(&[("url", "a"), ("base-dn", "dc=x")])).unwrap();
        world.portal.roles.borrow_mut().remove(0);
        assert_eq!(configuration(&world).unwrap_err()[0].code, "unknown-role");
    }
}
