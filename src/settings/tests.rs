use std::path::Path;

use proptest::prelude::*;
use toml::Table;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::from_pairs(pairs.iter().map(|(name, value)| (name.into(), value.into())))
}

fn flags(text: &str) -> Table {
    text.parse().unwrap()
}

/// What comes of a file with this text, these variables and these flags.
fn layered(file: &str, pairs: &[(&str, &str)], flags: Table) -> Result<Resolved, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weir.toml");
    std::fs::write(&path, file).unwrap();
    let environment = environment(pairs);
    let file = SettingsFile::locate(Some(&path), &environment)?;
    Resolved::read(Some(&file), &environment, flags)
}

fn problems(outcome: Result<Resolved, Error>) -> Vec<Problem> {
    match outcome {
        Err(Error::Refused(problems)) => problems,
        other => panic!("not refused: {other:?}"),
    }
}

fn origin(resolved: &Resolved, key: &str) -> String {
    resolved.origins[key].to_string()
}

#[test]
fn without_any_other_place_the_defaults_are_in_force() {
    let resolved = Resolved::read(None, &environment(&[]), Table::new()).unwrap();
    assert_eq!(resolved.settings, Settings::default());
    assert!(resolved.origins.values().all(|origin| *origin == Origin::Default));
}

#[test]
fn the_file_lies_over_the_defaults() {
    let resolved = layered("shards = 2\nspeed = 1.5", &[], Table::new()).unwrap();
    assert_eq!(resolved.settings.shards, 2);
    assert_eq!(resolved.settings.speed, Speed::Times(1.5));
    assert!(origin(&resolved, "shards").starts_with("file /"));
    assert_eq!(origin(&resolved, "max-flows"), "default");
}

#[test]
fn the_environment_lies_over_the_file() {
    let pairs = [("WEIR_SHARDS", "3"), ("WEIR_INTERFACE", "eth0, eth1"), ("WEIR_CONFIG", "/none")];
    let resolved = layered("shards = 2\ninterface = ['lo']", &pairs, Table::new()).unwrap();
    assert_eq!(resolved.settings.shards, 3);
    assert_eq!(resolved.settings.interface, ["eth0", "eth1"]);
    assert_eq!(origin(&resolved, "shards"), "environment WEIR_SHARDS");
}

#[test]
fn flags_lie_over_the_environment() {
    let resolved =
        layered("shards = 2", &[("WEIR_SHARDS", "3")], flags("shards = '4'\nfilter = 'tcp'"));
    let resolved = resolved.unwrap();
    assert_eq!((resolved.settings.shards, &*resolved.settings.filter), (4, "tcp"));
    assert_eq!(origin(&resolved, "shards"), "flag --shards");
}

#[test]
fn a_filter_of_digits_stays_a_text() {
    let resolved = layered("", &[("WEIR_FILTER", "80"), ("WEIR_LOG_FILE", "")], Table::new());
    let settings = resolved.unwrap().settings;
    assert_eq!((&*settings.filter, settings.log_file), ("80", None));
}

#[test]
fn an_unknown_key_is_refused_with_its_name_and_origin() {
    let found = problems(layered(
        "shard = 2",
        &[("WEIR_SHARD", "1"), ("WEIR_shards", "1"), ("WEIR_TEST_DATA", "/data")],
        Table::new(),
    ));
    let keys: Vec<_> = found.iter().map(|problem| &*problem.key).collect();
    assert_eq!(keys, ["WEIR_shards", "shard"]);
    assert_eq!(found[1].origin, Origin::Environment("WEIR_SHARD".into()));
    assert!(found[1].reason.starts_with("unknown key, expected one of active-timeout, "));
    let [in_file] = &*problems(layered("[capture]\nshards = 2", &[], Table::new())) else {
        panic!("one problem expected")
    };
    assert_eq!(in_file.key, "capture");
    assert!(matches!(in_file.origin, Origin::File(_)));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let file = "snap-length = 64\nring-mib = 'big'\nlog-level = 'loud'\nspeed = 0\nshards = '2'";
    let pairs = [("WEIR_SHARDS", "65"), ("WEIR_IDLE_TIMEOUT", "0s"), ("WEIR_INTERFACE", "a/b")];
    let error = layered(file, &pairs, flags("max-flows = '0'")).unwrap_err().to_string();
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(lines.len(), 1 + 7 + 1, "{error}");
    assert_eq!(lines[0], "check settings:");
    assert!(error.contains(
        "\n  shards = 65 (environment WEIR_SHARDS): expected a whole number from 1 to 64"
    ));
    assert!(error.contains(
        "\n  max-flows = 0 (flag --max-flows): expected a whole number from 1 to 1000000000"
    ));
    assert!(error.contains("log-level = \"loud\" (file "), "{error}");
    assert!(error.contains("expected one of `error`, `warn`, `info`, `debug`, `trace`"));
}

