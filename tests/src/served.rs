//! Runs `rollcall serve`, and speaks HTTP with it.

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::Agent;

use crate::rollcall::Rollcall;
use crate::tenancy::{Trouble, trouble};

/// A service at work. It is killed when it goes out of scope.
#[derive(Debug)]
pub struct Served {
    process: Child,
    /// Where it listens, for example `http://127.0.0.1:8080`.
    pub url: String,
    agent: Agent,
    out: BufReader<ChildStdout>,
}

/// What it answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub kind: String,
    /// The body as text.
    pub text: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
}

impl Reply {
    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A header by its small name; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(one, _)| one == name);
        found.map_or("", |(_, value)| value)
    }

    /// The code of a problem document.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Served {
    /// Starts a service on the data of a program, on a port of its own.
    ///
    /// # Errors
    /// If it cannot be started, or says nothing of where it listens.
    pub fn start(rollcall: &Rollcall, arguments: &[&str]) -> Result<Self, Trouble> {
        Self::start_logging(rollcall, arguments, Stdio::inherit())
    }

    /// The same, with a place for what it logs.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_logging(
        rollcall: &Rollcall,
        arguments: &[&str],
        log: impl Into<Stdio>,
    ) -> Result<Self, Trouble> {
        let fixed = ["serve", "--listen", "127.0.0.1:0", "--jitter", "0"];
        let mut call = rollcall.command(&[&fixed[..], arguments].concat());
        call.stderr(log);
        Self::begin(call)
    }

    /// Starts a service by a call of the program.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn begin(mut call: Command) -> Result<Self, Trouble> {
        let mut process = call.stdout(Stdio::piped()).spawn().map_err(trouble)?;
        let out = process.stdout.take().ok_or_else(|| trouble("no output"))?;
        let mut out = BufReader::new(out);
        let mut line = String::new();
        out.read_line(&mut line).map_err(trouble)?;
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http"));
        let url = url
            .ok_or_else(|| trouble(format!("no address in {line:?}")))?
            .to_owned();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Ok(Self {
            process,
            url,
            agent: agent.into(),
            out,
        })
    }

    /// The number of its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// The next line that it prints; waits for one.
    ///
    /// # Errors
    /// If its output cannot be read.
    pub fn line(&mut self) -> Result<String, Trouble> {
        let mut line = String::new();
        self.out.read_line(&mut line).map_err(trouble)?;
        Ok(line.trim_end().to_owned())
    }

    /// Ends it like [`Self::end`], and gives what it printed since its first line.
    ///
    /// # Errors
    /// As [`Self::end`].
    pub fn end_and_tell(mut self) -> Result<String, Trouble> {
        self.signal("TERM")?;
        let mut told = String::new();
        self.out.read_to_string(&mut told).map_err(trouble)?;
        self.end()?;
        Ok(told)
    }

    /// Asks, with a token where there is one.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Reply, Trouble> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let text = body.map(ToString::to_string).unwrap_or_default();
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(text).map_err(trouble)?;
        read(self.agent.run(request).map_err(trouble)?)
    }

    /// Posts bytes, as of a component.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn send(&self, path: &str, token: &str, bytes: &[u8]) -> Result<Reply, Trouble> {
        self.send_with(path, token, bytes, &[])
    }

    /// The same, with other headers.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn send_with(
        &self,
        path: &str,
        token: &str,
        bytes: &[u8],
        headers: &[(&str, &str)],
    ) -> Result<Reply, Trouble> {
        let mut request = ureq::http::Request::post(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/wasm");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(bytes).map_err(trouble)?;
        read(self.agent.run(request).map_err(trouble)?)
    }

    /// Gets something.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn get(&self, path: &str, token: &str) -> Result<Reply, Trouble> {
        self.ask("GET", path, token, None, &[])
    }

    /// Waits until a run is over, and gives it.
    ///
    /// # Errors
    /// If it does not end within two minutes.
    pub fn over(&self, tenant: &str, run: i64, token: &str) -> Result<Value, Trouble> {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let run = self
                .get(&format!("/api/v1/tenants/{tenant}/runs/{run}"), token)?
                .json();
            let status = run["status"].as_str().unwrap_or_default();
            let waits = status == "planned" && run["mode"] != "dry-run";
            if !waits && !["queued", "planning", "applying"].contains(&status) {
                return Ok(run);
            }
            if Instant::now() > until {
                return Err(trouble(format!("not over: {run:#}")));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends it as an operator does, and waits for that.
    ///
    /// # Errors
    /// If it does not end well.
    pub fn end(mut self) -> Result<(), Trouble> {
        self.signal("TERM")?;
        let status = self.process.wait().map_err(trouble)?;
        if status.success() {
            Ok(())
        } else {
            Err(trouble(format!("it ended with {status}")))
        }
    }

    /// Sends it a signal, for example `STOP` or `CONT`.
    ///
    /// # Errors
    /// If it cannot be sent.
    pub fn signal(&self, name: &str) -> Result<(), Trouble> {
        let id = self.process.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status()
            .map_err(trouble)?;
        if sent.success() {
            Ok(())
        } else {
            Err(trouble(format!("the signal {name} was not sent")))
        }
    }

    /// Kills it.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(mut self) -> Result<(), Trouble> {
        self.process.kill().map_err(trouble)?;
        self.process.wait().map(drop).map_err(trouble)
    }
}

pub(crate) fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Reply, Trouble> {
    let kind = response.headers().get("content-type");
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let headers = response.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), value.into_owned())
    });
    let headers = headers.collect();
    Ok(Reply {
        status: response.status().as_u16(),
        kind,
        headers,
        text: response.body_mut().read_to_string().map_err(trouble)?,
    })
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
