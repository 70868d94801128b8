//! Plugins that use too much: that call ends with its code, and the sandbox goes on.

use std::time::Duration;

use rollcall::Problem;
use rollcall::sandbox::CallLimits;

use crate::support::{context, load, next_call_works, sandbox};

const LOG: &str =
    r#"(import "marketplace:directory-sync/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#;

/// Small enough that a test need not wait.
fn limits() -> CallLimits {
    CallLimits {
        compute: Duration::from_millis(50),
        memory: 4 << 20,
        table_elements: 1000,
        host_calls: 1000,
        host_call_bytes: 64 << 10,
        resources: 8,
        ..CallLimits::default()
    }
}

async fn ending(parts: &str, describe: &str) -> Problem {
    let sandbox = sandbox();
    let plugin = load(&sandbox, parts, describe).await;
    let mut context = context();
    context.limits = limits();
    let mut problems = plugin.hooks(context).describe().await.unwrap_err();
    assert_eq!(problems.len(), 1);
    next_call_works(&sandbox).await;
    problems.remove(0)
}

#[tokio::test]
async fn an_endless_loop_ends_at_the_deadline() {
    let problem = ending("", "(loop $again (br $again)) unreachable").await;
    assert_eq!(problem.code, "plugin-deadline");
    assert!(problem.message.contains("50ms"), "{}", problem.message);
}

#[tokio::test]
async fn an_endless_loop_while_starting_ends_at_the_deadline() {
    let start = "(func $start (loop $again (br $again))) (start $start)";
    assert_eq!(ending(start, "unreachable").await.code, "plugin-deadline");
}

#[tokio::test]
async fn growing_memory_ends_at_the_limit() {
    let grow = "(loop $again (drop (memory.grow (i32.const 16))) (br $again)) unreachable";
    let problem = ending("", grow).await;
    assert_eq!(problem.code, "plugin-memory");
    assert!(problem.message.contains("4194304"), "{}", problem.message);
}

#[tokio::test]
async fn memory_that_is_too_large_from_the_start_is_refused() {
    let memory = "(memory (export \"memory\") 2000)";
    assert_eq!(ending(memory, "unreachable").await.code, "plugin-memory");
}

#[tokio::test]
async fn a_growing_table_ends_at_the_limit() {
    let grow = "(drop (table.grow $t (ref.null func) (i32.const 100000))) unreachable";
    assert_eq!(
        ending("(table $t 1 funcref)", grow).await.code,
        "plugin-memory"
    );
}

#[tokio::test]
async fn endless_recursion_ends_the_call() {
    let problem = ending(
        "(func $deep (param i64) (result i64) (i64.add (i64.const 1) (call $deep (local.get 0))))",
        "(drop (call $deep (i64.const 1))) unreachable",
    )
    .await;
    assert_eq!(problem.code, "plugin-trap");
    assert!(problem.message.contains("stack"), "{}", problem.message);
}

#[tokio::test]
async fn a_trap_ends_the_call() {
    let problem = ending("", "unreachable").await;
    assert_eq!(problem.code, "plugin-trap");
    assert!(
        problem.message.contains("unreachable"),
        "{}",
        problem.message
    );
}

#[tokio::test]
async fn a_panic_is_told_in_its_own_words_without_control_characters() {
    let parts = r#"
        (import "wasi:cli/stderr@0.2.6" "get-stderr" (func $stderr (result i32)))
        (import "wasi:io/streams@0.2.6" "[method]output-stream.blocking-write-and-flush"
            (func $write (param i32 i32 i32 i32)))
        (data (i32.const 0) "thread 'main' panicked at src/sync.rs:7:5:\0ano \1b[31mpage\0anote: run with x")"#;
    let panic =
        "(call $write (call $stderr) (i32.const 0) (i32.const 80) (i32.const 512)) unreachable";
    let problem = ending(parts, panic).await;
    assert_eq!(problem.code, "plugin-trap");
    assert_eq!(
        problem.message,
        "the plugin panicked at src/sync.rs:7:5:; no \\u{1b}[31mpage"
    );
}

#[tokio::test]
async fn a_result_outside_of_memory_ends_the_call() {
    assert_eq!(ending("", "(i32.const -4)").await.code, "plugin-trap");
}

#[tokio::test]
async fn a_flood_of_host_calls_ends_at_the_budget() {
    let flood = "(loop $again (call $log (i32.const 0) (i32.const 0) (i32.const 0)) (br $again)) unreachable";
    let problem = ending(LOG, flood).await;
    assert_eq!(problem.code, "plugin-hostcalls");
    assert!(
        problem.message.contains("1000 times"),
        "{}",
        problem.message
    );
}

#[tokio::test]
async fn handing_over_too_much_at_once_ends_the_call() {
    let large = "(call $log (i32.const 0) (i32.const 0) (i32.const 100000)) unreachable";
    assert_eq!(ending(LOG, large).await.code, "plugin-hostcalls");
}

#[tokio::test]
async fn handing_over_memory_that_is_not_there_ends_the_call() {
    let outside = "(call $log (i32.const 0) (i32.const 130000) (i32.const 60000)) unreachable";
    assert_eq!(ending(LOG, outside).await.code, "plugin-trap");
}

#[tokio::test]
async fn hoarding_sessions_ends_at_the_limit() {
    let open = r#"(import "marketplace:directory-sync/ldap@0.1.0" "open"
        (func $open (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;
    let zeros = "(i32.const 0) ".repeat(16);
    let hoard =
        format!("(loop $again (call $open {zeros} (i32.const 256)) (br $again)) unreachable");
    let problem = ending(open, &hoard).await;
    assert_eq!(problem.code, "plugin-hostcalls");
    assert!(problem.message.contains("sessions"), "{}", problem.message);
}
