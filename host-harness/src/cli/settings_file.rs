//! The settings file: TOML with `[settings]`, `[mapping]` and `[schedule]` tables.
//!
//! ```toml
//! [settings]
//! url = "ldaps://ldap.example.org"
//! bind-name = "cn=reader,dc=example,dc=org"
//! base-dn = "ou=people,dc=example,dc=org"
//!
//! [mapping]
//! email = "{mail|first|trim|lower}"
//! mobile = { from = "{mobile|first}", on-empty = "clear" }
//! language = { from = "{preferredLanguage}", on-empty = { default = "en" } }
//! ```
//!
//! A password or a private key is never in it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Value;

use crate::Problem;
use crate::contract::hooks::mapping::{OnEmpty, Rule};
use crate::contract::types::Setting;

/// What a settings file holds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsFile {
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    #[serde(default)]
    mapping: BTreeMap<String, RuleText>,
}

/// A rule as it is written: the template alone, or a table.
#[derive(Debug, Clone)]
enum RuleText {
    Short(String),
    Long(LongRule),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LongRule {
    from: String,
    #[serde(default)]
    on_empty: Option<OnEmptyText>,
}

impl<'de> Deserialize<'de> for RuleText {
    /// By hand, since an untagged enum swallows misspelt keys and cannot say what is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rule;
        impl<'de> Visitor<'de> for Rule {
            type Value = RuleText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a template in quotes, or a table with `from` and `on-empty`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RuleText, E> {
                Ok(RuleText::Short(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleText, A::Error> {
                LongRule::deserialize(MapAccessDeserializer::new(map)).map(RuleText::Long)
            }
        }
        deserializer.deserialize_any(Rule)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OnEmptyText {
    Keep,
    Clear,
    Default(String),
}

impl SettingsFile {
    /// Reads and checks the file's form; what the values mean is the plugin's to judge.
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Problem::new(
                "settings-file",
                format!(
                    "The settings file {} cannot be read: {error}",
                    path.display()
                ),
                "Check its name and permissions.",
            )
        })?;
        Self::parse(&text).map_err(|mut problem| {
            problem.message = format!("{}: {}", path.display(), problem.message);
            problem
        })
    }

    /// Reads the text of a settings file.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let position = error.span().and_then(|s| u32::try_from(s.start).ok());
            let line = error.span().map_or(1, |s| text.get(..s.start).map_or(1, |t| t.matches('\n').count() + 1));
            let at_fault = text.lines().nth(line - 1).unwrap_or_default();
            let remedy = if at_fault.contains('"') && at_fault.contains('\\') {
                "In double quotes a backslash begins an escape: write the value in single quotes, as in bind-name = 'DOMAIN\\user'."
            } else {
                "Write TOML with the tables [settings] and [mapping]; `rollcall map suggest` prints a mapping to begin with."
            };
            let mut problem = Problem::new("settings-file", format!("line {line}: {}", error.message()), remedy);
            problem.position = position;
            problem
        })?;
        for (what, key, instead) in [
            (
                "a password",
                "password",
                "--password-file, --password-stdin or --password-prompt",
            ),
            ("a private key", "client-key", "--key-file"),
        ] {
            if file.settings.contains_key(key) {
                return Err(Problem::new(
                    "settings-file",
                    format!("{what} does not belong into a settings file"),
                    format!("Take it out and use {instead}."),
                )
                .of_field(key));
            }
        }
        Ok(file)
    }

    /// The `[settings]` table. Lists become lines of one value.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        self.settings
            .iter()
            .map(|(key, value)| Setting {
                key: key.clone(),
                value: text(value),
            })
            .collect()
    }

    /// The `[mapping]` table.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        self.mapping
            .iter()
            .map(|(field, rule)| {
                let (source, on_empty) = match rule {
                    RuleText::Short(source) => (source, None),
                    RuleText::Long(LongRule { from, on_empty }) => (from, on_empty.as_ref()),
                };
                let on_empty = match on_empty {
                    None | Some(OnEmptyText::Keep) => OnEmpty::Keep,
                    Some(OnEmptyText::Clear) => OnEmpty::Clear,
                    Some(OnEmptyText::Default(value)) => OnEmpty::Default(value.clone()),
                };
                Rule {
                    field: field.clone(),
                    source: source.clone(),
                    on_empty,
                }
            })
            .collect()
    }
}

