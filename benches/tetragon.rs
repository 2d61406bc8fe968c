//! Events of Tetragon's that a core takes in a second: read alone, and all the way from the agent's gRPC
//! service to where a running Weir keeps them.
//!
//! This process is the agent and sends as fast as it is listened to; a Weir of its own, the binary, listens.
//! What is measured is the CPU time of the threads of that Weir which read and keep events, so that it
//! is "a core" on any number of them. Events that were dropped count as cost and not as work. Prints what
//! was measured and what is aimed at; `--check` ends with 2 where that is missed.

#[path = "tetragon/agent.rs"]
mod agent;
#[expect(dead_code, unreachable_pub, reason = "the agent of the tests uses more of it")]
#[path = "../tests/support/double/tetragon/bytes.rs"]
mod bytes;
#[expect(unreachable_pub, reason = "the agent of the tests shares it")]
#[path = "../tests/support/double/tetragon/codec.rs"]
mod codec;
#[path = "tetragon/events.rs"]
mod events;
#[path = "tetragon/subject.rs"]
mod subject;
#[expect(unreachable_pub, reason = "the agent of the tests shares it")]
#[path = "../tests/support/double/tetragon/table.rs"]
mod table;

use std::error::Error;
use std::hint::black_box;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread::park_timeout;
use std::time::Duration;

use agent::Agent;
use subject::{Counts, Subject, cpu_s};
use tokio::time::Instant;
use weir::tetragon::Event;

/// Events a second of a core that are aimed at.
const AIM: f64 = 20_000.0;

/// What memory may grow by in the second half, in MB. It takes a minute to fill: in a shorter run it is
/// said and not held against this.
const GROWTH_MB: f64 = 16.0;
const FILLED_S: u64 = 120;

/// How long reading alone is measured.
const ALONE: Duration = Duration::from_secs(3);

/// How long what was sent may take to be counted.
const PATIENCE: Duration = Duration::from_secs(30);

struct Options {
    seconds: u64,
    /// Events a second that are sent; as fast as they go if 0.
    rate: u64,
    is_checked: bool,
}

impl Options {
    fn of_arguments() -> Result<Self, Box<dyn Error>> {
        let mut options = Self { seconds: 15, rate: 0, is_checked: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || -> Result<u64, Box<dyn Error>> {
                Ok(arguments.next().ok_or("a number is missing")?.parse()?)
            };
            match &*argument {
                "--seconds" => options.seconds = number()?,
                "--rate" => options.rate = number()?,
                "--check" => options.is_checked = true,
                // Cargo says it when it calls a bench.
                "--bench" => {}
                _ => return Err("usage: tetragon [--seconds N] [--rate EVENTS] [--check]".into()),
            }
        }
        Ok(options)
    }
}

/// What a run showed.
struct Run {
    sent: u64,
    counts: Counts,
    cpu_s: f64,
    /// Memory after half of the time, and at the end.
    half_mb: f64,
    end_mb: f64,
}

impl Run {
    fn stored(&self) -> u64 {
        self.counts.kept + self.counts.evicted
    }

    fn uncounted(&self) -> i128 {
        let counted = self.stored() + self.counts.dropped + self.counts.unreadable;
        i128::from(self.sent) - i128::from(counted)
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::of_arguments()?;
    let messages = events::messages();
    let lines: Vec<_> = events::lines();
    let bytes: usize = messages.iter().map(Vec::len).sum();
    let mut out = io::stdout().lock();
    writeln!(out, "{} events, {} B each on average", messages.len(), bytes / messages.len())?;
    let protobuf = alone(|n| {
        black_box(Event::from_protobuf(&messages[n % messages.len()]).is_ok());
    })?;
    writeln!(out, "read protobuf  {protobuf:.0} a second of a core")?;
    let json = alone(|n| {
        black_box(Event::from_json(lines[n % lines.len()].as_bytes()).is_ok());
    })?;
    writeln!(out, "read JSON      {json:.0} a second of a core")?;

    let run = end_to_end(&options, messages)?;
    let Counts { kept, evicted, dropped, unreadable } = run.counts;
    let rate = figure(run.stored()) / run.cpu_s;
    writeln!(out, "gRPC to store  {rate:.0} a second of a core (aim {AIM:.0})")?;
    writeln!(
        out,
        "               {} in {} s, {:.2} s of CPU",
        run.stored(),
        options.seconds,
        run.cpu_s
    )?;
    writeln!(
        out,
        "uncounted      {} (aim 0) of {} sent: {kept} kept, {evicted} made room, {dropped} dropped, \
         {unreadable} unreadable",
        run.uncounted(),
        run.sent
    )?;
    let growth = run.end_mb - run.half_mb;
    writeln!(
        out,
        "memory         {:.1} MB, {growth:+.1} MB in the second half (aim {GROWTH_MB:+.0} MB)",
        run.end_mb
    )?;
    let is_steady = growth <= GROWTH_MB || options.seconds < FILLED_S;
    let is_met = rate >= AIM && run.uncounted() == 0 && is_steady;
    Ok(if options.is_checked && !is_met { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
const fn figure(count: u64) -> f64 {
    count as f64
}

/// How often `read` can be done in a second of a core.
fn alone(mut read: impl FnMut(usize)) -> Result<f64, Box<dyn Error>> {
    let (began, before_s) = (Instant::now(), cpu_s("self", None)?);
    let mut count = 0;
    while began.elapsed() < ALONE {
        for _ in 0..1_000 {
            read(count);
            count += 1;
        }
    }
    Ok(figure(count as u64) / (cpu_s("self", None)? - before_s))
}

fn end_to_end(options: &Options, messages: Vec<Vec<u8>>) -> Result<Run, Box<dyn Error>> {
    let agent = Agent::start(messages, options.rate)?;
    let mut subject = Subject::start(agent.address())?;
    agent.wait_for_a_listener(PATIENCE)?;
    let before_s = subject.cpu_s()?;
    agent.send();
    // Tables, threads and allocator fill in the first half; what grows in the second grows for ever.
    let half = Duration::from_secs(options.seconds) / 2;
    park_until(Instant::now() + half);
    let half_mb = subject.memory_mb()?;
    park_until(Instant::now() + half);
    let sent = agent.stop();
    let counts = settled(&subject, sent)?;
    let cpu_s = subject.cpu_s()? - before_s;
    let end_mb = subject.memory_mb()?;
    subject.end()?;
    Ok(Run { sent, counts, cpu_s, half_mb, end_mb })
}

fn park_until(end: Instant) {
    // It may return before its time.
    while Instant::now() < end {
        park_timeout(end - Instant::now());
    }
}

/// What is counted once nothing comes any more.
fn settled(subject: &Subject, sent: u64) -> Result<Counts, Box<dyn Error>> {
    let began = Instant::now();
    loop {
        let counts = subject.counts()?;
        if counts.all() >= sent || began.elapsed() > PATIENCE {
            return Ok(counts);
        }
        park_timeout(Duration::from_millis(100));
    }
}
