//! A terminal for the real binary: tmux on a socket of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use super::flows::Folder;

/// How long something may take to appear. A debug build on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often the screen is looked at.
const GLANCE: Duration = Duration::from_millis(50);

/// A tmux server with one window; dropping it ends both.
pub struct Terminal {
    folder: Folder,
}

impl Terminal {
    /// A terminal of so many columns and lines with a shell in it, or none where tmux is missing.
    pub fn open(width: u16, height: u16, environment: &[(&str, &str)]) -> Option<Self> {
        let terminal = Self { folder: Folder::new() };
        let mut tmux = terminal.tmux();
        tmux.args(["-f", "/dev/null", "new-session", "-d", "-s", "weir"]);
        tmux.args(["-x", &width.to_string(), "-y", &height.to_string()]);
        // A trace would push what is said first off the screen.
        tmux.args(["-e", "RUST_BACKTRACE=0"]);
        for (name, value) in environment {
            tmux.args(["-e", &format!("{name}={value}")]);
        }
        tmux.args(["env", "PS1=ready$ ", "sh"]);
        let started = tmux.output().ok()?;
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        terminal.await_text("ready$");
        Some(terminal)
    }

    /// A path for a file that goes with the terminal.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Types a line into the shell.
    pub fn run(&self, line: &str) {
        self.type_text(line);
        self.press("Enter");
    }

    /// Types text as it is.
    pub fn type_text(&self, text: &str) {
        self.ask(&["send-keys", "-t", "weir", "-l", text]);
    }

    /// Presses a key by tmux's name for it.
    pub fn press(&self, key: &str) {
        self.ask(&["send-keys", "-t", "weir", key]);
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.ask(&["capture-pane", "-p", "-t", "weir"])
    }

    /// A variable of tmux, such as `alternate_on`.
    pub fn variable(&self, name: &str) -> String {
        let format = format!("#{{{name}}}");
        self.ask(&["display-message", "-p", "-t", "weir", &format]).trim().to_owned()
    }

    /// The screen once it shows `text`.
    #[track_caller]
    pub fn await_text(&self, text: &str) -> String {
        self.await_screen(text, |screen| screen.contains(text))
    }

    /// The screen once it is as wanted.
    #[track_caller]
    pub fn await_screen(&self, what: &str, is_there: impl Fn(&str) -> bool) -> String {
        let since = SystemTime::now();
        let (_never, wait) = mpsc::channel::<()>();
        loop {
            let screen = self.text();
            if is_there(&screen) {
                return screen;
            }
            let waited = since.elapsed().unwrap_or_default();
            assert!(waited < PATIENCE, "`{what}` did not appear:\n{screen}");
            wait.recv_timeout(GLANCE).ok();
        }
    }

    fn tmux(&self) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.args(["-u", "-S"]).arg(self.socket());
        tmux.env_remove("TMUX").env("LANG", "C.UTF-8").env("LC_ALL", "C.UTF-8");
        tmux
    }

    fn socket(&self) -> PathBuf {
        Path::new(self.folder.path()).join("tmux")
    }

    fn ask(&self, arguments: &[&str]) -> String {
        let answer = self.tmux().args(arguments).output().expect("tmux");
        String::from_utf8_lossy(&answer.stdout).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}
