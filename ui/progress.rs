//! A line on the terminal that tells how far a run has come, or what is being done.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::paper::aside;
use crate::text;

const OF_TOTAL: &str = "{elapsed} {wide_bar} {binary_bytes}/{binary_total_bytes} {rate} {eta}";
const OPEN_END: &str = "{elapsed} {binary_bytes} {rate}";
const DOING: &str = "{elapsed} {wide_msg}";

/// How often the time in a line is put right.
const TICK: Duration = Duration::from_millis(500);

/// A progress line on standard error; where that is no terminal, nothing at all.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    packets: Arc<AtomicU64>,
}

impl Progress {
    /// Starts the line; `total` is how many bytes there are to read, where that is known.
    pub(crate) fn start(total: Option<u64>) -> Self {
        let packets = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&packets);
        let rate = move |state: &ProgressState, line: &mut dyn Write| {
            let seconds = state.elapsed().as_millis().max(1);
            let a_second = u128::from(counted.load(Ordering::Relaxed)) * 1_000 / seconds;
            // A line that cannot be drawn harms nothing.
            write!(line, "{} packets/s", HumanCount(u64::try_from(a_second).unwrap_or(u64::MAX)))
                .ok();
        };
        let template = if total.is_some() { OF_TOTAL } else { OPEN_END };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("rate", rate);
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        Self { bar: bar.with_style(style), packets }
    }

    /// Says how many bytes and packets have been read so far; cheap enough for every batch.
    pub(crate) fn reached(&self, bytes: u64, packets: u64) {
        self.packets.store(packets, Ordering::Relaxed);
        self.bar.set_position(bytes);
    }
}

/// The line is wiped, so that what is printed next stands alone.
impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A line on standard error that says what is being done, and since when; where that is no terminal,
/// nothing at all.
#[derive(Debug)]
pub(crate) struct Doing(ProgressBar);

impl Doing {
    /// Starts the line.
    pub(crate) fn start() -> Self {
        let style = ProgressStyle::with_template(DOING)
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let bar = bar.with_style(style);
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Self(bar)
    }

    /// Says what is being done now.
    pub(crate) fn tell(&self, words: &str) {
        self.0.set_message(text::clean(words));
    }

    /// Says something that stays, above the line.
    pub(crate) fn aside(&self, words: &str) {
        self.0.suspend(|| aside(words));
    }
}

/// As with [`Progress`].
impl Drop for Doing {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
