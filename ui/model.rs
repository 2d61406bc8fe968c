//! `weir model`: which model scores, and how another one comes to do so.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use weir::detect::{self, Class, Runtime, Scorer};
use weir::engine::{LoadedModel, ModelError, ModelOrigin, Models};
use weir::settings::{self, Environment, Settings, state_folder};

/// Show the model, use another one, or return to the one before
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print which model scores, and what it says of itself
    Show,
    /// Check a model, keep a copy of it, and use it from the next start on
    Use {
        /// The graph, an ONNX file with its JSON file beside it
        file: PathBuf,
    },
    /// Return to the model used before; once more returns to this one
    Rollback,
}

/// Why `weir model` did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The model could not be loaded, kept or left.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// There is no folder for models.
    #[error(transparent)]
    Settings(#[from] settings::Error),
    /// What is to run it could not be started.
    #[error(transparent)]
    Runtime(#[from] detect::Error),
    /// It could not be printed.
    #[error("write to standard output")]
    Output(#[from] io::Error),
}

/// Runs the verb.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let models = Models::new(&state_folder(settings, environment)?);
    let runtime = Runtime::start(settings.ort_lib.as_deref().or(environment.ort_lib()))?;
    let loaded = match &args.action {
        Action::Show => models.load(settings.model.as_deref())?,
        Action::Use { file } => {
            models.choose(file, |model| Scorer::new(model, &runtime).map(drop))?
        }
        Action::Rollback => models.roll_back()?,
    };
    print(&loaded, &runtime)?;
    // What was chosen does not count while the settings name a model.
    match (&args.action, &settings.model) {
        (Action::Use { .. } | Action::Rollback, Some(path)) => Ok(warn(path)?),
        _ => Ok(()),
    }
}

fn print(loaded: &LoadedModel, runtime: &Runtime) -> io::Result<()> {
    let manifest = &loaded.model.manifest;
    let mut out = io::stdout().lock();
    let mut line = |label: &str, value: &str| writeln!(out, "{label:<12}{value}");
    line("name", &manifest.name)?;
    match &loaded.origin {
        ModelOrigin::BuiltIn => line("from", "built in")?,
        ModelOrigin::Chosen(path) | ModelOrigin::Given(path) => {
            line("from", &path.display().to_string())?;
        }
    }
    line("sha256", &manifest.sha256)?;
    line("backend", &runtime.backend().to_string())?;
    line("trained on", &manifest.trained_on)?;
    line("seed", &manifest.seed.to_string())?;
    for (number, class) in Class::ALL.into_iter().enumerate() {
        let label = if number == 0 { "classes" } else { "" };
        match manifest.thresholds.of(class) {
            Some(threshold) => line(label, &format!("{class:<18}alarms from {threshold}"))?,
            None => line(label, class.name())?,
        }
    }
    out.flush()
}

fn warn(path: &Path) -> io::Result<()> {
    let path = path.display();
    writeln!(io::stderr(), "weir: the setting `model` names `{path}`, which is used instead")
}
