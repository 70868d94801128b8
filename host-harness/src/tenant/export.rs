//! The unsynced people of a run, or those who still are so, as CSV, streamed from the plugin to a writer.

use std::io::Write;

use crate::Problem;
use crate::ports::RunId;
use crate::sandbox::Export;

use super::{Hook, Tenant};

/// Bytes asked for at a time.
pub const PIECE: u32 = 64 * 1024;

/// Whom an export is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Whom a run could not bring over.
    Run(RunId),
    /// Whoever still is unsynced, whichever run said so last.
    Open,
}

impl Tenant {
    /// Begins an export of the unsynced, to be read in pieces; see [`Tenant::export`].
    ///
    /// # Errors
    /// `unknown-run`, `rows-pruned`, and the sandbox's.
    pub async fn open_export(&self, of: Of, spreadsheet_safe: bool) -> Hook<Export> {
        let hooks = match of {
            Of::Run(run) => self.hooks_for(run),
            Of::Open => self.hooks_for_open(),
        };
        Ok(hooks.export(spreadsheet_safe).await?)
    }

    /// Writes the unsynced, and says how many bytes went out. `spreadsheet_safe` puts an apostrophe before
    /// cells that a spreadsheet would run as a formula; without it every value is exact.
    ///
    /// # Errors
    /// `unknown-run`, `rows-pruned`, `write-failed`, and the sandbox's.
    pub async fn export(
        &self,
        of: Of,
        spreadsheet_safe: bool,
        to: &mut (dyn Write + Send),
    ) -> Hook<u64> {
        let failed = |error: std::io::Error| {
            Problem::new(
                "write-failed",
                format!("The export cannot be written: {error}"),
                "Check the place it goes to: its folder, its permissions, its free space.",
            )
        };
        let mut export = self.open_export(of, spreadsheet_safe).await?;
        let mut written = 0;
        loop {
            let piece = export.read(PIECE).await?;
            if piece.is_empty() {
                to.flush().map_err(failed)?;
                return Ok(written);
            }
            to.write_all(&piece).map_err(failed)?;
            written += piece.len() as u64;
        }
    }
}
