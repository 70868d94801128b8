//! What a form carries: names and values, in their order.

use axum::extract::{FromRequest, Request};
use zeroize::Zeroizing;

use super::super::scope::Api;
use super::super::sent::{JSON_TIME, arrived, too_large};
use super::entered::Trouble;

/// Bytes of a form, at most: certificates are among them.
const MOST: usize = 1 << 20;

/// The fields of a form. Passwords can be among them, and are overwritten where they stood.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, Zeroizing<String>)>);

impl Fields {
    /// The value of a field; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The value of a field, where the form has it.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a name.
    pub(super) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let named = self.0.iter().filter(move |(one, _)| one == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Whether a box is checked, or a button was pressed.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}

#[cfg(test)]
impl From<&[(&str, &str)]> for Fields {
    fn from(pairs: &[(&str, &str)]) -> Self {
        let fields = pairs.iter().map(|(name, value)| {
            let value = Zeroizing::new((*value).to_owned());
            ((*name).to_owned(), value)
        });
        Self(fields.collect())
    }
}

impl FromRequest<Api> for Fields {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &Api) -> Result<Self, Trouble> {
        let bytes = arrived(request.into_body(), MOST, JSON_TIME, too_large).await?;
        // Browsers send lines that end in CR LF.
        let pairs = form_urlencoded::parse(&bytes);
        let fields = pairs.map(|(name, value)| {
            let value = Zeroizing::new(value.replace("\r\n", "\n"));
            (name.into_owned(), value)
        });
        Ok(Self(fields.collect()))
    }
}
