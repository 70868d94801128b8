//! Pages in the making: entries decoded from their frames, borrowed, into the contract's flat layout.

use super::attributes::{Attributes, without_range};
use super::ber::{OCTETS, Reader, SEQUENCE, SET};
use super::error::{Fault, Malformed};
use crate::contract::ldap::Page;

/// The most wanted values that one entry may bring in one message: a value of two octets costs sixteen while its entry
/// is read.
const MOST_VALUES: usize = 250_000;
/// The most attributes of one entry whose values the server may hold back: as many as may be asked for.
const MOST_CONTINUED: usize = 256;

/// Values that the server holds back (`range=`), to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Continued {
    /// The entry in its page.
    pub(super) entry: usize,
    /// The attribute's position in the request.
    pub(super) position: usize,
    /// The description without `range=`.
    pub(super) description: String,
    /// The first value that is missing.
    pub(super) from: u32,
}

impl Continued {
    /// How many bytes it takes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.description.len()
    }
}

/// What was decoded so far.
#[derive(Debug)]
pub(super) struct PageBuilder {
    attributes: Attributes,
    slots: Vec<Slot>,
    page: Page,
    continued: Vec<Continued>,
    /// What `continued` takes.
    continued_bytes: usize,
}

/// One attribute's values in the entry at hand, as offsets.
#[derive(Debug, Default, Clone)]
struct Slot {
    plain: Vec<(usize, usize)>,
    tagged: Vec<(usize, usize)>,
}

impl PageBuilder {
    /// An empty page for these attributes.
    pub(super) fn new(attributes: Attributes) -> Self {
        let slots = vec![Slot::default(); attributes.len()];
        Self {
            attributes,
            slots,
            page: empty(),
            continued: Vec::new(),
            continued_bytes: 0,
        }
    }

    /// How many entries it holds.
    pub(super) fn entries(&self) -> usize {
        self.page.entries as usize
    }

    /// How many bytes it holds, counting the layout and what is to be asked for.
    pub(super) fn size(&self) -> usize {
        size(&self.page) + self.continued_bytes
    }

    /// Adds an entry from the contents of a SearchResultEntry (RFC 4511 section 4.5.2). On an error the page
    /// is as before.
    pub(super) fn entry(&mut self, content: &[u8]) -> Result<(), Fault> {
        for slot in &mut self.slots {
            slot.plain.clear();
            slot.tagged.clear();
        }
        let known = self.continued.len();
        let name = self
            .gather(content)
            .inspect_err(|_| self.continued.truncate(known))?;
        let page = &mut self.page;
        page.bytes.extend_from_slice(name);
        page.ends.push(offset(page.bytes.len())?);
        for slot in &self.slots {
            page.counts
                .push(offset(slot.plain.len() + slot.tagged.len())?);
            for (start, end) in slot.plain.iter().chain(&slot.tagged) {
                page.bytes.extend_from_slice(&content[*start..*end]);
                page.ends.push(offset(page.bytes.len())?);
            }
        }
        page.entries += 1;
        let fresh = self.continued[known..].iter().map(Continued::size);
        self.continued_bytes += fresh.sum::<usize>();
        Ok(())
    }

    /// Takes what there is; the builder begins anew, with room for as much again.
    pub(super) fn take(&mut self) -> (Page, Vec<Continued>) {
        let fresh = Page {
            entries: 0,
            counts: Vec::with_capacity(self.page.counts.len()),
            ends: Vec::with_capacity(self.page.ends.len() + self.page.ends.len() / 16),
            bytes: Vec::with_capacity(self.page.bytes.len() + self.page.bytes.len() / 16),
        };
        self.continued_bytes = 0;
        (
            std::mem::replace(&mut self.page, fresh),
            std::mem::take(&mut self.continued),
        )
    }

    /// Notes where the wanted values are; returns the entry's name.
    fn gather<'a>(&mut self, content: &'a [u8]) -> Result<&'a [u8], Fault> {
        let (mut values_left, mut continued_left) = (MOST_VALUES, MOST_CONTINUED);
        let base = content.as_ptr().addr();
        let mut reader = Reader::new(content);
        let name = reader.expect(OCTETS)?;
        let mut attributes = Reader::new(reader.expect(SEQUENCE)?);
        if !reader.is_empty() {
            return Err(Malformed::Unexpected.into());
        }
        let mut hint = 0;
        while !attributes.is_empty() {
            let mut attribute = Reader::new(attributes.expect(SEQUENCE)?);
            let description = attribute.expect(OCTETS)?;
            let mut values = Reader::new(attribute.expect(SET)?);
            if !attribute.is_empty() {
                return Err(Malformed::Unexpected.into());
            }
            let found = self.attributes.find(description, hint);
            if let Some(found) = found {
                hint = found.position + 1;
                if let Some(from) = found.more_from {
                    take_one(&mut continued_left, "attributes in ranges", MOST_CONTINUED)?;
                    self.continued.push(Continued {
                        entry: self.page.entries as usize,
                        position: found.position,
                        description: without_range(description),
                        from,
                    });
                }
            }
            while !values.is_empty() {
                let value = values.expect(OCTETS)?;
                let Some(found) = found else { continue };
                take_one(&mut values_left, "values", MOST_VALUES)?;
                let start = value.as_ptr().addr() - base;
                let slot = &mut self.slots[found.position];
                let list = if found.tagged {
                    &mut slot.tagged
                } else {
                    &mut slot.plain
                };
                list.push((start, start + value.len()));
            }
        }
        Ok(name)
    }
}

