//! Requests as messages.
//!
//! The codec takes the values in filters for text. Ids such as `objectGUID` are none, so what is no UTF-8 travels through
//! it in disguise: one character for each byte behind a mark.

use std::borrow::Cow;
use std::io;

use bytes::{Buf, BytesMut};
use ldap3_lber::common::TagClass;
use ldap3_lber::parse::Parser;
use ldap3_lber::structure::{PL, StructureTag};
use ldap3_proto::LdapMsg;

/// Requests above this size are refused.
const LARGEST: usize = 4 << 20;
const DEEPEST: usize = 64;

/// Stands before bytes in disguise; a private character that no text has.
const MARK: char = '\u{10fffd}';

/// A search request (RFC 4511 section 4.5.1), and where its filter stands.
const SEARCH: u64 = 3;
const FILTER: usize = 6;
/// `OCTET STRING`.
const OCTETS: u64 = 4;
/// The last of the context tags that hold a value in a filter: parts of a substring, and a matching rule's value.
const LAST_VALUE: u64 = 3;

/// Takes a whole message from what was received; none where there is not yet one.
///
/// # Errors
/// Where what was received is no message.
pub(super) fn decode(inbox: &mut BytesMut) -> io::Result<Option<LdapMsg>> {
    if inbox.is_empty() {
        return Ok(None);
    }
    if inbox.len() > 2 * LARGEST {
        return Err(io::Error::other("too much at once"));
    }
    let (left, mut message) = match Parser::new(DEEPEST).parse(inbox) {
        Ok((left, message)) => (left.len(), message),
        Err(error) if error.is_incomplete() => return Ok(None),
        Err(_) => return Err(io::Error::other("no BER")),
    };
    let size = inbox.len() - left;
    if size > LARGEST {
        return Err(io::Error::other("too large"));
    }
    inbox.advance(size);
    if let PL::C(parts) = &mut message.payload {
        parts.iter_mut().for_each(disguise_search);
    }
    LdapMsg::try_from(message)
        .map_err(io::Error::other)
        .map(Some)
}

/// A value of a filter as it was sent.
pub(super) fn sent(value: &str) -> Cow<'_, [u8]> {
    match value.strip_prefix(MARK) {
        Some(bytes) => bytes
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
            .collect(),
        None => Cow::Borrowed(value.as_bytes()),
    }
}

fn disguise_search(operation: &mut StructureTag) {
    if operation.class == TagClass::Application
        && operation.id == SEARCH
        && let PL::C(parts) = &mut operation.payload
        && let Some(filter) = parts.get_mut(FILTER)
    {
        disguise(filter);
    }
}

fn disguise(filter: &mut StructureTag) {
    let holds_value = match filter.class {
        TagClass::Universal => filter.id == OCTETS,
        TagClass::Context => filter.id <= LAST_VALUE,
        _ => false,
    };
    match &mut filter.payload {
        PL::C(parts) => parts.iter_mut().for_each(disguise),
        PL::P(bytes) if holds_value && std::str::from_utf8(bytes).is_err() => {
            let text: String = std::iter::once(MARK)
                .chain(bytes.iter().copied().map(char::from))
                .collect();
            *bytes = text.into_bytes();
        }
        PL::P(_) => {}
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use ldap3_lber::write::encode_into;
    use ldap3_proto::proto::LdapOp;

    use super::super::filter::Filter;
    use super::*;
    use crate::demo::Entry;

    fn tag(class: TagClass, id: u64, payload: PL) -> StructureTag {
        StructureTag { class, id, payload }
    }

    fn universal(id: u64, bytes: &[u8]) -> StructureTag {
        tag(TagClass::Universal, id, PL::P(bytes.to_vec()))
    }

    /// A search with an equality, as bytes.
    fn search(attribute: &str, value: &[u8]) -> BytesMut {
        let equality = PL::C(vec![
            universal(OCTETS, attribute.as_bytes()),
            universal(OCTETS, value),
        ]);
        let operation = PL::C(vec![
            universal(OCTETS, b""),
            universal(10, &[2]),
            universal(10, &[0]),
            universal(2, &[0]),
            universal(2, &[0]),
            universal(1, &[0]),
            tag(TagClass::Context, 3, equality),
            tag(TagClass::Universal, 16, PL::C(Vec::new())),
        ]);
        let message = PL::C(vec![
            universal(2, &[1]),
            tag(TagClass::Application, SEARCH, operation),
        ]);
        let mut bytes = BytesMut::new();
        encode_into(&mut bytes, tag(TagClass::Universal, 16, message)).unwrap();
        bytes
    }

    #[test]
    fn a_filter_holds_bytes_that_are_no_text() {
        let id = b"\x01\xff\x00AZ\xc0(\xf0\x80\x7f\x09\x0d\x0a\xfe\xff\x02";
        let entry = Entry::new("CN=a").with("objectGUID", id.as_slice());
        let mut other = id.to_vec();
        other[15] = 3;
        for (wanted, matches) in [(id.to_vec(), true), (other, false)] {
            let mut inbox = search("objectGUID", &wanted);
            let message = decode(&mut inbox).unwrap().unwrap();
            let LdapOp::SearchRequest(request) = message.op else {
                unreachable!("it is a search")
            };
            let filter = Filter::new(&request.filter, &|_| false);
            assert_eq!(filter.matches(&entry), matches);
        }
    }

    #[test]
    fn a_message_is_awaited_to_its_end_and_what_follows_stays() {
        let whole = search("cn", "Zoë".as_bytes());
        let mut inbox = BytesMut::from(&whole[..whole.len() - 1]);
        assert!(decode(&mut inbox).unwrap().is_none());
        inbox.extend_from_slice(&whole[whole.len() - 1..]);
        inbox.extend_from_slice(&whole);
        assert!(decode(&mut inbox).unwrap().is_some());
        assert_eq!(inbox, whole);
        assert!(decode(&mut BytesMut::from(&b"\x30\x00"[..])).is_err());
    }
}
