//! The benchmark of the README for a service: many tenants due within a minute, on two hosts that share one PostgreSQL database.
//!
//! `cargo build --release && cargo bench -p rollcall-tests --bench storm` (needs `postgresql`).
//! `ROLLCALL_BENCH_TENANTS` (500) and `ROLLCALL_BENCH_PEOPLE` (1,000 each) change its size; `ROLLCALL_BENCH_DISTURB=1` kills a host
//! midway, and stops another for the time of two leases.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rollcall_tests::many::Many;
use rollcall_tests::measure::{Process, percentile};
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::Served;
use rollcall_tests::tenancy::Trouble;

const MINUTE: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(3_600);
const RUNS: &str = "4";

fn number(variable: &str, default: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn main() -> Result<(), Trouble> {
    let tenants = number("ROLLCALL_BENCH_TENANTS", 500);
    let people = number("ROLLCALL_BENCH_PEOPLE", 1_000);
    let disturb = number("ROLLCALL_BENCH_DISTURB", 0) == 1;
    let many = Many::configured(tenants, people)?;
    let token = viewer(&many.first)?;
    let (second, third) = (many.another()?, many.another()?);
    let serve = |host: &Rollcall| Served::start(host, &["--runs", RUNS]);
    let (first, second) = (serve(&many.first)?, serve(&second)?);
    many.make_due(MINUTE)?;
    let over = AtomicBool::new(false);
    let start = Instant::now();
    let (took, reads) = thread::scope(|scope| -> Result<_, Trouble> {
        let reading = scope.spawn(|| read(&first, tenants, &token, &over));
        let mut second = Some(second);
        if disturb {
            thread::sleep(MINUTE / 2);
            first.signal("STOP")?;
            thread::sleep(MINUTE / 4);
            if let Some(killed) = second.take() {
                killed.kill()?;
            }
            second = Some(serve(&third)?);
            thread::sleep(MINUTE / 4);
            first.signal("CONT")?;
        }
        let quiet = many.quiet(LONG);
        let took = start.elapsed();
        over.store(true, Ordering::Relaxed);
        quiet?;
        let reads = reading.join().map_err(|_| "the reader panicked")??;
        if let Some(second) = second {
            report("second host", Process::of(second.process())?);
            second.end()?;
        }
        Ok((took, reads))
    })?;
    report("first host", Process::of(first.process())?);
    first.end()?;
    many.all_there_once()?;
    let applied = many.ask("SELECT count(DISTINCT tenant) FROM run WHERE status = 'applied'")?;
    let runs = many.ask("SELECT count(*) FROM run")?;
    println!(
        "{tenants} tenants with {people} people each, due within a minute; {applied} synced in {runs} runs"
    );
    println!("all done after {:.1} s", took.as_secs_f64());
    for part in [50, 99] {
        let read = percentile(&reads, part).as_secs_f64() * 1_000.0;
        println!(
            "reads by HTTP meanwhile, p{part}: {read:.1} ms of {}",
            reads.len()
        );
    }
    Ok(())
}

fn viewer(rollcall: &Rollcall) -> Result<String, Trouble> {
    let made = rollcall.expect(0, &["token", "create", "bench", "--rank", "viewer"])?;
    Ok(made.at("/secret").as_str().unwrap_or_default().to_owned())
}

/// Reads what an administrator looks at, ten times a second, until told to stop.
fn read(
    host: &Served,
    tenants: u64,
    token: &str,
    over: &AtomicBool,
) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let number = times.len() as u64;
        let tenant = format!("/api/v1/tenants/t{}", number % tenants);
        let path = match number % 3 {
            0 => tenant,
            1 => format!("{tenant}/runs"),
            _ => format!("{tenant}/settings"),
        };
        let start = Instant::now();
        let reply = host.get(&path, token).map_err(|error| error.to_string())?;
        if reply.status != 200 {
            return Err(format!("{path}: {reply:?}"));
        }
        times.push(start.elapsed());
        thread::sleep(Duration::from_millis(100));
    }
    Ok(times)
}

fn report(name: &str, process: Process) {
    println!(
        "{name}: {:.0} MiB at the peak, {:.1} s of CPU",
        process.peak as f64 / 1_048_576.0,
        process.cpu.as_secs_f64()
    );
}
