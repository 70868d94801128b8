//! `demo`: every hook on the embedded directory, one after the other.

use std::fs::File;
use std::io::BufWriter;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Days, Utc};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::Problem;
use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::bars::Bars;
use crate::cli::json as shape;
use crate::cli::policy::{PolicyFlags, told};
use crate::cli::view::{Cell, Page, Table, paint};
use crate::contract::hooks::lifecycle::Afterwards;
use crate::contract::hooks::mapping::Who;
use crate::contract::hooks::schedule::{Frequency, Timetable, Weekday};
use crate::contract::types::Setting;
use crate::demo::directory::{Options, Vendor};
use crate::demo::people::ServiceAccount;
use crate::demo::walkthrough::{Cast, Happening};
use crate::demo::{DemoDirectory, Organisation};
use crate::ports::TenantId;
use crate::ports::plan::{Run, RunStatus};
use crate::tenant::export::Of;
use crate::tenant::{Change, Hook, SecretValues, SyncOptions, Tenant};

mod serving;

use super::{configure, explain, map, schedule, sync, uninstall, verify};

/// Stands in the data directory, so that the next demo knows what it may clear away.
const MARKER: &str = "made-by-rollcall-demo";
const CSV: &str = "unsynced.csv";
/// Rows shown of a plan of thousands.
const FIRST_ROWS: u32 = 3;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many people the directory holds
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(50..=200_000))]
    people: u64,
    /// Which people: another seed gives others
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// As which kind of directory the demo's answers
    #[arg(long, value_name = "KIND", default_value = Vendor::OpenLdap.profile(), value_parser = kinds())]
    directory: String,
    /// Walk with this component instead of the one built into this program
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// Then open the console on it, logged in, until Ctrl-C
    #[arg(long)]
    serve: bool,
    /// Where the console listens
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080",
        requires = "serve"
    )]
    listen: SocketAddr,
}

impl Demo {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        prepare(&app.data)?;
        let options = Options {
            people: self.people,
            seed: self.seed,
            vendor: Vendor::of_profile(&self.directory).unwrap_or(Vendor::OpenLdap),
            ..Options::default()
        };
        let (organisation, vendor) = (options.organisation(), options.vendor);
        let directory = DemoDirectory::start(options).map_err(|e| not_started(&e))?;
        let mut walk = Walk {
            app,
            cast: Cast::of(&organisation, vendor).ok_or_else(too_small)?,
            organisation,
            directory,
            bars: Bars::interruptible(&app.out),
            step: 0,
            record: Vec::new(),
        };
        walk.introduce(self.people);
        let tenant = walk.install(self.plugin.as_deref()).await?;
        walk.configure(&tenant).await?;
        walk.verify(&tenant).await?;
        walk.map(&tenant).await?;
        walk.plan(&tenant).await?;
        walk.sync(&tenant, "Sync", FIRST_ROWS).await?;
        walk.time_passes()?;
        walk.sync(&tenant, "Sync again: only what changed is written", 50)
            .await?;
        walk.sync(&tenant, "And again, with nothing to do", 0)
            .await?;
        walk.schedule(&tenant).await?;
        walk.export(&tenant).await?;
        walk.explain(&tenant).await?;
        if self.serve {
            return walk.serve(self.listen).await;
        }
        walk.history(&tenant).await?;
        walk.uninstall(tenant).await?;
        Ok(walk.finish())
    }
}

/// The walk: what it goes over, and how far it has come.
struct Walk<'a> {
    app: &'a App,
    organisation: Organisation,
    cast: Cast,
    directory: DemoDirectory,
    bars: Arc<Bars>,
    step: u32,
    record: Vec<Value>,
}

