//! `weir notify`: whom the settings name, and what came back from a test.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::thread::{self, JoinHandle};

use support::ledger::{Said, weir_with};

/// Answers one request with `answer`, and returns the request.
fn answering(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address").to_string();
    let request = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody comes");
        let mut reader = BufReader::new(&stream);
        let (mut request, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            request.push_str(&line);
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("the body");
        (&stream).write_all(answer.as_bytes()).expect("it is taken");
        request + &String::from_utf8_lossy(&body)
    });
    (address, request)
}

fn notify(line: &str, settings: &[(&str, &str)]) -> Said {
    weir_with(line, settings)
}

#[test]
fn sinks_are_listed_with_their_hosts_and_no_secret() {
    let said = notify(
        "notify",
        &[
            ("SLACK_WEBHOOK_URL", "https://hooks.example/services/T0/B0/hunter2"),
            ("WEIR_ALERTMANAGER_URL", "http://alerts.example:9093/am"),
            ("WEIR_WEBHOOK_URL", "https://me:hunter2@own.example/hunter2"),
        ],
    );
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{said:?}");
    let rows: Vec<Vec<_>> =
        said.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            ["SINK", "WHERE"],
            ["slack", "hooks.example"],
            ["alertmanager", "alerts.example:9093"],
            ["webhook", "own.example"],
        ]
    );
    let said = notify("notify", &[]);
    assert_eq!(said.out, "nobody is told: the settings name no sink\n");
}

#[test]
fn a_test_that_is_taken_says_so_and_what_was_sent_says_that_it_is_one() {
    let (address, request) = answering("HTTP/1.1 204 No Content\r\n\r\n");
    let url = format!("http://{address}/in?token=hunter2");
    let said = notify("notify test webhook", &[("WEIR_WEBHOOK_URL", &url)]);
    assert_eq!((said.status, &*said.out), (Some(0), "webhook has taken the test\n"), "{said:?}");
    let request = request.join().expect("a request");
    assert!(request.starts_with("POST /in?token=hunter2 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("test"), "{request}");
}

#[test]
fn what_came_back_is_said_without_what_steers_a_terminal() {
    for (answer, status, what) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\n\r\nno_service\x1b[m",
            77,
            "test webhook: refused: ",
        ),
        (
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy",
            69,
            "test webhook: not taken, may be in 7 s: ",
        ),
        ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 69, "test webhook: not taken: "),
        ("", 69, "test webhook: not taken: "),
    ] {
        let (address, request) = answering(answer);
        let url = format!("http://{address}/hunter2");
        let said = notify("notify test webhook", &[("WEIR_WEBHOOK_URL", &url)]);
        request.join().expect("a request");
        assert_eq!((said.status, &*said.out), (Some(status), ""), "{said:?}");
        assert!(said.err.starts_with(&format!("weir: {what}{address} ")), "{said:?}");
        assert!(!said.err.contains('\u{1b}') && !said.err.contains("hunter2"), "{said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
    }
}

#[test]
fn a_sink_that_is_not_named_or_cannot_be_made_is_refused_before_anything_is_sent() {
    let said = notify("notify test slack", &[]);
    let expected = "weir: test slack: the settings do not name it; `weir notify` lists those that \
                    they do\n";
    assert_eq!((said.status, &*said.err), (Some(64), expected));
    assert_eq!(notify("notify test teams", &[]).status, Some(64));
    let said = notify("notify", &[("WEIR_SLACK_CHANNEL", "#alerts")]);
    assert!(said.status == Some(64) && said.err.contains("slack-channel is set"), "{said:?}");
    let plain = [("WEIR_SLACK_WEBHOOK_URL", "http://hooks.example/hunter2")];
    let said = notify("notify", &plain);
    assert!(said.status == Some(64) && said.err.contains("must begin with https://"), "{said:?}");
    assert!(!said.err.contains("hunter2"), "{said:?}");
}

#[test]
fn a_service_account_key_that_is_none_is_told_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let key = folder.path().join("key.json");
    let settings = [
        ("WEIR_FIREBASE_URL", "https://x.firebaseio.example"),
        ("WEIR_FIREBASE_KEY_FILE", key.to_str().unwrap()),
    ];
    let said = notify("notify", &settings);
    let expected = format!("weir: read the service-account key `{}`: No such file", key.display());
    assert!(said.status == Some(74) && said.err.starts_with(&expected), "{said:?}");
    fs::write(&key, r#"{"private_key":"hunter2"}"#).unwrap();
    let said = notify("notify", &settings);
    assert!(said.status == Some(65) && said.err.contains("`client_email`"), "{said:?}");
    assert!(!said.err.contains("hunter2"), "{said:?}");
}
