//! What can be typed: the commands and the options that all of them share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::commands::{
    approve, completions, configure, demo, doctor, explain, export, failures, install, key, map,
    migrate, people, plugin, retention, rows, runs, schedule, serve, sync, token, undo, uninstall,
    user, verify,
};
use super::database::DatabaseArgument;
use super::exit;
use crate::store::vault::KeySource;
use crate::telemetry::logs::Format;

/// Brings the people of an LDAP directory into a portal, tenant by tenant.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, after_help = exit::TABLE, max_term_width = 100, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Where the database, the key and the compiled plugins are kept
    ///
    /// Default: rollcall in the platform's data folder ($XDG_DATA_HOME or ~/.local/share), and ./demo-output for `demo`.
    #[arg(
        long,
        value_name = "DIR",
        env = "ROLLCALL_DATA",
        hide_env_values = true,
        global = true,
        help_heading = "Global options"
    )]
    pub(crate) data: Option<PathBuf>,
    /// The database: postgres://USER@HOST/DATABASE, or sqlite: for the file in the data directory
    ///
    /// Default: sqlite:. The password belongs into PGPASSWORD or ~/.pgpass: others on this machine can read what is typed. Key
    /// and compiled plugins stay in the data directory. `demo` keeps to its file.
    #[arg(
        long,
        value_name = "URL",
        env = "ROLLCALL_DATABASE",
        hide_env_values = true,
        global = true,
        help_heading = "Global options"
    )]
    pub(crate) database: Option<DatabaseArgument>,
    /// Where the key of the stored passwords is: file:PATH, credential:NAME or command:PROGRAM ARGUMENTS
    ///
    /// Default: secrets.key in the data directory, made where there is none. A file is its owner's alone; a credential is in
    /// systemd's $CREDENTIALS_DIRECTORY; a program is run without a shell, and what it prints is the key. A key is 32 bytes, as
    /// they are, in hexadecimal or in base64. `demo` keeps to its file.
    #[arg(
        long,
        value_name = "SOURCE",
        env = "ROLLCALL_SECRETS_KEY",
        hide_env_values = true,
        global = true,
        help_heading = "Global options"
    )]
    pub(crate) secrets_key: Option<KeySource>,
    /// Print one JSON document instead of text
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto, global = true, help_heading = "Global options")]
    pub(crate) color: Color,
    /// Print nothing but errors
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Global options"
    )]
    pub(crate) quiet: bool,
    /// Log to the standard error: -v what happens, as `serve` does anyway, -vv every detail
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Global options")]
    pub(crate) verbose: u8,
    /// How log lines look; nothing of the people that are synced is in them
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = Format::Text,
        env = "ROLLCALL_LOG_FORMAT",
        hide_env_values = true,
        global = true,
        help_heading = "Global options"
    )]
    pub(crate) log_format: Format,
    /// Log what plugins log too: what is in those lines is their choice, people's data perhaps
    #[arg(
        long,
        env = "ROLLCALL_PLUGIN_LOG",
        value_parser = clap::builder::FalseyValueParser::new(),
        hide_env_values = true,
        global = true,
        help_heading = "Global options"
    )]
    pub(crate) plugin_log: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// The commands, in the order an administrator meets them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Walk through everything on an embedded directory
    Demo(demo::Demo),
    /// Look at a plugin, or give a tenant another version of it
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Install the plugin for a tenant
    Install(install::Install),
    /// List the tenants that have a plugin installed
    Tenants,
    /// Check and store a tenant's settings
    Configure(configure::Configure),
    /// Try everything a sync would do, short of making a plan
    Verify(verify::Verify),
    /// Which portal field is made of what
    #[command(subcommand)]
    Map(map::Map),
    /// Show what the mapping makes of one person
    Preview(map::Preview),
    /// Make a plan and show it, without applying anything
    Plan(sync::Plan),
    /// Make a plan and apply it, unless a guard holds it
    Sync(sync::Sync),
    /// Release a plan that a guard holds, and apply it
    Approve(approve::Approve),
    /// Throw a plan away, or what an interrupted apply has left of it
    Discard(approve::Discard),
    /// Put back what a run changed, where nothing has changed since
    Undo(undo::Undo),
    /// List a tenant's runs
    Runs(runs::Runs),
    /// Show the rows of a plan, field by field
    #[command(visible_alias = "show")]
    Rows(rows::Rows),
    /// List whoever still is unsynced: why, since when, how often it was tried
    Failures(failures::Failures),
    /// Write the people a run could not bring over as CSV
    Export(export::Export),
    /// Say why one person is, or is not, synced
    Explain(explain::Explain),
    /// For how long the rows of runs are kept
    Retention(retention::Retention),
    /// When to sync
    #[command(subcommand)]
    Schedule(schedule::Schedule),
    /// Look at the portal's people, or edit one as the portal would
    #[command(subcommand)]
    People(people::People),
    /// Serve many tenants, unattended, with an HTTP interface
    Serve(serve::Serve),
    /// Who may use the HTTP interface
    #[command(subcommand)]
    Token(token::Token),
    /// Who may log in
    #[command(subcommand)]
    User(user::User),
    /// Check an installation, and say what to mend; exit code 1 where something is
    Doctor(doctor::Doctor),
    /// Remove the plugin, its settings, its runs and the credential of a tenant
    Uninstall(uninstall::Uninstall),
    /// Show what the last uninstall of a tenant removed and left
    Receipt(uninstall::Last),
    /// Bring the database up to date, or copy everything from SQLite to PostgreSQL
    Migrate(migrate::Migrate),
    /// The key of the stored passwords
    #[command(subcommand)]
    Key(key::Key),
    /// Print a completion script for a shell
    Completions(completions::Completions),
}

