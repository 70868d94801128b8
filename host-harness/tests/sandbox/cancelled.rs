//! Calls that are ended from outside, whether the plugin computes or waits.

use std::time::Duration;

use rollcall::sandbox::CallLimits;

use crate::support::{context, load, next_call_works, sandbox};

const LOOP: &str = "(loop $again (br $again)) unreachable";
const GET: &str =
    r#"(import "marketplace:directory-sync/state@0.1.0" "get" (func $get (param i32 i32 i32)))"#;
const WAIT: &str = "(call $get (i32.const 0) (i32.const 1) (i32.const 64)) unreachable";

#[tokio::test]
async fn cancelling_ends_a_plugin_that_computes_or_waits() {
    for (parts, describe) in [("", LOOP), (GET, WAIT)] {
        let sandbox = sandbox();
        let hooks = load(&sandbox, parts, describe).await;
        let context = context();
        let cancel = context.cancel.clone();
        let hooks = hooks.hooks(context);
        let (answer, ()) = tokio::join!(hooks.describe(), async {
            tokio::task::yield_now().await;
            cancel.cancel();
        });
        assert_eq!(answer.unwrap_err()[0].code, "cancelled");
        next_call_works(&sandbox).await;
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_gives_its_permit_back() {
    for (parts, describe) in [("", LOOP), (GET, WAIT)] {
        let sandbox = sandbox();
        let hooks = load(&sandbox, parts, describe).await.hooks(context());
        assert!(
            tokio::time::timeout(Duration::from_millis(20), hooks.describe())
                .await
                .is_err()
        );
        next_call_works(&sandbox).await;
    }
}

#[tokio::test]
async fn a_port_that_never_answers_ends_the_call_at_the_total() {
    let sandbox = sandbox();
    let plugin = load(&sandbox, GET, WAIT).await;
    let mut context = context();
    context.limits = CallLimits {
        total: Duration::from_millis(50),
        ..CallLimits::default()
    };
    let problems = plugin.hooks(context).describe().await.unwrap_err();
    assert_eq!(problems[0].code, "plugin-deadline");
    assert!(
        problems[0].message.contains("altogether")
            || problems[0].message.contains("host's own work")
    );
    next_call_works(&sandbox).await;
}

#[tokio::test]
async fn time_that_the_host_works_is_not_the_plugins() {
    let sandbox = sandbox();
    let plugin = load(&sandbox, GET, WAIT).await;
    let mut context = context();
    context.limits = CallLimits {
        compute: Duration::from_millis(20),
        total: Duration::from_millis(80),
        ..CallLimits::default()
    };
    let problems = plugin.hooks(context).describe().await.unwrap_err();
    assert!(
        problems[0].message.contains("80ms"),
        "{}",
        problems[0].message
    );
}
