//! The benchmark of the README for a sync of changes: what it takes beside a sync of everybody, in one run.
//!
//! `cargo build --release && cargo bench -p rollcall-tests --bench changes` (needs `slapd`).
//! `ROLLCALL_BENCH_PEOPLE` (50,000) changes its size: a million takes some ten minutes, most of them to load slapd.

use rollcall::demo::people::{Fate, Organisation, ServiceAccount, Troubles};
use rollcall_tests::measure::{Cost, measure};
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::server::Server;
use rollcall_tests::site::Site;
use rollcall_tests::site::changes::{hire, remove, rename, transfer};
use rollcall_tests::slapd::Slapd;

type Failure = Box<dyn std::error::Error>;

const TENANT: &str = "bench";
/// Of each of four kinds.
const CHANGES: u64 = 25;

fn main() -> Result<(), Failure> {
    let people = std::env::var("ROLLCALL_BENCH_PEOPLE").ok();
    let people = people.and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let organisation = Organisation::new(1, people).with_troubles(Troubles::none());
    let site = Site::of(Slapd::start(&organisation)?)?;
    site.settle(TENANT)?;
    // An account with a size limit could not be told where changes begin.
    let password = site
        .rollcall
        .password_file(&organisation.password_of(ServiceAccount::Full))?;
    let (name, password) = (ServiceAccount::Full.dn(), password.to_string_lossy());
    let account = ["--bind-name", &name, "--password-file", &password];
    let configure = [&["configure", TENANT][..], &account].concat();
    site.rollcall.expect(0, &configure)?;
    let full = measure(&mut site.rollcall.command(&["sync", TENANT]))?;
    let unchanged = measure(&mut site.rollcall.command(&["sync", TENANT]))?;
    let begun = changes(&site.rollcall)?;
    site.change(&hundred(&site.server))?;
    let changed = changes(&site.rollcall)?;
    let answer = site.rollcall.expect(0, &["runs", TENANT])?;
    let run = answer.at("/runs/0");
    if run["proof"]["basis"] != "changes" {
        return Err(format!("everybody was read: {run:#}").into());
    }
    let nothing = changes(&site.rollcall)?;
    println!("{people} people, default mapping, LDAPS");
    println!("{:44} {:>8} {:>8} {:>9}", "", "wall s", "CPU s", "peak MiB");
    for (name, cost) in [
        ("everybody, first", full),
        ("everybody, unchanged", unchanged),
        ("everybody, and where changes begin", begun),
        ("changes, after 100 of them", changed),
        ("changes, after none", nothing),
    ] {
        let (wall, cpu) = (cost.wall.as_secs_f64(), cost.cpu.as_secs_f64());
        println!(
            "{name:44} {wall:8.2} {cpu:8.2} {:9.1}",
            mebibytes(cost.peak)
        );
    }
    let ratio = |of: Cost| 100.0 * changed.wall.as_secs_f64() / of.wall.as_secs_f64();
    println!(
        "changes / everybody, first     {:.1} % (aim of a million people: 2 % at most)",
        ratio(full)
    );
    println!("changes / everybody, unchanged {:.1} %", ratio(unchanged));
    Ok(())
}

fn changes(rollcall: &Rollcall) -> Result<Cost, Failure> {
    Ok(measure(
        &mut rollcall.command(&["sync", TENANT, "--mode", "changes"]),
    )?)
}

/// A hundred changes: people who come, are renamed, move and leave.
fn hundred(server: &Slapd) -> Vec<rollcall::demo::Entry> {
    // Those whom nobody names as a manager: slapd mends names long after it has answered.
    let everybody = (0..server.organisation().people)
        .rev()
        .map(|index| server.expected(index));
    let plain = |dn: &str| dn.is_ascii() && !dn.contains('\\') && dn.matches(",ou=").count() == 1;
    let mut people = everybody.filter(|who| who.fate == Fate::Valid && plain(&who.dn));
    let mut all = Vec::new();
    for number in 0..CHANGES {
        let hired = format!("new.{number}");
        all.push(hire(
            &hired,
            "New",
            "Person",
            &format!("{hired}@example.org"),
        ));
        let mut next = || people.next().map(|who| who.dn).unwrap_or_default();
        all.push(rename(&next(), &format!("uid=renamed.{number}")));
        let moved = next();
        let rdn = moved.split(',').next().unwrap_or_default();
        all.push(transfer(&moved, rdn, "ou=Contractors,ou=People"));
        all.push(remove(&next()));
    }
    all
}

#[expect(clippy::cast_precision_loss, reason = "a figure to read")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
