//! `token`: who may use the HTTP interface.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::json as shape;
use crate::cli::view::plans::moment;
use crate::cli::view::{Cell, Table, paint};
use crate::ports::TenantId;
use crate::ports::access::{Rank, Reach, Token as Stored};
use crate::service::console::Actor;
use crate::service::token;
use crate::tenant::Hook;

use super::install::tenant;

/// Commands about tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and show its secret, this once
    Create(Create),
    /// List the tokens that are not revoked
    List,
    /// Refuse a token from now on
    Revoke(Revoke),
}

/// Arguments of `token create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Who uses it: what stands in the log of what was done
    name: String,
    /// What it may do
    #[arg(long, value_enum)]
    rank: May,
    /// A tenant whom it reaches; may be given more than once. Without it, every tenant
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    tenant: Vec<TenantId>,
    /// For how many days it is good
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    days: u32,
}

/// Arguments of `token revoke`.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Its number
    id: i64,
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum May {
    /// Look
    Viewer,
    /// Sync, stop, approve, schedule
    Operator,
    /// Everything
    Admin,
}

impl Token {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => "token create",
            Self::List => "token list",
            Self::Revoke(_) => "token revoke",
        }
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let store = app.store().await?;
        let mut page = app.out.page();
        let json = match self {
            Self::Create(create) => {
                let (rank, reach) = (create.rank.rank(), reach(create.tenant));
                let wish = token::Wish {
                    name: &create.name,
                    rank,
                    reach,
                    days: create.days,
                };
                let (made, secret) = token::make(&*store, Actor::COMMAND_LINE, wish).await?;
                page.done(&format!(
                    "Token {} is made. This is its secret, shown this once:",
                    made.id
                ));
                page.raw(&secret);
                page.facts(&facts(&made));
                json!({ "id": made.id, "secret": secret, "expires_at": shape::moment(made.expires_at) })
            }
            Self::List => {
                let tokens = store.tokens().await?;
                let mut table = Table::new(&[">", "name", "may", "reaches", "until"]);
                for one in &tokens {
                    table.row([
                        Cell::new(one.id.to_string()),
                        Cell::styled(&one.name, paint::STRONG),
                        Cell::new(one.rank.name()),
                        Cell::new(one.reach.to_string()),
                        Cell::styled(moment(one.expires_at), paint::DIM),
                    ]);
                }
                if tokens.is_empty() {
                    page.paragraph("There is no token.");
                }
                page.table(&table);
                tokens.iter().map(|one| json!({ "id": one.id, "name": one.name, "rank": one.rank.name(), "expires_at": shape::moment(one.expires_at) })).collect()
            }
            Self::Revoke(Revoke { id }) => {
                token::revoke(&*store, Actor::COMMAND_LINE, id).await?;
                page.done(&format!("Token {id} is refused from now on."));
                json!({ "id": id })
            }
        };
        Ok(Answer::done(page, json))
    }
}

impl May {
    pub(super) fn rank(self) -> Rank {
        match self {
            Self::Viewer => Rank::Viewer,
            Self::Operator => Rank::Operator,
            Self::Admin => Rank::Admin,
        }
    }
}

/// These tenants; every one where none is named.
pub(super) fn reach(tenants: Vec<TenantId>) -> Reach {
    if tenants.is_empty() {
        Reach::Everything
    } else {
        Reach::Tenants(tenants.into_iter().collect())
    }
}

fn facts(token: &Stored) -> [(&'static str, String); 3] {
    [
        ("may", token.rank.name().to_owned()),
        ("reaches", token.reach.to_string()),
        ("until", moment(token.expires_at)),
    ]
}
