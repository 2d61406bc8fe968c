//! Streams, over connections that stay open.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::*;

/// One message of a stream.
#[derive(Debug, Clone, PartialEq)]
struct Message {
    id: String,
    kind: String,
    data: String,
}

/// A client that reads a stream line by line.
struct Client(BufReader<TcpStream>);

impl Client {
    /// Asks for a stream, and says what the status is.
    async fn open(server: &Server, token: &str, query: &str, last: Option<&str>) -> (Self, u16) {
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let request = format!(
            "GET /api/events/stream?{query} HTTP/1.1\r\nHost: weir\r\n\
             Authorization: Bearer {token}\r\n{last}\r\n"
        );
        let address = server.address;
        let talk = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut client = Self(BufReader::new(stream));
            let status = client.line().unwrap();
            let status = status.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
            let mut head = Vec::new();
            while let Some(line) = client.line().filter(|line| !line.is_empty()) {
                head.push(line.to_lowercase());
            }
            if status == 200 {
                assert!(head.contains(&"content-type: text/event-stream".to_owned()), "{head:?}");
                assert!(head.contains(&"cache-control: no-store".to_owned()), "{head:?}");
            }
            (client, status)
        };
        spawn_blocking(talk).await.unwrap()
    }

    /// The next line without its end; none at the end.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.0.read_line(&mut line).unwrap();
        (length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// So many messages, and the client again; fewer where the stream ends before.
    async fn messages(mut self, most: usize) -> (Self, Vec<Message>) {
        let read = move || {
            let mut messages = Vec::new();
            let [mut id, mut kind, mut data] = [const { String::new() }; 3];
            while messages.len() < most {
                let Some(line) = self.line() else { break };
                match line.split_once(": ") {
                    Some(("id", value)) => id = value.to_owned(),
                    Some(("event", value)) => kind = value.to_owned(),
                    Some(("data", value)) => data = value.to_owned(),
                    // The sizes of chunks stand on lines of their own.
                    _ if line.is_empty() && !data.is_empty() => messages.push(Message {
                        id: id.clone(),
                        kind: std::mem::take(&mut kind),
                        data: std::mem::take(&mut data),
                    }),
                    _ => {}
                }
            }
            (self, messages)
        };
        spawn_blocking(read).await.unwrap()
    }
}

