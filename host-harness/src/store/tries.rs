//! How long whoever tries passwords waits: the rule, for every database.
//!
//! A few tries are free; after each one more the wait doubles. A name at an address waits for its own tries, and an address for
//! those of all names at it, of which many more are free. Nobody waits for what was tried at another address: who knows a name
//! cannot lock its user out. Who has logged in at an address is known there and does not wait for it.

use crate::ports::users::Try;

/// Tries of a name at an address that cost no wait.
const FREE_OF_PAIR: i64 = 5;
/// The same of all names at an address.
const FREE_OF_ADDRESS: i64 = 20;
const FIRST_WAIT: i64 = 2_000;
const LONGEST_WAIT: i64 = 60 * 60 * 1_000;
/// After a day without a try nothing is held against anybody.
pub(super) const FORGOTTEN: i64 = 24 * 60 * 60 * 1_000;
/// For how long somebody who has logged in at an address is known there.
const KNOWN: i64 = 30 * FORGOTTEN;

/// Sessions that a user may have at once; the oldest give way.
pub(super) const SESSIONS: i64 = 20;
/// Set-up secrets that are good at once.
pub(super) const SETUPS: i64 = 100;

/// What is known of one who tries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tries {
    pub(super) failures: i64,
    pub(super) last_at: i64,
    pub(super) not_before: i64,
    pub(super) known_until: i64,
}

/// A name at an address, and the address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Both {
    pub(super) pair: Tries,
    pub(super) address: Tries,
}

impl Tries {
    fn count(&mut self, now: i64, free: i64) {
        if self.last_at + FORGOTTEN <= now {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last_at = now;
        if self.failures >= free {
            let doubled = (self.failures - free).min(20);
            self.not_before = now + (FIRST_WAIT << doubled).min(LONGEST_WAIT);
        }
    }
}

impl Both {
    /// Whether one more may be tried; counts it where it may.
    pub(super) fn begin(&mut self, now: i64) -> Try {
        let known = self.known(now);
        let not_before = if known {
            self.pair.not_before
        } else {
            self.pair.not_before.max(self.address.not_before)
        };
        if not_before > now {
            return Try::NotBefore(not_before);
        }
        self.pair.count(now, FREE_OF_PAIR);
        if !known {
            self.address.count(now, FREE_OF_ADDRESS);
        }
        Try::Allowed
    }

    /// The last one has succeeded.
    pub(super) fn succeed(&mut self, now: i64) {
        // Who is known was not counted at the address; so nobody clears an address by logging in again and again.
        if !self.known(now) {
            self.address.failures = (self.address.failures - 1).max(0);
            self.address.not_before = 0;
        }
        self.pair = Tries {
            last_at: now,
            known_until: now + KNOWN,
            ..Tries::default()
        };
    }

    fn known(&self, now: i64) -> bool {
        self.pair.known_until > now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour_and_is_forgotten_after_a_quiet_day() {
        let (mut both, mut now) = (Both::default(), 1_000);
        let mut waits = Vec::new();
        for _ in 0..20 {
            assert_eq!(both.begin(now), Try::Allowed);
            let wait = (both.pair.not_before - now).max(0);
            if wait > 0 {
                let early = now + wait - 1;
                let until = now + wait;
                assert_eq!(both.begin(early), Try::NotBefore(until));
            }
            waits.push(wait / 1_000);
            now += wait;
        }
        assert_eq!(waits[..7], [0, 0, 0, 0, 2, 4, 8]);
        assert_eq!(waits[18..], [3_600, 3_600]);
        assert_eq!(both.begin(now + FORGOTTEN), Try::Allowed);
        assert_eq!(both.pair.failures, 1);
    }

    #[test]
    fn what_was_refused_does_not_lengthen_the_wait() {
        let mut both = Both::default();
        for _ in 0..5 {
            both.begin(1_000);
        }
        let waiting = both;
        for _ in 0..100 {
            assert_eq!(both.begin(1_001), Try::NotBefore(3_000));
        }
        assert_eq!(both, waiting);
    }
}
