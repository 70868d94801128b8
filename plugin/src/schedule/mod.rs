//! When to sync: timetables and their next occurrences.
//!
//! The rules are those of RFC 5545: a local time that a zone skips shifts forward by what is skipped, and no day is
//! left out; one that a zone repeats runs at the first; day 31 is the last day of a shorter month. Where a zone skips a
//! whole day (Samoa, 30 December 2011), its run is the next day's: one run where both are wished. A run that is wished
//! shortly before midnight may shift into the next day, which then has its own as well. Calendar arithmetic is chrono's,
//! the zones' rules come from a current database inside the component.
//!
//! - [`timetable`]: what an administrator asks for, checked
//! - [`next`]: the occurrences of a timetable
//! - [`zone`]: local time to instant and back
//! - [`store`]: the timetable in `state`

pub mod next;
pub mod store;
pub mod timetable;
pub mod zone;

pub use next::{Occurrence, next};
pub use store::{current, submit};
pub use timetable::{Frequency, Timetable};
pub use zone::{Zone, database_version, zones};
