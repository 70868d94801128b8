//! From arguments to an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue};
use tracing_subscriber::EnvFilter;

use crate::telemetry::logs::{self, Telling};
use crate::tenant::Hook;

use super::answer::Answer;
use super::app::App;
use super::args::{Arguments, Color, Command, Global};
use super::commands::install;
use super::exit::Exit;
use super::out::Out;

/// Reads the arguments, does what they say, and says how it ended.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(mut told) => {
            withhold(&mut told);
            // Help and version come this way too, and are no mistake.
            let exit = if told.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            let _ = told.print();
            return exit.into();
        }
    };
    // The one TLS provider, chosen before anything asks for one; a second install is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let _telling = log(&arguments);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("failed: no threads to work with: {error}");
            return Exit::Trouble.into();
        }
    };
    runtime.block_on(act(arguments)).into()
}

/// A password that somebody typed as an argument is not repeated.
fn withhold(told: &mut clap::Error) {
    let value = match told.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => value.split_once('='),
        _ => None,
    };
    if let Some((key @ ("password" | "client-key"), _)) = value {
        let withheld = ContextValue::String(format!("{key}=(withheld)"));
        told.insert(ContextKind::InvalidValue, withheld);
    }
}

async fn act(arguments: Arguments) -> Exit {
    let Arguments { global, command } = arguments;
    let out = Out::new(&global);
    let name = command.name();
    if let Command::Completions(completions) = &command {
        return completions.print();
    }
    let mut app = App::new(&global, out);
    if matches!(command, Command::Demo(_)) {
        app.keep_to_file();
        if global.data.is_none() {
            app.stay_in("demo-output".into());
        }
    }
    let doing = command.doing();
    let mut answer = dispatch(command, &app).await;
    if let Some(doing) = doing {
        answer = doing.noted(&app, answer).await;
    }
    app.close().await;
    match answer {
        Ok(answer) => out.answer(name, answer),
        Err(refused) => out.refused(name, &refused),
    }
}

async fn dispatch(command: Command, app: &App) -> Hook<Answer> {
    match command {
        Command::Demo(demo) => demo.run(app).await,
        Command::Plugin(plugin) => plugin.run(app).await,
        Command::Install(install) => install.run(app).await,
        Command::Tenants => install::tenants(app).await,
        Command::Configure(configure) => configure.run(app).await,
        Command::Verify(verify) => verify.run(app).await,
        Command::Map(map) => map.run(app).await,
        Command::Preview(preview) => preview.run(app).await,
        Command::Plan(plan) => plan.run(app).await,
        Command::Sync(sync) => sync.run(app).await,
        Command::Approve(approve) => approve.run(app).await,
        Command::Discard(discard) => discard.run(app).await,
        Command::Undo(undo) => undo.run(app).await,
        Command::Runs(runs) => runs.run(app).await,
        Command::Rows(rows) => rows.run(app).await,
        Command::Failures(failures) => failures.run(app).await,
        Command::Retention(retention) => retention.run(app).await,
        Command::Export(export) => export.run(app).await,
        Command::Explain(explain) => explain.run(app).await,
        Command::Schedule(schedule) => schedule.run(app).await,
        Command::People(people) => people.run(app).await,
        Command::Serve(serve) => serve.run(app).await,
        Command::Token(token) => token.run(app).await,
        Command::User(user) => user.run(app).await,
        Command::Doctor(doctor) => doctor.run(app).await,
        Command::Uninstall(uninstall) => uninstall.run(app).await,
        Command::Receipt(receipt) => receipt.run(app).await,
        Command::Migrate(migrate) => migrate.run(app).await,
        Command::Key(key) => key.run(app).await,
        Command::Completions(completions) => {
            Ok(Answer::done(app.out.page(), serde_json::Value::Null).ends(completions.print()))
        }
    }
}

/// Log lines go to the standard error; `RUST_LOG` wins over `-v`. A service that nobody watches tells what happens without being asked.
fn log(arguments: &Arguments) -> Telling {
    let Global { quiet, verbose, .. } = arguments.global;
    let unattended = matches!(arguments.command, Command::Serve(_)) && !quiet;
    let level = match verbose.max(unattended.into()) {
        // What the store says of its trouble is told in full as the command's problem.
        0 => "error,rollcall::store::error=off",
        1 => "rollcall=info,plugin=info,warn",
        _ => "rollcall=debug,plugin=debug,info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let colour = match arguments.global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => console::colors_enabled_stderr(),
    };
    logs::begin(filter, arguments.global.log_format, colour)
}
