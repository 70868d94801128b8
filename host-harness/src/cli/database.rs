//! Which database a command works with.

use std::fmt;

use crate::Problem;
use crate::store::DatabaseUrl;

/// The URL as it was typed. It is not shown: a password may be in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseArgument(String);

impl From<String> for DatabaseArgument {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for DatabaseArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseArgument(withheld)")
    }
}

impl DatabaseArgument {
    /// PostgreSQL's; none for the file in the data directory.
    pub(crate) fn postgres(&self) -> Result<Option<DatabaseUrl>, Problem> {
        if self.0.is_empty() || self.0 == "sqlite:" {
            return Ok(None);
        }
        DatabaseUrl::parse(&self.0).map(Some)
    }

    /// The URL, where nothing secret can be in it.
    pub(crate) fn shareable(&self) -> Option<&str> {
        let (_, place) = self.0.split_once("://")?;
        let user = place.split_once('@').map_or("", |(user, _)| user);
        (!user.contains(':') && !place.contains("password")).then_some(self.0.as_str())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn argument(text: &str) -> DatabaseArgument {
        text.to_owned().into()
    }

    #[test]
    fn the_file_is_the_default_and_postgresql_is_asked_for() {
        assert!(argument("sqlite:").postgres().unwrap().is_none());
        assert!(argument("").postgres().unwrap().is_none());
        let url = argument("postgres://h/d").postgres().unwrap();
        assert_eq!(url.unwrap().to_string(), "d at h:5432");
        let refused = argument("sqlite:elsewhere.db").postgres().unwrap_err();
        assert_eq!(refused.code, "bad-database-url");
    }

    #[test]
    fn a_url_with_a_password_is_not_repeated() {
        assert!(argument("postgres://ada@h/d").shareable().is_some());
        assert_eq!(argument("postgres://ada:x@h/d").shareable(), None);
        assert_eq!(argument("postgres://h/d?password=x").shareable(), None);
        assert!(!format!("{:?}", argument("postgres://ada:hunter2@h/d")).contains("hunter2"));
    }
}
