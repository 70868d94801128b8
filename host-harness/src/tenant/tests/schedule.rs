//! Timetables, and when they have the tenant due.

use super::interrupted::Commits;
use super::*;
use crate::contract::hooks::schedule::{Frequency, Timetable};
use crate::ports::Queue as _;

fn every_five_days(zone: &str) -> Timetable {
    Timetable {
        frequency: Frequency::Every(5),
        start: "2020-01-01T00:00".to_owned(),
        zone: zone.to_owned(),
        active: true,
        full_every: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timetable_and_when_it_is_due_are_stored_at_once_or_not_at_all() {
    let world = World::with_people(20).await;
    // Whoever stored one after the other would be killed in between: here settings by themselves cannot be stored.
    let platform = Platform {
        state: Arc::new(Commits(world.store.clone(), 0.into())),
        ..world.platform.clone()
    };
    let tenant = platform.tenant(&world.id).await.unwrap();
    let timetable = every_five_days("UTC");
    tenant.submit_timetable(timetable.clone()).await.unwrap();
    assert_eq!(tenant.timetable().await.unwrap(), timetable);
    let due = world.store.due_at(&world.id).await.unwrap();
    assert!(due.is_some());
    assert_eq!(due, tenant.due_after(chrono::Utc::now()).await.unwrap());

    let refused = tenant.submit_timetable(every_five_days("Nowhere")).await;
    assert_eq!(refused.unwrap_err().code(), "unknown-zone");
    assert_eq!(tenant.timetable().await.unwrap(), timetable);
    assert_eq!(world.store.due_at(&world.id).await.unwrap(), due);

    let paused = Timetable {
        active: false,
        ..timetable
    };
    tenant.submit_timetable(paused).await.unwrap();
    assert_eq!(world.store.due_at(&world.id).await.unwrap(), None);
}
