//! From arguments to an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::tenant::Hook;

use super::answer::Answer;
use super::app::App;
use super::args::{Arguments, Color, Command};
use super::commands::install;
use super::exit::Exit;
use super::out::Out;

/// Reads the arguments, does what they say, and says how it ended.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => {
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
    log(&arguments);
    // The one TLS provider, chosen before anything asks for one; a second install is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
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
    let answer = dispatch(command, &app).await;
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
        Command::Uninstall(uninstall) => uninstall.run(app).await,
        Command::Migrate(migrate) => migrate.run(app).await,
        Command::Completions(completions) => {
            Ok(Answer::done(app.out.page(), serde_json::Value::Null).ends(completions.print()))
        }
    }
}

/// Log lines go to the standard error; `RUST_LOG` wins over `-v`.
fn log(arguments: &Arguments) {
    let level = match arguments.global.verbose {
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
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour);
    // Problems reach people in their own form; a failure to log is none of them.
    let _ = lines.try_init();
}
