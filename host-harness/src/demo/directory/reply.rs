//! Answers as bytes. Entries are written straight from the tree; everything else goes through the codec.

use bytes::{BufMut, BytesMut};
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{LdapExtendedResponse, LdapOp, LdapResult};
use ldap3_proto::{LdapCodec, LdapMsg, LdapResultCode};
use tokio_util::codec::Encoder;

const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_REFERENCE: u8 = 0x73;

/// Room left for a length that is not known yet: one byte that says four follow, and the four.
const LENGTH: usize = 5;

/// Appends a message.
pub(super) fn message(
    to: &mut BytesMut,
    id: i32,
    op: LdapOp,
    controls: Vec<LdapControl>,
) -> std::io::Result<()> {
    LdapCodec::default().encode(
        LdapMsg {
            msgid: id,
            op,
            ctrl: controls,
        },
        to,
    )
}

/// A result with a message.
pub(super) fn result(code: LdapResultCode, text: &str) -> LdapResult {
    LdapResult {
        code,
        matcheddn: String::new(),
        message: text.to_owned(),
        referral: Vec::new(),
    }
}

/// A result code by its number; one that the codec does not have becomes `other` (80).
pub(super) fn code(number: u16) -> LdapResultCode {
    LdapResultCode::try_from(i64::from(number)).unwrap_or(LdapResultCode::Other)
}

/// Notice of Disconnection (RFC 4511 section 4.4.1).
pub(super) fn notice_of_disconnection(code: LdapResultCode, text: &str) -> LdapOp {
    LdapOp::ExtendedResponse(LdapExtendedResponse {
        res: result(code, text),
        name: Some("1.3.6.1.4.1.1466.20036".to_owned()),
        value: None,
    })
}

/// Appends a `SearchResultReference` (RFC 4511 section 4.5.3).
pub(super) fn reference(to: &mut BytesMut, id: i32, urls: &[Vec<u8>]) {
    let message = open(to, SEQUENCE);
    integer(to, id);
    let op = open(to, SEARCH_REFERENCE);
    for url in urls {
        octets(to, url);
    }
    close(to, op);
    close(to, message);
}

/// Writes one `SearchResultEntry` (RFC 4511 section 4.5.2).
#[derive(Debug)]
pub(super) struct EntryWriter<'a> {
    to: &'a mut BytesMut,
    message: usize,
    op: usize,
    attributes: usize,
}

impl<'a> EntryWriter<'a> {
    pub(super) fn new(to: &'a mut BytesMut, id: i32, dn: &str) -> Self {
        let message = open(to, SEQUENCE);
        integer(to, id);
        let op = open(to, SEARCH_ENTRY);
        octets(to, dn.as_bytes());
        let attributes = open(to, SEQUENCE);
        Self {
            to,
            message,
            op,
            attributes,
        }
    }

    pub(super) fn attribute(&mut self, name: &str, values: &[Vec<u8>]) {
        let attribute = open(self.to, SEQUENCE);
        octets(self.to, name.as_bytes());
        let set = open(self.to, SET);
        for value in values {
            octets(self.to, value);
        }
        close(self.to, set);
        close(self.to, attribute);
    }

    pub(super) fn finish(self) {
        close(self.to, self.attributes);
        close(self.to, self.op);
        close(self.to, self.message);
    }
}

/// A message whose elements are nested so deep, well-formed but for that.
pub(super) fn deep(id: i32, depth: u32) -> BytesMut {
    let mut to = BytesMut::new();
    let message = open(&mut to, SEQUENCE);
    integer(&mut to, id);
    let starts: Vec<usize> = (0..depth).map(|_| open(&mut to, SEQUENCE)).collect();
    for start in starts.into_iter().rev() {
        close(&mut to, start);
    }
    close(&mut to, message);
    to
}

/// The beginning of a message that claims to be of 2 GiB.
pub(super) fn huge(id: i32) -> BytesMut {
    let mut to = BytesMut::new();
    to.put_slice(&[SEQUENCE, 0x84, 0x7f, 0xff, 0xff, 0xff]);
    integer(&mut to, id);
    to.put_slice(&[SEARCH_ENTRY, 0x84, 0x7f, 0xff, 0xff, 0xf0]);
    octets(&mut to, b"uid=huge,dc=example,dc=org");
    to
}

fn open(to: &mut BytesMut, tag: u8) -> usize {
    to.put_u8(tag);
    let start = to.len();
    to.put_bytes(0, LENGTH);
    start
}

fn close(to: &mut BytesMut, start: usize) {
    // No answer comes near 4 GiB.
    let length = u32::try_from(to.len() - start - LENGTH).unwrap_or(u32::MAX);
    to[start] = 0x84;
    to[start + 1..start + LENGTH].copy_from_slice(&length.to_be_bytes());
}

fn integer(to: &mut BytesMut, value: i32) {
    let bytes = value.to_be_bytes();
    // The shortest form (X.690 section 8.3.2); message ids are never negative.
    let skipped = bytes[..3]
        .iter()
        .zip(&bytes[1..])
        .take_while(|(b, next)| **b == 0 && **next < 0x80)
        .count();
    to.put_slice(&[0x02, 4 - u8::try_from(skipped).unwrap_or(0)]);
    to.put_slice(&bytes[skipped..]);
}

fn octets(to: &mut BytesMut, value: &[u8]) {
    to.put_u8(OCTETS);
    let length = value.len();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => to.put_u8(short),
        Ok(byte) => to.put_slice(&[0x81, byte]),
        Err(_) => {
            to.put_u8(0x84);
            to.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        }
    }
    to.put_slice(value);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use tokio_util::codec::Decoder;

    #[test]
    fn an_entry_reads_back_through_the_codec() {
        let mut to = BytesMut::new();
        let mut writer = EntryWriter::new(&mut to, 7, "uid=a,dc=x");
        writer.attribute("cn", &[b"A".to_vec(), vec![0xff; 300]]);
        writer.attribute("mail", &[]);
        writer.finish();
        let message = LdapCodec::default().decode(&mut to).unwrap().unwrap();
        let LdapOp::SearchResultEntry(entry) = message.op else {
            unreachable!("not an entry")
        };
        assert_eq!((message.msgid, entry.dn.as_str()), (7, "uid=a,dc=x"));
        assert_eq!(entry.attributes[0].vals, [b"A".to_vec(), vec![0xff; 300]]);
        assert_eq!(
            (
                entry.attributes[1].atype.as_str(),
                entry.attributes[1].vals.len()
            ),
            ("mail", 0)
        );
        assert!(to.is_empty());
    }

    #[test]
    fn whole_numbers_are_as_short_as_they_can_be() {
        for (value, length) in [
            (0, 3),
            (127, 3),
            (128, 4),
            (32_767, 4),
            (32_768, 5),
            (i32::MAX, 6),
        ] {
            let mut to = BytesMut::new();
            integer(&mut to, value);
            assert_eq!(to.len(), length, "{value}");
        }
    }

    #[test]
    fn a_reference_reads_back_through_the_codec() {
        let mut to = BytesMut::new();
        reference(&mut to, 3, &[b"ldap://other/dc=x".to_vec()]);
        let message = LdapCodec::default().decode(&mut to).unwrap().unwrap();
        assert!(
            matches!(message.op, LdapOp::SearchResultReference(r) if r.uris == ["ldap://other/dc=x"])
        );
    }
}
