//! Sets that grow by pieces. A vector that doubles holds its old half beside the new one while it grows, and may be half empty
//! afterwards: with a million people that is as much again as they need.

use std::ops::{Index, IndexMut, Range};

/// Values of a piece.
const PIECE: usize = 1 << 14;
/// Into how many parts what is to be sorted goes.
const PARTS: u32 = 64;

/// Values in the order in which they came.
#[derive(Debug)]
pub(super) struct Column<T>(Vec<Vec<T>>);

/// Values that will be sorted, in parts by their first word: each part is sorted on its own.
#[derive(Debug)]
pub(super) struct Parts<T>(Vec<Vec<T>>);

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Column<T> {
    /// Adds a value at the end.
    pub(super) fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(value),
            Some(_) => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(value);
                self.0.push(piece);
            }
            // Most sets are small.
            None => self.0.push(vec![value]),
        }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        let last = self.0.last().map_or(0, Vec::len);
        self.0.len().saturating_sub(1) * PIECE + last
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
}

impl<T> Column<T> {
    /// The value at a place.
    pub(super) fn get(&self, place: usize) -> Option<&T> {
        self.0.get(place / PIECE)?.get(place % PIECE)
    }

    /// How many from the first on are so, where no other after them is (as [`slice::partition_point`]).
    pub(super) fn partition_point(&self, so: impl Fn(&T) -> bool) -> usize {
        let whole = self
            .0
            .partition_point(|piece| piece.last().is_some_and(&so));
        match self.0.get(whole) {
            Some(piece) => whole * PIECE + piece.partition_point(so),
            None => self.len(),
        }
    }
}

impl<T: Copy> Column<T> {
    /// Some of them, one after the other.
    pub(super) fn copied(&self, places: Range<usize>) -> Vec<T> {
        places
            .filter_map(|place| self.get(place).copied())
            .collect()
    }
}

impl<T> Index<usize> for Column<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        &self.0[place / PIECE][place % PIECE]
    }
}

impl<T> IndexMut<usize> for Column<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        &mut self.0[place / PIECE][place % PIECE]
    }
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Parts<T> {
    /// Adds a value to the part of its first word.
    pub(super) fn push(&mut self, word: u32, value: T) {
        if self.0.is_empty() {
            self.0.resize_with(PARTS as usize, Vec::new);
        }
        self.0[place(word)].push(value);
    }

    /// Keeps some.
    pub(super) fn retain(&mut self, which: impl Fn(&T) -> bool) {
        for part in &mut self.0 {
            part.retain(&which);
        }
    }

    /// Sorts each part.
    pub(super) fn sort(&mut self) {
        for part in &mut self.0 {
            part.sort_unstable();
        }
    }

    /// The part of a first word.
    pub(super) fn part(&self, word: u32) -> &[T] {
        self.0.get(place(word)).map_or(&[], Vec::as_slice)
    }

    /// Every part: what has the same first word stands in one of them.
    pub(super) fn parts(&self) -> impl Iterator<Item = &[T]> {
        self.0.iter().map(Vec::as_slice)
    }
}

fn place(word: u32) -> usize {
    (word % PARTS) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_gives_back_what_it_was_given_over_many_pieces() {
        let mut column = Column::default();
        assert_eq!(column.len(), 0);
        for n in 0..3 * PIECE + 1 {
            column.push(n);
            assert_eq!(column.len(), n + 1);
        }
        for n in [0, 1, PIECE - 1, PIECE, 2 * PIECE + 1, 3 * PIECE, 4 * PIECE] {
            let wanted = n.min(3 * PIECE + 1);
            assert_eq!(column.partition_point(|one| *one < n), wanted);
        }
        assert_eq!(column.copied(PIECE - 1..PIECE + 1), [PIECE - 1, PIECE]);
        assert_eq!(column.get(3 * PIECE + 1), None);
        column[PIECE] = 7;
        let given = column.iter().copied().enumerate();
        assert!(given.into_iter().all(|(place, n)| n == column[place]));
        assert_eq!((column[PIECE - 1], column[PIECE]), (PIECE - 1, 7));
        assert_eq!(column[3 * PIECE], 3 * PIECE);
    }

    #[test]
    fn what_begins_alike_stands_in_one_part_in_order() {
        let mut parts = Parts::default();
        assert!(parts.part(9).is_empty());
        for n in (0..1000).rev() {
            parts.push(n, n);
        }
        parts.retain(|n| n % 2 == 1);
        parts.sort();
        assert!(parts.parts().all(<[u32]>::is_sorted));
        assert_eq!(parts.parts().map(<[u32]>::len).sum::<usize>(), 500);
        assert!(parts.part(9).contains(&9) && parts.part(9).contains(&73));
        assert!(!parts.part(8).contains(&8));
    }
}
