//! All the ports in one value, and the component that exports the hooks.

use super::directory::Ldap;
use crate::ports::{Clock, Host, Log, Plan, Portal, Progress, State};

/// What the contract's exports are implemented for.
pub(super) struct Component;

/// The contract's imports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Imports;

impl Host for Imports {
    type Directory = Ldap;

    fn directory(&self) -> &Ldap {
        &Ldap
    }

    fn portal(&self) -> &dyn Portal {
        self
    }

    fn plan(&self) -> &dyn Plan {
        self
    }

    fn state(&self) -> &dyn State {
        self
    }

    fn progress(&self) -> &dyn Progress {
        self
    }

    fn log(&self) -> &dyn Log {
        self
    }

    fn clock(&self) -> &dyn Clock {
        self
    }
}
