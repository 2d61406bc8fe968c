//! Messages within what Slack takes, and what its answers mean.

use std::time::Duration;

use reqwest::header::HeaderValue;
use serde_json::Value;

use super::message::{details, turn};
use super::*;
use crate::detect::{Class, Reason};
use crate::incident::{
    Deed, Digest, Hosts, Incident, IncidentId, Mark, Names, News, Process, ProcessSeen, Severity,
    Status,
};
use crate::notify::Notice;
use crate::notify::http::{Failure, Http};
use crate::notify::tests::server::{Act, Server, answer, soon};
use crate::notify::tests::{incident, invaded, named, notice, who};
use crate::packet::Address;

/// As many and as long texts as can be, all of them hostile.
fn hostile(class: Class) -> Incident {
    let name = format!("<!channel> & `@here` \x1b[31m\u{202e}\n{}", "<&>`*".repeat(2_000));
    let mark = Some(Mark { by: name.clone(), at_us: i64::MAX });
    let hosts = |last| Hosts {
        listed: (0..32)
            .map(|at| {
                Address::v6([
                    0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                    0xff, at, last,
                ])
            })
            .collect(),
        total: u64::MAX,
    };
    let reason = Reason { feature: name.clone(), text: name.clone() };
    let (sources, targets) = (hosts(1), hosts(2));
    let process = Process {
        binary: name.clone(),
        arguments: name.clone(),
        user: name.clone(),
        parent: name.clone(),
        namespace: name.clone(),
        pod: name.clone(),
        ..Process::default()
    };
    let mut names = Names::default();
    for address in sources.listed.iter().chain(&targets.listed) {
        names.add(*address, &who(&name, &name, &name));
    }
    Incident {
        names,
        status: Status::Resolved,
        severity: Severity::Critical,
        sources,
        targets,
        flows: u64::MAX,
        packets: u64::MAX,
        bytes: u64::MAX,
        first_us: i64::MIN,
        last_us: i64::MAX,
        reopened: u32::MAX,
        acknowledged: mark.clone(),
        resolved_by: mark,
        related: (0..16).map(IncidentId).collect(),
        why: vec![reason; 9],
        processes: [Deed::Started, Deed::Client, Deed::Server]
            .map(|deed| ProcessSeen { deed, at_us: 0, process: process.clone() })
            .to_vec(),
        ..incident(class)
    }
}

/// All texts that people see, with the most characters that Slack takes of each.
fn texts(message: &Value) -> Vec<(String, usize)> {
    let mut texts = vec![(message["text"].as_str().unwrap().to_owned(), 4_000)];
    for block in message["blocks"].as_array().unwrap() {
        let mut add = |object: &Value, most| {
            texts.push((object["text"].as_str().unwrap().to_owned(), most));
        };
        match block["type"].as_str().unwrap() {
            "header" => {
                assert_eq!(block["text"]["type"], "plain_text");
                add(&block["text"], 150);
            }
            "section" => {
                if let Some(fields) = block.get("fields") {
                    let fields = fields.as_array().unwrap();
                    assert!((1..=10).contains(&fields.len()));
                    for field in fields {
                        add(field, 2_000);
                    }
                } else {
                    add(&block["text"], 3_000);
                }
            }
            "context" => add(&block["elements"][0], 2_000),
            other => panic!("{other}"),
        }
    }
    texts
}

