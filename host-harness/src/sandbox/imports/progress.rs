//! `progress`: how far the plugin has come, and whether it shall go on.

use super::super::guest::Guest;
use super::super::output::printable;
use crate::Problem;
use crate::contract::progress::{Host, Signal, Stage, Update};

/// Stages of one call that somebody hears of.
const STAGES: u32 = 64;
/// Facts of a stage, and problems.
const EACH: usize = 64;
/// Characters of a name or code.
const NAME: usize = 64;
/// Characters of another text.
const TEXT: usize = 2_000;

impl Host for Guest {
    async fn report(&mut self, mut update: Update) -> wasmtime::Result<Signal> {
        let (_call, context) = self.enter()?;
        update.phase = printable(&update.phase, 40);
        (context.progress)(&update);
        Ok(if context.cancel.is_cancelled() {
            Signal::Stop
        } else {
            Signal::GoOn
        })
    }

    async fn staged(&mut self, stage: Stage) -> wasmtime::Result<()> {
        let (_call, context) = self.enter()?;
        if self.staged < STAGES {
            self.staged += 1;
            (context.stages)(shown(&stage));
        }
        Ok(())
    }
}

/// A stage as far as it can be shown.
fn shown(stage: &Stage) -> Stage {
    Stage {
        name: printable(&stage.name, NAME),
        verdict: stage.verdict,
        evidence: stage
            .evidence
            .iter()
            .take(EACH)
            .map(|fact| printable(fact, TEXT))
            .collect(),
        problems: stage
            .problems
            .iter()
            .take(EACH)
            .map(|problem| Problem {
                code: printable(&problem.code, NAME),
                field: problem.field.as_ref().map(|field| printable(field, NAME)),
                message: printable(&problem.message, TEXT),
                remedy: printable(&problem.remedy, TEXT),
                position: problem.position,
            })
            .collect(),
    }
}
