//! A database of incidents as an engine leaves it, and the verbs on it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use weir::detect::{Class, Reason, Score, Weight};
use weir::flow::FlowId;
use weir::incident::{Hosts, Incident, IncidentId, Names, Pivot, Severity, SinkName, Status};
use weir::packet::Address;
use weir::store::{Changes, Outbox, Recipient, Store};

/// What somebody sees of a verb: its status, and what it says on either output.
#[derive(Debug)]
pub struct Said {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

/// An incident that began at `first_us`.
pub fn incident(id: u64, class: Class, severity: Severity, first_us: i64) -> Incident {
    let address = |last| Address::v4([192, 0, 2, last]);
    let hosts = |last| Hosts { listed: vec![address(last)], total: 1 };
    Incident {
        id: IncidentId(id),
        class,
        severity,
        status: Status::Open,
        score: Score::new(0.98),
        weight: Weight::nats(42.1),
        pivot: address(if Pivot::of(class) == Pivot::Source { 66 } else { 10 }),
        sources: hosts(66),
        targets: hosts(10),
        target_port: Some(80),
        flows: 412,
        packets: 5_000,
        bytes: 90_000,
        first_us,
        last_us: first_us + 1_000_000,
        detected_us: first_us + 500_000,
        resolved_us: None,
        reopened: 0,
        acknowledged: None,
        resolved_by: None,
        feedback: None,
        muted_by: None,
        related: Vec::new(),
        why: vec![Reason { feature: "Dst Flows 10s".into(), text: "flows: 412".into() }],
        flow_ids: vec![FlowId(7)],
        names: Names::default(),
        processes: Vec::new(),
    }
}

/// `weir`, shielded from the settings of whoever runs the tests.
fn shielded() -> Command {
    let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
    weir.env_clear().stdin(Stdio::null());
    weir
}

fn said(weir: &mut Command) -> Said {
    let output = weir.output().expect("weir starts");
    let text = |bytes| String::from_utf8(bytes).expect("weir prints UTF-8");
    Said { status: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs a verb that needs no database, with these variables alone.
pub fn weir_with(line: &str, environment: &[(&str, &str)]) -> Said {
    said(shielded().args(line.split_ascii_whitespace()).envs(environment.iter().copied()))
}

/// A database that the verbs can be asked about. It has a folder that any user may enter, since root
/// becomes another one.
pub struct Ledger {
    _folder: TempDir,
    /// The database.
    pub path: PathBuf,
    /// The engine's connection.
    pub store: Store,
}

impl Ledger {
    /// One of which Slack is told.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
        let path = folder.path().join("weir.db");
        let mut store = Store::open(&path).expect("a new database opens");
        for entry in fs::read_dir(folder.path()).expect("it can be listed").flatten() {
            let everybody = fs::Permissions::from_mode(0o666);
            fs::set_permissions(entry.path(), everybody).expect("it is ours");
        }
        let slack = Recipient { sink: SinkName::Slack, takes_growth: false, heeds_mutes: true };
        store.tell(&[slack]).expect("the database takes it");
        Self { _folder: folder, path, store }
    }

    /// Writes incidents, as the engine does.
    pub fn keep(&mut self, incidents: impl IntoIterator<Item = Incident>) {
        let incidents: Vec<_> = incidents.into_iter().map(Arc::new).collect();
        self.store.apply(&Changes::of(&incidents)).expect("the database takes them");
    }

    /// What delivers to the sinks.
    pub fn outbox(&self) -> Outbox {
        Outbox::open(&self.path).expect("the database opens")
    }

    /// Runs a verb.
    pub fn weir(&self, line: &str) -> Said {
        self.run(&line.split_ascii_whitespace().collect::<Vec<_>>())
    }

    /// Runs a verb with arguments that hold spaces.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, &[])
    }

    /// The same with further variables.
    pub fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Said {
        let mut weir = shielded();
        weir.args(arguments).env("WEIR_DATABASE", &self.path);
        said(weir.envs(environment.iter().copied()))
    }

    /// A path beside the database.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// Runs a verb that must do what is asked, and returns what it prints.
    #[track_caller]
    pub fn done(&self, line: &str) -> String {
        let said = self.weir(line);
        assert_eq!((said.status, &*said.err), (Some(0), ""), "weir {line}: {said:?}");
        said.out
    }

    /// Runs a verb that must refuse; what it says why.
    #[track_caller]
    pub fn refused(&self, line: &str, status: i32) -> String {
        let said = self.weir(line);
        assert_eq!((said.status, &*said.out), (Some(status), ""), "weir {line}: {said:?}");
        said.err
    }
}
