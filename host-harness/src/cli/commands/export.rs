//! `export`: the unsynced as CSV.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::Problem;
use crate::cli::answer::Answer;
use crate::cli::app::App;
use crate::cli::out::Pipe;
use crate::cli::view::paint;
use crate::contract::plan::RowKind;
use crate::ports::{RunId, TenantId};
use crate::tenant::Hook;
use crate::tenant::export::Of;

use super::install::tenant;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The tenant
    #[arg(value_parser = tenant)]
    tenant: TenantId,
    /// The run; without it, the newest that has a plan
    #[arg(long)]
    run: Option<i64>,
    /// Whoever still is unsynced, whichever run said so last
    #[arg(long, conflicts_with = "run")]
    open: bool,
    /// Where the CSV goes; without it, to the standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Put an apostrophe before cells that a spreadsheet would run as a formula
    #[arg(long)]
    spreadsheet_safe: bool,
}

impl Export {
    pub(crate) async fn run(self, app: &App) -> Hook<Answer> {
        let tenant = app.tenant(&self.tenant).await?;
        let (of, people, whose) = if self.open {
            let people = tenant.count_failures(None).await?;
            (Of::Open, people, self.tenant.to_string())
        } else {
            let run = tenant.run(self.run.map(RunId)).await?;
            let people = run.rows_of(RowKind::Unsynced) + run.rows_with("failed");
            (Of::Run(run.id), people, format!("run {}", run.id))
        };
        let mut page = app.out.page();
        let bytes = match &self.output {
            Some(path) => {
                let mut file = WholeFile::create(path)?;
                let bytes = tenant
                    .export(of, self.spreadsheet_safe, &mut BufWriter::new(&mut file))
                    .await?;
                file.keep()?;
                bytes
            }
            None if app.out.json => {
                return Err(Problem::new(
                    "output-missing",
                    "The CSV and the JSON document cannot both go to the standard output",
                    "Say where the CSV goes: --output FILE.",
                )
                .into());
            }
            None => {
                let mut out = BufWriter::new(Pipe::new(io::stdout()));
                let written = tenant.export(of, self.spreadsheet_safe, &mut out).await;
                match written {
                    Err(_) if out.get_ref().closed => 0,
                    written => written?,
                }
            }
        };
        if let Some(path) = &self.output {
            page.done(&format!(
                "{} of {} written to {} ({} bytes).",
                paint::counted(people, "unsynced person", "unsynced people"),
                whose,
                path.display(),
                paint::number(bytes)
            ));
        }
        let run = match of {
            Of::Run(run) => Some(run.0),
            Of::Open => None,
        };
        let json = json!({ "run": run, "people": people, "bytes": bytes, "file": self.output });
        Ok(Answer::done(page, json))
    }
}

/// A file that takes the place of an older one only when it is whole, and that nobody else may read: it is about
/// people. Pipes and devices are written as they are.
enum WholeFile<'p> {
    Beside(NamedTempFile, &'p Path),
    Stream(File, &'p Path),
}

impl<'p> WholeFile<'p> {
    fn create(path: &'p Path) -> Result<Self, Problem> {
        let stream = std::fs::metadata(path).is_ok_and(|known| !known.is_file() && !known.is_dir());
        if stream {
            let file = File::options().write(true).open(path);
            return file
                .map(|file| Self::Stream(file, path))
                .map_err(|error| unwritten(path, &error));
        }
        if path.is_dir() {
            return Err(unwritten(
                path,
                &io::Error::from(io::ErrorKind::IsADirectory),
            ));
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .map(|file| Self::Beside(file, path))
            .map_err(|error| unwritten(path, &error))
    }

    fn keep(mut self) -> Result<(), Problem> {
        let (Self::Beside(_, path) | Self::Stream(_, path)) = &self;
        let path = *path;
        self.flush().map_err(|error| unwritten(path, &error))?;
        if let Self::Beside(file, path) = self {
            file.persist(path)
                .map_err(|error| unwritten(path, &error.error))?;
        }
        Ok(())
    }
}

impl Write for WholeFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Beside(file, _) => file.write(bytes),
            Self::Stream(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Beside(file, _) => file.flush(),
            Self::Stream(file, _) => file.flush(),
        }
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Problem {
    Problem::new(
        "write-failed",
        format!("{} cannot be written: {error}", path.display()),
        "Check the folder and its permissions.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_export_that_fails_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unsynced.csv");
        std::fs::write(&path, "old").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_export_that_ends_well_takes_its_place_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unsynced.csv");
        std::fs::write(&path, "old").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.keep().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let refused = WholeFile::create(folder.path()).err().unwrap();
        assert_eq!(refused.code, "write-failed");
    }
}
