//! `migrate`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::Problem;
use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::policy;
use crate::cli::view::{Cell, Table};
use crate::ports::Access as _;
use crate::ports::access::Deed;
use crate::service::console::Actor;
use crate::store::{PostgresStore, copy};
use crate::tenant::Hook;

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Copy everything from the SQLite database of this data directory into the PostgreSQL database, which must be empty
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

impl Migrate {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let Some(from) = self.from else {
            return up_to_date(app).await;
        };
        let Some(url) = app.postgres()? else {
            return Err(Problem::new(
                "no-target",
                "people are copied from SQLite to PostgreSQL, and no PostgreSQL database is given",
                "Give one: --database postgres://USER@HOST/DATABASE.",
            )
            .into());
        };
        let store = PostgresStore::open_with_keys(&url, &app.data, app.keys()).await?;
        let copied = copy::copy(&from, app.keys_of(&from), &store).await?;
        // Where an earlier version has left them as files.
        policy::take_over(&from, &store).await?;
        let Actor { who, from: here } = Actor::COMMAND_LINE;
        let deed = Deed::now((who, here), None, "migrate", &from.to_string_lossy(), "");
        store.note(&deed).await?;
        store.close().await;
        let mut page = app.out.page();
        page.done(&format!(
            "Everything of {} is in {url}, and was compared.",
            from.display()
        ));
        let mut table = Table::new(&["table", "rows"]);
        for one in &copied {
            table.row([Cell::new(one.table), Cell::new(one.rows.to_string())]);
        }
        page.table(&table);
        page.aside(&format!(
            "Use it from now on, with the key in this data directory: {} tenants. The SQLite database is as it was; \
             remove it when nobody needs it.",
            app.program()
        ));
        let tables: Vec<_> = copied
            .iter()
            .map(|one| json!({ "table": one.table, "rows": one.rows }))
            .collect();
        Ok(Answer::done(
            page,
            json!({ "database": url.to_string(), "copied": tables }),
        ))
    }
}

/// Opening a database brings it up to date; this says what that came to.
async fn up_to_date(app: &App) -> Hook<Answer> {
    let versions = app.store().await?.versions();
    let place = app.place()?;
    let mut page = app.out.page();
    page.done(&if versions.from == versions.to {
        format!("{place} is up to date, at version {}.", versions.to)
    } else {
        format!(
            "{place} is brought up to date, from version {} to version {}.",
            versions.from, versions.to
        )
    });
    let json = json!({ "database": place, "from": versions.from, "to": versions.to });
    Ok(Answer::done(page, json))
}