/// Rules as the `[mapping]` table of a settings file.
pub(crate) fn mapping_table(rules: &[Rule]) -> String {
    let mut out = String::from("[mapping]\n");
    for rule in rules {
        let source = Value::String(rule.source.clone());
        let line = match &rule.on_empty {
            OnEmpty::Keep => format!("{} = {source}\n", rule.field),
            OnEmpty::Clear => format!(
                "{} = {{ from = {source}, on-empty = \"clear\" }}\n",
                rule.field
            ),
            OnEmpty::Default(value) => {
                let value = Value::String(value.clone());
                format!(
                    "{} = {{ from = {source}, on-empty = {{ default = {value} }} }}\n",
                    rule.field
                )
            }
        };
        out.push_str(&line);
    }
    out
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const FILE: &str = r#"
[settings]
url = "ldaps://ldap.example.org"
guard-count = 500

[mapping]
email = "{mail|first}"
mobile = { from = "{mobile}", on-empty = "clear" }
language = { from = "{preferredLanguage}", on-empty = { default = "en" } }
"#;

    #[test]
    fn settings_and_rules_are_read() {
        let file = SettingsFile::parse(FILE).unwrap();
        let settings = file.settings();
        assert_eq!(settings.len(), 2);
        assert_eq!(
            settings[0],
            Setting {
                key: "guard-count".into(),
                value: "500".into()
            }
        );
        let rules = file.rules();
        assert_eq!(rules[0].on_empty, OnEmpty::Keep);
        assert_eq!(rules[1].on_empty, OnEmpty::Default("en".into()));
        assert_eq!(rules[2].on_empty, OnEmpty::Clear);
    }

    #[test]
    fn rules_written_as_a_table_read_back_the_same() {
        let rules = vec![
            Rule {
                field: "display-name".into(),
                source: r#"{displayName,cn} "quoted" \{x"#.into(),
                on_empty: OnEmpty::Keep,
            },
            Rule {
                field: "email".into(),
                source: "{mail}".into(),
                on_empty: OnEmpty::Default("none@example.org".into()),
            },
            Rule {
                field: "mobile".into(),
                source: "{mobile}".into(),
                on_empty: OnEmpty::Clear,
            },
        ];
        assert_eq!(
            SettingsFile::parse(&mapping_table(&rules)).unwrap().rules(),
            rules
        );
    }

    #[test]
    fn a_password_in_the_file_is_refused_unseen() {
        let problem = SettingsFile::parse("[settings]\npassword = \"hunter2\"").unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"));
        let problem = SettingsFile::parse("[settings]\nclient-key = \"hunter2\"").unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("client-key"));
        assert!(!format!("{problem:?}").contains("hunter2"));
    }

    #[test]
    fn a_backslash_in_double_quotes_is_explained() {
        let text = "[settings]\nbind-name = \"EXAMPLE\\user\"";
        let problem = SettingsFile::parse(text).unwrap_err();
        assert!(problem.remedy.contains("single quotes"), "{problem:?}");
        let problem = SettingsFile::parse("[settings]\nurl = \n").unwrap_err();
        assert!(!problem.remedy.contains("single quotes"), "{problem:?}");
    }

    #[test]
    fn a_misspelt_key_of_a_rule_is_refused() {
        let text = "[mapping]\nmobile = { from = \"{mobile}\", on_empty = \"clear\" }";
        let problem = SettingsFile::parse(text).unwrap_err();
        assert_eq!(problem.code, "settings-file");
        assert!(
            problem.message.contains("on_empty") && problem.message.contains("on-empty"),
            "{}",
            problem.message
        );
    }

    #[test]
    fn a_rule_that_is_no_template_says_what_a_rule_is() {
        let problem = SettingsFile::parse("[mapping]\nemail = 5").unwrap_err();
        assert!(
            problem.message.contains("a template in quotes"),
            "{}",
            problem.message
        );
    }

    #[test]
    fn broken_files_say_the_line() {
        let problem = SettingsFile::parse("[settings]\nurl = \n").unwrap_err();
        assert_eq!(problem.code, "settings-file");
        assert!(problem.message.contains("line 2"), "{}", problem.message);
        assert_eq!(
            SettingsFile::parse("[setings]\n").unwrap_err().code,
            "settings-file"
        );
    }
}
