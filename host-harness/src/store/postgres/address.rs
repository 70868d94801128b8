//! The URL of a database, with whatever is secret in it kept to itself.

use std::fmt;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::Problem;

/// What may stand behind the question mark: what the driver knows. It would log and pass over anything else.
const PARAMETERS: [&str; 15] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "sslcert",
    "sslkey",
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// Where a PostgreSQL database is, and who asks. Shown, it says neither the password nor how to get it.
#[derive(Clone)]
pub struct DatabaseUrl {
    options: PgConnectOptions,
}

impl DatabaseUrl {
    /// Reads `postgres://[user[:password]@][host][:port][/database][?parameters]`. What it does not say comes from
    /// PostgreSQL's own variables (`PGHOST`, `PGUSER`, `PGPASSWORD`, `PGSSLMODE` and the like) and `~/.pgpass`.
    ///
    /// # Errors
    /// `bad-database-url`; it shows nothing of the URL.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"))
            .ok_or_else(|| bad("it begins neither with postgres:// nor with sqlite:"))?;
        // A password with signs of these would be cut in two, and its end shown as a host or a database.
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = place.split_once('/').map_or("", |(_, path)| path);
        if text.contains('#') || path.contains(['/', '@']) {
            return Err(bad("a sign in it means something else in a URL"));
        }
        let known = |parameter: &str| {
            let name = parameter
                .split_once('=')
                .map_or(parameter, |(name, _)| name);
            PARAMETERS.contains(&name) || (name.starts_with("options[") && name.ends_with(']'))
        };
        if !query.is_empty() && !query.split('&').all(known) {
            return Err(bad("a parameter behind the question mark is unknown"));
        }
        let options = PgConnectOptions::from_str(text)
            .map_err(|_| bad("its port, or the value of a parameter, cannot be read"))?;
        Ok(Self { options })
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }
}

impl From<PgConnectOptions> for DatabaseUrl {
    fn from(options: PgConnectOptions) -> Self {
        Self { options }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        let user = options.get_username();
        let database = options.get_database().unwrap_or(user);
        match options.get_socket() {
            Some(socket) => write!(f, "{database} at {}", socket.display()),
            None => write!(
                f,
                "{database} at {}:{}",
                options.get_host(),
                options.get_port()
            ),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

fn bad(fault: &str) -> Problem {
    Problem::new(
        "bad-database-url",
        format!("the database's URL cannot be used: {fault}"),
        "Write postgres://USER@HOST:PORT/DATABASE, signs that mean something in a URL as %23, %2F, %3F, %40; \
         give the password by PGPASSWORD or ~/.pgpass.",
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_never_the_password() {
        let url =
            DatabaseUrl::parse("postgres://ada:s3cr%2Ft@db.example:6543/people?sslmode=require")
                .unwrap();
        assert_eq!(url.to_string(), "people at db.example:6543");
        assert!(!format!("{url:?}").contains("s3cr"), "{url:?}");
    }

    #[test]
    fn a_url_with_a_password_that_is_not_encoded_is_refused_without_showing_it() {
        for text in [
            "mysql://ada:hunter2@h/d",
            "postgres://ada:hun#ter2@h/d",
            "postgres://ada:12/hunter2@h/d",
            "postgres://ada:12?hunter2@h/d",
            "postgres://ada:x/y/hunter2@h/d",
            "postgres://h:hunter2/d",
            "postgres://h/d?sslmode=hunter2",
            "postgres://h/d?passwort=hunter2",
        ] {
            let refused = DatabaseUrl::parse(text).unwrap_err();
            assert_eq!(refused.code, "bad-database-url", "{text}");
            assert!(!format!("{refused:?}").contains("ter2"), "{refused:?}");
        }
    }
}
