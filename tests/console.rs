//! The real binary on a real terminal: it starts, shows the attacks, is used, and gives the terminal
//! back however it ends.

mod support;

use std::fs;
use std::process::Command;

use support::terminal::Terminal;

const WEIR: &str = env!("CARGO_BIN_EXE_weir");

/// The bundled capture.
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo.pcap.zst");

/// A console on the bundled capture, and the terminal it runs in.
struct Session(Terminal);

impl Session {
    /// Opens a console in a terminal of this size; none without tmux.
    fn open(width: u16, height: u16, environment: &[(&str, &str)]) -> Option<Self> {
        let Some(terminal) = Terminal::open(width, height, environment) else {
            println!("skipped: no tmux");
            return None;
        };
        let path = |name| terminal.path(name).display().to_string();
        let (pid, database) = (path("pid"), path("weir.db"));
        terminal.run(&format!("stty -a > {}", path("before")));
        // The shell's own child becomes the console, so that its number is known.
        terminal.run(&format!(
            "sh -c 'echo $$ > {pid}; exec {WEIR} --replay {DEMO} --database {database}'; \
             echo ended $?"
        ));
        Some(Self(terminal))
    }

    /// Waits until both attacks are shown.
    fn await_attacks(&self) -> String {
        self.0.await_screen("both attacks", |screen| {
            screen.contains("dos-flood") && screen.contains("scan") && screen.contains("ended")
        })
    }

    /// Sends the console a signal.
    fn signal(&self, name: &str) {
        let pid = fs::read_to_string(self.0.path("pid")).expect("the number of the console");
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).arg(pid.trim());
        assert!(kill.status().expect("kill").success());
    }

    /// Waits for the end with this status, and checks that the terminal is as it was.
    fn await_end(&self, status: u8) -> String {
        let Self(terminal) = self;
        let screen = terminal.await_text(&format!("ended {status}"));
        terminal.run(&format!("stty -a > {}; echo noted", terminal.path("after").display()));
        terminal.await_text("\nnoted");
        let [before, after] = ["before", "after"]
            .map(|name| fs::read_to_string(terminal.path(name)).expect("what stty said"));
        assert_eq!(before, after);
        let state = ["alternate_on", "cursor_flag", "mouse_any_flag"];
        let state = state.map(|name| terminal.variable(name));
        assert_eq!(state, ["0", "1", "0"], "alternate screen, cursor, mouse");
        screen
    }
}

#[test]
fn the_console_shows_the_attacks_filters_opens_detail_and_leaves() {
    let Some(session) = Session::open(120, 34, &[]) else { return };
    let Session(terminal) = &session;
    let screen = session.await_attacks();
    for text in ["demo.pcap.zst", "1 Flows", "3 Alerts", "4 Tetragon", "192.0.2.10", "tract"] {
        assert!(screen.contains(text), "{text}:\n{screen}");
    }
    terminal.press("1");
    terminal.type_text("/class:scan");
    terminal.press("Enter");
    let is_filtered = |screen: &str| {
        let flows: Vec<&str> = screen.lines().filter(|line| line.contains("▌")).collect();
        !flows.is_empty() && flows.iter().all(|line| line.contains("198.51.100.99"))
    };
    terminal.await_screen("only the scan", is_filtered);
    terminal.press("3");
    terminal.press("Enter");
    let detail = terminal.await_text("Incident ");
    assert!(detail.contains("why"), "{detail}");
    terminal.press("Escape");
    terminal.press("q");
    session.await_end(0);
}

#[test]
fn the_smallest_console_shows_the_worst_and_the_keys() {
    let Some(session) = Session::open(40, 12, &[]) else { return };
    session.0.await_text("q quit");
    session.0.await_screen("an attack", |screen| screen.contains("dos-flood"));
    session.0.press("q");
    session.await_end(0);
}

#[test]
fn a_terminal_without_unicode_gets_ascii_alone() {
    let Some(session) = Session::open(120, 34, &[("LANG", "C"), ("LC_ALL", "C")]) else { return };
    let screen = session.await_attacks();
    assert!(screen.is_ascii(), "{screen}");
    session.0.press("q");
    session.await_end(0);
}

#[test]
fn sigterm_and_a_hang_up_give_the_terminal_back() {
    for signal in ["TERM", "HUP"] {
        let Some(session) = Session::open(80, 24, &[]) else { return };
        session.await_attacks();
        session.signal(signal);
        session.await_end(0);
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let Some(session) = Session::open(80, 24, &[]) else { return };
    if !cfg!(debug_assertions) {
        println!("skipped: a release has no way to panic");
        return;
    }
    session.await_attacks();
    session.0.type_text(":panic");
    session.0.press("Enter");
    let screen = session.await_end(101);
    assert!(screen.contains("asked for by name"), "{screen}");
}

#[test]
fn a_stopped_console_gives_the_terminal_back_and_takes_it_again() {
    let Some(session) = Session::open(80, 24, &[]) else { return };
    let Session(terminal) = &session;
    session.await_attacks();
    terminal.press("C-z");
    terminal.await_text("ready$");
    assert_eq!(terminal.variable("alternate_on"), "0");
    terminal.run("fg");
    terminal.await_text("q quit");
    terminal.press("q");
    terminal.await_screen("the shell", |screen| !screen.contains("q quit"));
    assert_eq!(terminal.variable("alternate_on"), "0");
}
