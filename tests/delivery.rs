//! Kills at any step between commit and sink, and sinks that fail in every way: nothing that was
//! accepted is missing at any sink, and nothing is told out of order.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::double::account::ServiceAccount;
use support::double::alertmanager::Labels;
use support::double::fault::{Fault, Step};
use support::double::sinks::{Sinks, Which};
use support::double::story::{of_firebase, of_slack, of_webhook, repeats, states};
use support::engine::DEMO;
use support::flows::Folder;
use weir::incident::{Incident, SinkName, Status};
use weir::store::{Actions, By, Outbox, Query, Reader};

/// Runs in a plain run of the tests; `make faults` asks for more.
const RUNS: u64 = 12;

/// Runs at once: they wait most of the time.
const AT_ONCE: u64 = 6;

/// The longest that a life goes on before it is killed by the clock, in ms.
const LONGEST_MS: u64 = 4_000;

/// How long all may take to be told once nothing fails any more.
const PATIENCE: Duration = Duration::from_mins(2);

/// Waits for so many milliseconds.
fn wait_ms(milliseconds: u64) {
    let (_never, wait) = mpsc::channel::<()>();
    wait.recv_timeout(Duration::from_millis(milliseconds)).ok();
}

/// Identities of the incidents that the log says were accepted.
fn accepted(log: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines = text.lines().filter(|line| line.contains("incident accepted"));
    let id = |line: &str| line.split("id=").nth(1)?.split_whitespace().next().map(str::to_owned);
    lines.filter_map(id).collect()
}

fn incidents(database: &Path) -> Vec<Incident> {
    let query = Query { limit: 1_000, ..Query::default() };
    let read = Reader::open(database).and_then(|reader| reader.incidents(&query));
    read.map(|page| page.incidents).unwrap_or_default()
}

/// Turns that wait, of all sinks.
fn waiting(database: &Path) -> u64 {
    let Ok(outbox) = Outbox::open(database) else { return 0 };
    let depths = SinkName::ALL.map(|sink| outbox.depth(sink).expect("it can be counted"));
    assert!(depths.iter().all(|depth| depth.parked == 0), "nothing is refused here: {depths:?}");
    depths.iter().map(|depth| depth.turns).sum()
}

/// Somebody acknowledges or resolves one of the incidents.
fn act(database: &Path, random: &mut Rng) {
    let all = incidents(database);
    let (Some(one), Ok(mut actions)) = (random.choice(&all), Actions::open(database)) else {
        return;
    };
    let by = By { who: "nina".into(), from: "a test".into() };
    // It may be so already.
    if random.bool() {
        actions.acknowledge(one.id, &by).ok();
    } else {
        actions.resolve(one.id, &by).ok();
    }
}

/// Kills a process and waits until it has done its last step.
fn kill_now(process: u32) {
    let id = Pid::from_raw(process.cast_signed());
    kill(id, Signal::SIGKILL).expect("it is not reaped yet");
    let is_over = || {
        let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        state.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
    };
    while !is_over() {
        wait_ms(1);
    }
}

/// What came of the runs.
#[derive(Debug, Default)]
struct Tally {
    kills: BTreeMap<(Which, Step), u64>,
    kills_by_clock: u64,
    faults: BTreeMap<String, u64>,
    incidents: u64,
    turns: u64,
    /// Messages that came again, by sink.
    repeats: BTreeMap<&'static str, u64>,
}

/// One database, and what is told from it.
struct Run {
    seed: u64,
    folder: Folder,
    database: PathBuf,
    sinks: Sinks,
    random: Rng,
    accepted: BTreeSet<String>,
    kills: u64,
    tally: Tally,
}

impl Run {
    fn new(seed: u64, account: &ServiceAccount) -> Self {
        let folder = Folder::for_anyone();
        Self {
            seed,
            database: folder.path().join("weir.db"),
            folder,
            sinks: Sinks::start(account),
            random: Rng::with_seed(seed),
            accepted: BTreeSet::new(),
            kills: 0,
            tally: Tally::default(),
        }
    }

    fn start(&self) -> (Child, PathBuf) {
        let log = self.folder.path().join("weir.log");
        fs::remove_file(&log).ok();
        let mut weir = self.sinks.engine(&self.folder, DEMO.as_ref(), &self.database, &log);
        (weir.spawn().expect("weir starts"), log)
    }

