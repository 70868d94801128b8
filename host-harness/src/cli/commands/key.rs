//! `key`: the key of the stored passwords.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::deed::Doing;
use crate::cli::view::{Cell, Table};
use crate::store::vault::{KeySource, Rotation};
use crate::tenant::Hook;

/// Commands about the key.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Show which key the stored passwords need, and where this host has it from
    Show,
    /// Put another key in the place of the present one, or finish what was stopped
    Rotate(Rotate),
    /// Where the key is lost: destroy the passwords that need it, and go on with the key of this host
    Reset(Reset),
}

/// Arguments of `key rotate`.
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// Where the new key is; a file is made where there is none. Without it, a new key takes the place of the one in this
    /// host's file
    #[arg(long, value_name = "SOURCE")]
    to: Option<KeySource>,
    /// Make new data keys of the tenants too, and encrypt every password anew
    #[arg(long)]
    data_keys: bool,
}

/// Arguments of `key reset`.
#[derive(Debug, Args)]
pub(crate) struct Reset {
    /// Yes: passwords that the key of this host does not open are to be destroyed
    #[arg(long, required = true)]
    forget_passwords: bool,
}

impl Key {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        match self {
            Self::Rotate(_) => Doing::whole("key.rotate", ""),
            Self::Reset(_) => Doing::whole("key.reset", ""),
            Self::Show => None,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Show => "key show",
            Self::Rotate(_) => "key rotate",
            Self::Reset(_) => "key reset",
        }
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        match self {
            Self::Show => show(app).await,
            Self::Rotate(rotate) => rotate.run(app).await,
            Self::Reset(_) => reset(app).await,
        }
    }
}

async fn show(app: &App) -> Hook<Answer> {
    let report = app.store().await?.key_report().await?;
    let mut page = app.out.page();
    page.paragraph(&format!(
        "The stored passwords need the key {}, which this host has from {}.",
        report.key, report.source
    ));
    if let Some(previous) = &report.previous {
        page.aside(&format!(
            "A rotation from the key {previous} is not finished: {} key rotate",
            app.program()
        ));
    }
    let mut table = Table::new(&["key", ">tenants"]);
    for (key, tenants) in &report.tenants {
        table.row([Cell::new(key.as_str()), Cell::new(tenants.to_string())]);
    }
    if !report.tenants.is_empty() {
        page.table(&table);
    }
    let tenants: Vec<_> = report
        .tenants
        .iter()
        .map(|(key, tenants)| json!({ "key": key.as_str(), "tenants": tenants }))
        .collect();
    Ok(Answer::done(
        page,
        json!({
            "key": report.key.as_str(),
            "source": report.source,
            "previous": report.previous.as_ref().map(|key| key.as_str()),
            "wrapped": tenants,
        }),
    ))
}

impl Rotate {
    async fn run(self, app: &App) -> Hook<Answer> {
        // One that was stopped halfway needs the new key already.
        let keys = match &self.to {
            Some(to) => app.keys().or(to.clone()),
            None => app.keys(),
        };
        let store = app.store_with(keys).await?;
        let rotation = Rotation {
            to: self.to,
            data_keys: self.data_keys,
        };
        let done = store.rotate_keys(&rotation).await?;
        let mut page = app.out.page();
        page.done(&format!(
            "{}he key {} is in the place of {}; data keys {}: {}.",
            if done.resumed {
                "Finished what was begun: t"
            } else {
                "T"
            },
            done.to,
            done.from,
            if done.data_keys {
                "made anew"
            } else {
                "wrapped anew"
            },
            done.tenants
        ));
        if let Some(to) = &rotation.to {
            page.aside(&format!(
                "From now on give every host the new key, --secrets-key '{to}' or ROLLCALL_SECRETS_KEY, and restart those that serve."
            ));
        } else {
            page.aside(
                "Hosts that serve with this key file look into it again. Others need a copy of it, and a restart if they serve.",
            );
        }
        if let Some(kept) = &done.kept {
            page.aside(&format!(
                "Backups from before need the old key, which is now in {}: put it away, or remove it.",
                kept.display()
            ));
        }
        Ok(Answer::done(
            page,
            json!({
                "from": done.from.as_str(),
                "to": done.to.as_str(),
                "resumed": done.resumed,
                "data_keys": done.data_keys,
                "tenants": done.tenants,
                "kept": done.kept.as_ref().map(|path| path.display().to_string()),
            }),
        ))
    }
}

async fn reset(app: &App) -> Hook<Answer> {
    let store = app.store_with(app.keys().with_reset()).await?;
    let report = store.key_report().await?;
    let mut page = app.out.page();
    page.done(&format!(
        "The database needs the key {} of {}; passwords destroyed: {}.",
        report.key, report.source, report.forgotten
    ));
    if report.forgotten > 0 {
        page.aside(&format!(
            "Store them again: {} configure TENANT --password-file FILE",
            app.program()
        ));
    }
    Ok(Answer::done(
        page,
        json!({ "key": report.key.as_str(), "source": report.source, "destroyed": report.forgotten }),
    ))
}