#[test]
fn a_secret_in_a_refused_value_is_not_shown() {
    let found = problems(layered("slak-token = 'xoxb-1'", &[], Table::new()));
    assert_eq!(found[0].value, "\"***\"");
    let long = format!("filtre = '{}'", "x".repeat(500));
    assert_eq!(problems(layered(&long, &[], Table::new()))[0].value.chars().count(), 81);
}

#[test]
fn a_value_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let name = std::ffi::OsString::from("WEIR_LOG_FILE");
    let value = std::ffi::OsString::from_vec(b"/tmp/\xff".to_vec());
    let environment = Environment::from_pairs([(name, value)]);
    let found = problems(Resolved::read(None, &environment, Table::new()));
    assert_eq!(found[0].reason, "expected a text in UTF-8 without zero bytes");
}

#[test]
fn durations_are_numbers_of_seconds_or_have_units() {
    for (written, expected) in [
        ("120", Duration::from_mins(2)),
        ("0.5", Duration::from_millis(500)),
        ("'120s'", Duration::from_mins(2)),
        ("'120'", Duration::from_mins(2)),
        ("'2m'", Duration::from_mins(2)),
        ("'500ms'", Duration::from_millis(500)),
        ("'1us'", Duration::from_micros(1)),
        ("'1h 30m'", Duration::from_mins(90)),
        ("'24h'", Duration::from_hours(24)),
    ] {
        let resolved = layered(&format!("idle-timeout = {written}"), &[], Table::new());
        assert_eq!(resolved.unwrap().settings.idle_timeout, expected, "{written}");
    }
}

#[test]
fn durations_that_make_no_sense_are_refused() {
    for written in ["0", "-1", "nan", "inf", "1e300", "'24h 1s'", "''", "'2 days'", "'1ns'", "true"]
    {
        let found = problems(layered(&format!("idle-timeout = {written}"), &[], Table::new()));
        assert!(found[0].reason.starts_with("expected a duration from 1us to 24h"), "{written}");
    }
}

#[test]
fn a_named_file_must_be_there_and_the_usual_one_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let environment = environment(&[("HOME", home)]);
    let usual = SettingsFile::locate(None, &environment).unwrap();
    assert_eq!(usual.path(), folder.path().join(".config/weir/weir.toml"));
    assert!(Resolved::read(Some(&usual), &environment, Table::new()).is_ok());
    let named = SettingsFile::locate(Some(usual.path()), &environment).unwrap();
    let error = Resolved::read(Some(&named), &environment, Table::new()).unwrap_err();
    assert!(matches!(error, Error::Read { .. }), "{error}");
}

