//! What commands do, for the log of what was done. Tokens, users and a move to another database note themselves what is done.

use std::fmt::Display;

use crate::ports::TenantId;
use crate::ports::access::Deed;
use crate::service::console::Actor;
use crate::tenant::Hook;

use super::answer::Answer;
use super::app::App;
use super::args::Command;

/// What a command is about to do: as HTTP notes it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Doing {
    tenant: Option<TenantId>,
    what: &'static str,
    which: String,
}

impl Doing {
    /// To a tenant.
    pub(crate) fn to(tenant: &TenantId, what: &'static str, which: impl Display) -> Option<Self> {
        Some(Self {
            tenant: Some(tenant.clone()),
            what,
            which: which.to_string(),
        })
    }

    /// To what is no tenant's alone.
    pub(crate) fn whole(what: &'static str, which: impl Display) -> Option<Self> {
        Some(Self {
            tenant: None,
            what,
            which: which.to_string(),
        })
    }

    /// Notes how it ended, unless the database was not even opened.
    pub(crate) async fn noted(self, app: &App, answer: Hook<Answer>) -> Hook<Answer> {
        let Some(store) = app.opened() else {
            return answer;
        };
        let refused = answer.as_ref().err().map_or("", |refused| refused.code());
        let Actor { who, from } = Actor::COMMAND_LINE;
        let tenant = self.tenant.as_ref();
        let deed = Deed::now((who, from), tenant, self.what, &self.which, refused);
        match (answer, store.note(&deed).await) {
            (Ok(_), Err(problem)) => Err(problem.into()),
            (answer, _) => answer,
        }
    }
}

impl Command {
    /// What it is about to do; nothing where it only looks.
    pub(crate) fn doing(&self) -> Option<Doing> {
        match self {
            Self::Plugin(plugin) => plugin.doing(),
            Self::Install(install) => install.doing(),
            Self::Configure(configure) => configure.doing(),
            Self::Map(map) => map.doing(),
            Self::Plan(plan) => plan.doing(),
            Self::Sync(sync) => sync.doing(),
            Self::Approve(approve) => approve.doing(),
            Self::Discard(discard) => discard.doing(),
            Self::Undo(undo) => undo.doing(),
            Self::Retention(retention) => retention.doing(),
            Self::Schedule(schedule) => schedule.doing(),
            Self::People(people) => people.doing(),
            Self::User(user) => user.doing(),
            Self::Uninstall(uninstall) => uninstall.doing(),
            Self::Key(key) => key.doing(),
            Self::Demo(_)
            | Self::Tenants
            | Self::Verify(_)
            | Self::Preview(_)
            | Self::Runs(_)
            | Self::Rows(_)
            | Self::Failures(_)
            | Self::Export(_)
            | Self::Explain(_)
            | Self::Serve(_)
            | Self::Token(_)
            | Self::Migrate(_)
            | Self::Doctor(_)
            | Self::Receipt(_)
            | Self::Completions(_) => None,
        }
    }
}
