//! The file that an agent exports events to.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::{TempDir, tempdir};

use crate::support::data::shared;
use crate::{Follower, counted, exec, pids, without_roots_powers};

struct Export {
    folder: TempDir,
}

impl Export {
    fn new() -> Self {
        Self { folder: tempdir().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tetragon.log")
    }

    fn follow(&self) -> Follower {
        Follower::of(&[&format!("file://{}", self.path().display())])
    }

    fn write(&self, bytes: impl AsRef<[u8]>) -> File {
        let file = OpenOptions::new().create(true).append(true).open(self.path());
        let mut file = file.expect("the file can be written");
        file.write_all(bytes.as_ref()).expect("it takes all");
        file
    }
}

/// The first bytes of a line.
fn start(line: &str, bytes: usize) -> &str {
    line.get(..bytes).expect("it is longer")
}

#[track_caller]
fn until_pids(follower: &Follower, wanted: &[u32]) {
    drop(follower.until("these come", |heard| pids(heard) == wanted));
}

#[test]
fn only_what_is_new_is_read_and_half_lines_wait_for_their_end() {
    let export = Export::new();
    let (first, second) = (exec(3), exec(4));
    // What is at its end when it is opened is the half of a line that is not new.
    export.write(exec(1) + "\n" + start(&exec(2), 20));
    let follower = export.follow();
    follower.until_up();
    export.write(&exec(2).as_bytes()[20..]);
    export.write(format!("\n{first}\n{}", start(&second, 30)));
    until_pids(&follower, &[3]);
    export.write(&second.as_bytes()[30..]);
    export.write("\r\n\n");
    until_pids(&follower, &[3, 4]);
    let heard = follower.until("counted", |heard| heard.agents[0].events == 2);
    assert_eq!(counted(&heard), [("events", 2)]);
}

#[test]
fn a_file_that_is_rotated_is_read_to_its_end_and_the_next_from_its_start() {
    let export = Export::new();
    export.write("");
    let follower = export.follow();
    follower.until_up();
    let mut old = export.write(exec(1) + "\n");
    until_pids(&follower, &[1]);
    let rotated = export.folder.path().join("tetragon.log.1");
    fs::rename(export.path(), &rotated).unwrap();
    writeln!(old, "{}", exec(2)).unwrap();
    until_pids(&follower, &[1, 2]);
    writeln!(old, "{}", exec(3)).unwrap();
    export.write(exec(4) + "\n" + &exec(5) + "\n");
    until_pids(&follower, &[1, 2, 3, 4, 5]);
    // Twice more, at once.
    fs::rename(export.path(), &rotated).unwrap();
    export.write(exec(6) + "\n");
    until_pids(&follower, &[1, 2, 3, 4, 5, 6]);
    let heard = follower.until("counted", |heard| heard.agents[0].events == 6);
    assert_eq!(counted(&heard), [("events", 6)]);
}

#[test]
fn a_file_that_is_cut_off_in_place_is_read_from_its_start_and_that_is_a_gap() {
    let export = Export::new();
    export.write("");
    let follower = export.follow();
    follower.until_up();
    export.write(exec(1) + "\n" + &exec(2) + "\n" + start(&exec(3), 9));
    until_pids(&follower, &[1, 2]);
    export.write("").set_len(0).unwrap();
    drop(follower.until("a gap", |heard| heard.agents[0].gaps == 1));
    export.write(exec(4) + "\n");
    until_pids(&follower, &[1, 2, 4]);
    let heard = follower.until("counted", |heard| heard.agents[0].events == 3);
    assert_eq!(counted(&heard), [("events", 3), ("gaps", 1), ("unreadable", 1)]);
}

#[test]
fn a_file_that_comes_later_is_read_from_its_start() {
    let export = Export::new();
    let follower = export.follow();
    follower.until_down("`tetragon.exportFilename`");
    export.write(exec(1) + "\n");
    until_pids(&follower, &[1]);
    follower.until_up();
    fs::remove_file(export.path()).unwrap();
    follower.until_down("moved away");
    export.write(exec(2) + "\n");
    until_pids(&follower, &[1, 2]);
    follower.until_up();
}

#[test]
fn lines_that_cannot_be_read_are_counted_and_the_next_is_whole() {
    let export = Export::new();
    export.write("");
    let follower = export.follow();
    follower.until_up();
    let mut bad = Vec::new();
    bad.extend(b"{\"process_exec\":\n");
    bad.extend(b"no json\n");
    bad.extend(b"[1,2]\n");
    bad.extend([0; 100]);
    bad.extend(format!("{}\0\0\n", exec(1)).bytes());
    // Ten megabytes.
    bad.extend(b"{\"process_exec\":{\"process\":{\"arguments\":\"");
    bad.extend(vec![b'a'; 10 << 20]);
    bad.extend(b"\"}}}\n");
    bad.extend(b"\n\0\n");
    bad.extend(format!("{}\n", exec(2)).bytes());
    export.write(&bad);
    let heard = follower
        .until("counted", |heard| heard.agents[0].events == 2 && heard.agents[0].unreadable == 4);
    assert_eq!(pids(&heard), [1, 2]);
    assert_eq!(counted(&heard), [("events", 2), ("unreadable", 4)]);
}

#[test]
fn what_is_no_file_and_what_may_not_be_read_says_how_to_mend_it() {
    without_roots_powers();
    let export = Export::new();
    fs::create_dir(export.path()).unwrap();
    export.follow().until_down("this is no file");
    fs::remove_dir(export.path()).unwrap();
    nix::unistd::mkfifo(&export.path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    export.follow().until_down("this is no file");
    fs::remove_file(export.path()).unwrap();
    export.write(exec(1) + "\n");
    fs::set_permissions(export.path(), fs::Permissions::from_mode(0o000)).unwrap();
    let follower = export.follow();
    follower.until_down("`tetragon.exportFilePerm`");
    fs::set_permissions(export.path(), fs::Permissions::from_mode(0o600)).unwrap();
    follower.until_up();
    export.write(exec(2) + "\n");
    until_pids(&follower, &[2]);
}

#[test]
fn a_burst_is_read_whole_and_in_order() {
    let export = Export::new();
    export.write("");
    let follower = export.follow();
    follower.until_up();
    let wanted: Vec<_> = (1..=50_000).collect();
    let text: String = wanted.iter().map(|pid| exec(*pid) + "\n").collect();
    for piece in text.as_bytes().chunks(1 << 20) {
        export.write(piece);
    }
    let heard = follower.until("all come", |heard| heard.agents[0].events == 50_000);
    assert_eq!(pids(&heard), wanted);
    assert_eq!(counted(&heard), [("events", 50_000)]);
    drop(heard);
    follower.end();
}

#[test]
fn the_export_of_a_live_agent_is_read_whole() {
    let Some(path) = shared("tetragon-live/events.jsonl") else { return };
    let text = fs::read(path).unwrap();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() as u64;
    let export = Export::new();
    export.write("");
    let follower = export.follow();
    follower.until_up();
    export.write(text);
    let heard = follower.until("all come", |heard| heard.agents[0].events == lines);
    assert_eq!(heard.agents[0].unreadable, 0);
}
