//! What the screen looks like, reviewed as text in `snapshots/`.

use weir::detect::Shift;
use weir::engine::{SourceKind, SourceState};

use super::*;

pub(super) const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (120, 34), (200, 60)];

/// Compares the screen with `snapshots/<name>.snap`.
pub(super) fn assert_screen(name: &str, session: &Session) {
    assert_text(name, &session.text());
}

fn assert_text(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// Compares what `keys` open with `snapshots/<name>_<size>.snap` at each size.
fn assert_screens(name: &str, keys: &str) {
    for (width, height) in SIZES {
        let mut session = Session::at((width, height));
        session.type_in(keys);
        assert_screen(&format!("{name}_{width}x{height}"), &session);
    }
}

#[test]
fn the_overview_is_one_pane_where_there_is_no_room_for_all() {
    assert_screens("overview", "");
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    assert_screen("too_small", &Session::at((39, 11)));
}

#[test]
fn each_pane_fills_a_small_screen() {
    for (key, name) in [("2", "scores"), ("3", "alerts"), ("5", "limits")] {
        let mut session = Session::at((80, 24));
        session.type_in(key);
        assert_screen(&format!("{name}_80x24"), &session);
    }
}

#[test]
fn a_row_of_flows_opens_its_flows_and_a_flow_its_features() {
    assert_screens("conversation", "\n");
    assert_screens("flow", "\n\n");
}

#[test]
fn an_alert_opens_all_that_is_known_of_it() {
    assert_screens("incident", "3\n");
}

#[test]
fn who_is_in_the_cluster_is_called_by_its_name() {
    for (name, keys) in
        [("overview", ""), ("alerts", "3z"), ("conversation", "jjj\n"), ("incident", "3\n")]
    {
        for (width, height) in SIZES {
            let mut session = Session::of(fixture::named(), (width, height));
            session.type_in(keys);
            assert_screen(&format!("named_{name}_{width}x{height}"), &session);
        }
    }
    let mut session = Session::of(fixture::named(), (80, 24));
    session.0.glyphs = Glyphs::Ascii;
    assert!(session.type_in("3").text().is_ascii());
}

#[test]
fn the_outbox_says_how_each_sink_does_and_what_it_waits_for() {
    for (width, height) in SIZES {
        let mut session = Session::of(fixture::unheard(), (width, height));
        session.type_in("o");
        assert_screen(&format!("outbox_{width}x{height}"), &session);
    }
}

#[test]
fn mutes_say_what_they_hide_and_why() {
    assert_screens("mutes", "O");
}

#[test]
fn the_map_says_what_leads_where_and_what_flows_there() {
    for (width, height) in SIZES {
        let mut session = Session::of(fixture::mapped(), (width, height));
        session.type_in("w");
        assert_screen(&format!("map_{width}x{height}"), &session);
    }
    let mut session = Session::of(fixture::mapped(), (80, 24));
    session.0.glyphs = Glyphs::Ascii;
    session.type_in("w");
    assert_screen("ascii_map_80x24", &session);
}

#[test]
fn help_shows_every_key() {
    assert_screens("help", "?");
}

#[test]
fn the_palette_shows_the_commands_that_fit() {
    assert_screens("palette", ":so");
}

#[test]
fn a_filter_says_what_is_wrong_with_it() {
    assert_screens("filter_mistake", "/class:dos* prt:80");
    assert_screens("filter", "/class:dos*");
}

#[test]
fn a_plain_terminal_gets_ascii() {
    for (name, keys) in [("overview", ""), ("alerts", "3z"), ("flow", "\n\n")] {
        for (width, height) in SIZES {
            let mut session = Session::at((width, height));
            session.0.glyphs = Glyphs::Ascii;
            session.type_in(keys);
            assert_screen(&format!("ascii_{name}_{width}x{height}"), &session);
        }
    }
}

#[test]
fn colours_say_what_words_say_too() {
    for theme in [Theme::Dark, Theme::Light, Theme::Mono] {
        for (width, height) in SIZES {
            let mut session = Session::at((width, height));
            session.0.theme = theme;
            assert_text(&format!("{}_overview_{width}x{height}", theme.name()), &session.looks());
        }
    }
}

#[test]
fn nothing_has_happened_yet() {
    let source = weir::engine::Source {
        kind: SourceKind::Interface,
        name: "eth0".into(),
        ..Default::default()
    };
    let session = Session::of(Snapshot { source, ..Snapshot::default() }, (120, 34));
    assert_screen("nothing_yet_120x34", &session);
}

#[test]
fn while_all_is_well_there_is_always_a_clock_and_a_state() {
    for width in 40..200 {
        for keys in ["", "\n", "3", "w"] {
            let mut session = Session::at((width, 34));
            let text = session.type_in(keys).text();
            let status = text.lines().next().unwrap();
            assert!(status.ends_with("  14:02:11Z"), "{width} {keys}: {status}");
            assert!(status.contains("● live"), "{width} {keys}: {status}");
        }
    }
}

#[test]
fn trouble_is_said_in_words() {
    let mut snapshot = fixture::snapshot();
    snapshot.source.state =
        SourceState::Failed("read from interface `eth0`: network is down".into());
    snapshot.traffic.dropped_kernel = 48_123;
    snapshot.model.unscored = 1_311;
    snapshot.store.failure = Some("write to `/var/lib/weir/weir.db`: no space left".into());
    snapshot.flows.evicted = 17;
    snapshot.sinks = fixture::unheard().sinks;
    for (width, height) in SIZES {
        let session = Session::of(snapshot.clone(), (width, height));
        assert_screen(&format!("trouble_{width}x{height}"), &session);
    }
}

#[test]
fn a_network_unlike_the_training_is_said_where_scores_are() {
    let mut snapshot = fixture::snapshot();
    snapshot.model.shift = Shift {
        index: Some(0.92),
        bound: 0.75,
        features: vec!["Dst Flows 60s", "Svc Rate 300s", "Src Up 60s"],
    };
    for (name, keys) in [("unlike_overview", ""), ("unlike_scores", "2")] {
        for (width, height) in [(80, 24), (120, 34)] {
            let mut session = Session::of(snapshot.clone(), (width, height));
            assert_screen(&format!("{name}_{width}x{height}"), session.type_in(keys));
        }
    }
    snapshot.model.shift.bound = 0.92;
    let mut session = Session::of(snapshot, (200, 60));
    assert!(!session.type_in("2").text().contains("unlike"));
}

#[test]
fn what_processes_do_is_listed_and_opens_in_full() {
    for (width, height) in SIZES {
        for (name, keys) in [("events", "4z"), ("event", "4zj\n"), ("event_end", "4zj\nG")] {
            let mut session = Session::at((width, height));
            session.type_in(keys);
            assert_screen(&format!("{name}_{width}x{height}"), &session);
            session.0.glyphs = Glyphs::Ascii;
            assert!(session.text().is_ascii());
        }
    }
    let mut session = Session::at((120, 34));
    session.0.glyphs = Glyphs::Ascii;
    session.type_in("4z");
    assert_screen("ascii_events_120x34", &session);
    session.0.theme = Theme::Mono;
    assert_text("mono_events_120x34", &session.looks());
    session.0.glyphs = Glyphs::Unicode;
    session.0.theme = Theme::Dark;
    assert_text("dark_events_120x34", &session.looks());
}

#[test]
fn agents_that_are_not_heard_or_lose_events_are_trouble() {
    let mut snapshot = fixture::snapshot();
    let tetragon = &mut snapshot.tetragon;
    let why = "connect to `worker-1:54321`: connection refused; is the agent running?";
    tetragon.agents[0].link =
        weir::tetragon::AgentLink::Down { since_us: fixture::NOW_US - 60_000_000, why: why.into() };
    tetragon.agents[1].rate_limited = 1_204;
    tetragon.agents[1].throttled = 1;
    tetragon.agents[1].gaps = 2;
    for (width, height) in SIZES {
        let mut session = Session::of(snapshot.clone(), (width, height));
        assert_screen(&format!("agents_overview_{width}x{height}"), session.type_in("4"));
    }
}
