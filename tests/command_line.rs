//! What the binary says and how it ends, apart from what its verbs do.

use std::fs;
use std::io;
use std::process::{Command, Output, Stdio};

/// `weir` with an empty environment, so that no settings of this machine show.
fn weir(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(arguments).env_clear();
    command
}

fn ended(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("weir starts");
    let text = |bytes| String::from_utf8(bytes).expect("weir prints UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn what_is_to_be_watched_goes_with_no_verb() {
    for flag in ["--api", "--replay=x.pcap"] {
        let (status, _, stderr) = ended(&mut weir(&[flag, "features"]));
        assert_eq!(status, Some(64), "{stderr}");
    }
}

#[test]
fn without_a_verb_it_is_the_console_which_needs_a_terminal() {
    let (status, stdout, stderr) = ended(&mut weir(&[]));
    assert_eq!((status, &*stdout), (Some(69), ""));
    assert!(stderr.contains("must be a terminal"), "{stderr}");
}

#[test]
fn help_and_version_go_to_standard_output_and_end_well() {
    for arguments in [&["--help"][..], &["--version"], &["flows", "--help"], &["help", "config"]] {
        let (status, stdout, stderr) = ended(&mut weir(arguments));
        assert_eq!((status, &*stderr), (Some(0), ""), "{arguments:?}");
        assert!(!stdout.is_empty());
    }
}

#[test]
fn a_wrong_command_line_ends_with_the_usage_status() {
    for arguments in [&["flows"][..], &["--no-such-flag"], &["no-such-verb"], &["config", "x"]] {
        let (status, stdout, stderr) = ended(&mut weir(arguments));
        assert_eq!((status, &*stdout), (Some(64), ""), "{arguments:?}");
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
}

#[test]
fn settings_that_are_not_allowed_are_said_once_before_anything_is_done() {
    let flags = ["flows", "no-such-file.pcap", "--shards", "0", "--speed", "fast"];
    let (status, _, stderr) = ended(weir(&flags).env("WEIR_COLOUR", "1"));
    assert_eq!(status, Some(64));
    assert!(
        stderr.starts_with("weir: check settings:\n  colour = \"1\" (environment WEIR_COLOUR)")
    );
    assert!(stderr.contains("\n  shards = 0 (flag --shards): expected"), "{stderr}");
    assert_eq!(stderr.matches("(flag --speed)").count(), 1, "{stderr}");
}

#[test]
fn what_config_prints_can_be_given_back_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weir.toml");
    let (_, printed, _) =
        ended(weir(&["config"]).env("WEIR_FILTER", "tcp\nor udp").env("WEIR_SPEED", "2"));
    fs::write(&file, &printed).unwrap();
    let (status, again, stderr) = ended(&mut weir(&["config", "--config", file.to_str().unwrap()]));
    assert_eq!((status, &*stderr), (Some(0), ""));
    let values = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(values(&again), values(&printed));
    assert!(printed.contains("# environment WEIR_SPEED\n") && again.contains("# file /"));
}

#[test]
fn the_path_of_a_broken_settings_file_is_still_told() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("weir/weir.toml");
    fs::create_dir(home.path().join("weir")).unwrap();
    fs::write(&file, "shards =").unwrap();
    let run = |arguments: &[&str]| ended(weir(arguments).env("XDG_CONFIG_HOME", home.path()));
    assert_eq!(run(&["config", "--path"]).1, format!("{}\n", file.display()));
    let (status, _, stderr) = run(&["config"]);
    assert_eq!(status, Some(64));
    assert!(stderr.contains("weir.toml`, line 1: "), "{stderr}");
}

#[test]
fn a_settings_file_that_was_named_must_be_there() {
    let (status, _, stderr) = ended(weir(&["config"]).env("WEIR_CONFIG", "/no/such.toml"));
    assert_eq!(status, Some(74));
    assert!(stderr.starts_with("weir: read settings file `/no/such.toml`: No such file"));
    assert_eq!(stderr.lines().count(), 1);
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut child = weir(&["config"]);
    let output = child.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
}

#[test]
fn a_full_disk_under_standard_output_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = weir(&["config"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("weir: write settings to standard output: No space"), "{stderr}");
}

#[test]
fn shells_and_man_know_every_verb() {
    let verbs = [
        "flows", "detect", "model", "features", "config", "user", "alerts", "baseline", "outbox",
        "notify", "audit", "doctor", "scan",
    ];
    for shell in ["bash", "zsh", "fish"] {
        let (status, script, _) = ended(&mut weir(&["completions", shell]));
        assert_eq!(status, Some(0), "{shell}");
        assert!(verbs.iter().all(|verb| script.contains(verb)), "{shell}");
    }
    let (status, page, _) = ended(&mut weir(&["man"]));
    assert!(status == Some(0) && page.contains(".TH weir 1"), "{page}");
    for verb in verbs {
        let (status, page, _) = ended(&mut weir(&["man", verb]));
        assert!(status == Some(0) && page.contains(&format!(".TH weir-{verb} 1")), "{page}");
        assert!(page.contains("config"), "the flags of all verbs are missing: {page}");
    }
    let (status, page, stderr) = ended(&mut weir(&["man", "no-such-verb"]));
    assert_eq!((status, &*page), (Some(64), ""));
    assert!(stderr.contains("`no-such-verb`"), "{stderr}");
}
