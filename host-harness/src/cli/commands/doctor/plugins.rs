//! Whether each plugin loads and speaks.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Utc};

use super::stored::names;
use super::{failed, passed, warned};
use crate::Problem;
use crate::contract::hooks::lifecycle::Description;
use crate::contract::types::Stage;
use crate::ports::TenantId;
use crate::ports::tenants::Installation;
use crate::sandbox::Sandbox;
use crate::sandbox::interfaces::lacking;
use crate::store::Database;
use crate::telemetry::short;
use crate::tenant::Hook;

/// Every plugin that these tenants have, once.
pub(super) async fn checks(
    store: &dyn Database,
    sandbox: &Sandbox,
    installed: &[Installation],
) -> Vec<Stage> {
    let mut by_digest = BTreeMap::<&str, Vec<&TenantId>>::new();
    for one in installed {
        by_digest.entry(&one.plugin).or_default().push(&one.tenant);
    }
    let mut checks = Vec::new();
    for (digest, tenants) in by_digest {
        let of = format!("{}, of {}", short(digest), names(tenants.into_iter()));
        checks.push(match described(store, sandbox, digest).await {
            Ok((description, without)) => told(&description, of, without),
            Err(refused) => failed("plugin", &[of], refused.problems().cloned().collect()),
        });
    }
    checks
}

async fn described(
    store: &dyn Database,
    sandbox: &Sandbox,
    digest: &str,
) -> Hook<(Description, Vec<String>)> {
    let component = store.component(digest).await?;
    let plugin = sandbox.load(&component).await?;
    let without = lacking(plugin.exports()).into_iter();
    let without = without.map(|(name, words)| format!("it lacks {name}: {words}"));
    Ok((plugin.describe().await?, without.collect()))
}

fn told(description: &Description, of: String, without: Vec<String>) -> Stage {
    let zones = &description.zone_database;
    let mut evidence = vec![
        of,
        format!(
            "{} {}, time zones of {}",
            description.name,
            description.version,
            if zones.is_empty() { "no time" } else { zones }
        ),
    ];
    evidence.extend(without);
    match outdated(zones, Utc::now().year()) {
        true => warned(
            "plugin",
            &evidence,
            vec![Problem::new(
                "zone-database-old",
                format!("The plugin's time zones are of {zones}"),
                "Install a newer version of the plugin: where rules have changed since, people are synced an hour early or late.",
            )],
        ),
        false => passed("plugin", &evidence),
    }
}

/// Whether a time zone database, such as `2026f`, is of before last year. What cannot be read says nothing.
fn outdated(zones: &str, year: i32) -> bool {
    let made = zones.get(..4).and_then(|year| year.parse::<i32>().ok());
    made.is_some_and(|made| made < year - 1)
}

#[cfg(test)]
mod tests {
    use super::outdated;

    #[test]
    fn time_zones_are_old_after_a_year_and_more() {
        assert!(outdated("2023c", 2026));
        assert!(!outdated("2025a", 2026) && !outdated("2026f", 2026));
        assert!(!outdated("", 2026) && !outdated("unknown", 2026));
    }
}
