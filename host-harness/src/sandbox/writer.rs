//! Lets the database write rows while the plugin makes the next ones.

use std::future::Future;

use tokio::task::JoinHandle;

use super::failure::internal;
use crate::Problem;
use crate::ports::Outcome;

/// At most one batch of rows on its way to the plan port. A batch's problem is told by the next call, and by every
/// one after that, so that no plan is finished over a batch that was lost.
#[derive(Default)]
pub(super) struct Writer {
    writing: Option<JoinHandle<Outcome<()>>>,
    failed: Option<Problem>,
}

impl Writer {
    /// Waits for the batch under way.
    pub(super) async fn settle(&mut self) -> Outcome<()> {
        if let Some(writing) = self.writing.as_mut() {
            let ended = writing.await;
            self.writing = None;
            self.failed = match ended {
                Ok(outcome) => outcome.err(),
                Err(error) => Some(internal("writing the plan", &error)),
            };
        }
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Starts a batch, once the one before it is written.
    pub(super) async fn write(
        &mut self,
        batch: impl Future<Output = Outcome<()>> + Send + 'static,
    ) -> Outcome<()> {
        self.settle().await?;
        self.writing = Some(tokio::spawn(batch));
        Ok(())
    }
}

impl Drop for Writer {
    /// A run that ended otherwise writes nothing more.
    fn drop(&mut self) {
        if let Some(writing) = &self.writing {
            writing.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_batch_is_written_while_the_plugin_goes_on() {
        let mut writer = Writer::default();
        let (release, released) = oneshot::channel();
        writer
            .write(async {
                released.await.unwrap();
                Ok(())
            })
            .await
            .unwrap();
        release.send(()).unwrap();
        writer.settle().await.unwrap();
    }

    #[tokio::test]
    async fn a_problem_is_told_by_every_later_call() {
        let mut writer = Writer::default();
        writer
            .write(async { Err(Problem::new("database", "full", "")) })
            .await
            .unwrap();
        assert_eq!(
            writer.write(async { Ok(()) }).await.unwrap_err().code,
            "database"
        );
        assert_eq!(writer.settle().await.unwrap_err().code, "database");
    }
}