impl Walk<'_> {
    fn url(&self) -> String {
        format!("ldaps://localhost:{}", self.directory.ldaps_port())
    }

    fn introduce(&self, people: u64) {
        let mut page = self.app.out.page();
        page.heading("Rollcall: from a directory into the portal");
        page.facts(&[
            (
                "directory",
                format!(
                    "{} with {} people, inside this process",
                    self.url(),
                    paint::number(people)
                ),
            ),
            ("data", self.app.data.display().to_string()),
        ]);
        page.aside("The people have the troubles real ones have: missing and shared mails, bytes that are no text, disabled accounts, names with commas.");
        self.say(page);
    }

    async fn install(&mut self, plugin: Option<&Path>) -> Hook<Tenant> {
        let mut page = self.begin("Install the plugin");
        let id = TenantId::new("demo")?;
        let platform = self.app.platform().await?;
        let tenant = platform.install(&id, &self.app.component(plugin)?).await?;
        let allowed = self.app.allow(&id, &PolicyFlags::loopback()).await?;
        let description = tenant.describe().await?;
        page.done(&format!(
            "{} {} is installed for the tenant {id}.",
            description.name, description.version
        ));
        page.facts(&[
            ("plugin", tenant.plugin_digest().to_owned()),
            ("may connect to", told(allowed)),
            (
                "settings form",
                format!("{} fields", description.form.len()),
            ),
        ]);
        self.end(page, "install", shape::description(&description));
        Ok(tenant)
    }

    async fn configure(&mut self, tenant: &Tenant) -> Hook<()> {
        let mut page = self.begin("Configure it");
        let account = ServiceAccount::Sync;
        let setting = |key: &str, value: String| Setting {
            key: key.to_owned(),
            value,
        };
        let good = vec![
            setting("url", self.url()),
            setting("security", "ldaps".to_owned()),
            setting("certificate-authority", self.directory.ca_pem()),
            setting("bind-name", account.dn()),
            setting("base-dn", self.directory.vendor().people()),
            setting("leavers", "deactivate".to_owned()),
        ];
        page.paragraph(
            "First with mistakes in it: all of them are reported at once, and nothing is stored.",
        );
        let mut bad = good.clone();
        bad.push(setting("port", "70000".to_owned()));
        bad.push(setting(
            "filter",
            "(&(objectClass=person)(mail=*)".to_owned(),
        ));
        let secrets = || {
            let password = self.organisation.password_of(account);
            SecretValues::from([("password".to_owned(), Zeroizing::new(password))])
        };
        let mistaken = tenant
            .configure(Change {
                set: bad,
                secrets: secrets(),
                ..Change::default()
            })
            .await;
        let Err(refused) = mistaken else {
            return Err(Problem::new(
                "plugin-lenient",
                "The plugin took settings with mistakes in them for good ones",
                "Report this to the plugin's maker.",
            )
            .into());
        };
        let mistakes: Vec<Problem> = refused.problems().cloned().collect();
        page.problems(&mistakes);
        page.gap();
        let configured = tenant
            .configure(Change {
                set: good,
                secrets: secrets(),
                ..Change::default()
            })
            .await?;
        page.done(
            "Then without: settings stored, the password encrypted; the plugin holds a handle.",
        );
        configure::show(&mut page, tenant, &configured).await?;
        page.warnings(&configured.warnings);
        let record = json!({ "mistakes": shape::problems(&mistakes), "configured": shape::configured(&configured) });
        self.end(page, "configure", record);
        Ok(())
    }

    async fn verify(&mut self, tenant: &Tenant) -> Hook<()> {
        let mut page = self.begin("Verify: everything a sync would do, short of a plan");
        let report = tenant.verify(None).await?;
        verify::show(&mut page, &report);
        self.end(page, "verify", shape::report(&report));
        Ok(())
    }

    async fn map(&mut self, tenant: &Tenant) -> Hook<()> {
        let mut page = self.begin("Map the directory's attributes to the portal's fields");
        let suggestion = tenant.suggest().await?;
        map::show_suggestion(&mut page, &suggestion);
        let mut people = vec![Who::Named(self.cast.bystander.dn.clone())];
        people.extend(
            self.cast
                .unsynced
                .as_ref()
                .map(|person| Who::Named(person.dn.clone())),
        );
        let mut previews = Vec::new();
        for who in people {
            page.heading("Preview");
            let person = tenant.preview(suggestion.rules.clone(), who).await?;
            map::show_previewed(&mut page, &person);
            previews.push(shape::previewed(&person));
        }
        page.gap();
        let digest = tenant.submit_rules(suggestion.rules.clone()).await?;
        page.done(&format!(
            "Mapping of {} fields stored.",
            suggestion.rules.len()
        ));
        let record = json!({ "suggestion": shape::suggestion(&suggestion), "previews": previews, "digest": digest });
        self.end(page, "map", record);
        Ok(())
    }

    async fn plan(&mut self, tenant: &Tenant) -> Hook<()> {
        let mut page = self.begin("Plan: a dry run");
        let options = SyncOptions {
            dry_run: true,
            ..SyncOptions::default()
        };
        let run = self.watched(tenant, options).await?;
        sync::show(&mut page, tenant, &run, FIRST_ROWS, None).await?;
        self.end(page, "plan", shape::run(&run));
        Ok(())
    }

    async fn sync(&mut self, tenant: &Tenant, title: &str, rows: u32) -> Hook<()> {
        let mut page = self.begin(title);
        let run = self.watched(tenant, SyncOptions::default()).await?;
        sync::show(&mut page, tenant, &run, rows, None).await?;
        self.end(page, "sync", shape::run(&run));
        Ok(())
    }

    fn time_passes(&mut self) -> Hook<()> {
        let mut page = self.begin("Meanwhile, in the directory");
        let happenings = self.cast.act(&self.directory).map_err(|error| {
            Problem::new(
                "demo-directory",
                format!("The demo directory refuses a change: {error}"),
                "Start the demo again.",
            )
        })?;
        let mut table = Table::new(&["", "", ""]);
        for Happening { what, who, how } in &happenings {
            table.row([
                Cell::styled(what, paint::ACCENT),
                Cell::styled(who, paint::STRONG),
                Cell::new(how),
            ]);
        }
        page.table(&table);
        let record = happenings
            .iter()
            .map(|h| json!({ "what": h.what, "who": h.who, "how": h.how }))
            .collect();
        self.end(page, "changes", record);
        Ok(())
    }

    async fn schedule(&mut self, tenant: &Tenant) -> Hook<()> {
        let mut page = self.begin("Schedule the next runs");
        let start = (Utc::now() + Days::new(1))
            .format("%Y-%m-%dT02:30")
            .to_string();
        let timetable = Timetable {
            frequency: Frequency::Weekly(vec![Weekday::Sunday, Weekday::Wednesday]),
            start,
            zone: "Europe/Berlin".to_owned(),
            active: true,
            full_every: None,
        };
        tenant.submit_timetable(timetable.clone()).await?;
        let now = u64::try_from(Utc::now().timestamp()).unwrap_or_default();
        let mut next = tenant.next_occurrences(timetable.clone(), now, 5).await?;
        // The next one that daylight saving moves says most about how exact the times are.
        let year = tenant.next_occurrences(timetable.clone(), now, 120).await?;
        next.extend(
            year.into_iter()
                .skip(next.len())
                .find(|o| !o.note.is_empty()),
        );
        schedule::show(&mut page, &timetable, &next);
        self.end(page, "schedule", shape::occurrences(&next));
        Ok(())
    }

    async fn export(&mut self, tenant: &Tenant) -> Hook<()> {
        let mut page = self.begin("Export the unsynced people");
        let path = self.app.data.join(CSV);
        let run = tenant.run(None).await?;
        let file = File::create(&path).map_err(|e| unwritable(&path, &e))?;
        let bytes = tenant
            .export(Of::Run(run.id), false, &mut BufWriter::new(file))
            .await?;
        let text = std::fs::read(&path).map_err(|e| unwritable(&path, &e))?;
        let text = String::from_utf8_lossy(&text);
        page.done(&format!(
            "{} written, {} bytes. It begins:",
            path.display(),
            paint::number(bytes)
        ));
        for line in text.lines().take(4) {
            page.verbatim(line);
        }
        self.end(
            page,
            "export",
            json!({ "run": run.id.0, "file": path, "bytes": bytes }),
        );
        Ok(())
    }

    async fn explain(&mut self, tenant: &Tenant) -> Hook<()> {
        let Some(person) = self.cast.unsynced.clone() else {
            return Ok(());
        };
        let mut page = self.begin("Explain why one of them is not synced");
        let explanation = tenant.explain(Who::Named(person.dn)).await?;
        explain::show(&mut page, &explanation);
        self.end(page, "explain", shape::explanation(&explanation));
        Ok(())
    }

    async fn history(&mut self, tenant: &Tenant) -> Hook<()> {
        let mut page = self.begin("Look back at the runs");
        let runs = tenant.runs(10).await?;
        page.runs(&runs);
        self.end(page, "runs", runs.iter().map(shape::run).collect());
        Ok(())
    }

    async fn uninstall(&mut self, tenant: Tenant) -> Hook<()> {
        let mut page = self.begin("Uninstall, with a receipt");
        let uninstalled = tenant
            .uninstall(Afterwards::Keep, self.bars.clone())
            .await?;
        uninstall::show(&mut page, &uninstalled.receipt);
        self.end(page, "uninstall", shape::receipt(&uninstalled.receipt));
        Ok(())
    }

    fn finish(self) -> Answer {
        let mut page = self.app.out.page();
        page.raw("");
        page.title("Left behind, to look at");
        let data = &self.app.data;
        page.facts(&[
            ("portal", data.join("rollcall.db").display().to_string()),
            ("unsynced people", data.join(CSV).display().to_string()),
        ]);
        page.aside(&format!(
            "See the people: {} people list demo",
            self.app.program()
        ));
        Answer::done(page, json!({ "data": data, "steps": self.record }))
    }

    /// A run that must come to its end.
    async fn watched(&self, tenant: &Tenant, options: SyncOptions) -> Hook<Run> {
        let run = tenant.sync(options, self.bars.clone()).await;
        self.bars.clear();
        let run = run?.run;
        let wanted = if options.dry_run {
            RunStatus::Planned
        } else {
            RunStatus::Applied
        };
        match run.status {
            status if status == wanted => Ok(run),
            RunStatus::Applying => Err(Problem::new(
                "cancelled",
                "The demo was stopped",
                "Start it again when it suits.",
            )
            .into()),
            _ => Err(Problem::new(
                "guard-held",
                "A guard holds the demo's plan",
                "Start the demo with more people.",
            )
            .into()),
        }
    }

    fn begin(&mut self, title: &str) -> Page {
        self.step += 1;
        let mut page = self.app.out.page();
        page.raw("");
        page.title(&format!("{}. {title}", self.step));
        page
    }

    fn end(&mut self, page: Page, step: &str, result: Value) {
        self.record.push(json!({ "step": step, "result": result }));
        self.say(page);
    }

    /// A place that takes nothing refuses the last page too, and that ends the demo as trouble.
    fn say(&self, page: Page) {
        let _ = self.app.out.say(page);
    }
}

