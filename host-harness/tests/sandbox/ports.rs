//! What an import says when its port fails, or when it is called at the wrong time.

use rollcall::Problem;
use rollcall::ports::RunId;

use crate::support::{context, load, next_call_works, sandbox};

const GET: &str =
    r#"(import "marketplace:directory-sync/state@0.1.0" "get" (func $get (param i32 i32 i32)))"#;
const PEOPLE: &str = r#"(import "marketplace:directory-sync/portal@0.1.0" "people" (func $people (param i32 i32 i32)))"#;
const RECORD: &str = r#"(import "marketplace:directory-sync/plan@0.1.0" "record-rows" (func $record (param i32 i32 i32)))"#;

async fn ending(parts: &str, describe: &str) -> Problem {
    let sandbox = sandbox();
    let plugin = load(&sandbox, parts, describe).await;
    let mut problems = plugin
        .hooks(context().for_run(RunId(1)))
        .describe()
        .await
        .unwrap_err();
    next_call_works(&sandbox).await;
    problems.remove(0)
}

#[tokio::test]
async fn a_failing_port_ends_the_call_with_its_own_problem() {
    let problem = ending(
        GET,
        "(call $get (i32.const 0) (i32.const 3) (i32.const 64)) unreachable",
    )
    .await;
    assert_eq!(problem.code, "port-refused");
    assert_eq!(problem.message, "the port refused");
}

#[tokio::test]
async fn a_request_beyond_the_contract_is_refused_before_the_port_sees_it() {
    let many = "(call $people (i32.const 4096) (i32.const 1001) (i32.const 64)) unreachable";
    assert_eq!(ending(PEOPLE, many).await.code, "bad-request");
}

/// What becomes of asking for the people whose ids have these lengths; see [`crate::support::Nothing`].
async fn asking(lengths: &[u32]) -> Problem {
    let octets = lengths
        .iter()
        .flat_map(|length| [0, *length])
        .flat_map(u32::to_le_bytes);
    let list: String = octets.map(|octet| format!("\\{octet:02x}")).collect();
    let parts = format!("{PEOPLE} (data (i32.const 4096) \"{list}\")");
    let count = lengths.len();
    let ask =
        format!("(call $people (i32.const 4096) (i32.const {count}) (i32.const 64)) unreachable");
    ending(&parts, &ask).await
}

#[tokio::test]
async fn people_are_asked_for_once_each_and_a_hundred_at_a_time() {
    let same = asking(&[10; 150]).await;
    assert_eq!(same.message, "the port refused 1 people");
    let others: Vec<u32> = (10..160).collect();
    let others = asking(&others).await;
    assert_eq!(others.message, "the port refused 100 people");
}

#[tokio::test]
async fn people_who_are_too_large_do_not_reach_the_plugin() {
    assert_eq!(asking(&[2]).await.code, "bad-request");
    assert_eq!(asking(&[1]).await.code, "plugin-trap", "it has the answer");
}

#[tokio::test]
async fn recording_a_plan_outside_of_a_sync_traps() {
    let problem = ending(
        RECORD,
        "(call $record (i32.const 0) (i32.const 0) (i32.const 64)) unreachable",
    )
    .await;
    assert_eq!(problem.code, "plugin-trap");
    assert!(
        problem
            .message
            .contains("plan.record-rows outside of a sync"),
        "{}",
        problem.message
    );
}

#[tokio::test]
async fn calling_an_import_while_describing_without_a_tenant_traps() {
    let sandbox = sandbox();
    let plugin = load(
        &sandbox,
        GET,
        "(call $get (i32.const 0) (i32.const 3) (i32.const 64)) unreachable",
    )
    .await;
    let problems = plugin.describe().await.unwrap_err();
    assert_eq!(problems[0].code, "plugin-trap");
}
