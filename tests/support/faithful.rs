//! How faithful the reasons for alarms in captures are.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;
use weir::detect::{self, CLASSES, Loss, Model, Runtime, Scorer, Service, Usual};
use weir::engine::{
    Delivery, Inference, Meters, Options, Pace, Pipeline, Replay, ReplayEvent, Scored, Scoring,
};
use weir::flow::Timeouts;
use weir::settings::{Settings, Speed};

/// How often an open flow is reported, in µs of packet time.
const REPORT_US: i64 = 5_000_000;

/// Packet time between two alarms of one class that are explained, in µs: a flood has thousands, all
/// of a kind.
const APART_US: i64 = 1_000_000;

/// Alarms of one class that are explained in a capture.
const OF_A_CLASS: usize = 20;

/// What the random draws begin with.
const SEED: u64 = 7;

/// An alarm that was explained.
#[derive(Debug)]
struct Explained {
    /// Whether it was held against what is usual of its service.
    is_local: bool,
    loss: Loss,
    took: Duration,
}

/// What came of all alarms that were explained.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Explained>);

impl Figures {
    /// Reads the capture and explains alarms in it, of each class one a second, 20 at most.
    pub(crate) fn read(
        &mut self,
        capture: PathBuf,
        model: &Model,
        runtime: &Runtime,
    ) -> Result<(), Box<dyn Error>> {
        let (tell, told) = channel();
        let explainer = Explainer {
            scorer: Scorer::new(model, runtime)?,
            usual: Usual::default(),
            chance: Rng::with_seed(SEED),
            explained: [(0, i64::MIN); CLASSES],
            tell,
        };
        replay(capture, Scorer::new(model, runtime)?, explainer)?;
        for explained in told {
            self.0.push(explained?);
        }
        Ok(())
    }

    /// Alarms that were explained.
    pub(crate) fn alarms(&self) -> usize {
        self.0.len()
    }

    /// The share of them that were held against what is usual of their service.
    pub(crate) fn local(&self) -> f64 {
        self.mean(|one| f64::from(one.is_local))
    }

    /// What the score loses where the features that are named are as usual, on average.
    pub(crate) fn named(&self) -> f64 {
        self.mean(|one| one.loss.named)
    }

    /// What it loses where as many others are.
    pub(crate) fn others(&self) -> f64 {
        self.mean(|one| one.loss.others)
    }

    /// The share of alarms whose score loses more by those that are named.
    pub(crate) fn faithful(&self) -> f64 {
        self.mean(|one| f64::from(one.loss.named > one.loss.others))
    }

    fn mean(&self, value: impl Fn(&Explained) -> f64) -> f64 {
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX).max(1);
        self.0.iter().map(value).sum::<f64>() / f64::from(count)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "explained alarms         {}", self.alarms())?;
        writeln!(f, "against their service    {:.1} %", self.local() * 100.0)?;
        writeln!(f, "loss, named hidden       {:.4}", self.named())?;
        writeln!(f, "loss, others hidden      {:.4}", self.others())?;
        writeln!(f, "named lose more          {:.1} %", self.faithful() * 100.0)?;
        write!(f, "µs an explanation        {:.0}", self.mean(|one| one.took.as_secs_f64() * 1e6))
    }
}

/// Has the capture scored as `weir detect` does, and hands what comes of it to `explainer`.
fn replay(
    capture: PathBuf,
    scorer: Scorer,
    mut explainer: Explainer,
) -> Result<(), Box<dyn Error>> {
    let take = move |delivery| explainer.take(delivery);
    let inference = Inference::start(vec![scorer], Pace::Replay, take)?;
    let timeouts = Timeouts { report_us: Some(REPORT_US), ..Timeouts::default() };
    let options = Options { timeouts, max_flows: Settings::default().max_flows, shards: 1 };
    let mut pipeline = Pipeline::new(options, Scoring::new(inference))?;
    let replay = Replay {
        paths: &[capture],
        filter: "",
        speed: Speed::Max,
        meters: &Meters::default(),
        recording: None,
        arrivals: None,
        stop: &AtomicBool::new(false),
    };
    let mut failure = None;
    replay.run(&mut pipeline, |event| {
        if let ReplayEvent::Failed(error) = event {
            failure = Some(error);
        }
    });
    pipeline.finish().sink.finish();
    failure.map_or(Ok(()), |error| Err(error.into()))
}

/// Explains alarms as the engine would, and says what hiding features does to them.
struct Explainer {
    scorer: Scorer,
    usual: Usual,
    chance: Rng,
    /// How many alarms of each class were, and when the last one was.
    explained: [(usize, i64); CLASSES],
    tell: Sender<Result<Explained, detect::Error>>,
}

impl Explainer {
    fn take(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Scored(scored) => {
                for one in &scored {
                    self.usual.observe(&one.verdict);
                    if self.is_due(one) {
                        let explained = self.explain(one);
                        self.report(explained);
                    }
                }
            }
            Delivery::Restart => self.usual.clear(),
            Delivery::Failed(error) => self.report(Err(error)),
            Delivery::Moment(_) => {}
        }
    }

    fn is_due(&mut self, scored: &Scored) -> bool {
        let (count, last_us) = &mut self.explained[scored.verdict.class as usize];
        let at_us = scored.verdict.flow.at_us;
        let is_due = scored.verdict.is_alarm
            && *count < OF_A_CLASS
            && at_us.saturating_sub(*last_us) >= APART_US;
        if is_due {
            (*count, *last_us) = (*count + 1, at_us);
        }
        is_due
    }

    fn explain(&mut self, scored: &Scored) -> Result<Explained, detect::Error> {
        let Scored { verdict, sequence } = scored;
        let since = Instant::now();
        let here = self.usual.of(Service::of(&verdict.flow.tuple));
        let explanation = self.scorer.explain(sequence, here)?;
        let took = since.elapsed();
        let is_here = |text: &str| text.contains(", usual here ");
        let is_local = explanation.reasons.iter().any(|reason| is_here(&reason.text));
        let loss = self.scorer.loss(sequence, &explanation, &mut self.chance)?;
        Ok(Explained { is_local, loss, took })
    }

    fn report(&self, explained: Result<Explained, detect::Error>) {
        // Who asked listens until this thread has ended.
        self.tell.send(explained).ok();
    }
}
