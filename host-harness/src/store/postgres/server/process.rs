//! A PostgreSQL server as a child process. Its life is that of whoever started it.

use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// A server with a cluster of its own, which is gone with it. The user `rollcall` owns everything and needs no password.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where its socket is, and the certificate `server.crt`.
    pub(crate) home: PathBuf,
    /// On `localhost` too.
    pub(crate) port: u16,
    /// Its input is the server's life.
    pub(crate) _guard: Mutex<Guard>,
}

#[derive(Debug)]
pub(crate) struct Guard {
    process: Child,
    said: BufReader<ChildStdout>,
}

impl Guard {
    /// Ends the server that there is by a signal, and starts one; says where.
    pub(crate) fn start(&mut self, signal: &str) -> PathBuf {
        let input = self.process.stdin.as_mut().unwrap();
        writeln!(input, "{signal}").unwrap();
        let mut home = String::new();
        self.said.read_line(&mut home).unwrap();
        let home = home.trim();
        assert!(!home.is_empty(), "no PostgreSQL server; see above");
        home.into()
    }
}

/// The folder with `initdb` and the others: the newest of Debian's, or wherever the variable says.
pub(crate) fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("ROLLCALL_TEST_POSTGRES") {
        return folder.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut folders: Vec<PathBuf> = versions
        .map(|entry| entry.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    folders.sort();
    folders.pop().expect(
        "PostgreSQL's programs are below /usr/lib/postgresql, or where ROLLCALL_TEST_POSTGRES says",
    )
}

impl Server {
    /// Starts one, and waits until it answers.
    pub(crate) fn start() -> Self {
        let held = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        drop(held);
        // PostgreSQL does not run as root.
        let id = Command::new("id").arg("-u").output().unwrap();
        let mut command = if id.stdout == b"0\n" {
            let mut command = Command::new("runuser");
            command.args(["-u", "nobody", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        let mut process = command
            .args(["-c", include_str!("server.sh"), "sh"])
            .arg(programs())
            .arg(port.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let mut guard = Guard { process, said };
        Self {
            home: guard.start("INT"),
            port,
            _guard: Mutex::new(guard),
        }
    }
}
