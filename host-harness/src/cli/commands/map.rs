//! `map` and `preview`: which portal field is made of what.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::deed::Doing;
use crate::cli::exit::Exit;
use crate::cli::json as shape;
use crate::cli::settings_file::{SettingsFile, mapping_table};
use crate::cli::view::{Cell, Page, Table, paint};
use crate::contract::hooks::mapping::{OnEmpty, Previewed, Rule, Suggestion};
use crate::ports::TenantId;
use crate::tenant::{Hook, Tenant};

use super::install::tenant;
use super::looking::{self, Find, show_coverage};
use super::who::Person;

/// Commands about the mapping.
#[derive(Debug, Subcommand)]
pub(crate) enum Map {
    /// Propose rules for the directory's profile
    Suggest(Suggest),
    /// Check rules against the portal's fields
    Check(Rules),
    /// Show what rules make of one person
    Preview(Preview),
    /// Find people by a part of a name
    Find(Find),
    /// Count what rules come to over a sample of people
    Coverage(Rules),
    /// Check and store rules
    Store(Rules),
    /// Show the stored rules
    Show(Show),
}

/// Arguments of `map suggest`.
#[derive(Debug, Args)]
pub(crate) struct Suggest {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// Print the [mapping] table for a settings file, and nothing else
    #[arg(long)]
    toml: bool,
}

/// Arguments of `map check`, `map coverage` and `map store`.
#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    #[command(flatten)]
    source: RuleSource,
}

/// Where rules come from.
#[derive(Debug, Args)]
pub(crate) struct RuleSource {
    /// TOML file with a [mapping] table
    #[arg(long, value_name = "FILE")]
    settings: Option<std::path::PathBuf>,
    /// Take the rules suggested for the directory's profile
    #[arg(long, conflicts_with = "settings")]
    suggested: bool,
    /// Add or replace one rule, `email={mail|first|lower}` (repeatable)
    #[arg(long = "rule", value_name = "FIELD=SOURCE", value_parser = rule)]
    rules: Vec<Rule>,
    /// Leave a field unmapped (repeatable)
    #[arg(long = "without", value_name = "FIELD")]
    without: Vec<String>,
}

/// Arguments of `map preview` and `preview`.
#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    #[command(flatten)]
    person: Person,
    #[command(flatten)]
    source: RuleSource,
}

/// Arguments of `map show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// Print the [mapping] table for a settings file, and nothing else
    #[arg(long)]
    toml: bool,
}

impl RuleSource {
    fn any(&self) -> bool {
        self.settings.is_some()
            || self.suggested
            || !self.rules.is_empty()
            || !self.without.is_empty()
    }

    /// The rules that were typed; on top of the stored ones where only some are changed.
    async fn rules(self, tenant: &Tenant) -> Hook<Vec<Rule>> {
        let mut rules = if let Some(path) = &self.settings {
            SettingsFile::read(path)?.rules()
        } else if self.suggested {
            tenant.suggest().await?.rules
        } else {
            tenant.rules().await?
        };
        rules.retain(|r| {
            !self.without.contains(&r.field) && !self.rules.iter().any(|n| n.field == r.field)
        });
        rules.extend(self.rules);
        Ok(rules)
    }
}

