//! Which URLs something may be sent to.

use std::net::IpAddr;

use reqwest::Url;

use super::Error;

/// What goes over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// A secret of a service on the Internet: it is encrypted, unless it stays on this machine.
    Needed,
    /// The operator's choice, in a network of his own.
    Chosen,
}

/// The URL `text`, as it was written in `setting`.
pub(super) fn url(text: &str, setting: &'static str, secrecy: Secrecy) -> Result<Url, Error> {
    let wrong = |problem| Error::Url { setting, problem };
    let url = Url::parse(text).map_err(|_| wrong("it is no URL"))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("it names no host"));
    }
    match (url.scheme(), secrecy) {
        ("https", _) | ("http", Secrecy::Chosen) => Ok(url),
        ("http", Secrecy::Needed) if is_here(&url) => Ok(url),
        ("http", Secrecy::Needed) => Err(wrong("it must begin with https://")),
        _ => Err(wrong("it must begin with https:// or http://")),
    }
}

/// Whether a URL names this machine.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

/// `base` with `path` behind its own.
pub(super) fn under(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_leave_this_machine_encrypted_or_not_at_all() {
        let is_taken = |text, secrecy| url(text, "slack-webhook-url", secrecy).is_ok();
        for text in [
            "https://hooks.example.com/x",
            "http://127.0.0.1:9/x",
            "http://[::1]/",
            "http://localhost/",
        ] {
            assert!(is_taken(text, Secrecy::Needed), "{text}");
        }
        for text in [
            "http://hooks.example.com/x",
            "http://127.0.0.1.example.com/",
            "ftp://127.0.0.1/",
            "x",
            "",
        ] {
            assert!(!is_taken(text, Secrecy::Needed), "{text}");
        }
        assert!(is_taken("http://alertmanager:9093", Secrecy::Chosen));
        assert!(!is_taken("file:///etc/passwd", Secrecy::Chosen));
    }

    #[test]
    fn what_is_wrong_with_a_url_does_not_show_it() {
        let error = url(
            "http://hooks.example.com/services/T0/B0/hunter2",
            "slack-webhook-url",
            Secrecy::Needed,
        );
        let said = format!("{:?} {}", error, error.as_ref().unwrap_err());
        assert!(!said.contains("hunter2") && said.contains("slack-webhook-url"), "{said}");
    }

    #[test]
    fn a_path_goes_behind_that_of_the_base() {
        for (base, whole) in [
            ("https://am.example", "https://am.example/api/v2/alerts"),
            ("https://am.example/am/", "https://am.example/am/api/v2/alerts"),
        ] {
            assert_eq!(under(&Url::parse(base).unwrap(), "api/v2/alerts").as_str(), whole);
        }
    }
}
