//! `weir model`: which model scores, and how another one comes to do so.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use weir::capture::{self, privilege};
use weir::detect::{self, AlertBudget, Class, Runtime, Scorer};
use weir::engine::{LoadedModel, ModelError, ModelOrigin, Models};
use weir::settings::{self, Environment, Settings, database_path, state_folder};
use weir::store;

const EXAMPLES: &str = "\
Examples:
  Use a model from the next start on; its JSON file is beside it:
    weir model use clstm.onnx

  Return to the one before:
    weir model rollback

Chosen models are kept beside the database. Root works as the user behind sudo, or as nobody, as
weir itself does.

Exit status: 0 done; 64 wrong usage or settings; 65 a model that does not fit; 69 service
unavailable, or nothing to return to; 74 input or output failed; 77 no permission.";

/// Show the model, use another one, or return to the one before
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
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
    /// Let a model answer once in tract, which a graph can make end the process
    #[command(hide = true)]
    Check { file: PathBuf },
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
    /// Root could not be given up.
    #[error(transparent)]
    Privilege(#[from] capture::Error),
    /// The folder for models could not be made.
    #[error(transparent)]
    Folder(#[from] store::Error),
    /// What is to run it could not be started.
    #[error(transparent)]
    Runtime(#[from] detect::Error),
    /// Tract does not refuse the graph but ends with it.
    #[error(
        "use the model `{}`: tract ends the program on its graph; an LSTM needs an initial state \
         that is made of its input",
        .0.display()
    )]
    Fatal(PathBuf),
    /// The process that tries the graph could not be started.
    #[error("check the model in a process of its own")]
    Process(#[source] io::Error),
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
    let database = database_path(settings, environment)?;
    let models = Models::new(state_folder(&database));
    if let Action::Check { file } = &args.action {
        Scorer::new(&models.load(Some(file))?.model, &Runtime::start(None)?)?;
        return Ok(());
    }
    if let Action::Use { file } = &args.action {
        survived(file)?;
    }
    // What is written is for whoever captures, and whoever captures must be able to write there.
    if let Action::Use { .. } | Action::Rollback = &args.action {
        store::give_folder(&database, privilege::successor(environment.invoker()))?;
        privilege::drop_root(environment.invoker())?;
    }
    let runtime = Runtime::start(settings.ort_library(environment))?;
    let loaded = match &args.action {
        Action::Show | Action::Check { .. } => models.load(settings.model.as_deref())?,
        Action::Use { file } => {
            models.choose(file, |model| Scorer::new(model, &runtime).map(drop))?
        }
        Action::Rollback => models.roll_back()?,
    };
    let LoadedModel { model, origin } = loaded;
    let loaded = LoadedModel { model: model.within(settings.alert_budget), origin };
    print(&loaded, &runtime, settings.alert_budget)?;
    // What was chosen does not count while the settings name a model.
    match (&args.action, &settings.model) {
        (Action::Use { .. } | Action::Rollback, Some(path)) => Ok(warn(path)?),
        _ => Ok(()),
    }
}

/// Refuses a graph on which tract ends the process: whatever runs models now, tract may later.
pub(crate) fn survived(file: &Path) -> Result<(), Error> {
    let program = std::env::current_exe().map_err(Error::Process)?;
    let mut check = Command::new(program);
    check.args(["model", "check"]).arg(file);
    // What it refuses in words is said again here.
    check.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match check.status().map_err(Error::Process)?.code() {
        Some(_) => Ok(()),
        None => Err(Error::Fatal(file.into())),
    }
}

fn print(loaded: &LoadedModel, runtime: &Runtime, budget: AlertBudget) -> io::Result<()> {
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
    line("budget", &format!("{budget} false incidents"))?;
    for (number, class) in Class::ALL.into_iter().enumerate() {
        let label = if number == 0 { "classes" } else { "" };
        match manifest.thresholds.of(class) {
            Some(threshold) => {
                let weight = manifest.weights.of(class);
                let said =
                    format!("{class:<18}alarms from {threshold}; incident from {weight} nats");
                line(label, &said)?;
            }
            None => line(label, class.name())?,
        }
    }
    out.flush()
}

fn warn(path: &Path) -> io::Result<()> {
    let path = path.display();
    writeln!(io::stderr(), "weir: the setting `model` names `{path}`, which is used instead")
}
