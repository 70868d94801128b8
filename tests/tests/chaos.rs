//! Hosts, database and directory fail at random while everybody is synced over and over; afterwards every portal is as the
//! directory, and every row was applied once.
//!
//! `ROLLCALL_CHAOS_SECONDS` (20) says for how long, `ROLLCALL_CHAOS_SEED` repeats one that failed.
#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rollcall::demo::directory::{Deed, Fault, When};
use rollcall_tests::many::Many;
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;

const TENANTS: u64 = 8;
const PEOPLE: u64 = 2_500;
const HOSTS: usize = 3;
const CALM: Duration = Duration::from_secs(300);

/// SplitMix64: the same seed makes the same trouble.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A host that may be down, or stand still.
struct Victim {
    rollcall: Rollcall,
    served: Option<Served>,
    stopped: bool,
}

impl Victim {
    fn up(&mut self) {
        if self.stopped {
            self.served.as_ref().unwrap().signal("CONT").unwrap();
            self.stopped = false;
        }
        if self.served.is_none() {
            // The database may be starting.
            let until = Instant::now() + CALM;
            while self.served.is_none() && Instant::now() < until {
                self.served = Served::start(&self.rollcall, &["--runs", "3"]).ok();
            }
        }
    }
}

#[test]
#[ignore = "starts a PostgreSQL server: tests/run postgres"]
fn whatever_fails_every_portal_becomes_as_the_directory_and_every_row_is_applied_once() {
    let seed = number("ROLLCALL_CHAOS_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::from(now.subsec_nanos())
    });
    let time = Duration::from_secs(number("ROLLCALL_CHAOS_SECONDS").unwrap_or(20));
    println!("ROLLCALL_CHAOS_SEED={seed}");
    let mut chance = Chance(seed);
    let many = Many::configured(TENANTS, PEOPLE).unwrap();
    many.count_changes().unwrap();
    let mut hosts: Vec<Victim> = (0..HOSTS)
        .map(|_| Victim {
            rollcall: many.another().unwrap(),
            served: None,
            stopped: false,
        })
        .collect();
    for host in &mut hosts {
        host.up();
    }
    many.make_due(Duration::ZERO).unwrap();
    let start = Instant::now();
    let mut happened = [0_u32; 6];
    while start.elapsed() < time {
        std::thread::sleep(Duration::from_millis(200 + chance.below(1_000)));
        let victim = &mut hosts[usize::try_from(chance.below(HOSTS as u64)).unwrap()];
        let what = chance.below(12);
        let kind = match what {
            0 | 1 => {
                victim.up();
                victim.served.take().unwrap().kill().unwrap();
                0
            }
            2 if victim.served.is_some() && !victim.stopped => {
                victim.served.as_ref().unwrap().signal("STOP").unwrap();
                victim.stopped = true;
                1
            }
            3 => {
                let signal = ["INT", "QUIT"][usize::try_from(chance.below(2)).unwrap()];
                many.server.restart(signal).unwrap();
                2
            }
            4 | 5 => {
                let entries = chance.below(PEOPLE);
                let cut = Fault::times(2, When::AfterEntries(entries), Deed::Cut);
                many.directory.set_faults(vec![cut]);
                3
            }
            6 | 7 => {
                let person = many.directory.organisation().expected(chance.below(PEOPLE));
                let title = format!("Title {}", chance.below(1_000_000));
                many.directory.set(&person.dn, "title", &[&title]).unwrap();
                4
            }
            8 | 9 => {
                // What waits for another attempt waits no longer.
                many.make_due(Duration::ZERO).unwrap();
                5
            }
            _ => {
                victim.up();
                continue;
            }
        };
        happened[kind] += 1;
    }
    println!("killed, stopped, restarted, cut, changed, due: {happened:?}");
    many.directory.set_faults(Vec::new());
    for host in &mut hosts {
        host.up();
    }
    many.hurry().unwrap();
    many.quiet(CALM).unwrap();
    many.make_due(Duration::ZERO).unwrap();
    many.quiet(CALM).unwrap();
    many.all_there_once().unwrap();
    let changes = many.changed_once().unwrap();
    println!("{changes} changes of people");
    let organisation = many.directory.organisation();
    let titles = many.titles().unwrap();
    for index in 0..PEOPLE {
        let dn = organisation.expected(index).dn;
        let title = many.directory.entry(&dn).unwrap();
        let title = title.text("title");
        assert_eq!(
            titles.get(&dn.to_lowercase()).map(String::as_str),
            title,
            "{dn}"
        );
    }
    for host in hosts {
        host.served.unwrap().end().unwrap();
    }
}
