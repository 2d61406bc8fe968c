//! Can flows be scored: the model, and what runs it.

use weir::detect::{self, Runtime, Scorer};
use weir::engine::{LoadedModel, ModelOrigin, Models};
use weir::settings::{Environment, Settings, database_path, state_folder};

use super::finding::{Finding, told};
use crate::model::survived;

const MODEL: &str = "model";
const BACKEND: &str = "backend";

/// Digits of a hash that are enough to tell models apart.
const DIGITS: usize = 12;

/// The model that would score, and the backend with it.
pub(super) fn model_and_backend(settings: &Settings, environment: &Environment) -> [Finding; 2] {
    let library = settings.ort_library(environment);
    let runtime = Runtime::start(library);
    match model(settings, environment) {
        Ok(loaded) => [described(&loaded), backend(runtime, Some(&loaded))],
        Err(finding) => [finding, backend(runtime, None)],
    }
}

fn model(settings: &Settings, environment: &Environment) -> Result<LoadedModel, Finding> {
    let database = database_path(settings, environment).map_err(|error| {
        Finding::fail(MODEL, told(&error), "set HOME, or name a database: `--database PATH`")
    })?;
    let mend = if settings.model.is_some() {
        "name a model that fits, or none: `--model PATH`"
    } else {
        "`weir model rollback`"
    };
    let loaded = Models::new(state_folder(&database))
        .load(settings.model.as_deref())
        .map_err(|error| Finding::fail(MODEL, told(&error), mend))?;
    if let ModelOrigin::Given(path) = &loaded.origin {
        // What was chosen has been tried before; this may end the process that tries it.
        survived(path).map_err(|error| Finding::fail(MODEL, told(&error), mend))?;
    }
    Ok(loaded)
}

fn described(LoadedModel { model, origin }: &LoadedModel) -> Finding {
    let from = match origin {
        ModelOrigin::BuiltIn => "built in".to_owned(),
        ModelOrigin::Chosen(path) | ModelOrigin::Given(path) => path.display().to_string(),
    };
    let hash: String = model.manifest.sha256.chars().take(DIGITS).collect();
    Finding::ok(MODEL, format!("{}, {from}, sha256 {hash}…", model.manifest.name))
}

/// What runs models, and whether it takes this one.
fn backend(runtime: Result<Runtime, detect::Error>, loaded: Option<&LoadedModel>) -> Finding {
    let mend =
        "give the library of ONNX Runtime 1.24 or newer, `--ort-lib PATH`, or none for tract";
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return Finding::fail(BACKEND, told(&error), mend),
    };
    match loaded.map(|loaded| Scorer::new(&loaded.model, &runtime)) {
        Some(Err(error)) => Finding::fail(BACKEND, told(&error), mend),
        Some(Ok(_)) => Finding::ok(BACKEND, format!("{}, takes the model", runtime.backend())),
        None => Finding::ok(BACKEND, runtime.backend().to_string()),
    }
}
