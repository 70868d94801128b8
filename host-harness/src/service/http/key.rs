//! The header that makes asking twice the same as asking once: `Idempotency-Key`.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::refusal::{Answer, Refusal};
use super::scope::Api;

const KEY: &str = "idempotency-key";
const LONGEST: usize = 200;

/// The key, where there is one.
pub(super) struct Key(pub(super) Option<String>);

impl FromRequestParts<Api> for Key {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Refusal> {
        read(&parts.headers).map(Self)
    }
}

fn read(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(key) = headers.get(KEY) else {
        return Ok(None);
    };
    match key.to_str() {
        Ok(key) if (1..=LONGEST).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Refusal::new(
            "bad-request",
            "The idempotency key is empty, too long, or not plain text",
            "Use 1 to 200 visible ASCII characters, for example a UUID.",
        )),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key(value: &[u8]) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        headers.insert(KEY, HeaderValue::from_bytes(value).unwrap());
        read(&headers).map_err(|refused| refused.code().to_owned())
    }

    #[test]
    fn a_key_is_some_plain_text() {
        assert_eq!(read(&HeaderMap::new()).unwrap(), None);
        assert_eq!(key(b"a b").unwrap().as_deref(), Some("a b"));
        assert_eq!(key(&[b'x'; LONGEST]).unwrap().unwrap().len(), LONGEST);
        for wrong in [&b""[..], &[b'x'; LONGEST + 1], "\u{fc}".as_bytes()] {
            assert_eq!(key(wrong).unwrap_err(), "bad-request");
        }
    }
}
