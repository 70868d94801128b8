//! LDAP messages as frames: where one ends, and whether it is whole and well-formed (RFC 4511 section 4.1.1).
//!
//! Everything that reaches the LDAP library passes here first, because the library trusts what it parses.

use super::ber::{self, BOOLEAN, ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE};
use super::error::Malformed;

/// BindRequest.
pub(super) const BIND_REQUEST: u8 = 0x60;
/// BindResponse.
pub(super) const BIND_RESPONSE: u8 = 0x61;
/// SearchRequest.
pub(super) const SEARCH_REQUEST: u8 = 0x63;
/// SearchResultEntry.
pub(super) const SEARCH_ENTRY: u8 = 0x64;
/// SearchResultDone.
pub(super) const SEARCH_DONE: u8 = 0x65;
/// SearchResultReference.
pub(super) const SEARCH_REFERENCE: u8 = 0x73;
/// AbandonRequest.
pub(super) const ABANDON_REQUEST: u8 = 0x50;
/// IntermediateResponse.
pub(super) const INTERMEDIATE_RESPONSE: u8 = 0x79;
/// ExtendedResponse.
pub(super) const EXTENDED_RESPONSE: u8 = 0x78;

const CONTROLS: u8 = 0xa0;
/// Active Directory writes the name of its notice of disconnection outside of the response.
const MISPLACED_NAME: u8 = 0x8a;

/// A message: its id, its operation's tag and contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) id: u32,
    pub(super) operation: u8,
    pub(super) content: &'a [u8],
    /// The contents of its controls, checked; none where it has none.
    pub(super) controls: &'a [u8],
    /// See [`MISPLACED_NAME`].
    pub(super) misplaced_name: Option<&'a [u8]>,
}

/// An LDAPResult (RFC 4511 section 4.1.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LdapResult<'a> {
    pub(super) code: u32,
    pub(super) matched: &'a [u8],
    pub(super) message: &'a [u8],
    /// What follows the common part.
    pub(super) rest: Reader<'a>,
}

impl PartialEq for Reader<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.peek() == other.peek()
    }
}
impl Eq for Reader<'_> {}

/// How long the frame is that begins here, or `None` where more octets are needed to know.
///
/// # Errors
/// What does not begin a message, and what is declared longer than `limit`.
pub(super) fn length(bytes: &[u8], limit: usize) -> Result<Option<usize>, Malformed> {
    if bytes.first().is_some_and(|tag| *tag != SEQUENCE) {
        return Err(Malformed::Unexpected);
    }
    let Some(header) = ber::header(bytes)? else {
        return Ok(None);
    };
    let size = header.size + header.length;
    if size > limit {
        return Err(Malformed::TooLong { size, limit });
    }
    Ok(Some(size))
}

/// Checks a whole frame and takes it apart.
pub(super) fn message(frame: &[u8], depth: usize) -> Result<Message<'_>, Malformed> {
    ber::walk(frame, depth)?;
    let mut outer = Reader::new(frame);
    let mut inner = Reader::new(outer.expect(SEQUENCE)?);
    let id = inner.number(INTEGER)?;
    let (operation, content) = inner.any()?;
    let mut misplaced_name = None;
    let mut attached: &[u8] = &[];
    match inner.peek() {
        None => {}
        Some(CONTROLS) => {
            attached = inner.expect(CONTROLS)?;
            controls(attached)?;
        }
        Some(MISPLACED_NAME) if id == 0 => misplaced_name = Some(inner.expect(MISPLACED_NAME)?),
        Some(_) => return Err(Malformed::Unexpected),
    }
    if outer.is_empty() && inner.is_empty() {
        Ok(Message {
            id,
            operation,
            content,
            controls: attached,
            misplaced_name,
        })
    } else {
        Err(Malformed::Unexpected)
    }
}

/// Reads an LDAPResult, strictly: nothing of it may surprise the library.
pub(super) fn result(content: &[u8]) -> Result<LdapResult<'_>, Malformed> {
    let mut reader = Reader::new(content);
    let code = reader.number(ENUMERATED)?;
    let matched = reader.expect(OCTETS)?;
    let message = reader.expect(OCTETS)?;
    if let Some(referral) = reader.optional(0xa3)? {
        urls(referral)?;
    }
    Ok(LdapResult {
        code,
        matched,
        message,
        rest: reader,
    })
}