impl Map {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        match self {
            Self::Store(rules) => Doing::to(&rules.tenant, "map", ""),
            Self::Suggest(_)
            | Self::Check(_)
            | Self::Preview(_)
            | Self::Find(_)
            | Self::Coverage(_)
            | Self::Show(_) => None,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Suggest(_) => "map suggest",
            Self::Check(_) => "map check",
            Self::Preview(_) => "map preview",
            Self::Find(_) => "map find",
            Self::Coverage(_) => "map coverage",
            Self::Store(_) => "map store",
            Self::Show(_) => "map show",
        }
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        match self {
            Self::Suggest(Suggest { tenant, toml }) => {
                let suggestion = app.tenant(&tenant).await?.suggest().await?;
                let mut page = app.out.page();
                if toml {
                    page.raw(mapping_table(&suggestion.rules).trim_end());
                } else {
                    show_suggestion(&mut page, &suggestion);
                    page.aside(&format!(
                        "Take it: {} map store {tenant} --suggested",
                        app.program()
                    ));
                }
                Ok(Answer::done(page, shape::suggestion(&suggestion)))
            }
            Self::Check(Rules { tenant, source }) => {
                let tenant = app.tenant(&tenant).await?;
                let rules = source.rules(&tenant).await?;
                let problems = tenant.check_rules(rules.clone()).await?;
                let mut page = app.out.page();
                show_rules(&mut page, &rules);
                let exit = if problems.is_empty() {
                    page.done(&format!("{} rules are good.", rules.len()));
                    Exit::Done
                } else {
                    page.problems(&problems);
                    Exit::Refused
                };
                let json = json!({ "rules": shape::rules(&rules), "problems": shape::problems(&problems) });
                Ok(Answer::done(page, json).ends(exit))
            }
            Self::Preview(preview) => preview.run(app).await,
            Self::Find(find) => find.run(app).await,
            Self::Coverage(Rules { tenant, source }) => {
                let tenant = app.tenant(&tenant).await?;
                let rules = source.rules(&tenant).await?;
                let coverage = tenant.coverage(rules).await?;
                let mut page = app.out.page();
                show_coverage(&mut page, &coverage);
                Ok(Answer::done(page, looking::coverage(&coverage)))
            }
            Self::Store(Rules { tenant, source }) => {
                let tenant = app.tenant(&tenant).await?;
                let rules = source.rules(&tenant).await?;
                let digest = tenant.submit_rules(rules.clone()).await?;
                let mut page = app.out.page();
                show_rules(&mut page, &rules);
                page.done(&format!("Mapping of {} fields stored.", rules.len()));
                page.facts(&[("digest", &digest)]);
                Ok(Answer::done(
                    page,
                    json!({ "rules": shape::rules(&rules), "digest": digest }),
                ))
            }
            Self::Show(Show { tenant, toml }) => {
                let rules = app.tenant(&tenant).await?.rules().await?;
                let mut page = app.out.page();
                if toml {
                    page.raw(mapping_table(&rules).trim_end());
                } else if rules.is_empty() {
                    page.paragraph("No mapping is stored yet.");
                    page.aside(&format!(
                        "See what suits the directory: {} map suggest {tenant}",
                        app.program()
                    ));
                } else {
                    show_rules(&mut page, &rules);
                }
                Ok(Answer::done(page, json!({ "rules": shape::rules(&rules) })))
            }
        }
    }
}

impl Preview {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let rules = if self.source.any() {
            self.source.rules(&tenant).await?
        } else {
            Vec::new()
        };
        let person = tenant.preview(rules, self.person.who()).await?;
        let mut page = app.out.page();
        show_previewed(&mut page, &person);
        Ok(Answer::done(page, shape::previewed(&person)))
    }
}

/// What was detected and what is proposed.
pub(crate) fn show_suggestion(page: &mut Page, suggestion: &Suggestion) {
    page.facts(&[
        ("profile", suggestion.profile.clone()),
        ("because", suggestion.evidence.join("; ")),
    ]);
    page.gap();
    show_rules(page, &suggestion.rules);
    if !suggestion.attributes.is_empty() {
        let seen: Vec<String> = suggestion
            .attributes
            .iter()
            .map(|a| format!("{} {}", a.field, a.value))
            .collect();
        page.gap();
        page.facts(&[("seen in a sample", seen.join(", "))]);
    }
}

/// Rules as a table.
pub(crate) fn show_rules(page: &mut Page, rules: &[Rule]) {
    let mut table = Table::new(&["field", "is made of", "where that is empty"]);
    for rule in rules {
        let on_empty = match &rule.on_empty {
            OnEmpty::Keep => Cell::styled("keep", paint::DIM),
            OnEmpty::Clear => Cell::new("clear"),
            OnEmpty::Default(value) => Cell::new(format!("\"{value}\"")),
        };
        table.row([
            Cell::styled(&rule.field, paint::ACCENT),
            Cell::new(&rule.source),
            on_empty,
        ]);
    }
    page.table(&table);
}

/// One person, field by field, and what a sync would do.
pub(crate) fn show_previewed(page: &mut Page, person: &Previewed) {
    page.facts(&[("person", &person.dn), ("external id", &person.external_id)]);
    page.mapped(&person.fields);
    let (mark, style) = if person.problems.is_empty() {
        ("✓", paint::GOOD)
    } else {
        ("!", paint::CAUTION)
    };
    page.marked(
        mark,
        style,
        &format!("a sync now: {}", person.outcome.replace('-', " ")),
    );
    page.warnings(&person.problems);
}

fn rule(text: &str) -> Result<Rule, String> {
    match text.split_once('=') {
        Some((field, source)) if !field.trim().is_empty() => Ok(Rule {
            field: field.trim().to_owned(),
            source: source.to_owned(),
            on_empty: OnEmpty::Keep,
        }),
        _ => Err("write FIELD=SOURCE, for example email={mail|first|lower}".to_owned()),
    }
}
