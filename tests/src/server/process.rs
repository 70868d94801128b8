//! Running servers and their tools.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rollcall::demo::directory::tls::{Authority, Identity};

use super::ServerError;

/// How long a start or a stop may take on a machine that is very busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program, wherever systems keep those of administrators.
pub(crate) fn program(name: &str, packages: &'static str) -> Result<PathBuf, ServerError> {
    let folders = [
        "/usr/sbin",
        "/usr/local/sbin",
        "/usr/libexec",
        "/usr/local/libexec",
        "/opt/homebrew/opt/openldap/libexec",
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(folders.map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| missing(name, packages))
}

/// The first of several paths that exists.
pub(crate) fn first(candidates: &[&str]) -> Option<PathBuf> {
    candidates
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
}

pub(crate) fn missing(what: &str, packages: &'static str) -> ServerError {
    ServerError::NotInstalled {
        what: what.to_owned(),
        packages,
    }
}

/// Runs a program, gives it input, and expects it to end well.
pub(crate) fn feed(
    command: &mut Command,
    packages: &'static str,
    give: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ServerError> {
    let program = name(command);
    // What it says goes to a file: a pipe that nobody reads while input is given would fill.
    let mut said = tempfile::tempfile().map_err(io_error("making a file"))?;
    let copy = || said.try_clone().map_err(io_error("making a file"));
    let started = command
        .stdin(Stdio::piped())
        .stdout(copy()?)
        .stderr(copy()?)
        .spawn();
    let mut process = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => missing(&program, packages),
        _ => ServerError::Io {
            what: format!("running {program}"),
            error,
        },
    })?;
    // A program that ends early closes its input; what it said tells more than the broken pipe.
    let given = process
        .stdin
        .take()
        .map_or(Ok(()), |mut input| give(&mut input));
    let status = process.wait().map_err(io_error("waiting for a program"))?;
    if status.success() {
        return given.map_err(io_error("giving a program its input"));
    }
    let mut text = Vec::new();
    let read =
        io::Seek::rewind(&mut said).and_then(|()| io::Read::read_to_end(&mut said, &mut text));
    read.map_err(io_error("reading what a program said"))?;
    Err(ServerError::Failed {
        program,
        said: last_lines(&String::from_utf8_lossy(&text)),
    })
}

/// The same without input.
pub(crate) fn run(command: &mut Command, packages: &'static str) -> Result<(), ServerError> {
    feed(command, packages, |_| Ok(()))
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    name.into_owned()
}

/// Starts a server, whose errors go into a log. [`ServerError::Failed`] where it ends before every address accepts, or takes
/// too long: then it is ended, and other addresses may do.
pub(crate) fn serve(
    command: &mut Command,
    log: &Path,
    addresses: &[SocketAddr],
) -> Result<Child, ServerError> {
    let output = File::create(log).map_err(io_error("making a server's log"))?;
    let process = command.stdout(Stdio::null()).stderr(output).spawn();
    let mut process = process.map_err(io_error("running a server"))?;
    if answers(&mut process, addresses)? {
        return Ok(process);
    }
    // It ended or hangs.
    let _ = process.kill();
    let _ = process.wait();
    Err(ServerError::Failed {
        program: name(command),
        said: last_lines(&fs::read_to_string(log).unwrap_or_default()),
    })
}

/// Waits until every address accepts; false where the process ends first, or takes too long.
fn answers(process: &mut Child, addresses: &[SocketAddr]) -> Result<bool, ServerError> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if has_ended(process)? {
            return Ok(false);
        }
        if addresses
            .iter()
            .all(|address| TcpStream::connect(address).is_ok())
        {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(false)
}

/// Asks a process to end by a signal, and ends it where it does not.
pub(crate) fn end(mut process: Child, signal: &str) -> Result<(), ServerError> {
    let asked = Command::new("kill")
        .args([signal, &process.id().to_string()])
        .status();
    let end = Instant::now() + PATIENCE;
    if asked.is_ok_and(|status| status.success()) {
        while Instant::now() < end {
            if has_ended(&mut process)? {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    process.kill().map_err(io_error("ending a server"))?;
    process.wait().map_err(io_error("waiting for a server"))?;
    Ok(())
}

fn has_ended(process: &mut Child) -> Result<bool, ServerError> {
    let ended = process.try_wait().map_err(io_error("waiting for a server"));
    Ok(ended?.is_some())
}

/// An address of loopback.
pub(crate) fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Two ports that are free now and may be taken a moment later.
pub(crate) fn free_ports() -> Result<(u16, u16), ServerError> {
    let port =
        || TcpListener::bind(local(0)).and_then(|held| Ok((held.local_addr()?.port(), held)));
    let ports = port().and_then(|one| Ok((one.0, port()?.0)));
    ports.map_err(io_error("looking for free ports"))
}

/// An authority of its own, and a good certificate of it for some more names.
pub(crate) fn certify(names: &[String]) -> Result<(Authority, Identity), ServerError> {
    let authority = Authority::new("Rollcall test authority").map_err(no_certificate)?;
    let identity = authority.issue_for(names).map_err(no_certificate)?;
    Ok((authority, identity))
}

pub(crate) fn no_certificate(error: impl std::fmt::Display) -> ServerError {
    ServerError::Certificate(error.to_string())
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("; ")
}

pub(crate) fn io_error(what: &'static str) -> impl FnOnce(io::Error) -> ServerError {
    move |error| ServerError::Io {
        what: what.to_owned(),
        error,
    }
}
