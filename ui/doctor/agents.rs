//! Are the agents of Tetragon heard that the settings name. Nothing is changed, and no event is taken.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use nix::fcntl::OFlag;
use tokio::runtime::Builder;
use tokio::time::timeout;
use weir::cluster::{self, Cluster, Found, LogFrom, Place};
use weir::notify;
use weir::settings::Settings;
use weir::tetragon::{self, Agent, AgentStatus, Endpoint, Error, Health, LABEL, SOCKET, Wish};

use super::finding::{Finding, Level, told};
use crate::format::counted;

const CHECK: &str = "tetragon";

/// How long all agents together may take.
const WITHIN: Duration = Duration::from_secs(30);

/// How long one agent of a cluster may take, how many are asked at once, and how many are named.
const PATIENCE: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 64;
const NAMED: usize = 3;

/// The container of an agent's pod that prints its export.
const LOG: &str = "export-stdout";

/// How to mend that nobody answers.
const MEND: &str = "see whether Tetragon runs there (`kubectl get pods -A -l \
                    app.kubernetes.io/name=tetragon`); `tetragon = [\"none\"]` does without";

/// Each agent of the settings.
pub(super) fn agents(settings: &Settings, place: &Result<Place, cluster::Error>) -> Vec<Finding> {
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
    runtime.block_on(async {
        let mut findings = Vec::new();
        for wish in &settings.tetragon {
            let looked = timeout(WITHIN, look(wish, place)).await;
            findings.push(looked.unwrap_or_else(|_| {
                let found = format!("{wish} did not answer within {} s", WITHIN.as_secs());
                Finding::fail(CHECK, found, MEND)
            }));
        }
        findings
    })
}

async fn look(wish: &Wish, place: &Result<Place, cluster::Error>) -> Finding {
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
    // What is no file may let its reader wait.
    let opened = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    match opened.and_then(|file| file.metadata()) {
        Ok(found) if found.is_file() => Finding::ok(CHECK, format!("file://{shown} can be read")),
        Ok(_) => Finding::fail(CHECK, format!("`{shown}` is no file"), MEND),
        Err(error) => {
            let found = format!("open `{shown}`: {error}");
            let mend = "see whether Tetragon exports there (`tetragon.exportFilename`), and let this \
                        user read it";
            Finding::fail(CHECK, found, mend)
        }
    }
}

/// Every agent of the cluster, asked as Weir will hear it.
async fn in_cluster(wish: &Wish, place: &Result<Place, cluster::Error>) -> Finding {
    let cluster = match place.clone() {
        Ok(place) => Cluster::connect(place).await,
        Err(error) => Err(error),
    };
    let cluster = match cluster {
        Ok(Found::Cluster(cluster)) => cluster,
        Ok(Found::Nothing(why)) => return Finding::fail(CHECK, format!("{wish}: {why}"), MEND),
        Err(error) => return not_listed(wish, &error),
    };
    let agents = match tetragon::present(std::slice::from_ref(wish), Some(&cluster)).await {
        Ok(agents) => agents,
        Err(error) => return not_listed(wish, &error),
    };
    let all = agents.len();
    let asked = stream::iter(agents).map(|agent| answers(&cluster, agent));
    let mut silent: Vec<_> =
        asked.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    silent.sort_unstable();
    judged(wish, all, &silent)
}

fn not_listed(wish: &Wish, error: &cluster::Error) -> Finding {
    let mend = "see whether `kubectl get pods -A` works with the same kubeconfig and context";
    Finding::fail(CHECK, format!("{wish}: {}", told(error)), mend)
}

/// Why an agent is not heard, with its name; none where it is.
async fn answers(cluster: &Cluster, agent: AgentStatus) -> Option<String> {
    let why = match &agent.endpoint {
        Endpoint::Log { namespace, pod, .. } => {
            let log = cluster.log([namespace, pod, LOG], LogFrom::Start);
            match timeout(PATIENCE, log).await {
                Ok(Err(error)) => told(&error),
                // A log that is not refused is there, though it may have nothing to say.
                Ok(Ok(_)) | Err(_) => return None,
            }
        }
        endpoint => match timeout(PATIENCE, ask(endpoint)).await {
            Ok(Ok(Finding { level: Level::Ok, .. })) => return None,
            Ok(Ok(Finding { found, .. })) => found,
            Ok(Err(error)) => told(&error),
            Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        },
    };
    Some(format!("{}: {why}", agent.node))
}

/// What is to be said of `all` agents of which these are `silent`.
fn judged(wish: &Wish, all: usize, silent: &[String]) -> Finding {
    let named = silent.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    let mend = "let Weir reach the port of these pods, or hear them through their logs: `cluster`";
    match (all, silent.len()) {
        (0, _) => Finding::fail(CHECK, format!("{wish}: no running pod has {LABEL}"), MEND),
        (_, 0) => Finding::ok(CHECK, format!("{wish}: {} heard", counted(all as u64, "agent"))),
        (all, silent) => {
            let found = format!("{wish}: {silent} of {all} agents not heard: {named}");
            let fault = if silent == all { Finding::fail } else { Finding::warn };
            fault(CHECK, found, mend)
        }
    }
}

#[cfg(test)]
mod tests {
    use weir::cluster::Options;
    use weir::settings::Environment;

    use super::*;

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
            ("file:///dev", "`/dev` is no file"),
            ("file:///dev/zero", "`/dev/zero` is no file"),
            ("cluster", "cluster: "),
        ] {
            let [finding] = &looked(&[wish])[..] else { panic!("one finding") };
            assert_eq!(finding.level, Level::Fail, "{finding:?}");
            assert!(finding.found.contains(said) && finding.mend.is_some(), "{finding:?}");
        }
    }

    #[test]
    fn agents_of_a_cluster_are_well_once_each_of_them_was_heard() {
        let wish: Wish = "cluster:54321".parse().unwrap();
        let silent: Vec<_> = (1..=4).map(|n| format!("worker-{n}: refused")).collect();
        assert_eq!(judged(&wish, 4, &[]).level, Level::Ok);
        let some = judged(&wish, 9, &silent);
        assert_eq!(some.level, Level::Warn);
        assert!(some.found.contains("4 of 9 agents not heard: worker-1: refused; "), "{some:?}");
        assert!(!some.found.contains("worker-4"), "{some:?}");
        assert_eq!(judged(&wish, 4, &silent).level, Level::Fail);
        assert_eq!(judged(&wish, 0, &[]).level, Level::Fail);
    }

    #[test]
    fn an_export_that_can_be_read_is_well_and_so_is_nobody() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let [finding] = &looked(&[&format!("file://{}", file.path().display())])[..] else {
            panic!("one finding")
        };
        assert_eq!(finding.level, Level::Ok, "{finding:?}");
        let settings = Settings { tetragon: vec![Wish::Nobody], ..Settings::default() };
        let place = Place::read(&Options::default(), &Environment::default());
        let found = agents(&settings, &place);
        assert_eq!(found, [Finding::ok(CHECK, "none is wanted: `tetragon` is `none`")]);
    }
}