/// Checks the URLs of a referral or a continuation reference; says how many.
pub(super) fn urls(content: &[u8]) -> Result<u32, Malformed> {
    let mut reader = Reader::new(content);
    let mut count = 0;
    while !reader.is_empty() {
        std::str::from_utf8(reader.expect(OCTETS)?).map_err(|_| Malformed::Text)?;
        count += 1;
    }
    Ok(count)
}

/// The value of the control with this OID, if it is there and has one. `controls` are a message's.
pub(super) fn control<'a>(controls: &'a [u8], oid: &[u8]) -> Result<Option<&'a [u8]>, Malformed> {
    let mut list = Reader::new(controls);
    while !list.is_empty() {
        let mut control = Reader::new(list.expect(SEQUENCE)?);
        let found = control.expect(OCTETS)? == oid;
        control.optional(BOOLEAN)?;
        if found {
            return control.optional(OCTETS);
        }
    }
    Ok(None)
}

fn controls(content: &[u8]) -> Result<(), Malformed> {
    let mut list = Reader::new(content);
    while !list.is_empty() {
        let mut control = Reader::new(list.expect(SEQUENCE)?);
        std::str::from_utf8(control.expect(OCTETS)?).map_err(|_| Malformed::Text)?;
        if control
            .optional(BOOLEAN)?
            .is_some_and(|value| value.len() != 1)
        {
            return Err(Malformed::Number);
        }
        control.optional(OCTETS)?;
        if !control.is_empty() {
            return Err(Malformed::Unexpected);
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const DONE: [u8; 14] = [0x30, 12, 2, 1, 7, 0x65, 7, 0x0a, 1, 0, 4, 0, 4, 0];

    #[test]
    fn a_result_is_taken_apart() {
        let message = message(&DONE, 32).unwrap();
        assert_eq!((message.id, message.operation), (7, SEARCH_DONE));
        assert_eq!(result(message.content).unwrap().code, 0);
    }

    #[test]
    fn a_declared_length_over_the_limit_is_refused_before_it_arrives() {
        let two_gib = [0x30, 0x84, 0x80, 0, 0, 0];
        assert!(matches!(
            length(&two_gib, 16 << 20),
            Err(Malformed::TooLong { .. })
        ));
        assert_eq!(
            length(&[0x30, 0x84, 0, 1, 0, 0], 16 << 20),
            Ok(Some(65_542))
        );
    }

    #[test]
    fn what_is_not_a_sequence_is_refused_at_its_first_byte() {
        assert_eq!(
            length(b"HTTP/1.1 400 Bad Request", 1 << 20),
            Err(Malformed::Unexpected)
        );
    }

    #[test]
    fn trailing_elements_are_refused() {
        let mut bytes = DONE.to_vec();
        bytes[1] += 2;
        bytes.extend([4, 0]);
        assert_eq!(message(&bytes, 32), Err(Malformed::Unexpected));
    }

    #[test]
    fn controls_that_would_upset_the_library_are_refused() {
        for control in [
            &[0x30, 0][..],
            &[0x30, 4, 4, 0, 1, 0],
            &[4, 0],
            &[0x30, 3, 4, 1, 0xff],
        ] {
            let mut bytes = DONE.to_vec();
            let size = u8::try_from(control.len()).unwrap();
            bytes[1] += size + 2;
            bytes.extend([0xa0, size]);
            bytes.extend(control);
            assert!(message(&bytes, 32).is_err(), "{control:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = length(&bytes, 1 << 20);
            let _ = message(&bytes, 32);
            let _ = result(&bytes);
            let _ = urls(&bytes);
        }

        #[test]
        fn damaged_messages_never_panic(at in 0..DONE.len(), with in proptest::num::u8::ANY) {
            let mut bytes = DONE;
            bytes[at] = with;
            if let Ok(message) = message(&bytes, 32) {
                let _ = result(message.content);
            }
        }
    }
}
