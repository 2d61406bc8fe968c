//! Events from the log of an agent's pod, read through the API server.
//!
//! Tetragon's chart has a container beside the agent that prints the export. Its log stays on the node for
//! a while, so one that was not read meanwhile is read on from the last line: that line comes once more
//! and is left out. Where it does not come, what lay between is lost, which is a gap.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use super::file::{Line, Lines, take};
use super::follow::Ear;
use super::pause::Pause;
use super::{Endpoint, Event};
use crate::cluster::{Cluster, Error, LogFrom, PodLog};

/// The container that prints the export.
const CONTAINER: &str = "export-stdout";

/// A log that is not refused for so long is there: one in which nothing is new says nothing.
const REFUSED: Duration = Duration::from_secs(10);

/// A log that was followed for so long was not a failure, however that ended: connections on which
/// nothing comes are closed.
const WORTH: Duration = Duration::from_mins(1);

/// The room for the time before a line.
const TIME: usize = 64;

/// How often in a row a log may end at once, which is in so short a time, before it counts as none.
const ENDS: u32 = 3;
const AT_ONCE: Duration = Duration::from_secs(5);

/// Follows the log of the pod at the endpoint of `ear` for ever, on from `place`.
pub(super) async fn follow(ear: &Arc<Ear>, cluster: &Cluster, place: &mut Place) {
    let mut pause = Pause::default();
    let mut ends = 0;
    loop {
        let began = Instant::now();
        let outcome = listen(ear, cluster, place, ends < ENDS).await;
        let was_well = began.elapsed() >= WORTH;
        if was_well {
            pause.reset();
        }
        ends = if began.elapsed() < AT_ONCE { ends + 1 } else { 0 };
        match outcome {
            Ok(()) if ends >= ENDS => ear.down(format!(
                "its log ends at once, again and again: does the container `{CONTAINER}` of its pod run?"
            )),
            Ok(()) => {}
            Err(Error::Unreachable { .. }) if was_well => {}
            Err(error) => ear.down(said_of(&error)),
        }
        sleep(pause.next()).await;
    }
}

/// How far a log was read.
#[derive(Debug)]
pub(super) struct Place {
    began: Instant,
    first: LogFrom,
    /// The time of the last line, and how many lines of that time there were.
    last: Option<(Timestamp, u32)>,
}

impl Place {
    /// Before the first line that is read, which is looked for from `first` on.
    pub(super) fn new(first: LogFrom) -> Self {
        Self { began: Instant::now(), first, last: None }
    }

    /// Where to read on.
    fn from(&self) -> LogFrom {
        match (self.last, self.first) {
            (Some((time, _)), _) => LogFrom::Time(time),
            (None, LogFrom::End) if self.began.elapsed() > Duration::from_secs(1) => {
                LogFrom::Ago { seconds: self.began.elapsed().as_secs() + 1 }
            }
            (None, first) => first,
        }
    }

    /// A line of that time was read.
    fn passed(&mut self, time: Timestamp) {
        self.last = match self.last {
            Some((last, lines)) if last == time => Some((last, lines.saturating_add(1))),
            _ => Some((time, 1)),
        };
    }
}

/// What is left out of a log that is read on.
#[derive(Debug)]
struct Overlap {
    /// Up to where: the time, the lines of it, and how many of those have come.
    up_to: Option<(Timestamp, u32, u32)>,
}

/// What a line is, in a log that is read on.
#[derive(Debug, PartialEq, Eq)]
enum Known {
    /// It was read before.
    Before,
    /// It is new.
    New,
    /// It is new, and what lay before it is lost.
    NewAfterGap,
}

impl Overlap {
    fn new(place: &Place) -> Self {
        Self { up_to: place.last.map(|(time, lines)| (time, lines, 0)) }
    }

    fn know(&mut self, time: Timestamp) -> Known {
        let Some((last, lines, seen)) = &mut self.up_to else { return Known::New };
        if time < *last {
            return Known::Before;
        }
        if time == *last && seen < lines {
            *seen += 1;
            return Known::Before;
        }
        let is_whole = seen == lines;
        self.up_to = None;
        if is_whole { Known::New } else { Known::NewAfterGap }
    }
}

