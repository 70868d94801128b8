//! Whether the service does what it should.

use std::time::Duration;

use super::host::{Host, millis, now};
use crate::Problem;

/// What an operator should look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Concern {
    /// What is wrong, and what to do.
    pub problem: Problem,
    /// How many tenants it concerns; 0 where it is the host itself.
    pub tenants: u64,
}

/// How the service does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Health {
    /// Runs under way on this host.
    pub under_way: usize,
    /// Runs that wait and could begin.
    pub waiting: u64,
    /// Seconds for which the oldest of them waits.
    pub oldest: u64,
    /// Tenants whose time has passed without a run.
    pub overdue: u64,
    /// What to look at; the service is ready where there is none.
    pub concerns: Vec<Concern>,
}

/// Tenants counted as overdue, at most.
const COUNTED: u32 = 1_000;

impl Host {
    /// How it does now. Looks at the database.
    pub async fn health(&self) -> Health {
        let mut health = Health {
            under_way: self.under_way(),
            ..Health::default()
        };
        let now = now();
        let overdue = millis(self.config.overdue);
        match self.queue.backlog(now).await {
            Ok((waiting, since)) => {
                health.waiting = waiting;
                let oldest = since.map_or(0, |since| (now - since).max(0));
                health.oldest = u64::try_from(oldest / 1000).unwrap_or_default();
                if oldest > overdue {
                    health.concerns.push(late(waiting, health.oldest));
                }
            }
            Err(problem) => health.concerns.push(Concern {
                problem,
                tenants: 0,
            }),
        }
        if let Ok(due) = self.queue.due(now - overdue, COUNTED).await {
            health.overdue = due.len() as u64;
            if let Some(first) = due.first() {
                health.concerns.push(Concern {
                    problem: Problem::new(
                        "overdue",
                        format!(
                            "{} tenants are due for more than {} min and no run was asked for, {} the longest",
                            due.len(),
                            self.config.overdue.as_secs() / 60,
                            first.tenant
                        ),
                        "Look in the log for what is said of these tenants: their plugin may be broken or its timetable unreadable.",
                    ),
                    tenants: due.len() as u64,
                });
            }
        }
        health
    }
}

fn late(waiting: u64, oldest: u64) -> Concern {
    Concern {
        problem: Problem::new(
            "queue-late",
            format!(
                "{waiting} runs wait, the oldest for {} min",
                Duration::from_secs(oldest).as_secs() / 60
            ),
            "Add hosts, or raise the number of runs at once; look whether runs hang at a directory that does not answer.",
        ),
        tenants: waiting,
    }
}