impl Command {
    /// The command's name in machine output.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Demo(_) => "demo",
            Self::Plugin(plugin) => plugin.name(),
            Self::Install(_) => "install",
            Self::Tenants => "tenants",
            Self::Configure(_) => "configure",
            Self::Verify(_) => "verify",
            Self::Map(map) => map.name(),
            Self::Preview(_) => "preview",
            Self::Plan(_) => "plan",
            Self::Sync(_) => "sync",
            Self::Approve(_) => "approve",
            Self::Discard(_) => "discard",
            Self::Undo(_) => "undo",
            Self::Runs(_) => "runs",
            Self::Rows(_) => "rows",
            Self::Failures(_) => "failures",
            Self::Retention(_) => "retention",
            Self::Export(_) => "export",
            Self::Explain(_) => "explain",
            Self::Schedule(schedule) => schedule.name(),
            Self::People(people) => people.name(),
            Self::Serve(_) => "serve",
            Self::Token(token) => token.name(),
            Self::User(user) => user.name(),
            Self::Doctor(_) => "doctor",
            Self::Uninstall(_) => "uninstall",
            Self::Receipt(_) => "receipt",
            Self::Migrate(_) => "migrate",
            Self::Key(key) => key.name(),
            Self::Completions(_) => "completions",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_list_of_nobody_cannot_be_asked_for() {
        for list in [&["runs"][..], &["rows"], &["failures"], &["people", "list"]] {
            let typed = |limit| {
                let words = ["rollcall"].iter().chain(list);
                Arguments::try_parse_from(words.chain(&["acme", "--limit", limit]))
            };
            assert!(typed("0").is_err(), "{list:?}");
            assert!(typed("1").is_ok(), "{list:?}");
        }
    }

    #[test]
    fn passwords_are_never_arguments() {
        fn check(command: &clap::Command) {
            for arg in command.get_arguments() {
                assert!(arg.get_id() != "password", "{}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }

    #[test]
    fn the_help_reads_as_the_manual_says() {
        insta::assert_snapshot!(
            Arguments::command()
                .term_width(100)
                .render_long_help()
                .to_string()
        );
    }

    #[test]
    fn every_command_explains_itself() {
        fn walk(command: &mut clap::Command, path: &str, out: &mut String) {
            for sub in command.get_subcommands_mut() {
                let path = format!("{path} {}", sub.get_name());
                assert!(sub.get_about().is_some(), "{path}");
                if sub.has_subcommands() {
                    walk(sub, &path, out);
                } else {
                    *sub = std::mem::take(sub)
                        .bin_name(path.trim().to_owned())
                        .term_width(100);
                    out.push_str(&format!("=== {}\n{}\n", path.trim(), sub.render_help()));
                }
            }
        }
        let mut all = String::new();
        walk(&mut Arguments::command(), "rollcall", &mut all);
        insta::assert_snapshot!(all);
    }
}
