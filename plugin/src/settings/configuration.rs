//! Settings and mapping rules together: what a sync works by.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

use crate::mapping::{OnEmpty, Rule};
use crate::ports::directory::HostProblem;
use crate::ports::portal::Role;
use crate::ports::services::{Operation, State};
use crate::problem::Problem;

use super::form::{self, FormKind};
use super::parse::{self, Parsed, Settings};

/// The key of `state` that holds all of it, so that settings and rules can't drift apart.
pub const KEY: &str = "configuration";

/// The layout of what is stored.
const FORMAT: u32 = 1;

/// Everything a sync works by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Typed settings.
    pub settings: Settings,
    /// The rules as submitted; empty: those suggested for the profile.
    pub rules: Vec<Rule>,
    /// As stored, defaults filled in.
    pub texts: BTreeMap<String, String>,
    /// 32 hexadecimal digits over settings and rules, but for the credential handle. A plan made under another
    /// digest is not applied.
    pub digest: String,
    /// What is allowed but worth knowing.
    pub warnings: Vec<Problem>,
    /// The version of the stored text, for compare-and-set; 0 where it is not stored.
    pub version: u64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    settings: BTreeMap<String, String>,
    rules: Vec<Rule>,
}

impl Configuration {
    /// Puts checked settings and rules together.
    #[must_use]
    pub fn new(parsed: Parsed, rules: Vec<Rule>, version: u64) -> Self {
        let digest = digest(&parsed.texts, &rules);
        let Parsed {
            settings,
            texts,
            warnings,
        } = parsed;
        Self {
            settings,
            rules,
            texts,
            digest,
            warnings,
            version,
        }
    }

    /// The same settings with other rules.
    #[must_use]
    pub fn with_rules(self, rules: Vec<Rule>) -> Self {
        let digest = digest(&self.texts, &rules);
        Self {
            rules,
            digest,
            ..self
        }
    }

    /// What is stored; none before the first `configure`. The settings are checked again, because the portal's roles
    /// may have changed.
    ///
    /// # Errors
    /// `state-damaged` where it can't be read, and everything that [`parse::parse`] finds.
    pub fn load(state: &dyn State, roles: &[Role]) -> Result<Option<Self>, Vec<Problem>> {
        let Some((stored, version)) = stored(state).map_err(|problem| vec![problem])? else {
            return Ok(None);
        };
        if stored.settings.is_empty() {
            return Ok(None);
        }
        let given: Vec<_> = stored.settings.into_iter().collect();
        let parsed = parse::parse(&given, roles)?;
        Ok(Some(Self::new(parsed, stored.rules, version)))
    }

    /// As [`Configuration::load`], where there must be one.
    ///
    /// # Errors
    /// `not-configured`, and those of [`Configuration::load`].
    pub fn require(state: &dyn State, roles: &[Role]) -> Result<Self, Vec<Problem>> {
        Self::load(state, roles)?.ok_or_else(|| {
            vec![Problem::new(
                "not-configured",
                "there are no settings yet",
                "Say first where the directory is: on the page Connection, or with the command `configure`.",
            )]
        })
    }

    /// Stores it, if nobody stored something else since it was loaded.
    ///
    /// # Errors
    /// What the host says: `conflict`, `state-full`.
    pub fn store(&self, state: &dyn State) -> Result<(), HostProblem> {
        let stored = Stored {
            format: FORMAT,
            settings: self.texts.clone(),
            rules: self.rules.clone(),
        };
        let value = serde_json::to_vec(&stored).map_err(|error| {
            HostProblem::from(Problem::new(
                "state-damaged",
                format!("the settings can't be written down: {error}"),
                "Report this.",
            ))
        })?;
        state.commit(vec![Operation {
            key: KEY.into(),
            expected: Some(self.version),
            value: Some(value),
        }])
    }
}

/// The version of what is stored and its rules, whether or not the settings are still right; 0 and none where nothing is.
///
/// # Errors
/// `state-damaged`.
pub fn stored_rules(state: &dyn State) -> Result<(Vec<Rule>, u64), Problem> {
    Ok(stored(state)?.map_or((Vec::new(), 0), |(stored, version)| (stored.rules, version)))
}

fn stored(state: &dyn State) -> Result<Option<(Stored, u64)>, Problem> {
    let found = state.get(KEY);
    if found.version == 0 {
        return Ok(None);
    }
    let damaged = |what: String| {
        Problem::new(
            "state-damaged",
            format!("the stored settings can't be read: {what}"),
            "Uninstall the plugin, install it anew and give the settings again.",
        )
    };
    let stored: Stored =
        serde_json::from_slice(&found.value).map_err(|error| damaged(error.to_string()))?;
    if stored.format != FORMAT {
        return Err(damaged(format!(
            "their format is {}, this version knows {FORMAT}",
            stored.format
        )));
    }
    Ok(Some((stored, found.version)))
}

