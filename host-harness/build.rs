//! Builds the bundled plugin, so that one `cargo build` gives a host with its plugin inside.
//!
//! A nested cargo builds `rollcall-plugin` for `wasm32-wasip2` in a target directory of its own (the outer cargo
//! holds the lock on the usual one). `ROLLCALL_PLUGIN_COMPONENT` names a component built elsewhere instead.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

const TARGET: &str = "wasm32-wasip2";
const PREBUILT: &str = "ROLLCALL_PLUGIN_COMPONENT";

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={PREBUILT}");
    match component() {
        Ok(path) => {
            println!(
                "cargo::rustc-env=ROLLCALL_BUNDLED_COMPONENT={}",
                path.display()
            );
            ExitCode::SUCCESS
        }
        Err(message) => {
            for line in message.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn component() -> Result<PathBuf, String> {
    if let Some(prebuilt) = env::var_os(PREBUILT).filter(|value| !value.is_empty()) {
        return prebuilt_component(Path::new(&prebuilt));
    }
    let workspace = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("..");
    for source in [
        "plugin/src",
        "plugin/Cargo.toml",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!(
            "cargo::rerun-if-changed={}",
            workspace.join(source).display()
        );
    }
    have_target()?;
    build(&workspace)
}

/// Copies it, so that the host does not change when somebody replaces the file during a build.
fn prebuilt_component(path: &Path) -> Result<PathBuf, String> {
    let path = path.canonicalize().map_err(|error| {
        format!(
            "{PREBUILT} names {}, which cannot be read: {error}",
            path.display()
        )
    })?;
    println!("cargo::rerun-if-changed={}", path.display());
    let copy = PathBuf::from(variable("OUT_DIR")?).join("prebuilt.wasm");
    std::fs::copy(&path, &copy).map_err(|error| {
        format!(
            "{} cannot be copied to {}: {error}",
            path.display(),
            copy.display()
        )
    })?;
    Ok(copy)
}

/// Adds the target through rustup where it is missing.
fn have_target() -> Result<(), String> {
    if target_is_installed()? {
        return Ok(());
    }
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .output();
    match added {
        Ok(output) if output.status.success() && target_is_installed()? => Ok(()),
        Ok(output) if !output.status.success() => Err(format!(
            "the plugin needs the Rust target {TARGET}, and rustup could not add it: {}\n\
             run: rustup target add {TARGET}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        _ => Err(format!(
            "the plugin needs the Rust target {TARGET}, which this tool chain has not got\n\
             run: rustup target add {TARGET}"
        )),
    }
}

fn target_is_installed() -> Result<bool, String> {
    let output = run(Command::new(variable("RUSTC")?).args([
        "--print",
        "target-libdir",
        "--target",
        TARGET,
    ]))?;
    let directory = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(output.status.success() && Path::new(&directory).is_dir())
}

fn build(workspace: &Path) -> Result<PathBuf, String> {
    let directory = PathBuf::from(variable("OUT_DIR")?).join("guest");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .args([
            "build",
            "--quiet",
            "--lib",
            "--package",
            "rollcall-plugin",
            "--profile",
            "component",
        ])
        .args(["--target", TARGET, "--target-dir"])
        .arg(&directory)
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"));
    for (name, _) in env::vars_os().filter(|(name, _)| is_the_outer_builds(name)) {
        cargo.env_remove(name);
    }
    let output = run(&mut cargo)?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return Err(format!(
            "the plugin did not build for {TARGET}; the compiler's messages are below, \
             or run: cargo build -p rollcall-plugin --target {TARGET}"
        ));
    }
    Ok(directory
        .join(TARGET)
        .join("component")
        .join("rollcall_plugin.wasm"))
}

/// Whether a variable tells of the outer build (its flags, wrappers, target and profile), which must not
/// reach the inner one.
fn is_the_outer_builds(name: &OsString) -> bool {
    const NAMES: [&str; 16] = [
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "RUSTC",
        "RUSTDOC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_LINKER",
        "CLIPPY_ARGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_PRIMARY_PACKAGE",
        "TARGET",
        "HOST",
        "OUT_DIR",
        "PROFILE",
        "OPT_LEVEL",
        "DEBUG",
    ];
    const PREFIXES: [&str; 7] = [
        "CARGO_BUILD_",
        "CARGO_CFG_",
        "CARGO_FEATURE_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_PROFILE_",
        "CARGO_TARGET_",
    ];
    name.to_str().is_some_and(|name| {
        NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

fn run(command: &mut Command) -> Result<Output, String> {
    command
        .output()
        .map_err(|error| format!("{} cannot be run: {error}", command.get_program().display()))
}

fn variable(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or_else(|| format!("cargo did not set {name}"))
}
