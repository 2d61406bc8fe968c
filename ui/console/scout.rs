//! Looks at manifests for smells, away from the loop around the console: one look at a time, of which
//! the newest counts.

use std::fs;
use std::future::{Future, pending};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;

use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;
use weir::document::Place;
use weir::engine::Handle;
use weir::posture::{Ignore, Manifests, Notice, Rules};
use weir::settings::{Environment, Settings};

use super::Message;
use super::smelling::{SmellsNews, SmellsPlace, SmellsWish};
use crate::smells::findings::Findings;
use crate::smells::is_whole;
use crate::smells::read::{self, Most};
use crate::words::with_causes;

/// How much is read of a folder that anybody names: as much as the API takes.
const MOST: Most = Most { files: 1_000, bytes: 32 << 20 };

/// What is said of a look that ended before its time.
const BROKE_OFF: &str = "a part of the program failed";

/// How smells are looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScoutOptions {
    /// What is let be.
    ignores: Vec<Ignore>,
    /// What `~` stands for.
    home: Option<PathBuf>,
}

impl ScoutOptions {
    /// As the settings want it. To be asked for before root is given up, as the home folder is.
    pub(crate) fn new(settings: &Settings, environment: &Environment) -> Self {
        Self { ignores: settings.smells_ignore.clone(), home: environment.home() }
    }

    /// The path that somebody means who writes this as to a shell.
    fn meant(&self, written: &str) -> PathBuf {
        match (written.strip_prefix('~'), &self.home) {
            (Some(""), Some(home)) => home.clone(),
            (Some(rest), Some(home)) if rest.starts_with('/') => {
                home.join(rest.trim_start_matches('/'))
            }
            // By itself it would stand for the keyboard.
            _ if written == "-" => PathBuf::from("./-"),
            _ => PathBuf::from(written),
        }
    }
}

/// A look under way, which ends with what came of it.
type Look = Pin<Box<dyn Future<Output = Message> + Send>>;

/// Who looks.
pub(super) struct Scout {
    handle: Handle,
    options: ScoutOptions,
    /// Held while something is read and scanned. Reading ends with the file at hand where nobody waits for
    /// it any more, scanning goes on to its end; nothing else is begun before.
    turn: Arc<Mutex<()>>,
    under_way: Option<Look>,
}

impl std::fmt::Debug for Scout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scout").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Scout {
    /// One who looks at the cluster of this engine, or at files.
    pub(super) fn new(handle: Handle, options: ScoutOptions) -> Self {
        Self { handle, options, turn: Arc::default(), under_way: None }
    }

    /// Looks at something, and at nothing else any more.
    pub(super) fn begin(&mut self, wish: SmellsWish) {
        let SmellsWish { number, place } = wish;
        let (handle, options) = (self.handle.clone(), self.options.clone());
        let turn = Arc::clone(&self.turn);
        self.under_way = Some(Box::pin(async move {
            let outcome = match place {
                SmellsPlace::Cluster => cluster(&handle, options, turn).await,
                SmellsPlace::Path(path) => files(options.meant(&path), options, turn).await,
            };
            Message::Smelled(Box::new(SmellsNews { number, outcome }))
        }));
    }

    /// What came of the look; waits for as long as there is none. Whoever gives up waiting loses nothing.
    pub(super) async fn next(&mut self) -> Message {
        let Some(under_way) = &mut self.under_way else { return pending().await };
        let told = under_way.await;
        self.under_way = None;
        told
    }
}

/// Says to whoever reads that nobody waits any more, once it is dropped.
struct Leave(Arc<AtomicBool>);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What is found in the cluster. It is listed on a task of its own, which ends where nobody waits any
/// more: what the API server says takes long to read, and keys must not wait for that.
async fn cluster(
    handle: &Handle,
    options: ScoutOptions,
    turn: Arc<Mutex<()>>,
) -> Result<Findings, String> {
    let mut listing = JoinSet::new();
    let handle = handle.clone();
    listing.spawn(async move { handle.manifests().await });
    let listed = listing.join_next().await.and_then(Result::ok).ok_or(BROKE_OFF)?;
    let manifests = listed.ok_or("this engine has no cluster")?;
    let manifests = manifests.map_err(|error| with_causes(&error))?;
    let rules = Rules { ignores: options.ignores, ..Rules::default() };
    // Where a kind is not known, nothing can be said to be missing beside others.
    let rules = if is_whole(&manifests) { rules } else { rules.alone() };
    apart(turn, move || Ok(Findings::of(manifests, &rules))).await
}

