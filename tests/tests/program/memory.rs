//! What the plugin needs for a directory of 20,000 people: pages in, rows out, and only compact sets between.

use std::sync::Arc;

use rollcall::contract::hooks::sync::{Mode, Options, Step};
use rollcall::ldap::{Ldap, Policy};
use rollcall::ports::plan::Begin;
use rollcall::ports::{Plans as _, TenantId};
use rollcall::sandbox::{BUNDLED, HostContext, Sandbox, SandboxConfig};
use rollcall::store::Store;
use rollcall_tests::tenancy::{TENANT, Tenancy, sound};

/// The plugin's peak, in bytes, while it plans the first sync of so many people.
async fn peak(tenancy: &Tenancy, people: u64) -> usize {
    let data = tenancy.rollcall.data();
    let store = Arc::new(Store::open(data).await.unwrap());
    let sandbox = Sandbox::new(SandboxConfig {
        cache: Some(data.join("compiled")),
        ..SandboxConfig::default()
    });
    let plugin = sandbox.unwrap().load(BUNDLED).await.unwrap();
    let tenant = TenantId::new(TENANT).unwrap();
    let directory = Arc::new(Ldap::new(store.clone(), Policy::allowing_loopback()));
    let context = HostContext::new(
        tenant.clone(),
        directory,
        store.clone(),
        store.clone(),
        store.clone(),
    );
    let configured = plugin.hooks(context.clone()).configuration().await;
    let begin = Begin {
        mode: "full".to_owned(),
        plugin: plugin.digest().to_owned(),
        configuration: configured.unwrap().digest,
        queued: None,
    };
    let run = store.begin(&tenant, begin).await.unwrap();
    let hooks = plugin.hooks(context.for_run(run));
    let options = Options {
        mode: Mode::Full,
        checkpoint: Vec::new(),
        seed: 7,
    };
    let mut planning = hooks.sync(options).await.unwrap();
    loop {
        if let Step::Finished(summary) = planning.step(16).await.unwrap() {
            assert_eq!(summary.seen, people);
            return planning.peak_memory();
        }
    }
}

fn peak_of(people: u64) -> usize {
    let tenancy = Tenancy::configured(sound(people)).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(peak(&tenancy, people))
}

#[test]
fn the_plugin_holds_a_few_hundred_bytes_a_person_and_no_people() {
    let (few, many) = (peak_of(2_000), peak_of(20_000));
    assert!(few > 1 << 20, "nothing is measured: {few}");
    // A person of the demo is a kilobyte and more, so that holding people would show.
    let each = many.saturating_sub(few) / 18_000;
    assert!(each < 500, "{each} bytes a person: {few} to {many}");
    assert!(many < 16 << 20, "{many} bytes for 20,000 people");
}
