//! Events from the file that an agent exports them to.
//!
//! Only what is written after Weir has begun is read: a file that is there is read from its end, one
//! that comes later from its start. It is followed by name: where it was renamed, what its writer still
//! adds is read first, then the new one from its start; where it was cut off in place, it is read from
//! its start again, and what may have lain in between is a gap. That is looked at four times a second:
//! a file that has grown past the old place by then is not known to have been cut.

mod lines;
mod tail;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};
use tracing::debug;

pub(super) use self::lines::{Line, Lines, trimmed};
use self::tail::{News, Tail};
use super::Event;
use super::follow::Ear;

/// How often it is looked whether something was written.
const EVERY: Duration = Duration::from_millis(250);

/// How long the file may be missing before that is said: while it is rotated it is missing, too.
const MISSING: Duration = Duration::from_secs(5);

/// Follows the file at `path` for ever.
pub(super) async fn follow(ear: &Arc<Ear>, path: &Path) {
    let mut tail = Tail::new(path);
    let mut missing: Option<Instant> = None;
    loop {
        // What reads a file may hang, on a share whose server is away.
        let reader = Arc::clone(ear);
        let read = spawn_blocking(move || {
            let news = tail.read(&mut |line| take(&reader, line));
            (tail, news)
        });
        let (tail_again, news) = match read.await {
            Ok(read) => read,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime ends.
            Err(_) => return,
        };
        tail = tail_again;
        match news {
            Ok(News { gaps, is_missing, more }) => {
                (0..gaps).for_each(|_| ear.gap());
                if !is_missing {
                    missing = None;
                    ear.up();
                } else if missing.get_or_insert_with(Instant::now).elapsed() >= MISSING {
                    ear.down("the file was moved away, and there is no new one yet".to_owned());
                }
                if more {
                    continue;
                }
            }
            Err(trouble) => ear.down(trouble.to_string()),
        }
        sleep(EVERY).await;
    }
}

/// Takes in a line of the export.
pub(super) fn take(ear: &Ear, line: Line<'_>) {
    let outcome = match line {
        Line::Whole(line) => Event::from_json(line).map_err(|error| error.to_string()),
        Line::TooLong => Err("it is too long".to_owned()),
        Line::Half => Err("it has no end".to_owned()),
    };
    match outcome {
        Ok(event) => ear.take(event),
        Err(why) => {
            debug!(agent = %ear.endpoint(), why, "a line that cannot be read");
            ear.unreadable();
        }
    }
}
