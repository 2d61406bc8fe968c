//! `weir user`: who may use the API, kept beside a running engine.

mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{User, geteuid, getuid};
use support::terminal::Terminal;
use tempfile::TempDir;
use weir::store::{Accounts, Reader, Role, Store};

const PASSWORD: &str = "correct horse battery";
const NOBODY: u32 = 65_534;

/// A folder in which any user may put a database, since root becomes another one.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder is made");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("it is opened");
    let path = folder.path().join("weir.db");
    (folder, path)
}

/// Runs `weir user` on a database with `input`; its status, and what it said on either output.
fn weir(database: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_weir"))
        .arg("user")
        .args(arguments)
        .env_clear()
        .env("WEIR_DATABASE", database)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("weir starts");
    // Where no password is wanted, none is read.
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().expect("weir ends");
    let text = |bytes| String::from_utf8(bytes).expect("weir prints UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn users_are_added_listed_changed_and_removed() {
    let (_folder, database) = place();
    let added = weir(&database, &["add", "ops", "--role", "operator"], &format!("{PASSWORD}\r\n"));
    assert_eq!(added, (Some(0), "user `ops` added as operator\n".into(), String::new()));
    assert_eq!(weir(&database, &["add", "root", "--role", "admin"], PASSWORD).0, Some(0));
    let (status, listed, _) = weir(&database, &["list"], "");
    assert_eq!((status, listed.lines().count()), (Some(0), 3));
    assert!(listed.contains("ops   operator  20"), "{listed}");
    assert_eq!(fs::metadata(&database).unwrap().permissions().mode() & 0o777, 0o600);

    let user =
        |name: &str| Accounts::open(&database).unwrap().find(&name.parse().unwrap()).unwrap();
    let before = user("ops").unwrap();
    assert_eq!((before.role, before.password.matches(PASSWORD)), (Role::Operator, true));
    assert_eq!(weir(&database, &["passwd", "ops"], "another password\n").0, Some(0));
    assert!(user("ops").unwrap().password.matches("another password"));
    assert_eq!(weir(&database, &["remove", "ops"], "").0, Some(0));
    assert_eq!(user("ops"), None);

    let reader = Reader::open(&database).unwrap();
    let records = reader.audit(None, 9).unwrap();
    let seen = records.iter().map(|one| (&*one.what, &*one.object)).collect::<Vec<_>>();
    let expected = [
        ("user.remove", "ops"),
        ("user.password", "ops"),
        ("user.add", "root"),
        ("user.add", "ops"),
    ];
    assert_eq!(seen, expected);
    let me = User::from_uid(getuid()).unwrap().unwrap().name;
    assert!(records.iter().all(|one| one.who == me && one.from == "command line"), "{records:?}");
    assert_eq!(reader.verify_audit().unwrap().fault, None);
}

#[test]
fn a_password_that_is_not_typed_to_its_end_leaves_the_terminal_as_it_was() {
    let Some(terminal) = Terminal::open(80, 24, &[]) else {
        println!("skipped: no tmux");
        return;
    };
    let (_folder, database) = place();
    let noted = ["before", "after"].map(|name| terminal.path(name));
    terminal.run(&format!("stty -a > {}", noted[0].display()));
    let program = env!("CARGO_BIN_EXE_weir");
    let database = database.display();
    terminal.run(&format!("{program} user add a --role viewer --database {database}; echo end $?"));
    terminal.await_text("New password of a:");
    terminal.type_text("correct horse");
    terminal.press("C-c");
    let screen = terminal.await_text("end 130");
    assert!(screen.contains("interrupted; nothing is changed"), "{screen}");
    terminal.run(&format!("stty -a > {}; echo noted", noted[1].display()));
    terminal.await_text("\nnoted");
    let [before, after] = noted.map(|path| fs::read_to_string(path).unwrap());
    assert_eq!(before, after);
}

#[test]
fn users_are_added_beside_an_engine() {
    let (_folder, database) = place();
    assert_eq!(weir(&database, &["list"], "").0, Some(0));
    let _engine = Store::open(&database).unwrap();
    assert_eq!(weir(&database, &["add", "ops", "--role", "viewer"], PASSWORD).0, Some(0));
}

#[test]
fn what_cannot_be_done_is_said_in_a_sentence_and_a_status() {
    let (folder, database) = place();
    assert_eq!(weir(&database, &["add", "root", "--role", "admin"], PASSWORD).0, Some(0));
    for (arguments, input, status, said) in [
        (
            &["add", "root", "--role", "viewer"][..],
            PASSWORD,
            65,
            "user `root`: there is one already",
        ),
        (&["add", "a", "--role", "viewer"], "short\n", 65, "expected 12 to 256 characters"),
        (&["add", "a", "--role", "viewer"], "", 65, "expected 12 to 256 characters"),
        (&["add", "a b", "--role", "viewer"], PASSWORD, 64, "expected 1 to 64 letters"),
        (&["add", "a", "--role", "king"], PASSWORD, 64, "admin, operator, viewer"),
        (&["add", "a"], PASSWORD, 64, "--role"),
        (&["remove", "root"], "", 65, "remove user `root`: it is the last admin"),
        (&["remove", "a"], "", 65, "change user `a`: there is none"),
        (&["passwd", "a"], PASSWORD, 65, "change user `a`: there is none"),
    ] {
        let (is, stdout, stderr) = weir(&database, arguments, input);
        assert_eq!((is, &*stdout), (Some(status), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
    let other = folder.path().join("notes.txt");
    fs::write(&other, "no database").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o666)).unwrap();
    let (status, _, stderr) = weir(&other, &["list"], "");
    assert_eq!(status, Some(65), "{stderr}");
    let expected = format!(
        "weir: open database `{}`: it is no SQLite database, and was left as it is\n",
        other.display()
    );
    assert_eq!(stderr, expected);
}

#[test]
fn what_root_makes_belongs_to_whom_the_folder_belongs() {
    if !geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let (folder, database) = place();
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    drop(Store::open(&database).unwrap());
    for name in ["weir.db", "weir.db.lock"] {
        let owner = folder.path().join(name).metadata().unwrap().uid();
        assert_eq!(owner, NOBODY, "{name}");
    }
}

#[test]
fn a_link_in_place_of_the_lock_is_not_followed() {
    let (folder, database) = place();
    let (lock, other) = (folder.path().join("weir.db.lock"), folder.path().join("notes.txt"));
    fs::write(&other, "notes").unwrap();
    symlink(&other, &lock).unwrap();
    let error = Store::open(&database).unwrap_err();
    assert_eq!(error.to_string(), format!("open lock file `{}`", lock.display()));
    assert_eq!(fs::read_to_string(&other).unwrap(), "notes");
}

#[test]
fn a_database_of_another_user_is_out_of_reach() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("weir.db");
    drop(Store::open(&database).unwrap());
    if !geteuid().is_root() {
        println!("skipped: needs root");
        return;
    }
    let (status, _, stderr) = weir(&database, &["list"], "");
    assert_eq!(status, Some(77), "{stderr}");
    assert!(stderr.contains(&database.display().to_string()), "{stderr}");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let (status, _, stderr) = weir(&database, &["list"], "");
    assert_eq!(status, Some(77), "{stderr}");
}
