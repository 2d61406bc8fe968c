//! Logs of containers: what is printed, from where it is read, and who follows.
//!
//! ```text
//! api.with(|kube| kube.logs.print(["kube-system", "tetragon-x", "export-stdout"], "{..}"));
//! api.with(|kube| kube.logs.cut(&Piece::Cut));                // all who follow lose their connection
//! api.with(|kube| kube.logs.forget(["kube-system", "tetragon-x", "export-stdout"]));     // rotated away
//! ```
//!
//! Each line has a time of its own, a millisecond after the one before it. What is not here is no
//! container of the pod.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};

use jiff::{Timestamp, ToSpan};

use super::status::Status;
use crate::support::double::http::{Answer, Piece, Request};

/// Namespace, pod and container.
type Of = [String; 3];

/// The logs of all containers.
#[derive(Debug, Default)]
pub struct Logs(BTreeMap<Of, Log>);

#[derive(Debug, Default)]
struct Log {
    lines: Vec<(Timestamp, String)>,
    followers: Vec<Sender<Piece>>,
}

impl Logs {
    /// Prints a line. The first one of a container makes its log; an empty one is not printed.
    pub fn print(&mut self, of: [&str; 3], line: &str) {
        let log = self.0.entry(of.map(str::to_owned)).or_default();
        if line.is_empty() {
            return;
        }
        let after = log.lines.last().map(|(time, _)| *time + 1.millisecond());
        let time = after.unwrap_or_else(Timestamp::now).max(Timestamp::now());
        log.lines.push((time, line.to_owned()));
        let text = shown(time, line);
        log.followers.retain(|follower| follower.send(Piece::Text(text.clone())).is_ok());
    }

    /// Ends the connections of all who follow.
    pub fn cut(&mut self, piece: &Piece) {
        for follower in self.0.values_mut().flat_map(|log| log.followers.drain(..)) {
            follower.send(piece.clone()).ok();
        }
    }

    /// How many follow.
    pub fn followers(&mut self) -> usize {
        let there = |follower: &Sender<Piece>| follower.send(Piece::Text(String::new())).is_ok();
        self.0.values_mut().for_each(|log| log.followers.retain(there));
        self.0.values().map(|log| log.followers.len()).sum()
    }

    /// The lines of a log are gone.
    pub fn forget(&mut self, of: [&str; 3]) {
        if let Some(log) = self.0.get_mut(&of.map(str::to_owned)) {
            log.lines.clear();
        }
    }

    /// What is answered to one who reads.
    pub fn answer(
        &mut self,
        namespace: &str,
        pod: &str,
        request: &Request,
    ) -> Result<Answer, Status> {
        let container = request.parameter("container").unwrap_or_default();
        let log = self.0.get_mut(&[namespace.to_owned(), pod.to_owned(), container.clone()]);
        let log = log.ok_or_else(|| {
            Status::bad_request(format!("container {container} is not valid for pod {pod}"))
        })?;
        let since = since(request)?;
        let new = log.lines.iter().filter(|(time, _)| since.is_none_or(|since| *time >= since));
        let tail = request.parameter("tailLines").and_then(|lines| lines.parse().ok());
        let left_out = tail.map_or(0, |tail: usize| new.clone().count().saturating_sub(tail));
        let text: String = new.skip(left_out).map(|(time, line)| shown(*time, line)).collect();
        let (follower, pieces) = channel();
        follower.send(Piece::Text(text)).ok();
        if request.parameter("follow").as_deref() == Some("true") {
            log.followers.push(follower);
        }
        Ok(Answer::streamed(pieces))
    }
}

/// From when on lines are read; the node knows seconds only.
fn since(request: &Request) -> Result<Option<Timestamp>, Status> {
    let wrong = |name: &str| Status::bad_request(format!("{name} cannot be read"));
    if let Some(time) = request.parameter("sinceTime") {
        let time: Timestamp = time.parse().map_err(|_| wrong("sinceTime"))?;
        return Ok(Timestamp::from_second(time.as_second()).ok());
    }
    let Some(seconds) = request.parameter("sinceSeconds") else { return Ok(None) };
    let seconds: i64 = seconds.parse().map_err(|_| wrong("sinceSeconds"))?;
    Ok(Some(Timestamp::now() - seconds.seconds()))
}

fn shown(time: Timestamp, line: &str) -> String {
    format!("{time} {line}\n")
}
