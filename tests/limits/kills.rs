//! SIGKILL after each write of setting, lifting and ending a limit: of the real `weir limit` where it
//! does it, and of this program in its place where an engine would.

use std::env;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::double::kube::plan::When;

use super::*;

/// Where the program that ends limits in the place of an engine finds the API server.
const URL: &str = "WEIR_TEST_API_SERVER";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Apply,
    Revert,
    Expire,
}

impl Deed {
    fn start(self, api: &ApiServer, folder: &Path) -> Child {
        let mut command = match self {
            Self::Apply => weir(
                api,
                folder,
                &["apply", "shop/web", "--rps", "5", "--reason", "flood", "--yes"],
            ),
            Self::Revert => weir(api, folder, &["revert", "shop/web", "--yes"]),
            Self::Expire => {
                let mut command =
                    Command::new(env::current_exe().expect("it is as the test has set it up"));
                command.args(["--ignored", "--exact"]);
                command.arg("kills::ends_what_is_due_in_the_place_of_an_engine");
                command.env(URL, api.url(""));
                command
            }
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it is as the test has set it up")
    }
}

fn weir(api: &ApiServer, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.arg("limit").args(arguments).arg("--kubeconfig").arg(api.kubeconfig(folder));
    command.env_clear().env("HOME", folder).env("WEIR_DATABASE", folder.join("weir.db"));
    command
}

#[test]
#[ignore = "the test below starts it, and kills it"]
fn ends_what_is_due_in_the_place_of_an_engine() {
    let Some(url) = env::var_os(URL) else { return };
    weir::notify::prepare();
    let tasks = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("it is as the test has set it up");
    tasks.block_on(async {
        let cluster = Cluster::at(
            url.to_str().expect("it is as the test has set it up"),
            &Options::default(),
        )
        .expect("it is as the test has set it up");
        let responder = Responder::new(cluster, serving as Serving, Box::new(None));
        responder.tend(&name(), &|_| true, NOW_US).await.expect("it is as the test has set it up");
    });
}

/// Runs `deed` and kills it right after it has written `writes` times; whether it was killed.
fn killed_after(writes: usize, deed: Deed, api: &ApiServer, folder: &Path) -> bool {
    let pid = Arc::<OnceLock<u32>>::default();
    let known = Arc::clone(&pid);
    if let Some(passed) = writes.checked_sub(1) {
        api.with(|kube| {
            kube.plan.at(
                When::After,
                passed,
                |asked| !asked.is_dry_run,
                move |_| {
                    let pid = Pid::from_raw(
                        i32::try_from(*known.wait()).expect("it is as the test has set it up"),
                    );
                    kill(pid, Signal::SIGKILL).expect("it is as the test has set it up");
                },
            );
        });
    }
    let child = deed.start(api, folder);
    pid.set(child.id()).expect("it is as the test has set it up");
    let ended = child.wait_with_output().expect("it is as the test has set it up");
    api.with(|kube| kube.plan.clear());
    let was_killed = ended.status.signal() == Some(9);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(was_killed || ended.status.success(), "{deed:?}: {said}");
    was_killed
}

#[test]
fn whoever_is_killed_after_any_write_leaves_what_the_next_start_makes_whole() {
    let folder = tempfile::tempdir().expect("it is as the test has set it up");
    let mut kills = 0;
    for class in ["nginx", "traefik"] {
        for before in [Before::Nothing, Before::ArgoCd, Before::OneWhoUpdatesAndOneWhoApplies] {
            for deed in [Deed::Apply, Deed::Revert, Deed::Expire] {
                for writes in 1.. {
                    let api = server(class, before);
                    let was = state(&api);
                    let setter = Setter::of(&api);
                    if deed != Deed::Apply {
                        setter.apply(request(5)).expect("it is as the test has set it up");
                    }
                    if !killed_after(writes, deed, &api, folder.path()) {
                        break;
                    }
                    kills += 1;
                    let at = format!("{class}, {before:?}, {deed:?}, killed after {writes} writes");
                    goes_on(&api, &was, deed, &at);
                }
            }
        }
    }
    println!("{kills} kills");
    assert!(kills >= 30, "{kills}");
}

/// What the next start makes of it is what was before or what was wanted, and it says which.
fn goes_on(api: &ApiServer, was: &(Value, Vec<String>, Vec<Value>), deed: Deed, at: &str) {
    let setter = Setter::of(api);
    let found = state(api);
    let tended = if deed == Deed::Expire {
        setter.expire().expect("it is as the test has set it up")
    } else {
        setter.tend()
    };
    let is_before = state(api) == *was;
    let has_changed = state(api) != found;
    assert_eq!(tended.news.len(), usize::from(has_changed), "{at}: {:?}", tended.news);
    match deed {
        Deed::Revert | Deed::Expire => assert!(is_before, "{at}"),
        Deed::Apply if is_before => {}
        Deed::Apply => {
            let status = setter.run(async |responder| responder.look(&name(), NOW_US).await);
            let held = status
                .expect("it is as the test has set it up")
                .held
                .expect("it is as the test has set it up");
            assert_eq!((held.limit.rps, held.reason.as_str()), (Some(5), "flood"), "{at}");
            assert_eq!(setter.tend().news, [], "{at}");
            setter.revert().expect("it is as the test has set it up");
            assert_eq!(state(api), *was, "{at}");
        }
    }
}
