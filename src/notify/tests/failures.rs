//! What each failure means for the message.

use std::time::Duration;

use reqwest::Url;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::server::{Act, Server, answer, soon};
use crate::notify::http::{Failure, Http};

/// What a server that does `act` makes of a request with secrets in its URL.
async fn outcome(act: Act) -> Result<Vec<u8>, Failure> {
    sent(&Server::start([act]).await.url, soon()).await
}

async fn sent(base: &Url, deadline: Instant) -> Result<Vec<u8>, Failure> {
    let http = Http::new().unwrap();
    let url = base.join("services/T0/B0/hunter2?key=hunter3").unwrap();
    let reply = http.send(http.post(url).body("x"), deadline).await;
    let outcome = reply.and_then(|reply| Ok(reply.successful()?.body().to_vec()));
    if let Err(failure) = &outcome {
        assert!(!failure.why().contains("hunter"), "{failure:?}");
        assert!(failure.why().contains("127.0.0.1"), "{failure:?}");
    }
    outcome
}

fn is_later(outcome: &Result<Vec<u8>, Failure>) -> bool {
    matches!(outcome, Err(Failure::Later { .. }))
}

#[tokio::test]
async fn a_sink_that_cannot_be_reached_is_tried_again() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", nobody.local_addr().unwrap())).unwrap();
    drop(nobody);
    let outcome = sent(&url, soon()).await;
    assert!(is_later(&outcome), "{outcome:?}");
    assert!(outcome.unwrap_err().why().contains("Connection refused"));
}

#[tokio::test]
async fn a_sink_that_hangs_is_given_up_in_time_and_tried_again() {
    let server = Server::start([Act::Hang]).await;
    let begun = Instant::now();
    let outcome = sent(&server.url, begun + Duration::from_millis(300)).await;
    assert!(is_later(&outcome), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_reset_and_half_an_answer_are_tried_again() {
    assert!(is_later(&outcome(Act::Reset).await));
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok";
    assert!(is_later(&outcome(Act::Answer(half.into())).await));
    assert!(is_later(&outcome(Act::Answer("HTTP/1.1 200".into())).await));
    assert!(is_later(&outcome(Act::Answer("\u{0}\u{1}rubbish\r\n\r\n".into())).await));
}

#[tokio::test]
async fn a_failure_of_the_sink_is_tried_again_and_a_refusal_is_not() {
    for status in ["500 Oops", "502 Bad Gateway", "408 Request Timeout", "425 Too Early"] {
        let outcome = outcome(answer(status, "", "oops")).await;
        assert!(is_later(&outcome), "{status}: {outcome:?}");
    }
    for status in
        ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "410 Gone"]
    {
        let outcome = outcome(answer(status, "", "oops")).await;
        assert!(matches!(outcome, Err(Failure::Refused { .. })), "{status}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_sink_that_says_how_long_to_wait_is_heard() {
    let seconds = outcome(answer("429 Too Many Requests", "retry-after: 30\r\n", "")).await;
    let after = Some(Duration::from_secs(30));
    let why = seconds.clone().unwrap_err().why().to_owned();
    assert_eq!(seconds, Err(Failure::Later { after, why }));
    let date =
        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:50:37 GMT\r\n";
    let date = outcome(answer("503 Service Unavailable", date, "")).await;
    assert!(
        matches!(date, Err(Failure::Later { after: Some(after), .. }) if after.as_secs() == 60),
        "{date:?}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start([answer("200 OK", "", "ok")]).await;
    let location = format!("location: {}\r\n", elsewhere.url);
    let outcome = outcome(answer("307 Temporary Redirect", &location, "")).await;
    assert!(matches!(outcome, Err(Failure::Refused { .. })), "{outcome:?}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let outcome = outcome(answer("200 OK", "", &"x".repeat(100_000))).await;
    assert!(is_later(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn what_a_sink_says_is_shown_in_short_and_harmless() {
    let hostile = format!("\x1b[2J{}", "no ".repeat(1_000));
    let why = outcome(answer("400 Bad Request", "", &hostile)).await.unwrap_err().why().to_owned();
    assert!(why.contains("400") && why.contains("no no"), "{why}");
    assert!(why.chars().count() < 300 && !why.contains(char::is_control), "{why}");
}