#[test]
fn a_flag_names_the_file_before_the_environment_and_that_before_the_folders() {
    let pairs = [("WEIR_CONFIG", "w.toml"), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")];
    let path = |named: Option<&str>, pairs| {
        SettingsFile::locate(named.map(Path::new), &environment(pairs)).unwrap().path().to_owned()
    };
    assert_eq!(path(Some("f.toml"), &pairs), Path::new("f.toml"));
    assert_eq!(path(None, &pairs), Path::new("w.toml"));
    assert_eq!(path(None, &pairs[1..]), Path::new("/x/weir/weir.toml"));
    assert!(matches!(SettingsFile::locate(None, &environment(&[])), Err(Error::NoHome)));
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line_but_not_its_text() {
    let error = layered("shards = 2\napi-token = hunter2", &[], Table::new()).unwrap_err();
    assert!(matches!(error, Error::Syntax { line: 2, .. }), "{error:?}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn a_file_without_end_is_refused() {
    let environment = environment(&[]);
    let file = SettingsFile::locate(Some(Path::new("/dev/zero")), &environment).unwrap();
    assert!(matches!(
        Resolved::read(Some(&file), &environment, Table::new()),
        Err(Error::Read { .. })
    ));
}

#[test]
fn every_line_printed_says_where_its_value_came_from() {
    let pairs = [("WEIR_FILTER", "host a\nand\tb"), ("WEIR_ACTIVE_TIMEOUT", "1500ms")];
    let printed = layered("", &pairs, flags("shards = '4'")).unwrap().to_string();
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines.len(), super::layer::table(&Settings::default()).len(), "{printed}");
    assert!(lines.iter().all(|line| line.contains("  # ")), "{printed}");
    assert!(printed.contains("active-timeout = \"1500ms\""), "{printed}");
    assert!(printed.contains("# environment WEIR_FILTER\n"), "{printed}");
    let columns: Vec<_> = lines.iter().map(|line| line.find("  # ")).collect();
    assert!(columns.iter().all(|column| *column == columns[0]), "{printed}");
}

#[test]
fn agents_of_tetragon_are_named_in_a_list_in_every_place() {
    let shown = |resolved: Result<Resolved, Error>| {
        let wishes = resolved.unwrap().settings.tetragon;
        wishes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(layered("", &[], Table::new())), "auto");
    let file = "tetragon = ['unix:///run/t.sock', 'file:///var/log/tetragon/tetragon.log']";
    let all = "unix:///run/t.sock file:///var/log/tetragon/tetragon.log";
    assert_eq!(shown(layered(file, &[], Table::new())), all);
    let pairs = [("WEIR_TETRAGON", "localhost:54321, cluster:54321")];
    assert_eq!(shown(layered(file, &pairs, Table::new())), "localhost:54321 cluster:54321");
    let none = flags("tetragon = ['none']");
    assert_eq!(shown(layered(file, &pairs, none)), "none");
}

#[test]
fn an_agent_that_nobody_could_find_is_refused() {
    for (written, said) in [
        ("['unix://t.sock']", "`unix://t.sock` names no agent of Tetragon: "),
        ("['here']", "`here` names no agent of Tetragon: "),
        ("['none', 'auto']", "expected `none` alone"),
        ("[4]", "expected a list such as"),
        ("'auto'", "expected a list such as"),
    ] {
        let found = problems(layered(&format!("tetragon = {written}"), &[], Table::new()));
        assert!(found[0].reason.starts_with(said), "{written}: {found:?}");
    }
    for written in ["['']", "['Shop']", "['eth0:1']", "['a.b']", "['-a']", "'shop'", "[4]"] {
        let file = format!("tetragon-deny-namespaces = {written}");
        let found = problems(layered(&file, &[], Table::new()));
        assert!(
            found[0].reason.starts_with("expected a list of namespaces"),
            "{written}: {found:?}"
        );
    }
    let file = "tetragon-deny-namespaces = ['kube-system', 'shop-2']";
    let denied = layered(file, &[], Table::new()).unwrap().settings.tetragon_deny_namespaces;
    assert_eq!(denied, ["kube-system", "shop-2"]);
    for written in ["0", "4097", "'64'"] {
        let found = problems(layered(&format!("tetragon-mib = {written}"), &[], Table::new()));
        assert_eq!(found[0].reason, "expected a whole number from 1 to 4096", "{written}");
    }
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let any_duration = || (1_000..=86_400_000_000_000_u64).prop_map(Duration::from_nanos);
    let speed = prop_oneof![Just(Speed::Max), (0.001..1e6).prop_map(Speed::Times)];
    let texts = ("[^\u{0}\u{fffd}]{0,40}", prop::collection::vec("[a-z0-9.@:-]{1,20}", 0..3));
    (
        texts,
        any_duration(),
        any_duration(),
        speed,
        1..=64_usize,
        prop::option::of("/[^\u{0}\u{fffd}]{0,9}"),
    )
        .prop_map(
            |((filter, interface), active_timeout, idle_timeout, speed, shards, log_file)| {
                Settings {
                    filter,
                    interface,
                    active_timeout,
                    idle_timeout,
                    speed,
                    shards,
                    log_file: log_file.map(PathBuf::from),
                    ..Settings::default()
                }
            },
        )
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same_settings(settings in any_settings()) {
        let resolved = Resolved { settings: settings.clone(), origins: [].into() };
        let again = layered(&resolved.to_string(), &[], Table::new()).unwrap();
        prop_assert_eq!(again.settings, settings);
    }

    #[test]
    fn no_text_makes_reading_settings_panic(text in ".{0,60}", name in "WEIR_.{0,20}") {
        let outcome = layered(&text, &[(&name, &text)], flags("speed = 'max'"));
        drop(outcome.map(|resolved| resolved.to_string()));
    }
}
