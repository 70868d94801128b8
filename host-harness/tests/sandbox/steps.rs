//! Sync runs: one instance over many steps, each with limits of its own.

use std::time::Duration;

use rollcall::contract::hooks::sync::{Mode, Options, Step};
use rollcall::ports::RunId;
use rollcall::sandbox::{CallLimits, HostContext, Sandbox, SyncRun};

use crate::support::{component_of, context, next_call_works, sandbox};

const NEW: &str = r#"(import "[export]marketplace:directory-sync/sync@0.1.0" "[resource-new]run"
    (func $new (param i32) (result i32)))"#;
const RECORD: &str = r#"(import "marketplace:directory-sync/plan@0.1.0" "record-rows"
    (func $record (param i32 i32 i32)))"#;
const REJECT: &str = r#"(import "marketplace:directory-sync/plan@0.1.0" "reject"
    (func $reject (param i32 i32 i32)))"#;
const ABSENT: &str = r#"(import "marketplace:directory-sync/plan@0.1.0" "note-absent"
    (func $absent (param i32 i32 i32)))"#;
const START: &str = "(i32.store (i32.const 3076) (call $new (i32.const 1))) (i32.const 3072)";
/// The memory there is zero: `ok(more)`.
const MORE: &str = "(i32.const 2048)";

async fn start(sandbox: &Sandbox, step: &str, context: HostContext) -> SyncRun {
    let bytes = component_of(
        &format!("{NEW}{RECORD}{REJECT}{ABSENT}"),
        &[("start", START), ("[method]run.step", step)],
    );
    let options = Options {
        mode: Mode::Full,
        checkpoint: Vec::new(),
        seed: 1,
    };
    sandbox
        .load(&bytes)
        .await
        .unwrap()
        .hooks(context)
        .sync(options)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_run_keeps_its_instance_and_gets_host_calls_anew_with_every_step() {
    let sandbox = sandbox();
    let mut context = context().for_run(RunId(1));
    context.limits = CallLimits {
        host_calls: 1,
        ..CallLimits::default()
    };
    let record = format!("(call $record (i32.const 0) (i32.const 0) (i32.const 4096)) {MORE}");
    let mut run = start(&sandbox, &record, context).await;
    for _ in 0..3 {
        assert!(matches!(run.step(1).await.unwrap(), Step::More));
    }
    assert!(run.peak_memory() >= 128 << 10);
}

#[tokio::test]
async fn a_step_that_does_not_end_ends_the_run() {
    let sandbox = sandbox();
    let mut context = context().for_run(RunId(1));
    context.limits = CallLimits {
        step_compute: Duration::from_millis(30),
        ..CallLimits::default()
    };
    let mut run = start(&sandbox, "(loop $again (br $again)) unreachable", context).await;
    assert_eq!(run.step(1).await.unwrap_err()[0].code, "plugin-deadline");
    assert_eq!(run.step(1).await.unwrap_err()[0].code, "run-over");
    next_call_works(&sandbox).await;
}

#[tokio::test]
async fn a_thousand_rejections_or_absences_reach_the_port_and_no_more() {
    let sandbox = sandbox();
    for call in ["$reject", "$absent"] {
        for (count, code) in [(1000, "port-refused"), (1001, "bad-request")] {
            // The answer's problem begins with its code; what it says is told by the length.
            let step = format!(
                "(call {call} (i32.const 8192) (i32.const {count}) (i32.const 4096))
                 (if (i32.ne (i32.load (i32.const 4104)) (i32.const {})) (then unreachable)) {MORE}",
                code.len()
            );
            let mut run = start(&sandbox, &step, context().for_run(RunId(1))).await;
            assert!(
                matches!(run.step(1).await, Ok(Step::More)),
                "{call} {count}"
            );
        }
    }
}

#[tokio::test]
async fn rows_that_the_port_refuses_are_told_at_the_next_call() {
    let record = format!(
        "(call $record (i32.const 0) (i32.const 0) (i32.const 4096))
         (if (i32.load8_u (i32.const 4096)) (then unreachable)) {MORE}"
    );
    let sandbox = sandbox();
    let mut run = start(&sandbox, &record, context().for_run(RunId(1))).await;
    assert!(matches!(run.step(1).await.unwrap(), Step::More));
    assert_eq!(run.step(1).await.unwrap_err()[0].code, "plugin-trap");
}

#[tokio::test]
async fn recording_without_a_run_ends_the_call() {
    let record = format!("(call $record (i32.const 0) (i32.const 0) (i32.const 4096)) {MORE}");
    let sandbox = sandbox();
    let mut run = start(&sandbox, &record, context()).await;
    let problems = run.step(1).await.unwrap_err();
    assert!(
        problems[0].message.contains("outside of a sync"),
        "{}",
        problems[0].message
    );
}
