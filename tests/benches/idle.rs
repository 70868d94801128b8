//! The benchmark of the README for a service with nothing to do: what many installed tenants cost a host.
//!
//! `cargo build --release && cargo bench -p rollcall-tests --bench idle` (needs `postgresql`).
//! `ROLLCALL_BENCH_TENANTS` (10,000) changes its size.

use std::thread;
use std::time::Duration;

use rollcall_tests::many::Many;
use rollcall_tests::measure::Process;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::Trouble;

const WATCHED: Duration = Duration::from_secs(60);

fn main() -> Result<(), Trouble> {
    let tenants = std::env::var("ROLLCALL_BENCH_TENANTS").ok();
    let tenants = tenants.and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let many = Many::configured(1, 10)?;
    many.multiply(tenants)?;
    let host = Served::start(&many.first, &[])?;
    thread::sleep(WATCHED / 6);
    let before = Process::of(host.process())?;
    thread::sleep(WATCHED);
    let after = Process::of(host.process())?;
    let cpu = (after.cpu.saturating_sub(before.cpu)).as_secs_f64() / WATCHED.as_secs_f64();
    println!(
        "{tenants} tenants, each due tomorrow: {:.0} MiB at the peak, {:.2} % of a core",
        after.peak as f64 / 1_048_576.0,
        100.0 * cpu
    );
    host.end()
}