/// Length-prefixed, so that no two configurations give the same bytes.
fn digest(texts: &BTreeMap<String, String>, rules: &[Rule]) -> String {
    let mut hasher = SipHasher13::new_with_keys(0x726f_6c6c_6361_6c6c, 0x636f_6e66_6967_3031);
    let mut put = |text: &str| {
        hasher.write_u64(text.len() as u64);
        hasher.write(text.as_bytes());
    };
    // Another handle for the same account reads the same directory.
    let secret = |key: &str| form::field(key).is_some_and(|field| field.kind == FormKind::Secret);
    for (key, value) in texts.iter().filter(|(key, _)| !secret(key)) {
        put(key);
        put(value);
    }
    put("rules");
    for rule in rules {
        put(&rule.field);
        put(&rule.source);
        match &rule.on_empty {
            OnEmpty::Keep => put("keep"),
            OnEmpty::Clear => put("clear"),
            OnEmpty::Default(value) => {
                put("default");
                put(value);
            }
        }
    }
    let hash = hasher.finish128();
    format!("{:016x}{:016x}", hash.h1, hash.h2)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::ports::services::Versioned;

    #[derive(Default)]
    struct Memory(RefCell<Versioned>);

    impl State for Memory {
        fn get(&self, _: &str) -> Versioned {
            self.0.borrow().clone()
        }
        fn keys(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
        fn commit(&self, operations: Vec<Operation>) -> Result<(), HostProblem> {
            let mut memory = self.0.borrow_mut();
            for operation in operations {
                if operation
                    .expected
                    .is_some_and(|expected| expected != memory.version)
                {
                    return Err(Problem::new("conflict", "changed", "again").into());
                }
                memory.version += 1;
                memory.value = operation.value.unwrap_or_default();
            }
            Ok(())
        }
    }

    fn roles() -> Vec<Role> {
        vec![Role {
            id: "requester".into(),
            label: "Requester".into(),
        }]
    }

    fn parsed(more: &[(&str, &str)]) -> Parsed {
        let given: Vec<_> = [("url", "a"), ("base-dn", "dc=x")]
            .iter()
            .chain(more)
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        parse::parse(&given, &roles()).unwrap()
    }

    fn rule(source: &str, on_empty: OnEmpty) -> Rule {
        Rule {
            field: "email".into(),
            source: source.into(),
            on_empty,
        }
    }

    #[test]
    fn what_is_stored_is_loaded_with_its_version_and_the_same_digest() {
        let state = Memory::default();
        assert_eq!(Configuration::load(&state, &roles()).unwrap(), None);
        let rules = vec![rule("{mail}", OnEmpty::Default("x".into()))];
        let written = Configuration::new(parsed(&[]), rules, 0);
        written.store(&state).unwrap();
        let read = Configuration::require(&state, &roles()).unwrap();
        assert_eq!(
            read,
            Configuration {
                version: 1,
                ..written
            }
        );
    }

    #[test]
    fn a_change_since_it_was_loaded_is_not_overwritten() {
        let state = Memory::default();
        let first = Configuration::new(parsed(&[]), Vec::new(), 0);
        first.store(&state).unwrap();
        assert_eq!(first.store(&state).unwrap_err().code, "conflict");
    }

    #[test]
    fn nothing_stored_and_damage_are_told_apart() {
        let state = Memory::default();
        assert_eq!(
            Configuration::require(&state, &roles()).unwrap_err()[0].code,
            "not-configured"
        );
        *state.0.borrow_mut() = Versioned {
            value: b"{".to_vec(),
            version: 3,
        };
        assert_eq!(
            Configuration::load(&state, &roles()).unwrap_err()[0].code,
            "state-damaged"
        );
    }

    #[test]
    fn every_setting_and_rule_changes_the_digest_but_the_credential_handle_does_not() {
        let digest = |more: &[(&str, &str)], rules: &[Rule]| {
            Configuration::new(parsed(more), rules.to_vec(), 0).digest
        };
        let base = digest(&[], &[]);
        assert_eq!(base.len(), 32);
        assert_ne!(base, digest(&[("filter", "(a=b)")], &[]));
        assert_ne!(base, digest(&[], &[rule("{mail}", OnEmpty::Keep)]));
        assert_ne!(
            digest(&[], &[rule("{mail}", OnEmpty::Keep)]),
            digest(&[], &[rule("{mail}", OnEmpty::Clear)])
        );
        let bound = |handle| digest(&[("bind-name", "cn=x"), ("password", handle)], &[]);
        assert_eq!(bound("c1"), bound("c2"));
    }
}