    /// Sinks fail at random, and the engine is killed at a random step.
    fn life_that_is_cut_short(&mut self) {
        for which in Which::ALL {
            let faults: Vec<_> =
                (0..self.random.u8(..3)).map(|_| Fault::random(&mut self.random)).collect();
            for fault in &faults {
                *self.tally.faults.entry(format!("{fault:?}")).or_default() += 1;
            }
            self.sinks.fail(which, faults);
        }
        if self.random.u8(..4) == 0 {
            let which = *self.random.choice(&Which::ALL).expect("some");
            *self.tally.faults.entry("Refused".into()).or_default() += 1;
            self.sinks.refuse(which);
        }
        let (mut weir, log) = self.start();
        let (which, step, was_reached) = self.lie_in_wait(weir.id());
        let by_clock = self.random.u8(..4) == 0;
        let end_ms = if by_clock { self.random.u64(300..LONGEST_MS) } else { LONGEST_MS };
        let act_every_ms = self.random.u64(20..150) * 10;
        for at_ms in (0..end_ms).step_by(10) {
            if at_ms % act_every_ms == 0 {
                act(&self.database, &mut self.random);
            }
            if weir.try_wait().expect("a child").is_some() {
                break;
            }
            wait_ms(10);
        }
        self.sinks.heal();
        weir.kill().ok();
        weir.wait().expect("it has ended");
        self.kills += 1;
        if was_reached.load(Ordering::Relaxed) {
            *self.tally.kills.entry((which, step)).or_default() += 1;
        } else {
            self.tally.kills_by_clock += 1;
        }
        self.accepted.extend(accepted(&log));
    }

    /// The engine is killed when a sink reaches a step.
    fn lie_in_wait(&mut self, process: u32) -> (Which, Step, Arc<AtomicBool>) {
        let which = *self.random.choice(&Which::ALL).expect("some");
        let step = *self.random.choice(&Step::ALL).expect("some");
        // These two are asked but once in a short life.
        let is_rare = matches!(which, Which::Tokens | Which::Alertmanager);
        let passed = if is_rare { 0 } else { self.random.u32(..2) };
        let was_reached = Arc::new(AtomicBool::new(false));
        let reached = Arc::clone(&was_reached);
        self.sinks.at(which, step, passed, move || {
            kill_now(process);
            reached.store(true, Ordering::Relaxed);
        });
        (which, step, was_reached)
    }

    /// Nothing fails any more; ends when all turns are told.
    fn life_that_is_let_live(&mut self) {
        let (mut weir, log) = self.start();
        let since = SystemTime::now();
        // Both incidents of the capture, and the acts of somebody on them.
        while incidents(&self.database).len() < 2 {
            wait_ms(50);
            assert!(since.elapsed().unwrap_or_default() < PATIENCE, "no incident came");
        }
        (0..2).for_each(|_| act(&self.database, &mut self.random));
        wait_ms(1_000);
        while waiting(&self.database) > 0 {
            wait_ms(50);
            let waited = since.elapsed().unwrap_or_default();
            assert!(waited < PATIENCE, "{} turns wait", waiting(&self.database));
        }
        kill(Pid::from_raw(weir.id().cast_signed()), Signal::SIGTERM).expect("it runs");
        assert!(weir.wait().expect("it ends").success(), "it ends as asked");
        self.accepted.extend(accepted(&log));
    }

    /// Counts at the sinks.
    #[track_caller]
    fn count(&mut self) -> Tally {
        let kept = incidents(&self.database);
        let ids: BTreeSet<_> = kept.iter().map(|one| one.id.to_string()).collect();
        assert!(self.accepted.is_subset(&ids), "{:?} were accepted: {ids:?}", self.accepted);
        let messages = self.sinks.webhook.with(|webhook| webhook.messages.clone());
        let (stories, webhook) = of_webhook(&messages).expect("in order");
        assert_eq!(stories.keys().cloned().collect::<BTreeSet<_>>(), ids, "at the webhook");
        let slack = self.slack(&ids);
        self.firebase(&kept);
        self.alertmanager(&kept);
        for (sink, repeats, lost) in [
            ("webhook", webhook, self.sinks.webhook.lost()),
            ("slack", slack, self.sinks.slack.lost()),
        ] {
            let most = self.kills + lost;
            assert!(repeats <= most, "{sink}: {repeats} repeats, {most} answers lost");
            self.tally.repeats.insert(sink, repeats);
        }
        assert_eq!(self.sinks.webhook.with(|webhook| webhook.forged), 0, "all was signed");
        self.tally.incidents = kept.len() as u64;
        std::mem::take(&mut self.tally)
    }

    /// How often Slack was told again.
    fn slack(&mut self, ids: &BTreeSet<String>) -> u64 {
        let messages = self.sinks.webhook.with(|webhook| webhook.messages.clone());
        let (happened, _) = of_webhook(&messages).expect("in order");
        let told = self.sinks.slack.with(|slack| of_slack(&slack.messages)).expect("no digest");
        assert_eq!(told.keys().cloned().collect::<BTreeSet<_>>(), *ids, "at Slack");
        let mut again = 0;
        for (id, mut turns) in happened {
            turns.retain(|one| one.news != "grown");
            self.tally.turns += turns.len() as u64;
            let told = &told[&id];
            let repeats = repeats(told, &turns);
            again += repeats.unwrap_or_else(|| panic!("{id}: {turns:?} is told as {told:?}"));
        }
        again
    }

