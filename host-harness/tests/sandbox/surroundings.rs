//! What a plugin sees of the process around it: nothing.

use std::process::Command;

use crate::support::{context, load, sandbox};

/// Counts variables and arguments, reads the standard input, and panics with four digits: how many variables, how many
/// arguments, whether reading failed (1), and whether that was because the input is closed (1).
const LOOK: &str = r#"
    (import "wasi:cli/environment@0.2.6" "get-environment" (func $variables (param i32)))
    (import "wasi:cli/environment@0.2.6" "get-arguments" (func $arguments (param i32)))
    (import "wasi:cli/stdin@0.2.6" "get-stdin" (func $stdin (result i32)))
    (import "wasi:io/streams@0.2.6" "[method]input-stream.blocking-read"
        (func $read (param i32 i64 i32)))
    (import "wasi:cli/stderr@0.2.6" "get-stderr" (func $stderr (result i32)))
    (import "wasi:io/streams@0.2.6" "[method]output-stream.blocking-write-and-flush"
        (func $write (param i32 i32 i32 i32)))
    (func $digit (param $at i32) (param $number i32)
        (i32.store8 (local.get $at) (i32.add (i32.const 48)
            (select (i32.const 9) (local.get $number) (i32.gt_u (local.get $number) (i32.const 9))))))
    (data (i32.const 0) "thread 'main' panicked at a:1:1:\0a????\0a")"#;

const DESCRIBE: &str = "
    (call $variables (i32.const 256))
    (call $digit (i32.const 33) (i32.load (i32.const 260)))
    (call $arguments (i32.const 256))
    (call $digit (i32.const 34) (i32.load (i32.const 260)))
    (call $read (call $stdin) (i64.const 8) (i32.const 256))
    (call $digit (i32.const 35) (i32.load8_u (i32.const 256)))
    (call $digit (i32.const 36) (i32.load8_u (i32.const 260)))
    (call $write (call $stderr) (i32.const 0) (i32.const 38) (i32.const 512)) unreachable";

#[ignore = "the next test runs it, in a process with more to see"]
#[tokio::test]
async fn a_plugin_looks_around_and_tells() {
    let plugin = load(&sandbox(), LOOK, DESCRIBE).await;
    let problems = plugin.hooks(context()).describe().await.unwrap_err();
    println!("seen: {}", problems[0].message);
}

/// The process has a variable, arguments and an input that has something in it.
#[test]
fn a_plugin_sees_no_variables_no_arguments_and_a_closed_input() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    std::fs::write(&input, "something to read").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "surroundings::a_plugin_looks_around_and_tells",
            "--nocapture",
        ])
        .env("ROLLCALL_SEEN_BY_A_PLUGIN", "yes")
        .stdin(std::fs::File::open(&input).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("seen: the plugin panicked at a:1:1:; 0011"),
        "{said}"
    );
}
