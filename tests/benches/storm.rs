//! The benchmark of the README for a service: many tenants due within a minute, on two hosts that share one PostgreSQL database.
//!
//! `cargo build --release && cargo bench -p rollcall-tests --bench storm` (needs `postgresql`).
//! `ROLLCALL_BENCH_TENANTS` (500) and `ROLLCALL_BENCH_PEOPLE` (1,000 each) change its size; `ROLLCALL_BENCH_DISTURB=1` kills a host
//! midway, and stops another for the time of two leases.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    let serve = |host: &Rollcall| Served::start(host, &["--runs", RUNS]).map(Arc::new);
    let (first, mut second) = (serve(&many.first)?, serve(&second)?);
    many.make_due(MINUTE)?;
    // Whom a balancer sends readers to: not to a host that it knows to be gone.
    let asked = Mutex::new(Arc::clone(&first));
    let over = AtomicBool::new(false);
    let start = Instant::now();
    let (took, reads) = thread::scope(|scope| -> Result<_, Trouble> {
        let reading = scope.spawn(|| read(&asked, tenants, &token, &over));
        if disturb {
            thread::sleep(MINUTE / 2);
            ask_instead(&asked, &second);
            first.signal("STOP")?;
            thread::sleep(MINUTE / 4);
            let killed = mem::replace(&mut second, serve(&third)?);
            ask_instead(&asked, &second);
            killed.signal("KILL")?;
            thread::sleep(MINUTE / 4);
            first.signal("CONT")?;
        }
        let quiet = many.quiet(LONG);
        let took = start.elapsed();
        over.store(true, Ordering::Relaxed);
        quiet?;
        let reads = reading.join().map_err(|_| "the reader panicked")??;
        Ok((took, reads))
    })?;
    drop(asked);
    for (name, host) in [("first", first), ("second", second)] {
        report(name, Process::of(host.process())?);
        let host = Arc::into_inner(host).ok_or("somebody still asks a host")?;
        host.end()?;
    }
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

/// Sends readers to another host from now on, and gives those who are on their way the time to be answered.
fn ask_instead(asked: &Mutex<Arc<Served>>, host: &Arc<Served>) {
    *asked.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(host);
    thread::sleep(Duration::from_secs(1));
}

/// Reads what an administrator looks at, ten times a second, until told to stop.
fn read(
    asked: &Mutex<Arc<Served>>,
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
        let host = Arc::clone(&asked.lock().unwrap_or_else(PoisonError::into_inner));
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
        "{name} host: {:.0} MiB at the peak, {:.1} s of CPU",
        process.peak as f64 / 1_048_576.0,
        process.cpu.as_secs_f64()
    );
}
