//! `weir`: the command line of the engine.
//!
//! Reads the command line and the settings, starts logging, runs one verb and turns its outcome
//! into an exit status. What a verb does is the verb's business.

mod cli;
mod config;
mod exit;
mod features;
mod flows;
mod input;
mod model;
mod progress;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use weir::settings::{Environment, Resolved, SettingsFile};
use weir::telemetry::{self, Colour};

use crate::cli::{Cli, Verb};
use crate::exit::Status;

fn main() -> ExitCode {
    let status = match Cli::try_parse() {
        Ok(cli) => run(cli).map_or_else(|error| report(&error), |()| Status::Done),
        Err(answer) => exit::answered(&answer),
    };
    status.into()
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let environment = Environment::current();
    let flags = cli.settings()?;
    let file = SettingsFile::locate(cli.global.config.as_deref(), &environment);
    match cli.verb {
        // Asked for above all where the file is broken, so before it is read.
        Verb::Config(config::Args { path: true }) => Ok(config::print_path(&file?)?),
        Verb::Config(config::Args { path: false }) => {
            Ok(config::print(&Resolved::read(file.ok().as_ref(), &environment, flags)?)?)
        }
        Verb::Features(features::Args {}) => Ok(features::print()?),
        Verb::Flows(args) => {
            let settings = Resolved::read(file.ok().as_ref(), &environment, flags)?.settings;
            telemetry::start(&settings, colour(&environment))?;
            Ok(flows::run(&args, &settings, &environment)?)
        }
        Verb::Model(args) => {
            let settings = Resolved::read(file.ok().as_ref(), &environment, flags)?.settings;
            Ok(model::run(&args, &settings, &environment)?)
        }
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
    if status != Status::Done {
        // Standard error may be closed; the status still tells.
        writeln!(io::stderr(), "weir: {error:#}").ok();
    }
    status
}
