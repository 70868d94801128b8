//! `user`: who may log in.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::Problem;
use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::deed::Doing;
use crate::cli::json as shape;
use crate::cli::password::{PasswordSource, ask};
use crate::cli::view::plans::moment;
use crate::cli::view::{Cell, Page, Table, paint};
use crate::ports::TenantId;
use crate::ports::users::User as Stored;
use crate::service::console::{Actor, Console};
use crate::tenant::Hook;

use super::install::tenant;
use super::origin::{Origin, origin};
use super::token::{May, reach};

/// Commands about users.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Make a user
    Create(Create),
    /// List the users
    List,
    /// Let a user log in no more, and end the user's sessions
    Disable(Named),
    /// Let a user log in again
    Enable(Named),
    /// Set another password for a user, and end the user's sessions
    Password(Password),
    /// Make a link with which the first user is made; older ones are good no more
    SetupLink(SetupLink),
}

/// Arguments of `user create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What the user is called, and stands in the log of what was done
    name: String,
    /// What the user may do
    #[arg(long, value_enum)]
    rank: May,
    /// A tenant within the user's reach; may be given more than once. Without it, every tenant
    #[arg(long, value_name = "TENANT", value_parser = tenant)]
    tenant: Vec<TenantId>,
    #[command(flatten)]
    password: NewPassword,
}

/// Whom.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// What the user is called
    name: String,
}

/// Arguments of `user password`.
#[derive(Debug, Args)]
pub(crate) struct Password {
    /// What the user is called
    name: String,
    #[command(flatten)]
    password: NewPassword,
}

/// Arguments of `user setup-link`.
#[derive(Debug, Args)]
pub(crate) struct SetupLink {
    /// Where browsers reach the service
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = origin)]
    url: Origin,
}

/// Where a new password comes from; asked for where nothing is said.
#[derive(Debug, Args)]
struct NewPassword {
    /// Read the password from a file (its first line)
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "password_stdin",
        help_heading = "Password"
    )]
    password_file: Option<PathBuf>,
    /// Read the password from the standard input (its first line)
    #[arg(long, help_heading = "Password")]
    password_stdin: bool,
}

impl NewPassword {
    fn read(self) -> Result<Zeroizing<String>, Problem> {
        let source = PasswordSource {
            password_file: self.password_file,
            password_stdin: self.password_stdin,
            password_prompt: false,
        };
        let read = source
            .read("")
            .map_err(|problem| match problem.code.as_str() {
                "empty-password" => Problem {
                    remedy: "Give one of at least 12 characters.".into(),
                    ..problem
                },
                _ => problem,
            });
        if let Some(password) = read? {
            return Ok(password);
        }
        let password = ask("Password")?;
        if *ask("The same again")? != *password {
            return Err(Problem::new(
                "password-differs",
                "The two passwords are not the same",
                "Type the same one twice.",
            ));
        }
        Ok(password)
    }
}

impl User {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        match self {
            Self::SetupLink(_) => Doing::whole("user.setup-link", ""),
            // The console notes these.
            Self::Create(_)
            | Self::List
            | Self::Disable(_)
            | Self::Enable(_)
            | Self::Password(_) => None,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => "user create",
            Self::List => "user list",
            Self::Disable(_) => "user disable",
            Self::Enable(_) => "user enable",
            Self::Password(_) => "user password",
            Self::SetupLink(_) => "user setup-link",
        }
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let store = app.store().await?;
        let console = Console::new(store.clone(), store.clone(), store)?;
        let actor = Actor::COMMAND_LINE;
        let mut page = app.out.page();
        let json = match self {
            Self::Create(create) => {
                let (rank, reach) = (create.rank.rank(), reach(create.tenant));
                let password = create.password.read()?;
                let made = console
                    .create(actor, &create.name, rank, reach, &password)
                    .await?;
                page.done(&format!("{} may log in.", made.name));
                user(&made)
            }
            Self::List => list(&console.users().await?, &mut page),
            Self::Disable(Named { name }) => {
                let disabled = change(&console, &name, true).await?;
                page.done(&format!("{} may log in no more.", disabled.name));
                user(&disabled)
            }
            Self::Enable(Named { name }) => {
                let enabled = change(&console, &name, false).await?;
                page.done(&format!("{} may log in again.", enabled.name));
                user(&enabled)
            }
            Self::Password(Password { name, password }) => {
                let found = console.user_named(&name).await?;
                let password = password.read()?;
                let changed = console.reset_password(actor, found.id, &password).await?;
                page.done(&format!("{} has another password.", changed.name));
                user(&changed)
            }
            Self::SetupLink(SetupLink { url }) => {
                let link = setup_link(&url, &console.offer_setup_alone().await?);
                page.done("Make the first user here, once and within 24 hours:");
                page.raw(&link);
                json!({ "link": link })
            }
        };
        Ok(Answer::done(page, json))
    }
}

/// Where the first user is made. What stands behind `#` is not sent to any server by a browser, nor noted by a proxy.
pub(super) fn setup_link(origin: &Origin, secret: &str) -> String {
    format!("{origin}/setup#{secret}")
}

async fn change(console: &Console, name: &str, disabled: bool) -> Result<Stored, Problem> {
    let found = console.user_named(name).await?;
    let actor = Actor::COMMAND_LINE;
    console
        .change(actor, found.id, found.rank, found.reach, disabled)
        .await
}

fn list(users: &[Stored], page: &mut Page) -> Value {
    let mut table = Table::new(&[">", "name", "may", "reaches", "logs in", "changed"]);
    for one in users {
        table.row([
            Cell::new(one.id.to_string()),
            Cell::styled(&one.name, paint::STRONG),
            Cell::new(one.rank.name()),
            Cell::new(one.reach.to_string()),
            Cell::new(if one.disabled { "no" } else { "yes" }),
            Cell::styled(moment(one.changed_at), paint::DIM),
        ]);
    }
    if users.is_empty() {
        page.paragraph("There is no user.");
    }
    page.table(&table);
    users.iter().map(user).collect()
}

fn user(user: &Stored) -> Value {
    json!({
        "id": user.id,
        "name": user.name,
        "rank": user.rank.name(),
        "disabled": user.disabled,
        "changed_at": shape::moment(user.changed_at),
    })
}
