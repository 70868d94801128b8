//! Somebody at the console, with a browser that runs no script and follows no redirect.

use ureq::Agent;

use crate::rollcall::Rollcall;
use crate::served::{Reply, Served, read};
use crate::tenancy::{Trouble, trouble};

/// What a browser says of a request of the service's own page.
pub const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");
/// What a browser says of what it reads.
pub const PAGES: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
/// The password of everybody here.
pub const PASSWORD: &str = "a long pass-phrase";

/// Somebody who has logged in, or a stranger.
#[derive(Debug)]
pub struct Visitor<'s> {
    served: &'s Served,
    /// What the browser shows of the session; empty for a stranger.
    pub cookie: String,
    agent: Agent,
}

/// Makes a user on the command line, who reaches these tenants, or with none everything.
///
/// # Errors
/// What the program says.
pub fn user(rollcall: &Rollcall, name: &str, rank: &str, tenants: &[&str]) -> Result<(), Trouble> {
    let file = rollcall.password_file(PASSWORD)?;
    let path = file.to_string_lossy();
    let mut make = vec!["user", "create", name, "--rank", rank];
    for tenant in tenants {
        make.extend(["--tenant", tenant]);
    }
    make.extend(["--password-file", &path]);
    rollcall.expect(0, &make)?;
    Ok(())
}

impl<'s> Visitor<'s> {
    /// Somebody of whom nothing is known.
    #[must_use]
    pub fn stranger(served: &'s Served) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self {
            served,
            cookie: String::new(),
            agent: agent.into(),
        }
    }

    /// A user who logs in.
    ///
    /// # Errors
    /// If the user is not let in.
    pub fn logged_in(served: &'s Served, name: &str) -> Result<Self, Trouble> {
        let mut visitor = Self::stranger(served);
        let form = [("name", name), ("password", PASSWORD)];
        let reply = visitor.send("/login", &form)?;
        let cookie = reply.header("set-cookie").split(';').next();
        let cookie = cookie.filter(|cookie| !cookie.is_empty());
        visitor.cookie = cookie
            .ok_or_else(|| trouble(format!("{name} is not let in: {reply:?}")))?
            .to_owned();
        Ok(visitor)
    }

    /// Looks at a page.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn get(&self, path: &str) -> Result<Reply, Trouble> {
        self.ask("GET", path, &[], &[PAGES, OWN])
    }

    /// Sends a form.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn send(&self, path: &str, form: &[(&str, &str)]) -> Result<Reply, Trouble> {
        self.ask("POST", path, form, &[PAGES, OWN])
    }

    /// Asks with these headers, beside the session's.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Result<Reply, Trouble> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.served.url))
            .header("content-type", "application/x-www-form-urlencoded");
        if !self.cookie.is_empty() {
            request = request.header("cookie", &self.cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let pairs: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let request = request.body(pairs.join("&")).map_err(trouble)?;
        read(self.agent.run(request).map_err(trouble)?)
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What a hidden field of a page holds; empty where there is none.
#[must_use]
pub fn hidden<'r>(reply: &'r Reply, name: &str) -> &'r str {
    let begin = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let rest = reply.text.split(&begin).nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default()
}

/// Whether a page says at this field that something is wrong with it, and with which code.
#[must_use]
pub fn wrong(reply: &Reply, id: &str, code: &str) -> bool {
    let field = reply.text.split('<').find(|element| {
        element.contains(&format!(" id=\"{id}\"")) && element.contains("aria-invalid=\"true\"")
    });
    let told = reply.text.split(&format!("id=\"{id}-wrong\"")).nth(1);
    let told = told.and_then(|rest| rest.split("</div>").next());
    field.is_some() && told.is_some_and(|told| told.contains(&format!("<code>{code}</code>")))
}