/// What was started in each message, and what else is told.
fn told(messages: &[Message]) -> Vec<String> {
    let told = messages.iter().map(|message| {
        let data: Value = serde_json::from_str(&message.data).unwrap();
        match &*message.kind {
            "" => started(&json!([data])).concat(),
            kind => format!("{kind} {}", data["events"]),
        }
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_what_comes_and_goes_on_where_it_was_cut() {
    let (server, recorder) = server(1 << 20).await;
    record(&recorder, numbered(1..=3));
    let token = server.token().await;
    let (client, status) = Client::open(&server, &token, "", None).await;
    assert_eq!(status, 200);
    record(&recorder, numbered(4..=6));
    let (client, messages) = client.messages(2).await;
    assert_eq!((told(&messages).join(" ").as_str(), &*messages[1].id), ("4 5", "abc-5"));
    drop(client);
    record(&recorder, numbered(7..=7));
    let (client, _) = Client::open(&server, &token, "", Some("abc-5")).await;
    let (_, messages) = client.messages(2).await;
    assert_eq!(told(&messages), ["6", "7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_only_what_is_wanted_and_what_is_remembered_if_asked() {
    let (server, recorder) = server(1 << 20).await;
    record(&recorder, numbered(1..=9));
    let token = server.token().await;
    let query = "since=2026-01-01T00:00:03Z&binary=/bin/2,/bin/4,/bin/8,/bin/11";
    let (client, _) = Client::open(&server, &token, query, None).await;
    let (client, messages) = client.messages(2).await;
    assert_eq!(told(&messages), ["4", "8"]);
    record(&recorder, numbered(10..=12));
    let (_, messages) = client.messages(1).await;
    assert_eq!((told(&messages).concat().as_str(), &*messages[0].id), ("11", "abc-11"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_late_or_to_another_run_hears_what_is_lost() {
    let (server, recorder) = server(500).await;
    record(&recorder, numbered(1..=20));
    let token = server.token().await;
    let (client, _) = Client::open(&server, &token, "", Some("abc-4")).await;
    let (_, messages) = client.messages(6).await;
    assert_eq!(told(&messages), ["lost 11", "16", "17", "18", "19", "20"]);
    assert_eq!(messages[0].id, "abc-15");
    let (client, _) = Client::open(&server, &token, "", Some("abb-4")).await;
    let (_, messages) = client.messages(3).await;
    assert_eq!(told(&messages), ["lost null", "lost 15", "16"]);
    // Ahead of all that has come: it waits for what comes.
    let (client, _) = Client::open(&server, &token, "", Some("abc-900")).await;
    record(&recorder, numbered(21..=21));
    let (_, messages) = client.messages(1).await;
    assert_eq!(told(&messages), ["21"]);
    let (_, status) = Client::open(&server, &token, "", Some("yesterday")).await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_holds_nobody_up_and_hears_how_much_it_missed() {
    let (server, recorder) = server(100 * 2_000).await;
    let token = server.token().await;
    let (client, _) = Client::open(&server, &token, "", None).await;
    // Far more than the buffers of the server and of both systems take.
    let long = "x".repeat(4_000);
    let events = 20_000;
    for number in 0..events {
        record(&recorder, [exec(number % 3_600, &format!("/{long}/{number}"), "web", "n1")]);
        if number % 500 == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let (mut client, mut seen, mut lost) = (client, 0, 0);
    while seen + lost < u64::from(events) {
        let (next, messages) = client.messages(1).await;
        let [message] = &messages[..] else { panic!("the stream ended after {seen} and {lost}") };
        match &*message.kind {
            "lost" => {
                let data: Value = serde_json::from_str(&message.data).unwrap();
                lost += data["events"].as_u64().unwrap();
            }
            _ => seen += 1,
        }
        client = next;
    }
    assert_eq!(seen + lost, u64::from(events));
    assert!(lost > 0 && seen > 2_000, "{seen} seen, {lost} lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_so_many_streams_and_a_place_is_free_when_one_is_left() {
    let (server, recorder) = server(1 << 20).await;
    let token = server.token().await;
    let mut clients = Vec::new();
    for _ in 0..16 {
        let (client, status) = Client::open(&server, &token, "", None).await;
        assert_eq!(status, 200);
        clients.push(client);
    }
    let refused = server.get_as(&token, "/api/events/stream").await;
    assert!(refused.problem(503).starts_with("16 streams are open"), "{refused:?}");
    assert_eq!(refused.header("retry-after"), Some("30"));
    drop(clients.pop());
    for _ in 0..200 {
        let (client, status) = Client::open(&server, &token, "", None).await;
        if status == 200 {
            record(&recorder, numbered(1..=1));
            let (_, messages) = client.messages(1).await;
            assert_eq!(told(&messages), ["1"]);
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no place became free");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_engine_and_with_the_api() {
    let (server, recorder) = server(1 << 20).await;
    let token = server.token().await;
    let (client, _) = Client::open(&server, &token, "", None).await;
    record(&recorder, numbered(1..=2));
    drop(recorder);
    let (_, messages) = client.messages(9).await;
    assert_eq!(told(&messages), ["1", "2"]);

    let (server, _recorder) = self::server(1 << 20).await;
    let token = server.token().await;
    let (client, _) = Client::open(&server, &token, "", None).await;
    let since = tokio::time::Instant::now();
    server.end().await;
    let (_, messages) = client.messages(1).await;
    assert_eq!(messages, []);
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}
