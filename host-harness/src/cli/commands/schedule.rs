//! `schedule`: when to sync.

use chrono::Utc;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::deed::Doing;
use crate::cli::json as shape;
use crate::cli::view::{Cell, Page, Table, paint};
use crate::contract::hooks::schedule::{Frequency, Occurrence, Timetable, Weekday};
use crate::ports::TenantId;
use crate::tenant::Hook;

use super::install::tenant;

/// Commands about the timetable.
#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    /// Check and store a timetable
    Set(Set),
    /// Show the stored timetable
    Show(Show),
    /// Show the next runs
    Next(Next),
}

/// Arguments of `schedule set`.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    #[command(flatten)]
    often: Often,
    /// Local date and time of the first run
    #[arg(long, value_name = "YYYY-MM-DDTHH:MM")]
    start: String,
    /// IANA time zone
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// Ask for changes only, and read everybody every so many days
    #[arg(long, value_name = "DAYS")]
    full_every: Option<u32>,
    /// Keep it, but do not run
    #[arg(long)]
    inactive: bool,
}

/// How often.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Often {
    /// Only at the start
    #[arg(long)]
    once: bool,
    /// Every so many minutes
    #[arg(long, value_name = "MINUTES")]
    every: Option<u32>,
    /// Every day
    #[arg(long)]
    daily: bool,
    /// On these days of the week, for example monday,thursday
    #[arg(long, value_name = "DAYS", value_enum, value_delimiter = ',')]
    weekly: Vec<Day>,
    /// On this day of the month; a shorter month has it on its last day
    #[arg(long, value_name = "DAY")]
    monthly: Option<u8>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Arguments of `schedule show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
}

/// Arguments of `schedule next`.
#[derive(Debug, Args)]
pub(crate) struct Next {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
}

impl Often {
    fn frequency(self) -> Frequency {
        match (self.every, self.monthly) {
            (Some(minutes), _) => Frequency::Every(minutes),
            (_, Some(day)) => Frequency::Monthly(day),
            _ if self.daily => Frequency::Daily,
            _ if !self.weekly.is_empty() => {
                Frequency::Weekly(self.weekly.into_iter().map(Weekday::from).collect())
            }
            _ => Frequency::Once,
        }
    }
}

impl From<Day> for Weekday {
    fn from(day: Day) -> Self {
        match day {
            Day::Monday => Self::Monday,
            Day::Tuesday => Self::Tuesday,
            Day::Wednesday => Self::Wednesday,
            Day::Thursday => Self::Thursday,
            Day::Friday => Self::Friday,
            Day::Saturday => Self::Saturday,
            Day::Sunday => Self::Sunday,
        }
    }
}

impl Schedule {
    /// For the log of what was done.
    pub(crate) fn doing(&self) -> Option<Doing> {
        match self {
            Self::Set(set) => Doing::to(&set.tenant, "schedule", ""),
            Self::Show(_) | Self::Next(_) => None,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Set(_) => "schedule set",
            Self::Show(_) => "schedule show",
            Self::Next(_) => "schedule next",
        }
    }

    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let mut page = app.out.page();
        let (name, timetable, count) = match self {
            Self::Set(set) => {
                let timetable = Timetable {
                    frequency: set.often.frequency(),
                    start: set.start,
                    zone: set.zone,
                    active: !set.inactive,
                    full_every: set.full_every,
                };
                app.tenant(&set.tenant)
                    .await?
                    .submit_timetable(timetable.clone())
                    .await?;
                page.done("Timetable stored.");
                (set.tenant, timetable, 3)
            }
            Self::Show(Show { tenant }) => {
                let timetable = app.tenant(&tenant).await?.timetable().await?;
                (tenant, timetable, 3)
            }
            Self::Next(Next { tenant, count }) => {
                let timetable = app.tenant(&tenant).await?.timetable().await?;
                (tenant, timetable, count)
            }
        };
        let now = u64::try_from(Utc::now().timestamp()).unwrap_or_default();
        let occurrences = app
            .tenant(&name)
            .await?
            .next_occurrences(timetable.clone(), now, count)
            .await?;
        show(&mut page, &timetable, &occurrences);
        let json = json!({ "timetable": shape::timetable(&timetable), "next": shape::occurrences(&occurrences) });
        Ok(Answer::done(page, json))
    }
}

/// The timetable in words and its next runs.
pub(crate) fn show(page: &mut Page, timetable: &Timetable, occurrences: &[Occurrence]) {
    let state = if timetable.active { "" } else { " (inactive)" };
    page.facts(&[(
        "runs",
        format!(
            "{}, from {} in {}{state}",
            often(&timetable.frequency),
            timetable.start.replace('T', " "),
            timetable.zone
        ),
    )]);
    let reads = match timetable.full_every {
        Some(days) => format!("what changed, and everybody every {days} days"),
        None => "everybody".to_owned(),
    };
    page.facts(&[("reads", reads)]);
    let mut table = Table::new(&["next runs", ""]);
    for occurrence in occurrences {
        let at =
            chrono::DateTime::from_timestamp(i64::try_from(occurrence.at).unwrap_or_default(), 0);
        let utc = at.map_or_else(String::new, |at| at.format("%H:%M UTC").to_string());
        let day = chrono::DateTime::parse_from_rfc3339(&occurrence.local).map_or_else(
            |_| occurrence.local.clone(),
            |at| at.format("%a %Y-%m-%d %H:%M %:z").to_string(),
        );
        table.row([Cell::new(day), Cell::styled(utc, paint::DIM)]);
    }
    page.table(&table);
    for occurrence in occurrences.iter().filter(|o| !o.note.is_empty()) {
        page.marked("!", paint::CAUTION, &occurrence.note);
    }
}

fn often(frequency: &Frequency) -> String {
    match frequency {
        Frequency::Once => "once".to_owned(),
        Frequency::Every(minutes) => format!("every {minutes} minutes"),
        Frequency::Daily => "daily".to_owned(),
        Frequency::Weekly(days) => {
            format!(
                "weekly on {}",
                days.iter()
                    .map(|d| crate::shape::schedule::Weekday::from(*d).name())
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        }
        Frequency::Monthly(day) => format!("monthly on day {day}"),
    }
}
