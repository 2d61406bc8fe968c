//! Which agents of Tetragon are listened to, by the settings.

use weir::engine::Listening;
use weir::settings::Settings;
use weir::tetragon::Wish;

/// Which agents of Tetragon are listened to. What is on this host has nothing to do with a capture that
/// is replayed, unless somebody says so.
pub(super) fn listening(settings: &Settings, is_live: bool) -> Listening {
    let is_meant = |wish: &Wish| match wish {
        Wish::Auto => is_live,
        Wish::Nobody => false,
        Wish::At(_) | Wish::Cluster(_) => true,
    };
    let wishes: Vec<_> = settings.tetragon.iter().filter(|wish| is_meant(wish)).cloned().collect();
    let absent = match wishes.is_empty() {
        false => None,
        true if settings.tetragon.contains(&Wish::Auto) => Some(
            "nobody listens to Tetragon: a capture is replayed, which may be of another time; an \
             agent that is named with `--tetragon` is listened to beside it",
        ),
        true => Some("nobody listens to Tetragon: `tetragon` is `none` in the settings"),
    };
    Listening {
        wishes,
        denied_namespaces: settings.tetragon_deny_namespaces.clone(),
        memory_bytes: u64::from(settings.tetragon_mib) << 20,
        absent: absent.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is heard, and why nobody is.
    fn heard(wishes: &[&str], is_live: bool) -> (String, Option<String>) {
        let tetragon = wishes.iter().map(|wish| wish.parse().unwrap()).collect();
        let settings = Settings { tetragon, ..Settings::default() };
        let Listening { wishes, absent, memory_bytes, .. } = listening(&settings, is_live);
        assert_eq!(memory_bytes, 64 << 20);
        (wishes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), absent)
    }

    #[test]
    fn beside_a_capture_that_is_replayed_only_those_are_heard_who_were_named() {
        assert_eq!(heard(&["auto"], true), ("auto".into(), None));
        assert_eq!(heard(&["auto", "n1:1"], true), ("auto n1:1".into(), None));
        assert_eq!(heard(&["auto", "n1:1"], false), ("n1:1".into(), None));
        let (heard, absent) = heard(&["auto"], false);
        assert!(heard.is_empty() && absent.is_some_and(|why| why.contains("is replayed")));
    }

    #[test]
    fn where_nobody_is_wanted_it_says_so() {
        for (wishes, is_live) in [(&["none"][..], true), (&["none"], false), (&[], true)] {
            let (heard, absent) = heard(wishes, is_live);
            assert!(heard.is_empty() && absent.is_some_and(|why| why.contains("is `none`")));
        }
    }
}
