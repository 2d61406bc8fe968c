//! What runs models in this process: tract, or ONNX Runtime from a library.
//!
//! There is one for the life of the process, because a library cannot be unloaded while anything
//! of it is in use. This is the one place of the core that touches the system: it loads that library.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::LoadDynamicError;
use ort::environment::{Environment, EnvironmentBuilder};

use super::backend::Backend;
use super::error::Error;

/// What libraries of ONNX Runtime are called; their version follows.
const LIBRARY: &str = "libonnxruntime.so.";

/// What runs models in this process, once there is something.
static STARTED: Mutex<Option<Runtime>> = Mutex::new(None);

/// What runs models in this process. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    pub(super) environment: Environment,
    backend: Backend,
    library: Option<PathBuf>,
}

impl Runtime {
    /// Starts ONNX Runtime from `library`, or tract without one.
    ///
    /// Asked again, it answers with the same; something else can no longer be had.
    pub fn start(library: Option<&Path>) -> Result<Self, Error> {
        let library = library.map(found).transpose()?;
        let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = match &*started {
            Some(running) if running.library != library => {
                let asked = library.map_or("tract".into(), |path| format!("`{}`", path.display()));
                return Err(Error::Settled { running: running.backend.clone(), asked });
            }
            Some(running) => running.clone(),
            None => Self::begin(library)?,
        };
        Ok(started.insert(runtime).clone())
    }

    /// What it is.
    #[must_use]
    pub const fn backend(&self) -> &Backend {
        &self.backend
    }

    fn begin(library: Option<PathBuf>) -> Result<Self, Error> {
        let (builder, backend) = if let Some(path) = &library {
            (load(path)?, Backend::OnnxRuntime(version(path)))
        } else {
            // False only if this was done before, by a start that failed later.
            ort::set_api(ort_tract::api());
            (ort::init(), Backend::Tract)
        };
        match builder.with_name("weir").with_telemetry(false).build() {
            Ok(environment) => Ok(Self { environment, backend, library }),
            Err(source) => Err(Error::Setup { backend, source }),
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("backend", &self.backend).finish_non_exhaustive()
    }
}

/// The file itself that `library` names: a bare name would be looked for beside the program.
fn found(library: &Path) -> Result<PathBuf, Error> {
    library
        .canonicalize()
        .map_err(|source| Error::Library { path: library.into(), source: source.into() })
}

fn load(path: &Path) -> Result<EnvironmentBuilder, Error> {
    ort::init_from(path).map_err(|error| match error {
        LoadDynamicError::BadVersion { version_str, path } => {
            Error::LibraryVersion { path, version: version_str, needed: ort::MINOR_VERSION }
        }
        LoadDynamicError::Dlopen { error, path } => Error::Library { path, source: error.into() },
        error => Error::Library { path: path.into(), source: error.to_string().into() },
    })
}

/// The version in the name of the library, which is all that it tells once it has been accepted.
fn version(library: &Path) -> String {
    let name = library.file_name().and_then(|name| name.to_str());
    let version = name.and_then(|name| name.strip_prefix(LIBRARY));
    version.map_or_else(|| format!("1.{} or newer", ort::MINOR_VERSION), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_backend_runs_models_for_the_life_of_the_process() {
        let runtime = Runtime::start(None).unwrap();
        assert_eq!(*runtime.backend(), Backend::Tract);
        assert!(Runtime::start(None).is_ok());
        let other = Runtime::start(Some(Path::new("/proc/self/exe")));
        assert!(matches!(other, Err(Error::Settled { running: Backend::Tract, .. })), "{other:?}");
    }

    #[test]
    fn a_library_that_is_not_there_is_said_to_be_missing() {
        let missing = Runtime::start(Some(Path::new("/nowhere/libonnxruntime.so.1.24.0")));
        let Err(error) = missing else { panic!("{missing:?}") };
        assert_eq!(error.to_string(), "load ONNX Runtime from `/nowhere/libonnxruntime.so.1.24.0`");
    }

    #[test]
    fn the_version_is_the_end_of_the_name() {
        assert_eq!(version(Path::new("/lib/libonnxruntime.so.1.32.0")), "1.32.0");
        assert_eq!(version(Path::new("/lib/libonnxruntime.so")), "1.24 or newer");
    }
}
