//! An answer of the service that is read as it comes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::served::Served;
use crate::tenancy::{Trouble, trouble};

/// The longest that a piece may be waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// A page on its way.
#[derive(Debug)]
pub struct Coming {
    stream: TcpStream,
    /// What has come so far.
    pub text: String,
}

impl Coming {
    /// Asks for a page in somebody's session; with a form, sends that.
    ///
    /// # Errors
    /// If the service cannot be asked.
    pub fn ask(
        served: &Served,
        cookie: &str,
        path: &str,
        form: Option<&str>,
    ) -> Result<Self, Trouble> {
        let host = served.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).map_err(trouble)?;
        stream.set_read_timeout(Some(LONGEST)).map_err(trouble)?;
        let method = form.map_or("GET", |_| "POST");
        let form = form.unwrap_or_default();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{form}",
            form.len()
        )
        .map_err(trouble)?;
        let text = String::new();
        Ok(Self { stream, text })
    }

    /// Reads on until a text has come; says when.
    ///
    /// # Errors
    /// If the answer ends before, or takes too long.
    pub fn until(&mut self, text: &str) -> Result<Instant, Trouble> {
        let mut piece = [0; 4096];
        while !self.text.contains(text) {
            let length = self.stream.read(&mut piece).map_err(trouble)?;
            if length == 0 {
                return Err(trouble(format!("it ends without {text}: {}", self.text)));
            }
            let piece = String::from_utf8_lossy(&piece[..length]);
            self.text.push_str(&piece);
        }
        Ok(Instant::now())
    }
}