    /// One record an incident, which stands as the incident does, and was never set back.
    fn firebase(&self, kept: &[Incident]) {
        let messages = self.sinks.webhook.with(|webhook| webhook.messages.clone());
        let (happened, _) = of_webhook(&messages).expect("in order");
        let (all, written) = self
            .sinks
            .firebase
            .with(|firebase| (firebase.get("alerts"), of_firebase(&firebase.written)));
        let records = all.as_object().expect("records");
        assert_eq!(records.len(), kept.len(), "records and incidents");
        for one in kept {
            let id = one.id.to_string();
            let [status, severity] = ["status", "severity"].map(|name| records[&id][name].clone());
            let expected = (one.status.name(), one.severity.name());
            let found = (status.as_str(), severity.as_str());
            let story = &happened[&id];
            assert_eq!(found, (Some(expected.0), Some(expected.1)), "{id}: {story:?} {one:?}");
            assert_eq!(states(&written[&id]), states(story), "{id}");
        }
    }

    /// What goes on fires, and nothing else.
    fn alertmanager(&self, kept: &[Incident]) {
        let (told, firing) = self.sinks.alertmanager.with(|alertmanager| {
            let firing: Vec<_> = alertmanager.firing().into_iter().cloned().collect();
            (alertmanager.told.clone(), firing)
        });
        for one in kept {
            let id = one.id.to_string();
            let is_of = |labels: &Labels| labels["incident"] == id;
            let fires = firing.iter().filter(|labels| is_of(labels)).count();
            let expected = usize::from(one.status != Status::Resolved);
            let told: Vec<_> = told.iter().filter(|(labels, _)| is_of(labels)).collect();
            assert!(!told.is_empty(), "{id} at Alertmanager");
            assert_eq!(fires, expected, "{} is told as {told:#?}", one.status.name());
        }
    }
}

/// Names the run that failed.
impl Drop for Run {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("this was seed {}", self.seed);
        }
    }
}

/// One database from the first life to the last.
fn run(seed: u64, account: &ServiceAccount) -> Tally {
    let mut run = Run::new(seed, account);
    for _ in 0..run.random.u8(1..=3) {
        run.life_that_is_cut_short();
    }
    run.life_that_is_let_live();
    run.count()
}

#[test]
fn a_sink_that_fails_in_any_way_is_told_all_the_same() {
    let account = ServiceAccount::generate();
    let faults = [
        Fault::Reset,
        Fault::Hang,
        Fault::Status(500),
        Fault::Busy(1),
        Fault::ErrorBody,
        Fault::Cut,
        Fault::Half,
        Fault::Late(Duration::from_millis(500)),
    ];
    thread::scope(|scope| {
        for (seed, fault) in (1_000..).zip(faults) {
            let mut run = Run::new(seed, &account);
            for which in Which::ALL {
                // Who hangs is waited for for 15 s: once is enough.
                let often = if fault == Fault::Hang { 1 } else { 2 };
                run.sinks.fail(which, std::iter::repeat_n(fault, often));
            }
            scope.spawn(move || {
                run.life_that_is_let_live();
                run.count();
            });
        }
    });
}

/// How many runs are asked for.
fn runs() -> u64 {
    let asked = std::env::var_os("FAULT_RUNS").map(|runs| runs.to_string_lossy().parse());
    asked.map_or(RUNS, |runs| runs.expect("FAULT_RUNS is a number"))
}

#[test]
fn nothing_is_lost_or_told_out_of_order_by_kills_and_sinks_that_fail() {
    let account = ServiceAccount::generate();
    let (next, tallies) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= runs() {
                        return;
                    }
                    let tally = run(seed, &account);
                    tallies.lock().expect("no run has failed").push(tally);
                }
            });
        }
    });
    let tallies = tallies.into_inner().expect("no run has failed");
    assert_eq!(tallies.len() as u64, runs());
    report(&tallies);
}

/// Says what the runs met with.
fn report(tallies: &[Tally]) {
    let sum = |count: fn(&Tally) -> u64| tallies.iter().map(count).sum::<u64>();
    let (mut kills, mut faults, mut repeats) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::<_, u64>::new());
    for tally in tallies {
        for (at, count) in &tally.kills {
            *kills.entry(*at).or_insert(0) += count;
        }
        for (fault, count) in &tally.faults {
            let kind = fault.split('(').next().unwrap_or_default();
            *faults.entry(kind.to_owned()).or_insert(0) += count;
        }
        for (sink, count) in &tally.repeats {
            *repeats.entry(*sink).or_default() += count;
        }
    }
    println!(
        "{} runs, {} incidents, {} turns",
        tallies.len(),
        sum(|t| t.incidents),
        sum(|t| t.turns)
    );
    println!("killed by the clock: {}; by step:", sum(|tally| tally.kills_by_clock));
    for which in Which::ALL {
        let by_step = Step::ALL.map(|step| {
            let count = kills.get(&(which, step)).copied().unwrap_or(0);
            format!("{step:?} {count}")
        });
        println!("  {which:?}: {}", by_step.join(", "));
    }
    println!("faults planned: {faults:?}\nmessages that came again: {repeats:?}");
}
