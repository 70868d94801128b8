//! A rule that makes duplicates of nearly everybody.

use super::bench::{apply, plan, portal, rows, set};
use super::managers::id;
use crate::ports::plan::RowKind;
use crate::testing::World;

/// So many that their rejections take several calls.
const PEOPLE: u32 = 2_500;

#[test]
fn of_many_who_want_one_value_each_is_rejected_once_and_told_of_the_smallest_id_but_their_own() {
    let world = World::with_people(PEOPLE);
    for n in 1..PEOPLE {
        world.directory.entries.borrow_mut()[n as usize + 1].set("uid", &["same"]);
    }
    set(&world, &[("page-size", "1000")]);
    let summary = plan(&world, 1, 1).unwrap();
    let rows = rows(&world);
    let (made, rejected): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row.kind == RowKind::Create);
    // Whose value is nobody else's comes over.
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].external_id, id(PEOPLE));
    assert_eq!(rejected.len(), PEOPLE as usize - 1);
    assert_eq!(world.rejections.borrow().len(), rejected.len());
    for row in rejected {
        let other = row.other.as_ref().unwrap();
        let smallest = if *row.external_id == id(1) { 2 } else { 1 };
        assert_eq!(
            (row.reason, &other.external_id),
            ("duplicate", &id(smallest))
        );
    }
    let counted = summary.counts.iter().find(|(name, _)| name == "unsynced");
    assert_eq!(counted.unwrap().1, u64::from(PEOPLE - 1));
    apply(&world);
    assert_eq!(portal(&world).len(), 1);
}