/// The kinds of directory that there are, by the profiles for them.
fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(Vendor::ALL.map(Vendor::profile))
}

/// A fresh data directory: an earlier demo's is cleared, anybody else's is left alone.
fn prepare(data: &Path) -> Result<(), Problem> {
    let failed = |error: std::io::Error| unwritable(data, &error);
    let marker = data.join(MARKER);
    let occupied = data
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some());
    if occupied && !marker.exists() {
        return Err(Problem::new(
            "data-directory",
            format!("{} holds something that no demo made", data.display()),
            "Give an empty or a new directory with --data DIR.",
        ));
    }
    if occupied {
        for entry in data.read_dir().map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            // Compiled plugins are good for the next demo too.
            if path.ends_with("compiled") || path.ends_with(MARKER) {
                continue;
            }
            if path.is_dir() {
                std::fs::remove_dir_all(&path)
            } else {
                std::fs::remove_file(&path)
            }
            .map_err(failed)?;
        }
    }
    std::fs::create_dir_all(data).map_err(failed)?;
    std::fs::write(
        &marker,
        "The rollcall demo writes here and clears this directory when it starts.\n",
    )
    .map_err(failed)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(
        "write-failed",
        format!("{} cannot be used: {error}", path.display()),
        "Check the folder and its permissions, or give another with --data DIR.",
    )
}

fn not_started(error: &dyn std::error::Error) -> Problem {
    Problem::new(
        "demo-directory",
        format!("The demo directory does not start: {error}"),
        "Check that programs may listen on loopback ports here.",
    )
}

fn too_small() -> Problem {
    Problem::new(
        "demo-directory",
        "There are too few people for the walkthrough",
        "Ask for more with --people N.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_demo_clears_what_an_earlier_one_left() {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path()).unwrap();
        std::fs::write(dir.path().join("rollcall.db"), "x").unwrap();
        prepare(dir.path()).unwrap();
        assert!(!dir.path().join("rollcall.db").exists());
    }

    #[test]
    fn a_demo_never_touches_a_directory_that_it_did_not_make() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.txt"), "x").unwrap();
        assert_eq!(prepare(dir.path()).unwrap_err().code, "data-directory");
        assert!(dir.path().join("thesis.txt").exists());
    }
}
