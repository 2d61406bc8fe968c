//! Two engines that capture live and watch one cluster: one undoes limits; when it is killed, the other
//! takes over in time.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use support::double::kube::ApiServer;
use support::engine::{Engine, await_within, weir};
use support::flows::Folder;
use support::shop::{self, RPS};
use weir::store::Reader;

/// Within which the other must have taken over.
const TAKEN_OVER: Duration = Duration::from_secs(40);

/// A Weir on the loopback interface that watches the cluster of `config`. It gives up root, so that it
/// must be able to write where it is.
fn instance(folder: &Folder, config: &Path) -> Engine {
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("a folder");
    let log = folder.path().join("weir.log");
    let database = folder.path().join("state").join("weir.db");
    let mut command = weir(
        ["--api", "--listen", "127.0.0.1:0", "--interface", "lo", "--log-level", "info"],
        &database,
    );
    command.arg("--kubeconfig").arg(config).arg("--log-file").arg(&log);
    Engine::of(&mut command, &log)
}

/// Whether it holds the Lease.
fn holds(engine: &Engine) -> bool {
    let (_, metrics) = engine.ask("GET", "/metrics", "", "");
    metrics.lines().any(|line| line == "weir_lease_held 1")
}

fn rate(api: &ApiServer) -> Option<String> {
    shop::web(api)["metadata"]["annotations"][RPS].as_str().map(str::to_owned)
}

#[test]
fn when_the_one_that_undoes_limits_is_killed_another_takes_over_and_undoes_what_is_due() {
    if !geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let (api, shared) = (ApiServer::start(), Folder::new());
    shop::open(&api);
    let before = shop::web(&api)["metadata"]["annotations"].clone();
    let config = api.kubeconfig(shared.path());
    fs::set_permissions(shared.path(), Permissions::from_mode(0o755)).expect("a folder");
    fs::set_permissions(&config, Permissions::from_mode(0o644)).expect("a file");
    let folders = [Folder::new(), Folder::new()];
    let first = instance(&folders[0], &config);
    await_within(TAKEN_OVER, "a holder", || holds(&first).then_some(()));
    let second = instance(&folders[1], &config);

    let applied = weir(
        ["limit", "apply", "shop/web", "--rps", "7", "--ttl", "20s", "--reason", "x", "--yes"],
        &shared.path().join("weir.db"),
    )
    .arg("--kubeconfig")
    .arg(&config)
    .output()
    .expect("it runs");
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    assert_eq!(rate(&api).as_deref(), Some("7"));
    assert!(holds(&first) && !holds(&second), "one of them acts");

    let id = i32::try_from(first.id()).expect("a process");
    kill(Pid::from_raw(id), Signal::SIGKILL).expect("it runs");
    let killed = SystemTime::now();
    await_within(TAKEN_OVER, "another holder", || holds(&second).then_some(()));
    println!("taken over within {:.1} s", killed.elapsed().unwrap_or_default().as_secs_f64());
    // Value and ledger go one after the other.
    await_within(Duration::from_secs(30), "the end of the limit, with all as before", || {
        (shop::web(&api)["metadata"]["annotations"] == before).then_some(())
    });
    assert!(second.stop().success());
    let database = folders[1].path().join("state").join("weir.db");
    let audit = Reader::open(&database).expect("a database").audit(None, 50).expect("a record");
    let undone = audit.iter().filter(|record| record.what == "limit.expired").count();
    assert_eq!(undone, 1, "{audit:?}");
}

#[test]
fn a_kubeconfig_that_is_broken_and_nobody_asked_for_does_not_keep_weir_from_guarding() {
    if !geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let folder = Folder::new();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("a folder");
    let config = folder.path().join("broken.yaml");
    fs::write(&config, "clusters: [{").expect("a file");
    fs::set_permissions(&config, Permissions::from_mode(0o644)).expect("a file");
    let log = folder.path().join("weir.log");
    let mut command = weir(
        ["--api", "--listen", "127.0.0.1:0", "--interface", "lo", "--log-level", "info"],
        &folder.path().join("state").join("weir.db"),
    );
    command.env("KUBECONFIG", &config).arg("--log-file").arg(&log);
    let engine = Engine::of(&mut command, &log);
    let (status, _) = engine.ask("GET", "/healthz", "", "");
    assert_eq!(status, 200);
    assert!(engine.stop().success());
    let said = fs::read_to_string(&log).expect("a log");
    assert!(said.contains("no cluster is watched"), "{said}");
}