/// Reads the log until it ends. One that `is_trusted` is heard once it is open, any other once it has
/// stayed so.
async fn listen(
    ear: &Arc<Ear>,
    cluster: &Cluster,
    place: &mut Place,
    is_trusted: bool,
) -> Result<(), Error> {
    let Endpoint::Log { namespace, pod, .. } = ear.endpoint() else { return Ok(()) };
    let mut overlap = Overlap::new(place);
    let mut log = open(ear, cluster, [namespace, pod, CONTAINER], place.from()).await?;
    if is_trusted {
        ear.up();
    }
    let (mut stays, mut is_up) = (std::pin::pin!(sleep(AT_ONCE)), is_trusted);
    let mut lines = Lines::new(Event::LARGEST_BYTES + TIME);
    loop {
        let piece = tokio::select! {
            biased;
            () = &mut stays, if !is_up => {
                is_up = true;
                ear.up();
                continue;
            }
            piece = log.next() => piece?,
        };
        // What was not at its end comes again, or not at all.
        let Some(piece) = piece else { return Ok(()) };
        lines.feed(&piece, &mut |line| read(ear, line, place, &mut overlap));
    }
}

/// Opens the log. The API server answers at once where it refuses, but where it does not only with the
/// first line.
async fn open(ear: &Ear, cluster: &Cluster, of: [&str; 3], from: LogFrom) -> Result<PodLog, Error> {
    let mut opening = std::pin::pin!(cluster.log(of, from));
    if let Ok(log) = timeout(REFUSED, &mut opening).await {
        return log;
    }
    ear.up();
    opening.await
}

/// Takes in a line: its time, a space, and what was printed.
fn read(ear: &Ear, line: Line<'_>, place: &mut Place, overlap: &mut Overlap) {
    let Line::Whole(whole) = line else { return ear.unreadable() };
    let Some((time, printed)) = timed(whole) else { return ear.unreadable() };
    match overlap.know(time) {
        Known::Before => return,
        Known::New => {}
        Known::NewAfterGap => ear.gap(),
    }
    place.passed(time);
    if !printed.is_empty() {
        take(ear, Line::Whole(printed));
    }
}

fn timed(line: &[u8]) -> Option<(Timestamp, &[u8])> {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (time, printed) = line.split_at(end);
    let time = std::str::from_utf8(time).ok()?.parse().ok()?;
    Some((time, printed.trim_ascii()))
}

/// What is in the way, and how to mend it.
fn said_of(error: &Error) -> String {
    let why = error.to_string();
    match error {
        Error::Refused { status: 400, message, .. } if message.contains("is not valid for pod") => {
            format!(
                "its pod has no container `{CONTAINER}`: have Tetragon's chart print its events \
                 (`export.mode: stdout`), or name its gRPC service by cluster:PORT"
            )
        }
        Error::Refused { status: 403, .. } => {
            format!("{why}; Weir needs the right to get pods/log there")
        }
        Error::Refused { status: 404, .. } => format!("{why}; it may just have been replaced"),
        _ => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn place(last: Option<(Timestamp, u32)>) -> Place {
        Place { began: Instant::now(), first: LogFrom::End, last }
    }

    #[test]
    fn a_log_that_is_read_on_leaves_out_what_was_read() {
        let mut place = place(None);
        for second in [1, 2, 2] {
            place.passed(at(second));
        }
        assert_eq!(place.from(), LogFrom::Time(at(2)));
        let mut overlap = Overlap::new(&place);
        let known = [1, 2, 2, 2, 3].map(|second| overlap.know(at(second)));
        assert_eq!(known, [Known::Before, Known::Before, Known::Before, Known::New, Known::New]);
    }

    #[test]
    fn a_log_whose_last_line_is_gone_has_a_gap() {
        let mut overlap = Overlap::new(&place(Some((at(2), 2))));
        let known = [2, 3, 3].map(|second| overlap.know(at(second)));
        assert_eq!(known, [Known::Before, Known::NewAfterGap, Known::New]);
    }

    #[test]
    fn a_clock_that_is_put_back_hides_nothing_of_a_log_that_goes_on() {
        let mut overlap = Overlap::new(&place(Some((at(9), 1))));
        let known = [9, 10, 3].map(|second| overlap.know(at(second)));
        assert_eq!(known, [Known::Before, Known::New, Known::New]);
    }
}
