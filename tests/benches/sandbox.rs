//! What the sandbox costs: the planner in it beside the same planner compiled natively.
//!
//! `cargo bench -p rollcall-tests --bench sandbox` (nothing else is needed). Both sides stand on the same ports in
//! memory, which clone ready pages and keep ids and hashes, so that what differs is the sandbox: code made by its
//! compiler, calls across its border, its clock. Each side is built as it ships: the plugin with the profile
//! `component`, the native one with the host's. Both must plan the same rows.
//!
//! `ROLLCALL_BENCH_PEOPLE` (100,000) and `ROLLCALL_BENCH_RUNS` (5) change the size. Native and sandboxed runs
//! alternate; processor time is the whole process's, and medians are printed.

#[path = "sandbox/fields.rs"]
mod fields;
#[path = "sandbox/hosted.rs"]
mod hosted;
#[path = "sandbox/memory.rs"]
mod memory;
#[path = "sandbox/native.rs"]
mod native;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rollcall::Problem;
use rollcall::sandbox::{BUNDLED, Hooks, Plugin, Sandbox, SandboxConfig};
use rollcall_tests::measure::median;
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Runtime};

use hosted::hooks;
use memory::{Known, Memory};
use native::Native;

type Failure = Box<dyn std::error::Error>;

/// As the host asks for them.
const PAGES_A_STEP: u32 = 4;
const LOADS: usize = 20;
const CALLS: usize = 1000;
const SETTINGS: [(&str, &str); 4] = [
    ("url", "ldap://memory"),
    ("security", "plain"),
    ("base-dn", "dc=example,dc=org"),
    ("profile", "openldap"),
];
/// Twelve attributes with the id's, which needs no rule.
const RULES: [(&str, &str); 11] = [
    ("username", "{uid|first|trim}"),
    ("email", "{mail|first|trim|lower}"),
    ("first-name", "{givenName|first|trim}"),
    ("last-name", "{sn|first|trim}"),
    ("display-name", "{displayName|first|trim}"),
    ("phone", "{telephoneNumber|first|trim}"),
    ("mobile", "{mobile|first|trim}"),
    ("employee-id", "{employeeNumber|first|trim}"),
    ("job-title", "{title|first|trim}"),
    ("department", "{departmentNumber|first|trim}"),
    ("city", "{l|first|trim}"),
];

fn main() -> Result<(), Failure> {
    let people = setting("ROLLCALL_BENCH_PEOPLE", 100_000);
    let runs = setting("ROLLCALL_BENCH_RUNS", 5);
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let cache = tempfile::tempdir()?;
    let plugin = loading(&runtime, cache.path())?;

    let memory = Arc::new(Memory::new(people));
    let bench = Bench {
        native: Native(Arc::clone(&memory)),
        hooks: hooks(&plugin, &memory)?,
        memory,
        runtime,
        people,
    };
    bench.configure()?;
    let mut costs: [Vec<Cost>; 4] = Default::default();
    for run in 0..=runs {
        let round = bench.round(run)?;
        // The first round builds the pages and warms the caches.
        if run > 0 {
            for (costs, cost) in costs.iter_mut().zip(round) {
                costs.push(cost);
            }
        }
    }
    print(&costs, people);
    Ok(())
}

/// Size, loading and instantiation of the component.
fn loading(runtime: &Runtime, cache: &Path) -> Result<Plugin, Failure> {
    let config = SandboxConfig {
        cache: Some(cache.to_owned()),
        ..SandboxConfig::default()
    };
    let load = || -> Result<(Plugin, f64), Failure> {
        let sandbox = Sandbox::new(config.clone()).map_err(|problem| said(&[problem]))?;
        let start = Instant::now();
        let plugin = runtime.block_on(sandbox.load(BUNDLED));
        let time = start.elapsed().as_secs_f64();
        Ok((plugin.map_err(|problem| said(&[problem]))?, time))
    };
    let (plugin, compiled) = load()?;
    let mut loads = Vec::new();
    for _ in 0..LOADS {
        loads.push(load()?.1);
    }
    let mut calls = Vec::new();
    for _ in 0..CALLS {
        let start = Instant::now();
        let described = runtime.block_on(plugin.describe());
        calls.push(start.elapsed().as_secs_f64());
        described.map_err(|problems| said(&problems))?;
    }
    println!("component           {:>8} bytes", BUNDLED.len());
    println!("compiled and loaded {:>8.1} ms", compiled * 1e3);
    println!("loaded from cache   {:>8.2} ms", median(loads) * 1e3);
    println!("a `describe` call   {:>8.1} µs", median(calls) * 1e6);
    Ok(plugin)
}

