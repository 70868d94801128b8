//! Whom to look at, as it is typed.

use clap::Args;

use crate::contract::hooks::mapping::Who;

/// One person: named, or by place in the directory's order.
#[derive(Debug, Args)]
pub(crate) struct Person {
    /// DN, external id, user name or mail; without it, the first person found
    #[arg(value_name = "PERSON")]
    pub(crate) named: Option<String>,
    /// The n-th person the directory gives, from 0
    #[arg(long, value_name = "N", conflicts_with = "named", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) nth: Option<u32>,
}

impl Person {
    pub(crate) fn who(self) -> Who {
        match (self.named, self.nth) {
            (Some(name), _) => Who::Named(name),
            (None, Some(nth)) => Who::Nth(nth),
            (None, None) => Who::First,
        }
    }
}