/// How many bytes a page takes, counting the layout.
pub(super) fn size(page: &Page) -> usize {
    page.bytes.len() + 4 * (page.ends.len() + page.counts.len())
}

/// A page without entries.
pub(super) fn empty() -> Page {
    Page {
        entries: 0,
        counts: Vec::new(),
        ends: Vec::new(),
        bytes: Vec::new(),
    }
}

/// The first `entries` of a page for `attributes` attributes.
pub(super) fn truncate(page: &mut Page, entries: u32, attributes: usize) {
    if entries >= page.entries {
        return;
    }
    let counts = entries as usize * attributes;
    let values: usize = page.counts[..counts]
        .iter()
        .map(|count| *count as usize)
        .sum();
    let ends = entries as usize + values;
    page.counts.truncate(counts);
    page.ends.truncate(ends);
    page.bytes
        .truncate(page.ends.last().map_or(0, |end| *end as usize));
    page.entries = entries;
}

/// The name of an entry of a page for `attributes` attributes.
pub(super) fn name(page: &Page, entry: usize, attributes: usize) -> &[u8] {
    let before = entry * attributes;
    let values: usize = page.counts[..before]
        .iter()
        .map(|count| *count as usize)
        .sum();
    let at = entry + values;
    let start = if at == 0 {
        0
    } else {
        page.ends[at - 1] as usize
    };
    &page.bytes[start..page.ends[at] as usize]
}

/// The page with further values behind those of their entry and position; `additions` is in that order.
pub(super) fn splice(
    page: &Page,
    attributes: usize,
    additions: &[(Continued, Page)],
) -> Result<Page, Malformed> {
    let mut out = empty();
    out.entries = page.entries;
    let mut additions = additions.iter().peekable();
    let (mut at, mut start) = (0, 0);
    let mut copy = |out: &mut Page| {
        let end = page.ends[at] as usize;
        out.bytes.extend_from_slice(&page.bytes[start..end]);
        (at, start) = (at + 1, end);
        offset(out.bytes.len()).map(|end| out.ends.push(end))
    };
    for entry in 0..page.entries as usize {
        copy(&mut out)?;
        for position in 0..attributes {
            let mut count = page.counts[entry * attributes + position];
            for _ in 0..count {
                copy(&mut out)?;
            }
            while let Some((_, more)) =
                additions.next_if(|(key, _)| (key.entry, key.position) == (entry, position))
            {
                // Each answer is a page of one entry and one attribute: a name, then values.
                for pair in more.ends.windows(2) {
                    out.bytes
                        .extend_from_slice(&more.bytes[pair[0] as usize..pair[1] as usize]);
                    out.ends.push(offset(out.bytes.len())?);
                    count += 1;
                }
            }
            out.counts.push(count);
        }
    }
    Ok(out)
}

fn take_one(left: &mut usize, what: &'static str, limit: usize) -> Result<(), Fault> {
    *left = left.checked_sub(1).ok_or(Fault::Crowded { what, limit })?;
    Ok(())
}

