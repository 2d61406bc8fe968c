//! What the screen looks like, reviewed as text in `snapshots/`.

use super::*;

/// Compares the screen with `snapshots/<name>.snap`.
fn assert_screen(name: &str, session: &Session) {
    insta::with_settings!({
        snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, session.text());
    });
}

#[test]
fn the_overview() {
    for (width, height) in [(120, 34), (80, 24), (200, 60), (40, 12), (30, 8)] {
        assert_screen(&format!("overview_{width}x{height}"), &Session::at((width, height)));
    }
}
