//! The benchmark of the README: a sync beside `ldapsearch` and a native floor, in one run.
//!
//! `cargo build --release && cargo bench -p rollcall-tests --bench sync` (needs `slapd` and `ldapsearch`).
//! `ROLLCALL_BENCH_PEOPLE` (100,000) and `ROLLCALL_BENCH_RUNS` (5) change its size. Databases stand on tmpfs where
//! there is one; the commands alternate, and medians are printed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rollcall::demo::people::{Organisation, Troubles};
use rollcall_tests::measure::{ATTRIBUTES, Cost, measure, median};
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::server::Server;
use rollcall_tests::slapd::Slapd;

type Failure = Box<dyn std::error::Error>;

const TENANT: &str = "bench";
const BASE: &str = "dc=example,dc=org";
const FILTER: &str = "(objectClass=inetOrgPerson)";
/// The same attributes as rules; the id needs none.
const RULES: [&str; 11] = [
    "username={uid|first|trim}",
    "email={mail|first|trim|lower}",
    "first-name={givenName|first|trim}",
    "last-name={sn|first|trim}",
    "display-name={displayName|first|trim}",
    "phone={telephoneNumber|first|trim}",
    "mobile={mobile|first|trim}",
    "employee-id={employeeNumber|first|trim}",
    "job-title={title|first|trim}",
    "department={departmentNumber|first|trim}",
    "city={l|first|trim}",
];

fn main() -> Result<(), Failure> {
    let people = setting("ROLLCALL_BENCH_PEOPLE", 100_000);
    let runs = setting("ROLLCALL_BENCH_RUNS", 5);
    let organisation = Organisation::new(1, people).with_troubles(Troubles::none());
    let slapd = Slapd::start(&organisation)?;
    let scratch = scratch()?;
    let bench = Bench {
        slapd,
        folder: scratch.path().to_owned(),
        template: scratch.path().join("template"),
    };
    bench.prepare()?;

    let names = [
        "ldapsearch",
        "floor, first",
        "floor, unchanged",
        "rollcall, first",
        "rollcall, unchanged",
    ];
    let mut costs: [Vec<Cost>; 5] = Default::default();
    for run in 0..=runs {
        let round = bench.round()?;
        // The first round warms the caches.
        if run > 0 {
            for (costs, cost) in costs.iter_mut().zip(round) {
                costs.push(cost);
            }
        }
    }

    println!(
        "{people} people, {} attributes, medians of {runs}",
        ATTRIBUTES.len()
    );
    println!("{:22} {:>8} {:>8} {:>9}", "", "wall s", "CPU s", "peak MiB");
    let mut walls = Vec::new();
    for (name, costs) in names.iter().zip(&costs) {
        let of = |f: &dyn Fn(&Cost) -> f64| median(costs.iter().map(f).collect());
        let wall = of(&|cost| cost.wall.as_secs_f64());
        let cpu = of(&|cost| cost.cpu.as_secs_f64());
        let peak = of(&|cost| mebibytes(cost.peak));
        println!("{name:22} {wall:8.2} {cpu:8.2} {peak:9.1}");
        walls.push(wall);
    }
    let ratio = |a: usize, b: usize| {
        let pairs = costs[a].iter().zip(&costs[b]);
        median(
            pairs
                .map(|(a, b)| a.wall.as_secs_f64() / b.wall.as_secs_f64())
                .collect(),
        )
    };
    println!(
        "unchanged sync / ldapsearch   {:.2}   (aim 1.5 at most)",
        ratio(4, 0)
    );
    println!(
        "first sync / native floor     {:.2}   (aim 1.3 at most)",
        ratio(3, 1)
    );
    println!("unchanged sync / its floor    {:.2}", ratio(4, 2));
    Ok(())
}

struct Bench {
    slapd: Slapd,
    folder: PathBuf,
    template: PathBuf,
}

impl Bench {
    /// A tenant that is configured and mapped, to be copied for each round.
    fn prepare(&self) -> Result<(), Failure> {
        let rollcall = Rollcall::on(&self.template)?;
        rollcall.expect(0, &["install", TENANT, "--allow-loopback"])?;
        let password = rollcall.password_file(&self.slapd.password())?;
        let password = password.to_string_lossy();
        let (url, name) = (self.slapd.url(), self.slapd.bind_name());
        rollcall.expect(
            0,
            &[
                "configure",
                TENANT,
                "--url",
                &url,
                "--security",
                "plain",
                "--bind-name",
                &name,
                "--base-dn",
                BASE,
                "--filter",
                FILTER,
                "--password-file",
                &password,
            ],
        )?;
        let mut store = vec!["map", "store", TENANT];
        for rule in &RULES {
            store.extend(["--rule", rule]);
        }
        rollcall.expect(0, &store)?;
        Ok(())
    }

    /// Each command once, on fresh databases.
    fn round(&self) -> Result<[Cost; 5], Failure> {
        let floor = self.folder.join("floor.db");
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", floor.display()));
        }
        let data = self.folder.join("data");
        let _ = fs::remove_dir_all(&data);
        copy(&self.template, &data)?;
        let rollcall = Rollcall::on(&data)?;
        Ok([
            measure(&mut self.ldapsearch())?,
            measure(&mut self.floor(&floor))?,
            measure(&mut self.floor(&floor))?,
            measure(&mut rollcall.command(&["sync", TENANT]))?,
            measure(&mut rollcall.command(&["sync", TENANT]))?,
        ])
    }

    fn ldapsearch(&self) -> Command {
        let mut command = Command::new("ldapsearch");
        command
            .args(["-x", "-LLL", "-E", "pr=1000/noprompt", "-b", BASE])
            .args(["-H", &self.slapd.url(), "-D", &self.slapd.bind_name()])
            .args(["-w", &self.slapd.password(), FILTER])
            .args(ATTRIBUTES);
        command
    }

    fn floor(&self, database: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_native-floor"));
        command
            .args([
                self.slapd.url(),
                self.slapd.bind_name(),
                self.slapd.password(),
            ])
            .arg(BASE)
            .arg(database);
        command
    }
}

fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// On tmpfs where there is one: a disk's wall time swings with its neighbours.
fn scratch() -> Result<tempfile::TempDir, Failure> {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    Ok(tempfile::Builder::new()
        .prefix("rollcall-bench-")
        .tempdir_in(folder)?)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a figure to read")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