fn offset(length: usize) -> Result<u32, Malformed> {
    u32::try_from(length).map_err(|_| Malformed::Length)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::fake;
    use super::*;

    fn builder(names: &[&str]) -> PageBuilder {
        PageBuilder::new(Attributes::new(
            &names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>(),
        ))
    }

    fn texts(page: &Page) -> Vec<String> {
        let mut start = 0;
        page.ends
            .iter()
            .map(|end| {
                let text = &page.bytes[start..*end as usize];
                start = *end as usize;
                String::from_utf8_lossy(text).into_owned()
            })
            .collect()
    }

    #[test]
    fn values_are_laid_out_by_requested_position() {
        let mut page = builder(&["mail", "cn", "title"]);
        let entry = fake::entry_content("uid=a", &[("CN", &["A"]), ("mail", &["a@x", "b@x"])]);
        page.entry(&entry).unwrap();
        let (page, continued) = page.take();
        assert_eq!((page.entries, &*page.counts), (1, &[2, 1, 0][..]));
        assert_eq!(texts(&page), ["uid=a", "a@x", "b@x", "A"]);
        assert!(continued.is_empty());
    }

    #[test]
    fn values_with_options_come_last_whatever_the_order() {
        let mut page = builder(&["cn"]);
        page.entry(&fake::entry_content(
            "x",
            &[("cn;lang-de", &["D"]), ("cn", &["E"])],
        ))
        .unwrap();
        assert_eq!(texts(&page.take().0), ["x", "E", "D"]);
    }

    #[test]
    fn a_malformed_entry_leaves_the_page_as_it_was() {
        let mut page = builder(&["cn"]);
        page.entry(&fake::entry_content("x", &[("cn", &["E"])]))
            .unwrap();
        let mut bad = fake::entry_content("y", &[("cn;range=0-1", &["E"])]);
        bad.push(0);
        assert!(page.entry(&bad).is_err());
        let (page, continued) = page.take();
        assert_eq!((page.entries, continued.len()), (1, 0));
        assert_eq!(texts(&page), ["x", "E"]);
    }

    #[test]
    fn ranges_are_noted_and_spliced_in() {
        let mut page = builder(&["cn", "member", "sn"]);
        page.entry(&fake::entry_content("a", &[("cn", &["1"])]))
            .unwrap();
        let entry =
            fake::entry_content("b", &[("member;range=0-1", &["m0", "m1"]), ("sn", &["s"])]);
        page.entry(&entry).unwrap();
        let (page, continued) = page.take();
        assert_eq!(continued[0].from, 2);
        assert_eq!(name(&page, 1, 3), b"b");
        let mut rest = builder(&["member"]);
        rest.entry(&fake::entry_content("b", &[("member;range=2-*", &["m2"])]))
            .unwrap();
        let whole = splice(&page, 3, &[(continued[0].clone(), rest.take().0)]).unwrap();
        assert_eq!(texts(&whole), ["a", "1", "b", "m0", "m1", "m2", "s"]);
        assert_eq!(whole.counts, [1, 0, 0, 0, 3, 1]);
    }

    /// An entry with so many empty values of `cn`.
    fn crowded(values: usize) -> Vec<u8> {
        let values = [OCTETS, 0].repeat(values);
        let cn = [fake::element(OCTETS, b"cn"), fake::element(SET, &values)].concat();
        let attributes = fake::element(SEQUENCE, &fake::element(SEQUENCE, &cn));
        [fake::element(OCTETS, b""), attributes].concat()
    }

    #[test]
    fn an_entry_may_have_many_wanted_values_but_not_any_number() {
        let mut page = builder(&["cn"]);
        page.entry(&crowded(MOST_VALUES)).unwrap();
        let refused = page.entry(&crowded(MOST_VALUES + 1)).unwrap_err();
        assert_eq!(refused.code(), "memory-limit");
        assert_eq!(page.take().0.entries, 1);
        let mut page = builder(&["sn"]);
        page.entry(&crowded(MOST_VALUES + 1)).unwrap();
        assert_eq!(page.take().0.counts, [0], "what nobody wants costs nothing");
    }

    #[test]
    fn an_entry_may_hold_back_many_attributes_but_not_any_number() {
        let ranged = |count: usize| {
            let ranged = vec![("cn;range=0-0", &["v"][..]); count];
            fake::entry_content("uid=a", &ranged)
        };
        let mut page = builder(&["cn"]);
        let before = page.size();
        page.entry(&ranged(MOST_CONTINUED)).unwrap();
        assert!(page.size() - before > MOST_CONTINUED * size_of::<Continued>());
        let refused = page.entry(&ranged(MOST_CONTINUED + 1)).unwrap_err();
        assert_eq!(refused.code(), "memory-limit");
        assert_eq!(page.take().1.len(), MOST_CONTINUED);
        assert_eq!(page.size(), 0);
    }

    #[test]
    fn a_page_can_be_cut_between_entries() {
        let mut page = builder(&["cn"]);
        for name in ["a", "b", "c"] {
            page.entry(&fake::entry_content(name, &[("cn", &["v", "w"])]))
                .unwrap();
        }
        let mut page = page.take().0;
        truncate(&mut page, 2, 1);
        assert_eq!(
            (page.entries, texts(&page).len(), page.counts.len()),
            (2, 6, 2)
        );
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = builder(&["cn"]).entry(&bytes);
        }

        #[test]
        fn damaged_entries_never_panic_nor_break_the_layout(
            at in 0_usize..60, with in proptest::num::u8::ANY
        ) {
            let mut bytes = fake::entry_content("uid=a", &[("cn;range=0-5", &["A", "B"]), ("mail", &["a@x"])]);
            let index = at % bytes.len();
            bytes[index] = with;
            let mut page = builder(&["cn", "mail"]);
            let _ = page.entry(&bytes);
            let page = page.take().0;
            let values: u32 = page.counts.iter().sum();
            proptest::prop_assert_eq!(page.ends.len(), (page.entries + values) as usize);
            proptest::prop_assert_eq!(page.counts.len(), page.entries as usize * 2);
        }
    }
}
