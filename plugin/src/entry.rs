//! Pages of directory entries, read in place.

use crate::problem::Problem;

/// A page as it crossed the border: see the contract's `ldap.page`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    width: usize,
    entries: u32,
    counts: Vec<u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Page {
    /// Takes a page of entries with `width` attributes each, after checking that its parts fit together.
    ///
    /// # Errors
    /// `bad-page` where they do not.
    pub fn new(
        width: usize,
        entries: u32,
        counts: Vec<u32>,
        ends: Vec<u32>,
        bytes: Vec<u8>,
    ) -> Result<Self, Problem> {
        let slices = u64::from(entries) + counts.iter().map(|n| u64::from(*n)).sum::<u64>();
        let fits = counts.len() as u64 == u64::from(entries) * width as u64
            && ends.len() as u64 == slices
            && ends.is_sorted()
            && ends.last().map_or(0, |end| *end as usize) == bytes.len();
        if fits {
            Ok(Self {
                width,
                entries,
                counts,
                ends,
                bytes,
            })
        } else {
            Err(Problem::new(
                "bad-page",
                "the host handed over a page whose parts do not fit together",
                "Report this to whoever runs the host.",
            ))
        }
    }

    /// How many entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries as usize
    }

    /// No entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut slice = 0;
        (0..self.len()).map(move |i| {
            let counts = &self.counts[i * self.width..(i + 1) * self.width];
            let first = slice;
            slice += 1 + counts.iter().map(|n| *n as usize).sum::<usize>();
            Entry {
                page: self,
                counts,
                first,
                last: slice,
            }
        })
    }

    fn slice(&self, index: usize) -> &[u8] {
        let start = if index == 0 {
            0
        } else {
            self.ends[index - 1] as usize
        };
        &self.bytes[start..self.ends[index] as usize]
    }
}

/// One entry of a page.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    page: &'a Page,
    counts: &'a [u32],
    first: usize,
    last: usize,
}

impl<'a> Entry<'a> {
    /// The DN as the server wrote it.
    #[must_use]
    pub fn dn(&self) -> &'a [u8] {
        self.page.slice(self.first)
    }

    /// The values of the attribute at a position of the request; none where it is absent.
    pub fn values(&self, attribute: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let page = self.page;
        let before: usize = self
            .counts
            .iter()
            .take(attribute)
            .map(|n| *n as usize)
            .sum::<usize>()
            + self.first
            + 1;
        let count = self.counts.get(attribute).map_or(0, |n| *n as usize);
        (before..before + count).map(move |index| page.slice(index))
    }

    /// How many values each requested attribute has.
    #[must_use]
    pub fn counts(&self) -> &'a [u32] {
        self.counts
    }

    /// Everything the entry holds as one run of bytes, the ends of the DN and of each value, and the offset that
    /// these ends count from, for hashing.
    #[must_use]
    pub fn packed(&self) -> (&'a [u8], &'a [u32], u32) {
        let page = self.page;
        let start = if self.first == 0 {
            0
        } else {
            page.ends[self.first - 1]
        };
        let ends = &page.ends[self.first..self.last];
        let end = ends.last().copied().unwrap_or(start);
        (&page.bytes[start as usize..end as usize], ends, start)
    }

    /// Everything the entry holds as slices in order (the DN first), for hashing.
    pub fn slices(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let page = self.page;
        (self.first..self.last).map(move |index| page.slice(index))
    }
}