fn assert_fits(message: &Value) {
    for (text, most) in texts(message) {
        let length = text.chars().count();
        assert!((1..=most).contains(&length), "{length} of {most}: {text}");
        assert!(!text.contains(['<', '>']), "{text}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
        // Every ampersand begins an escape, and every span of code ends.
        let escapes = ["&amp;", "&lt;", "&gt;"].map(|escape| text.matches(escape).count());
        assert_eq!(text.matches('&').count(), escapes.iter().sum::<usize>(), "{text}");
        assert_eq!(text.matches('`').count() % 2, 0, "{text}");
    }
    assert!(message["blocks"].as_array().unwrap().len() <= 50);
}

#[test]
fn the_processes_behind_it_are_named() {
    let flood = invaded(incident(Class::DosFlood));
    let message = payload(&notice(News::Changed, &flood));
    let said = message["blocks"].to_string();
    let shell =
        "started there: `/bin/sh` in `shop/web-7f9c`, a child of `/usr/sbin/nginx`, as `www-data`";
    assert!(said.contains(shell), "{said}");
}

#[test]
fn every_message_fits_and_no_name_becomes_markup() {
    for class in Class::ALL {
        for incident in [incident(class), hostile(class)] {
            for news in News::ALL {
                let notice = Notice { stands_for: u64::MAX, ..notice(news, &incident) };
                assert_fits(&payload(&notice));
                assert_fits(&turn(&notice));
            }
            assert_fits(&details(&incident));
        }
    }
    let bare = Incident { why: Vec::new(), sources: Hosts::default(), ..incident(Class::Scan) };
    assert_fits(&payload(&notice(News::Opened, &bare)));
    assert_fits(&details(&bare));
}

#[test]
fn a_digest_fits_and_names_the_worst() {
    let digest = Digest {
        changes: u64::MAX,
        incidents: u64::MAX,
        by_class: Class::ALL.map(|class| (class, u64::MAX)).to_vec(),
        by_severity: Severity::ALL.map(|severity| (severity, u64::MAX)).to_vec(),
        resolved: u64::MAX,
        first_us: i64::MIN,
        last_us: i64::MAX,
        worst: vec![hostile(Class::DosFlood); 20],
    };
    assert_fits(&digest_payload(&digest));
    let empty = Digest::default();
    assert_fits(&digest_payload(&empty));
    let named = Digest { incidents: 12, worst: vec![incident(Class::Exploit)], ..empty };
    let said = digest_payload(&named).to_string();
    assert!(said.contains("12 incidents") && said.contains("0000000000000abc"), "{said}");
}

#[test]
fn a_message_says_what_by_whom_and_why() {
    let mut flood = incident(Class::DosFlood);
    flood.sources.total = 70;
    let said = payload(&notice(News::Opened, &flood)).to_string();
    for part in [
        "New: high dos-flood of 192.0.2.10:80",
        "`192.0.2.10:80`",
        "`203.0.113.66`, and 69 more",
        "0.9871",
        "flows: 412, usually 2",
        "2020-09-13 12:26:40 UTC (1 min 0 s)",
        "412 flows, 5000 packets, 1024 bytes",
        "incident `0000000000000abc`",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_host_with_a_name_is_called_by_it_beside_its_address() {
    let flood = named(incident(Class::DosFlood));
    let said = payload(&notice(News::Opened, &flood)).to_string();
    for part in ["New: high dos-flood of shop/web:80 by 203.0.113.66", "`shop/web:80 192.0.2.10`"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(details(&flood).to_string().contains("`shop/web 192.0.2.10`"));
}

#[tokio::test]
async fn only_ok_means_that_a_webhook_has_taken_it() {
    for (body, is_taken, is_final) in [
        ("ok", true, false),
        ("ok\n", true, false),
        ("invalid_payload", false, true),
        ("no_service", false, true),
        ("", false, false),
        ("<html>Welcome to the hotel's network</html>", false, false),
    ] {
        let server = Server::start([answer("200 OK", "", body)]).await;
        let webhook = Webhook::new(Http::new().unwrap(), server.url.clone());
        let told = webhook.tell(&notice(News::Opened, &incident(Class::Scan)), soon()).await;
        assert_eq!(told.is_ok(), is_taken, "{body}: {told:?}");
        assert_eq!(matches!(told, Err(Failure::Refused { .. })), is_final, "{body}: {told:?}");
    }
}

fn bot(server: &Server) -> Bot {
    let bearer = HeaderValue::from_static("Bearer xoxb-test");
    Bot::new(Http::new().unwrap(), server.url.join("api").unwrap(), bearer, "#alerts".into())
}

fn said(body: &str) -> Act {
    answer("200 OK", "content-type: application/json\r\n", body)
}

const POSTED: &str = r#"{"ok":true,"channel":"C1","ts":"17.01"}"#;

fn lines(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| request.line().to_owned()).collect()
}

#[tokio::test]
async fn a_bot_posts_one_message_with_its_details_in_the_thread() {
    let server = Server::start([said(POSTED)]).await;
    let scan = incident(Class::Scan);
    let handle = bot(&server).tell(&notice(News::Opened, &scan), soon()).await.unwrap();
    assert_eq!(handle, "C1:17.01");
    assert_eq!(lines(&server), ["POST /api/chat.postMessage"; 2]);
    let [message, thread] = &*server.requests() else { panic!("two requests") };
    assert_eq!(message.header("authorization"), Some("Bearer xoxb-test"));
    assert_eq!(message.json()["channel"], "#alerts");
    assert_eq!(thread.json()["thread_ts"], "17.01");
}

#[tokio::test]
async fn a_turn_changes_the_message_and_growth_disturbs_nobody() {
    let server = Server::start([said(POSTED)]).await;
    let scan = incident(Class::Scan);
    let known = |news| Notice { handle: Some("C1:17.01"), ..notice(news, &scan) };
    bot(&server).tell(&known(News::Acknowledged), soon()).await.unwrap();
    assert_eq!(lines(&server), ["POST /api/chat.update", "POST /api/chat.postMessage"]);
    assert_eq!(server.requests()[0].json()["ts"], "17.01");
    bot(&server).tell(&known(News::Grown), soon()).await.unwrap();
    assert_eq!(lines(&server)[2..], ["POST /api/chat.update"]);
    bot(&server).tell(&known(News::Reopened), soon()).await.unwrap();
    assert_eq!(server.requests()[4].json()["reply_broadcast"], true);
}

#[tokio::test]
async fn a_message_that_somebody_deleted_is_posted_anew() {
    let gone = said(r#"{"ok":false,"error":"message_not_found"}"#);
    let server = Server::start([gone, said(POSTED)]).await;
    let scan = incident(Class::Scan);
    let known = Notice { handle: Some("C1:9.9"), ..notice(News::Resolved, &scan) };
    assert_eq!(bot(&server).tell(&known, soon()).await.unwrap(), "C1:17.01");
}

#[tokio::test]
async fn a_thread_that_fails_does_not_post_the_message_twice() {
    let server = Server::start([said(POSTED), answer("500 Oops", "", "")]).await;
    let scan = incident(Class::Scan);
    let told = bot(&server).tell(&notice(News::Opened, &scan), soon()).await;
    assert_eq!(told, Ok("C1:17.01".into()));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_error_of_slack_says_whether_to_try_again() {
    for (error, is_final) in [
        ("invalid_auth", true),
        ("channel_not_found", true),
        ("not_in_channel", true),
        ("msg_too_long", true),
        ("internal_error", false),
        ("service_unavailable", false),
    ] {
        let server = Server::start([said(&format!(r#"{{"ok":false,"error":"{error}"}}"#))]).await;
        let told = bot(&server).test(soon()).await;
        assert_eq!(matches!(told, Err(Failure::Refused { .. })), is_final, "{error}: {told:?}");
        assert!(told.unwrap_err().why().contains(error));
    }
    for nonsense in ["", "ok", "{}", r#"{"ok":true}"#, r#"{"ok":false}"#] {
        let server = Server::start([said(nonsense)]).await;
        let told = bot(&server).test(soon()).await;
        assert!(matches!(told, Err(Failure::Later { .. })), "{nonsense}: {told:?}");
    }
    let limited = answer("200 OK", "retry-after: 7\r\n", r#"{"ok":false,"error":"ratelimited"}"#);
    let told = bot(&Server::start([limited]).await).test(soon()).await;
    let after = Duration::from_secs(7);
    assert!(matches!(told, Err(Failure::Later { after: Some(said), .. }) if said == after));
}
