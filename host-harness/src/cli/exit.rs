//! Exit codes: what a script can rely on.

use std::process::ExitCode;

use crate::cause::Cause;
use crate::tenant::Refused;

/// What the process ends with. The numbers are stable; [`TABLE`] tells them to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    Trouble = 1,
    Usage = 2,
    Refused = 3,
    Directory = 4,
    Incomplete = 5,
    Held = 6,
    Plugin = 7,
    Unsynced = 8,
    Busy = 9,
    RowsRefused = 10,
    Interrupted = 130,
}

/// The table in `--help`.
pub(crate) const TABLE: &str = "\
Exit codes:
    0  done
    1  trouble of the host's own: data directory, database
    2  wrong usage
    3  input or configuration refused
    4  the directory cannot be reached, or refuses
    5  the directory was not read completely
    6  a guard holds the plan: approve it, or discard it
    7  the plugin failed, or is none
    8  some people are unsynced (only with --fail-on-unsynced)
    9  another run of the tenant is under way
   10  the portal refused some rows of the plan; the others are applied
  130  stopped at a safe point";

impl Exit {
    /// The exit code of a refusal, by its first problem's code.
    pub(crate) fn of(refused: &Refused) -> Self {
        match refused.code() {
            "tenant-busy" | "run-unfinished" => Self::Busy,
            "cancelled" => Self::Interrupted,
            "guard-held" => Self::Held,
            "absence-unproven" | "migration-unproven" | "size-limit" | "time-limit"
            | "admin-limit" | "paging-missing" | "empty-result" | "incomplete"
            | "plan-too-large" | "run-deadline" => Self::Incomplete,
            code => match Cause::of(code) {
                Cause::Plugin => Self::Plugin,
                Cause::Directory => Self::Directory,
                Cause::Other if HOST.contains(&code) || code.starts_with("store-") => Self::Trouble,
                Cause::Other => Self::Refused,
            },
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Codes of the host's own trouble.
const HOST: [&str; 14] = [
    "lock-failed",
    "data-directory",
    "database",
    "key-command-failed",
    "key-command-timeout",
    "key-file-broken",
    "key-file-exposed",
    "key-file-missing",
    "policy-broken",
    "policy-file",
    "sandbox-unavailable",
    "read-failed",
    "write-failed",
    "wrong-secrets-key",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;

    fn of(code: &str) -> Exit {
        Exit::of(&Problem::new(code, "", "").into())
    }

    #[test]
    fn every_family_of_codes_has_its_exit_code() {
        assert_eq!(of("required"), Exit::Refused);
        assert_eq!(of("filter-syntax"), Exit::Refused);
        assert_eq!(of("wrong-password"), Exit::Directory);
        assert_eq!(of("tls-expired"), Exit::Directory);
        assert_eq!(of("connect-refused"), Exit::Directory);
        assert_eq!(of("server-unavailable"), Exit::Directory);
        assert_eq!(of("password-expired"), Exit::Directory);
        assert_eq!(of("logon-hours"), Exit::Directory);
        assert_eq!(of("tls-client-certificate"), Exit::Directory);
        assert_eq!(of("key-mismatch"), Exit::Refused);
        assert_eq!(of("key-file-exposed"), Exit::Trouble);
        assert_eq!(of("store-busy"), Exit::Trouble);
        assert_eq!(of("size-limit"), Exit::Incomplete);
        assert_eq!(of("migration-unproven"), Exit::Incomplete);
        assert_eq!(of("id-changed"), Exit::Refused);
        assert_eq!(of("plan-too-large"), Exit::Incomplete);
        assert_eq!(of("run-deadline"), Exit::Incomplete);
        assert_eq!(of("guard-held"), Exit::Held);
        assert_eq!(of("plugin-trap"), Exit::Plugin);
        assert_eq!(of("import-refused"), Exit::Plugin);
        assert_eq!(of("tenant-busy"), Exit::Busy);
        assert_eq!(of("database"), Exit::Trouble);
    }

    #[test]
    fn the_table_names_every_code() {
        for exit in [
            Exit::Done,
            Exit::Trouble,
            Exit::Usage,
            Exit::Refused,
            Exit::Directory,
            Exit::Incomplete,
            Exit::Held,
            Exit::Plugin,
            Exit::Unsynced,
            Exit::Busy,
            Exit::RowsRefused,
            Exit::Interrupted,
        ] {
            let number = exit as u8;
            assert!(
                TABLE
                    .lines()
                    .any(|l| l.trim_start().starts_with(&format!("{number}  "))),
                "{number}"
            );
        }
    }
}
