//! Leavers: synced people whom a proven enumeration did not find, and what the policy makes of them.

use std::borrow::Cow;

use crate::ports::Host;
use crate::ports::directory::HostProblem;
use crate::ports::plan::{Absence, Row, RowKind};
use crate::ports::portal::{PEOPLE, PeopleIndex, Person};
use crate::settings::LeaverPolicy;

use super::outbox;
use super::people::Facts;
use super::reading::Reading;

/// Seconds a day.
const DAY: u64 = 86_400;

/// What becomes of one leaver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    InGrace,
    ForReview,
    Deactivated,
}

impl Reading {
    /// How many active synced people were not seen.
    pub(super) fn unseen(&self) -> u64 {
        self.known
            .count(|marks| marks.in_portal() && !marks.seen() && !marks.inactive())
    }

    /// Looks for leavers in a page of the portal's index. Only with a complete proof.
    pub(super) fn leavers(
        &mut self,
        host: &impl Host,
        index: &PeopleIndex,
        policy: LeaverPolicy,
        now: u64,
    ) -> Result<(), HostProblem> {
        let absent = self.absent(index, policy, now);
        for batch in absent.chunks(PEOPLE as usize) {
            self.depart(host, batch)?;
        }
        Ok(())
    }

    /// Whom a page of the portal's index has deactivated.
    pub(super) fn leaving(
        &self,
        index: &PeopleIndex,
        policy: LeaverPolicy,
        now: u64,
    ) -> Vec<String> {
        let absent = self.absent(index, policy, now).into_iter();
        absent
            .filter(|(_, fate)| *fate == Fate::Deactivated)
            .map(|(id, _)| id)
            .collect()
    }

    /// The active people of a page of the portal's index who were not seen, and what becomes of each.
    fn absent(&self, index: &PeopleIndex, policy: LeaverPolicy, now: u64) -> Vec<(String, Fate)> {
        let mut absent = Vec::new();
        for (place, id) in index.external_ids.iter().enumerate() {
            let Some(slot) = self.known.find(self.id(id)) else {
                continue;
            };
            let marks = self.known.marks(slot);
            if !marks.seen() && !marks.inactive() {
                let since = index.absent_since.get(place).copied().unwrap_or_default();
                absent.push((id.clone(), fate(policy, since, now)));
            }
        }
        absent
    }

    fn depart(&mut self, host: &impl Host, batch: &[(String, Fate)]) -> Result<(), HostProblem> {
        // Names are needed for rows only.
        let named: Vec<String> = batch
            .iter()
            .filter(|(_, fate)| *fate == Fate::Deactivated)
            .map(|(id, _)| id.clone())
            .collect();
        let mut people = if named.is_empty() {
            Vec::new()
        } else {
            host.portal().people(&named)
        };
        people.sort_unstable_by(|a, b| a.external_id.cmp(&b.external_id));
        let (mut rows, mut absences) = (Vec::new(), Vec::new());
        for (id, fate) in batch {
            let place = people.binary_search_by(|person| person.external_id.as_str().cmp(id));
            let person = place.ok().map(|place| &people[place]);
            let review = *fate == Fate::ForReview;
            match fate {
                Fate::Kept => self.tally.absent_kept += 1,
                Fate::InGrace => self.tally.absent_in_grace += 1,
                Fate::ForReview => self.tally.absent_for_review += 1,
                Fate::Deactivated => {
                    // Gone from the portal since the run began: nothing is left to do.
                    let Some(person) = person else { continue };
                    self.tally.absent_deactivated += 1;
                    self.tally.add(Facts::of(RowKind::Deactivate));
                    self.noted(RowKind::Deactivate, &person.external_id);
                    rows.push(self.departure(person));
                    continue;
                }
            }
            absences.push(Absence {
                external_id: id.clone(),
                review,
            });
        }
        outbox::record(host.plan(), &rows)?;
        if absences.is_empty() {
            Ok(())
        } else {
            host.plan().note_absent(absences)
        }
    }

    fn departure<'a>(&self, person: &'a Person) -> Row<'a> {
        let mut source_hash = [0; 16];
        for (to, from) in source_hash.iter_mut().zip(&person.source_hash) {
            *to = *from;
        }
        Row {
            kind: RowKind::Deactivate,
            external_id: Cow::Borrowed(&person.external_id),
            dn: Cow::Borrowed(&person.dn),
            display: Cow::Borrowed(self.names.display_of(person)),
            reason: "absent",
            changes: Vec::new(),
            source_hash,
            problem: None,
            other: None,
        }
    }
}

fn fate(policy: LeaverPolicy, since: u64, now: u64) -> Fate {
    match policy {
        LeaverPolicy::Keep => Fate::Kept,
        LeaverPolicy::Deactivate => Fate::Deactivated,
        LeaverPolicy::Review => Fate::ForReview,
        LeaverPolicy::Grace { days } => {
            let over = since != 0 && now.saturating_sub(since) >= u64::from(days) * DAY;
            if over {
                Fate::Deactivated
            } else {
                Fate::InGrace
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grace_is_over_when_its_days_have_passed_since_the_first_absence() {
        let policy = LeaverPolicy::Grace { days: 2 };
        assert_eq!(fate(policy, 0, 10 * DAY), Fate::InGrace);
        assert_eq!(fate(policy, 8 * DAY + 1, 10 * DAY), Fate::InGrace);
        assert_eq!(fate(policy, 8 * DAY, 10 * DAY), Fate::Deactivated);
        // A clock that was set back.
        assert_eq!(fate(policy, 11 * DAY, 10 * DAY), Fate::InGrace);
    }
}
