//! Are the agents of Tetragon heard that the settings name. Nothing is changed, and no event is taken.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::timeout;
use weir::capture::privilege;
use weir::cluster::{Cluster, Found, Options, Place};
use weir::notify;
use weir::settings::{Environment, Settings};
use weir::tetragon::{Agent, Endpoint, Error, Health, LABEL, SOCKET, Wish, groups};

use super::finding::{Finding, told};

const CHECK: &str = "tetragon";

/// How long all agents together may take.
const WITHIN: Duration = Duration::from_secs(30);

/// How to mend that nobody answers.
const MEND: &str = "see whether Tetragon runs there (`kubectl get pods -A -l \
                    app.kubernetes.io/name=tetragon`); `tetragon = [\"none\"]` does without";

/// Each agent of the settings.
pub(super) fn agents(settings: &Settings, environment: &Environment) -> Vec<Finding> {
    if settings.tetragon.iter().all(|wish| *wish == Wish::Nobody) {
        return vec![Finding::ok(CHECK, "none is wanted: `tetragon` is `none`")];
    }
    notify::prepare();
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return vec![Finding::fail(CHECK, told(&error), "free memory or file descriptors")];
        }
    };
    let options = Options {
        kubeconfig: settings.kubeconfig.clone(),
        context: settings.context.clone(),
        is_read_only: true,
    };
    let place = Place::read(&options, environment);
    // Whoever listens is not root any more.
    let groups = groups(&settings.tetragon);
    if let Err(error) = privilege::drop_root_within(environment.invoker(), &groups) {
        return vec![Finding::fail(CHECK, told(&error), "run it as another user")];
    }
    runtime.block_on(async {
        let mut findings = Vec::new();
        for wish in &settings.tetragon {
            let looked = timeout(WITHIN, look(wish, &place)).await;
            findings.push(looked.unwrap_or_else(|_| {
                let found = format!("{wish} did not answer within {} s", WITHIN.as_secs());
                Finding::fail(CHECK, found, MEND)
            }));
        }
        findings
    })
}

async fn look(wish: &Wish, place: &Result<Place, weir::cluster::Error>) -> Finding {
    match wish {
        Wish::Nobody => Finding::ok(CHECK, "none"),
        Wish::Auto if is_absent(Path::new(SOCKET)) => {
            let found = format!("none: there is no socket {SOCKET}; processes are not seen");
            Finding::ok(CHECK, found)
        }
        Wish::Auto => {
            let endpoint = Endpoint::Unix(SOCKET.into());
            let asked = ask(&endpoint).await;
            asked.unwrap_or_else(|error| Finding::warn(CHECK, told(&error), MEND))
        }
        Wish::At(Endpoint::File(path)) => file(path),
        Wish::At(endpoint) => {
            let asked = ask(endpoint).await;
            asked.unwrap_or_else(|error| Finding::fail(CHECK, told(&error), MEND))
        }
        Wish::Cluster(_) => in_cluster(wish, place).await,
    }
}

/// Whether there is nothing there, or not even a folder in which it could be.
fn is_absent(path: &Path) -> bool {
    path.symlink_metadata()
        .is_err_and(|error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
}

/// The agent at `endpoint`, by its own word.
async fn ask(endpoint: &Endpoint) -> Result<Finding, Error> {
    let agent = Agent::at(endpoint)?;
    let version = agent.version().await?;
    let Health { is_running, details } = agent.health().await?;
    let found = format!("{endpoint}, version {version}");
    if is_running {
        return Ok(Finding::ok(CHECK, found));
    }
    let found = format!("{found}: it says that it does not work: {details}");
    Ok(Finding::warn(CHECK, found, "look at the log of its pod"))
}

/// What an agent exports.
fn file(path: &Path) -> Finding {
    let shown = path.display();
    match File::open(path) {
        Ok(_) => Finding::ok(CHECK, format!("file://{shown} can be read")),
        Err(error) => {
            let found = format!("open `{shown}`: {error}");
            let mend = "see whether Tetragon exports there (`tetragon.exportFilename`), and let this \
                        user read it";
            Finding::fail(CHECK, found, mend)
        }
    }
}

/// The agents of the cluster, as far as they are found.
async fn in_cluster(wish: &Wish, place: &Result<Place, weir::cluster::Error>) -> Finding {
    let cluster = match place.clone() {
        Ok(place) => Cluster::connect(place).await,
        Err(error) => Err(error),
    };
    let pods = match cluster {
        Ok(Found::Cluster(cluster)) => cluster.labelled_pods(LABEL).await,
        Ok(Found::Nothing(why)) => return Finding::fail(CHECK, format!("{wish}: {why}"), MEND),
        Err(error) => Err(error),
    };
    match pods {
        Ok(pods) if pods.is_empty() => {
            Finding::fail(CHECK, format!("{wish}: no pod has the label {LABEL}"), MEND)
        }
        Ok(pods) => Finding::ok(CHECK, format!("{wish}: {} agents", pods.len())),
        Err(error) => {
            let mend =
                "see whether `kubectl get pods -A` works with the same kubeconfig and context";
            Finding::fail(CHECK, format!("{wish}: {}", told(&error)), mend)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn looked(wishes: &[&str]) -> Vec<Finding> {
        let tetragon = wishes.iter().map(|wish| wish.parse().unwrap()).collect();
        let settings = Settings { tetragon, ..Settings::default() };
        let nobody = Place::read(&Options::default(), &Environment::default());
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let wishes = settings.tetragon.iter();
        wishes.map(|wish| runtime.block_on(look(wish, &nobody))).collect()
    }

    #[test]
    fn an_agent_that_is_named_and_not_there_is_a_failure_with_its_mend() {
        for (wish, said) in [
            ("unix:///nowhere/t.sock", "/nowhere/t.sock"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("file:///nowhere/tetragon.log", "open `/nowhere/tetragon.log`: "),
            ("cluster", "cluster: "),
        ] {
            let [finding] = &looked(&[wish])[..] else { panic!("one finding") };
            assert_eq!(finding.level, Level::Fail, "{finding:?}");
            assert!(finding.found.contains(said) && finding.mend.is_some(), "{finding:?}");
        }
    }

    #[test]
    fn an_export_that_can_be_read_is_well_and_so_is_nobody() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let [finding] = &looked(&[&format!("file://{}", file.path().display())])[..] else {
            panic!("one finding")
        };
        assert_eq!(finding.level, Level::Ok, "{finding:?}");
        let settings = Settings { tetragon: vec![Wish::Nobody], ..Settings::default() };
        let found = agents(&settings, &Environment::default());
        assert_eq!(found, [Finding::ok(CHECK, "none is wanted: `tetragon` is `none`")]);
    }
}
