//! Entries that are looked at again once everybody was seen.

use crate::entry::{Entry, Page};

/// Most bytes of entries that wait; whoever does not fit is dealt with at once.
const ROOM: usize = 4 << 20;

/// A page in the making.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    width: usize,
    entries: u32,
    counts: Vec<u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Waiting {
    /// Keeps an entry. False where there is no room for it.
    pub(super) fn keep(&mut self, entry: &Entry<'_>) -> bool {
        let (bytes, ends, start) = entry.packed();
        let Ok(before) = u32::try_from(self.bytes.len()) else {
            return false;
        };
        if self.bytes.len() + bytes.len() > ROOM {
            return false;
        }
        self.width = entry.counts().len();
        self.entries += 1;
        self.counts.extend_from_slice(entry.counts());
        self.ends
            .extend(ends.iter().map(|end| end - start + before));
        self.bytes.extend_from_slice(bytes);
        true
    }

    /// All of them, if there are any.
    pub(super) fn take(&mut self) -> Option<Page> {
        let kept = std::mem::take(self);
        let page = Page::new(kept.width, kept.entries, kept.counts, kept.ends, kept.bytes);
        page.ok().filter(|page| !page.is_empty())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn page() -> Page {
        let (counts, ends) = (vec![1, 0, 2, 1], vec![2, 3, 5, 6, 8, 9]);
        Page::new(2, 2, counts, ends, b"aaxbbyzzu".to_vec()).unwrap()
    }

    #[test]
    fn what_is_kept_comes_back_as_it_was() {
        let page = page();
        let mut waiting = Waiting::default();
        let entries: Vec<_> = page.iter().collect();
        for entry in [&entries[1], &entries[0], &entries[1]] {
            assert!(waiting.keep(entry));
        }
        let kept = waiting.take().unwrap();
        let slices = |entry: &Entry<'_>| entry.slices().map(<[u8]>::to_vec).collect::<Vec<_>>();
        let again: Vec<_> = kept.iter().map(|entry| slices(&entry)).collect();
        let wanted = [&entries[1], &entries[0], &entries[1]].map(slices);
        assert_eq!(again, wanted);
        assert!(waiting.take().is_none());
    }

    #[test]
    fn there_is_room_for_so_many_bytes_and_no_more() {
        let large = vec![b'x'; ROOM - 9];
        let end = u32::try_from(large.len()).unwrap();
        let large = Page::new(0, 1, Vec::new(), vec![end], large).unwrap();
        let mut waiting = Waiting::default();
        assert!(waiting.keep(&large.iter().next().unwrap()));
        assert!(!waiting.keep(&large.iter().next().unwrap()));
    }
}