/// What is found in a file or a folder.
async fn files(
    path: PathBuf,
    options: ScoutOptions,
    turn: Arc<Mutex<()>>,
) -> Result<Findings, String> {
    let rules = Rules { ignores: options.ignores, ..Rules::default() };
    let stop = Arc::new(AtomicBool::new(false));
    let _leave = Leave(Arc::clone(&stop));
    apart(turn, move || {
        let (manifests, surplus) = manifests(&path, &stop)?;
        // What is missing beside others may be in a file that was not read.
        let rules = if surplus.is_some() { rules.alone() } else { rules };
        let mut findings = Findings::of(manifests, &rules);
        findings.is_cut = surplus.is_some();
        let notice = surplus.map(|message| Notice { source: None, at: Place::default(), message });
        findings.report.notices.splice(..0, notice);
        Ok(findings)
    })
    .await
}

/// The manifests in a file or a folder, and why these are not all, if so. Whatever else has a path may
/// have no end, or be the keyboard.
fn manifests(path: &Path, stop: &AtomicBool) -> Result<(Manifests, Option<String>), String> {
    match fs::metadata(path) {
        Ok(kind) if kind.is_file() || kind.is_dir() => {
            let read = read::some(path, &MOST, stop);
            if stop.load(Ordering::Relaxed) {
                Err("nobody waits any more".into())
            } else {
                Ok(read)
            }
        }
        Ok(_) => Err("it is neither a file nor a folder".into()),
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}

/// Does something that takes long on a thread of its own, which nobody waits for who leaves.
async fn apart(
    turn: Arc<Mutex<()>>,
    work: impl FnOnce() -> Result<Findings, String> + Send + 'static,
) -> Result<Findings, String> {
    let turn = turn.lock_owned().await;
    let (tell, told) = oneshot::channel();
    let run = move || {
        let done = work();
        drop(turn);
        // Whoever asked may have asked for something else since.
        tell.send(done).ok();
    };
    let thread = Builder::new().name("smells".into()).spawn(run);
    thread.map_err(|error| format!("no thread can be started for it: {error}"))?;
    // A thread that panics has said so on the terminal.
    told.await.unwrap_or_else(|_| Err(BROKE_OFF.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_meant_as_in_a_shell() {
        let options = ScoutOptions { home: Some("/home/me".into()), ..ScoutOptions::default() };
        for (written, meant) in [
            ("~", "/home/me"),
            ("~/deploy", "/home/me/deploy"),
            ("~//deploy", "/home/me/deploy"),
            ("~other", "~other"),
            ("deploy/web.yaml", "deploy/web.yaml"),
            ("/srv", "/srv"),
            ("-", "./-"),
        ] {
            assert_eq!(options.meant(written), PathBuf::from(meant), "{written}");
        }
        assert_eq!(ScoutOptions::default().meant("~/deploy"), PathBuf::from("~/deploy"));
    }

    #[test]
    fn what_has_no_end_is_not_read() {
        let stop = AtomicBool::new(false);
        let why = manifests(Path::new("/dev/zero"), &stop).err();
        assert_eq!(why.as_deref(), Some("it is neither a file nor a folder"));
        let why = manifests(Path::new("/nowhere/at-all"), &stop).err().unwrap_or_default();
        assert!(why.starts_with("it cannot be read: "), "{why}");
    }

    #[test]
    fn who_leaves_ends_the_reading() {
        let stop = Arc::new(AtomicBool::new(false));
        drop(Leave(Arc::clone(&stop)));
        let why = manifests(Path::new("/"), &stop).err();
        assert_eq!(why.as_deref(), Some("nobody waits any more"));
    }
}