struct Bench {
    memory: Arc<Memory>,
    native: Native,
    hooks: Hooks,
    runtime: Runtime,
    people: u64,
}

/// What a plan said of itself.
struct Planned {
    seen: u64,
    unchanged: u64,
    /// The most linear memory; 0 natively.
    memory: usize,
}

#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
    memory: usize,
}

impl Bench {
    fn configure(&self) -> Result<(), Failure> {
        let natively = self.native.configure(&SETTINGS, &RULES)?;
        let hosted = hosted::configure(&self.hooks, &SETTINGS, &RULES);
        if self.runtime.block_on(hosted)? != natively {
            return Err("the two sides are configured differently".into());
        }
        Ok(())
    }

    /// Native and sandboxed into an empty portal, then into one that knows everybody.
    fn round(&self, seed: u64) -> Result<[Cost; 4], Failure> {
        let natively = || self.native.plan(seed);
        let hosted = || self.runtime.block_on(hosted::plan(&self.hooks, seed));
        self.memory.know(Vec::new());
        let (first, rows) = self.measure(natively, 0)?;
        let (first_hosted, rows_hosted) = self.measure(hosted, 0)?;
        if rows != rows_hosted || rows.len() as u64 != self.people {
            return Err("the two sides do not plan the same rows, one a person".into());
        }
        self.memory.know(rows);
        let (unchanged, _) = self.measure(natively, self.people)?;
        let (unchanged_hosted, _) = self.measure(hosted, self.people)?;
        Ok([first, first_hosted, unchanged, unchanged_hosted])
    }

    fn measure(
        &self,
        plan: impl Fn() -> Result<Planned, Failure>,
        unchanged: u64,
    ) -> Result<(Cost, Vec<Known>), Failure> {
        let (wall, cpu) = (Instant::now(), processor_time()?);
        let planned = plan()?;
        let cost = Cost {
            wall: wall.elapsed(),
            cpu: processor_time()?.saturating_sub(cpu),
            memory: planned.memory,
        };
        if (planned.seen, planned.unchanged) != (self.people, unchanged) {
            return Err("a plan did not see what there is".into());
        }
        Ok((cost, self.memory.take_rows()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures to read")]
fn print(costs: &[Vec<Cost>; 4], people: u64) {
    let names = [
        "native, first",
        "sandbox, first",
        "native, unchanged",
        "sandbox, unchanged",
    ];
    println!(
        "\n{people} people, {} attributes, medians of {}",
        RULES.len() + 1,
        costs[0].len()
    );
    println!(
        "{:20}{:>8} {:>8} {:>14} {:>11}",
        "", "wall s", "CPU s", "CPU µs/person", "memory MiB"
    );
    let of = |costs: &[Cost], f: fn(&Cost) -> f64| median(costs.iter().map(f).collect());
    for (name, costs) in names.iter().zip(costs) {
        let wall = of(costs, |cost| cost.wall.as_secs_f64());
        let cpu = of(costs, |cost| cost.cpu.as_secs_f64());
        let each = cpu * 1e6 / people as f64;
        let memory = match of(costs, |cost| cost.memory as f64) {
            0.0 => String::new(),
            bytes => format!("{:11.1}", bytes / (1024.0 * 1024.0)),
        };
        println!("{name:20}{wall:8.3} {cpu:8.3} {each:14.2} {memory}");
    }
    for (name, native, hosted) in [("first", 0, 1), ("unchanged", 2, 3)] {
        let pairs = costs[hosted].iter().zip(&costs[native]);
        let (wall, cpu): (Vec<_>, Vec<_>) = pairs
            .map(|(hosted, native)| {
                let wall = hosted.wall.as_secs_f64() / native.wall.as_secs_f64();
                (wall, hosted.cpu.as_secs_f64() / native.cpu.as_secs_f64())
            })
            .unzip();
        println!(
            "{name} sync, sandbox / native: {:.2} in processor time, {:.2} in wall time",
            median(cpu),
            median(wall)
        );
    }
}

/// Of all threads: the sandbox's clock and the runtime's workers count.
fn processor_time() -> Result<Duration, Failure> {
    Ok(Duration::try_from(clock_gettime(ClockId::ProcessCPUTime))?)
}

fn said(problems: &[Problem]) -> String {
    format!("the sandbox: {problems:?}")
}

fn setting(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(default)
}
