//! Values and changes as compact JSON texts, in the order in which they were given.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::error::StoreResult;
use crate::contract::types::FieldValue;
use crate::ports::TenantId;
use crate::ports::access::Reach;

/// A JSON object from field to value, or to null where the field is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Values(pub Vec<(String, Option<String>)>);

impl Values {
    /// The values that are not null.
    #[must_use]
    pub fn into_field_values(self) -> Vec<FieldValue> {
        self.0
            .into_iter()
            .filter_map(|(field, value)| {
                Some(FieldValue {
                    field,
                    value: value?,
                })
            })
            .collect()
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Values;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Values(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// Writes a JSON object of texts, piece by piece.
#[derive(Debug)]
pub struct ObjectWriter {
    text: Vec<u8>,
}

impl ObjectWriter {
    /// An empty object, with room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        let mut text = Vec::with_capacity(bytes.saturating_add(2));
        text.push(b'{');
        Self { text }
    }

    /// Adds a field.
    pub fn put(&mut self, field: &str, value: Option<&str>) {
        if self.text.len() > 1 {
            self.text.push(b',');
        }
        write_text(&mut self.text, field);
        self.text.push(b':');
        match value {
            Some(value) => write_text(&mut self.text, value),
            None => self.text.extend_from_slice(b"null"),
        }
    }

    /// The text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push(b'}');
        String::from_utf8(self.text).unwrap_or_default()
    }
}

/// The JSON text of anything that always has one.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn write_text(into: &mut Vec<u8>, text: &str) {
    let plain = text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\');
    if plain {
        into.push(b'"');
        into.extend_from_slice(text.as_bytes());
        into.push(b'"');
    } else {
        // Writing a text into memory cannot fail.
        let _ = serde_json::to_writer(into, text);
    }
}

/// A reach without a tenant, both as they are kept; none where it does not name it.
pub(crate) fn without(reach: &str, tenant: &TenantId) -> StoreResult<Option<String>> {
    let Reach::Tenants(mut tenants) = serde_json::from_str(reach)? else {
        return Ok(None);
    };
    let named = tenants.remove(tenant);
    Ok(named.then(|| json(&Reach::Tenants(tenants))))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back_in_order(
            pairs in proptest::collection::vec((any::<String>(), any::<Option<String>>()), 0..8)
        ) {
            let mut writer = ObjectWriter::with_capacity(64);
            for (field, value) in &pairs {
                writer.put(field, value.as_deref());
            }
            let text = writer.finish();
            prop_assert_eq!(serde_json::from_str::<Values>(&text).unwrap(), Values(pairs));
        }
    }

    #[test]
    fn anything_but_texts_is_refused() {
        assert!(serde_json::from_str::<Values>(r#"{"a":1}"#).is_err());
        assert!(serde_json::from_str::<Values>(r#"["a"]"#).is_err());
    }
}
