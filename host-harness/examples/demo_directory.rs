//! Serves the demo directory until its input ends, for trying clients on it.
//!
//! `cargo run --release --example demo_directory -- [PEOPLE [SEED]]`

use std::error::Error;
use std::io::Read;

use rollcall::demo::DemoDirectory;
use rollcall::demo::directory::Options;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let options = Options {
        people: number(200)?,
        seed: number(1)?,
        ..Options::default()
    };
    let directory = DemoDirectory::start(options)?;
    let authority = tempfile::Builder::new()
        .prefix("demo-authority-")
        .suffix(".pem")
        .tempfile()?;
    std::fs::write(authority.path(), directory.ca_pem())?;
    println!("ldap://127.0.0.1:{}", directory.port());
    println!("ldaps://127.0.0.1:{}", directory.ldaps_port());
    println!("authority: {}", authority.path().display());
    println!("bind name: {}", directory.bind_name());
    println!("password:  {}", directory.password());
    println!("entries:   {}", directory.entry_count());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
