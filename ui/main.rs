//! `weir`: the command line of the engine.
//!
//! Reads the command line and the settings, starts logging, runs one verb and turns its outcome
//! into an exit status. What a verb does is the verb's business.

mod alerts;
mod audit;
mod baseline;
mod cli;
mod config;
mod consent;
mod console;
mod detect;
mod doctor;
mod exit;
mod explain;
mod features;
mod flows;
mod format;
mod glyphs;
mod input;
mod keymap;
mod limit;
mod look;
mod manual;
mod map;
mod model;
mod notify;
mod outbox;
mod panes;
mod paper;
mod policy;
mod progress;
mod scan;
mod smells;
mod survey;
mod terminal;
mod text;
mod theme;
mod tree;
mod user;
mod visit;
mod watch;
mod when;
mod widgets;
mod words;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use weir::settings::{Environment, Resolved, SettingsFile};
use weir::telemetry::{self, Colour};

use crate::cli::{Cli, Verb};
use crate::exit::Status;

fn main() -> ExitCode {
    let status = match Cli::read() {
        Ok(cli) => run(cli).map_or_else(|error| report(&error), |()| Status::Done),
        Err(answer) => exit::answered(&answer),
    };
    status.into()
}

fn run(cli: Cli) -> anyhow::Result<()> {
    weir::notify::prepare();
    let environment = Environment::current();
    let flags = cli.settings()?;
    let file = SettingsFile::locate(cli.global.config.as_deref(), &environment);
    match &cli.verb {
        // Asked for above all where the file is broken, so before it is read.
        Some(Verb::Config(config::Args { path: true })) => return Ok(config::print_path(&file?)?),
        Some(Verb::Features(features::Args {})) => return Ok(features::print()?),
        Some(Verb::Completions(args)) => return Ok(manual::completions(args)?),
        Some(Verb::Man(args)) => return Ok(manual::man(args)?),
        _ => {}
    }
    let resolved = Resolved::read(file.ok().as_ref(), &environment, flags)?;
    let settings = &resolved.settings;
    let has_screen = cli.verb.is_none() && !cli.watch.api;
    if !has_screen || settings.log_file.is_some() {
        telemetry::start(settings, colour(&environment))?;
    }
    match cli.verb {
        Some(Verb::Config(_)) => Ok(config::print(&resolved)?),
        Some(Verb::Features(_)) => Ok(features::print()?),
        Some(Verb::Completions(args)) => Ok(manual::completions(&args)?),
        Some(Verb::Man(args)) => Ok(manual::man(&args)?),
        Some(Verb::Doctor(args)) => Ok(doctor::run(&args, &resolved, &environment)?),
        Some(Verb::Flows(args)) => Ok(flows::run(&args, settings, &environment)?),
        Some(Verb::Detect(args)) => Ok(detect::run(&args, settings, &environment)?),
        Some(Verb::Model(args)) => Ok(model::run(&args, settings, &environment)?),
        Some(Verb::User(args)) => Ok(user::run(&args, settings, &environment)?),
        Some(Verb::Alerts(args)) => Ok(alerts::run(&args, settings, &environment)?),
        Some(Verb::Baseline(args)) => Ok(baseline::run(&args, settings, &environment)?),
        Some(Verb::Outbox(args)) => Ok(outbox::run(&args, settings, &environment)?),
        Some(Verb::Notify(args)) => Ok(notify::run(&args, settings, &environment)?),
        Some(Verb::Limit(args)) => Ok(limit::run(&args, settings, &environment)?),
        Some(Verb::Policy(args)) => Ok(policy::run(&args, settings, &environment)?),
        Some(Verb::Smells(args)) => Ok(smells::run(&args, settings, &environment)?),
        Some(Verb::Scan(args)) => Ok(scan::run(&args, settings, &environment)?),
        Some(Verb::Explain(args)) => Ok(explain::run(&args, settings, &environment)?),
        Some(Verb::Map(args)) => Ok(map::run(&args, settings, &environment)?),
        Some(Verb::Audit(args)) => Ok(audit::run(&args, settings, &environment)?),
        None => Ok(watch::run(&cli.watch, settings, &environment)?),
    }
}

fn colour(environment: &Environment) -> Colour {
    if io::stderr().is_terminal() && !environment.no_color() {
        Colour::Allowed
    } else {
        Colour::Refused
    }
}

/// Says once, on standard error, why the verb ended, and with which status the process does.
fn report(error: &anyhow::Error) -> Status {
    let status = Status::of(error.as_ref());
    if !matches!(status, Status::Done | Status::Findings) {
        // Standard error may be closed; the status still tells.
        let said = text::harmless_lines(&format!("{error:#}"));
        writeln!(io::stderr(), "weir: {said}").ok();
    }
    status
}
