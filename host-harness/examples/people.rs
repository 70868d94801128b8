//! Writes an organisation as LDIF for `slapadd` to its output, and the sums to its error output.
//!
//! `cargo run --release --example people -- [PEOPLE [SEED]] > people.ldif`

use std::error::Error;

use rollcall::demo::Organisation;
use rollcall::demo::people::ldif;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (people, seed) = (number(1_000)?, number(1)?);
    let organisation = Organisation::new(seed, people);
    ldif::write_organisation(&organisation, std::io::stdout().lock())?;
    eprintln!("{:#?}", organisation.totals());
    Ok(())
}
