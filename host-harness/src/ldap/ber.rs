//! BER as LDAP uses it (RFC 4511 section 5.1): definite lengths, tags below 31, primitive strings.
//!
//! [`walk`] checks a whole frame without recursion; [`Reader`] steps through one level of it, borrowed.

use super::error::Malformed;

/// SEQUENCE.
pub(super) const SEQUENCE: u8 = 0x30;
/// SET.
pub(super) const SET: u8 = 0x31;
/// INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// BOOLEAN.
pub(super) const BOOLEAN: u8 = 0x01;
/// OCTET STRING, primitive.
pub(super) const OCTETS: u8 = 0x04;
/// ENUMERATED.
pub(super) const ENUMERATED: u8 = 0x0a;

/// The deepest nesting that [`walk`] can be told to accept.
pub(super) const MAX_DEPTH: usize = 64;

/// An identifier octet, and where the contents begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The identifier octet.
    pub(super) tag: u8,
    /// Octets of identifier and length.
    pub(super) size: usize,
    /// Octets of contents.
    pub(super) length: usize,
}

/// Reads a header, or `None` where more octets are needed to know it.
///
/// # Errors
/// High tag numbers, the indefinite form, and lengths of more than four octets.
#[inline]
pub(super) fn header(bytes: &[u8]) -> Result<Option<Header>, Malformed> {
    let (Some(&tag), Some(&first)) = (bytes.first(), bytes.get(1)) else {
        return Ok(None);
    };
    if tag & 0x1f == 0x1f {
        return Err(Malformed::Tag);
    }
    if first < 0x80 {
        return Ok(Some(Header {
            tag,
            size: 2,
            length: usize::from(first),
        }));
    }
    let octets = usize::from(first & 0x7f);
    if octets == 0 {
        return Err(Malformed::Indefinite);
    }
    if octets > 4 {
        return Err(Malformed::Length);
    }
    let Some(length) = bytes.get(2..2 + octets) else {
        return Ok(None);
    };
    let length = length
        .iter()
        .fold(0_usize, |sum, octet| sum << 8 | usize::from(*octet));
    Ok(Some(Header {
        tag,
        size: 2 + octets,
        length,
    }))
}

/// Checks that elements nest exactly, no deeper than `depth`, to the last octet. Iterative: depth costs no stack.
pub(super) fn walk(bytes: &[u8], depth: usize) -> Result<(), Malformed> {
    let mut ends = [0_usize; MAX_DEPTH];
    let limit = depth.min(MAX_DEPTH);
    let mut level = 0;
    let mut end = bytes.len();
    let mut at = 0;
    loop {
        while at == end {
            if level == 0 {
                return Ok(());
            }
            level -= 1;
            end = ends[level];
        }
        let rest = bytes.get(at..end).ok_or(Malformed::Overrun)?;
        let header = header(rest)?.ok_or(Malformed::Overrun)?;
        if header.length > rest.len() - header.size {
            return Err(Malformed::Overrun);
        }
        at += header.size;
        if header.tag & 0x20 == 0 {
            at += header.length;
        } else {
            if level == limit {
                return Err(Malformed::Depth);
            }
            ends[level] = end;
            level += 1;
            end = at + header.length;
        }
    }
}

/// Steps through the elements of one level.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Over these octets.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether nothing follows.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element's tag, if there is one.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    #[inline]
    pub(super) fn any(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let header = header(self.rest)?.ok_or(Malformed::Overrun)?;
        let end = header.size + header.length;
        let content = self.rest.get(header.size..end).ok_or(Malformed::Overrun)?;
        self.rest = &self.rest[end..];
        Ok((header.tag, content))
    }

    /// The next element's contents; it must have this tag.
    #[inline]
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        match self.any()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Malformed::Unexpected),
        }
    }

    /// The next element's contents, if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.peek() == Some(tag) {
            self.expect(tag).map(Some)
        } else {
            Ok(None)
        }
    }

    /// A non-negative INTEGER or ENUMERATED of at most 31 bits.
    pub(super) fn number(&mut self, tag: u8) -> Result<u32, Malformed> {
        let content = self.expect(tag)?;
        if content.is_empty() || content.len() > 5 || content[0] & 0x80 != 0 {
            return Err(Malformed::Number);
        }
        let value = content
            .iter()
            .fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
        u32::try_from(value)
            .ok()
            .filter(|value| *value <= 0x7fff_ffff)
            .ok_or(Malformed::Number)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Vec<u8> {
        let mut bytes = vec![OCTETS, 0];
        for _ in 0..levels {
            let length = u32::try_from(bytes.len()).unwrap();
            let mut outer = vec![SEQUENCE, 0x84];
            outer.extend(length.to_be_bytes());
            outer.append(&mut bytes);
            bytes = outer;
        }
        bytes
    }

    #[test]
    fn nesting_up_to_the_limit_is_accepted() {
        assert_eq!(walk(&nested(32), 32), Ok(()));
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused() {
        assert_eq!(walk(&nested(33), 32), Err(Malformed::Depth));
        assert_eq!(walk(&nested(10_000), 32), Err(Malformed::Depth));
    }

    #[test]
    fn an_inner_length_must_fit_its_container() {
        assert_eq!(walk(&[SEQUENCE, 3, OCTETS, 1, 0], 32), Ok(()));
        assert_eq!(
            walk(&[SEQUENCE, 3, OCTETS, 2, 0, 0, 0], 32),
            Err(Malformed::Overrun)
        );
        assert_eq!(walk(&[SEQUENCE, 1, OCTETS, 0], 32), Err(Malformed::Overrun));
    }

    #[test]
    fn indefinite_lengths_and_high_tags_are_refused() {
        assert_eq!(
            walk(&[SEQUENCE, 0x80, 0, 0], 32),
            Err(Malformed::Indefinite)
        );
        assert_eq!(walk(&[0x1f, 1, 0], 32), Err(Malformed::Tag));
        assert_eq!(
            walk(&[SEQUENCE, 0x85, 0, 0, 0, 0, 1, 0], 32),
            Err(Malformed::Length)
        );
    }

    #[test]
    fn a_header_cut_short_asks_for_more() {
        assert_eq!(header(&[SEQUENCE]).unwrap(), None);
        assert_eq!(header(&[SEQUENCE, 0x82, 1]).unwrap(), None);
        let whole = header(&[SEQUENCE, 0x82, 1, 2]).unwrap().unwrap();
        assert_eq!((whole.size, whole.length), (4, 258));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = walk(&bytes, 32);
            let mut reader = Reader::new(&bytes);
            while reader.any().is_ok() {}
            let _ = Reader::new(&bytes).number(INTEGER);
        }
    }
}
