//! `weir baseline learn`: traffic in which nobody attacks, scored as ever, to what is accepted.

mod source;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use weir::detect::{Class, Weight, Weights};
use weir::engine::Delivery;
use weir::incident::{self, Accepted, Peak, Peaks, Place};
use weir::settings::{Environment, Settings, database_path};
use weir::store::{Actions, By, Lesson, Reader};

use self::source::Opened;
use super::Error;
use crate::cli::{FlowFlags, ModelFlags, Source};
use crate::detect::{self, Engine};
use crate::format;
use crate::look::Look;
use crate::paper::{Paper, aside};
use crate::theme::Role;
use crate::when;
use crate::widgets::table::{Clip, Column, Row};

/// From how little traffic nobody should learn without being told, in µs: what comes every few minutes is
/// not seen in less.
const LITTLE_US: i64 = 600_000_000;

/// Learn from traffic in which nobody attacks
///
/// Scores it as `weir detect` does, and keeps for every class and place the most evidence that there was
/// within a minute, where that is near an incident or would have been one. What was learnt before stays,
/// and of one place the most counts.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Capture file, folder, `-` (standard input) or iface:NAME
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<Source>,
    /// For how long interfaces are listened to, such as 30m or 2h
    #[arg(long = "for", value_name = "DURATION", value_parser = when::span_us, default_value = "1h")]
    span_us: i64,
    #[command(flatten)]
    pub(super) flows: FlowFlags,
    #[command(flatten)]
    pub(super) model: ModelFlags,
}

const COLUMNS: [Column; 6] = [
    Column::text("CLASS", 12, Clip::End, 0),
    Column::text("PLACE", 20, Clip::Middle, 1),
    Column::number("SEEN", 7, 2),
    Column::number("BUDGET", 7, 3),
    Column::number("NOW", 7, 4),
    Column::text("WHAT", 24, Clip::End, 5),
];

/// Takes what comes of scoring.
struct Learner {
    peaks: Peaks,
    failure: Option<weir::detect::Error>,
}

impl Learner {
    fn take(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Scored(scored) => {
                for one in &scored {
                    self.peaks.observe(&one.verdict);
                }
            }
            Delivery::Moment(now_us) => self.peaks.advance(now_us),
            Delivery::Restart => self.peaks.restart(),
            Delivery::Failed(error) => self.failure = Some(error),
        }
    }
}

/// Learns until the sources end, the time is over, or somebody interrupts it; what was learnt is kept in
/// each case.
pub(super) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
    paper: &mut Paper,
) -> Result<(), Error> {
    let path = database_path(settings, environment).map_err(detect::Error::from)?;
    let engine = Engine::new(settings, environment)?;
    let weights = engine.weights();
    let Opened { traffic, by, stop } = Opened::of(&args.sources, settings, environment, &path)?;
    // Now, and not after an hour in vain.
    let mut actions = Actions::open_or_make(&path)?;

    let options = incident::Options { weights, ..incident::Options::default() };
    let learner = Arc::new(Mutex::new(Learner { peaks: Peaks::new(options), failure: None }));
    let (told, failed) = (Arc::clone(&learner), Arc::clone(&stop));
    let take = move |delivery: Delivery| {
        let mut learner = told.lock().unwrap_or_else(PoisonError::into_inner);
        learner.take(delivery);
        if learner.failure.is_some() {
            failed.store(true, Ordering::Relaxed);
        }
    };
    let (read, is_early) = traffic.read(args.span_us, settings, &engine, take, &stop)?;
    let mut learner = learner.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = learner.failure.take() {
        return Err(detect::Error::from(error).into());
    }
    // Of what could not be read at all nothing was learnt.
    let read = match read {
        Err(error) if learner.peaks.traffic_us() == 0 => {
            return Err(detect::Error::from(error).into());
        }
        read => read,
    };
    keep(&learner.peaks, &mut actions, &by)?;
    let (accepted, _) = Reader::open(&path)?.accepted(None)?.unwrap_or_default();
    tell(&learner.peaks, &weights, &accepted, paper)?;
    if is_early {
        aside("ended early; what was learnt until then is kept");
    }
    Ok(read.map_err(detect::Error::from)?)
}

fn keep(peaks: &Peaks, actions: &mut Actions, by: &By) -> Result<(), Error> {
    let accepted: Vec<_> =
        peaks.iter().map(|(class, place, peak)| (class, place, peak.weight)).collect();
    let lesson = Lesson { traffic_us: peaks.traffic_us(), accepted: &accepted };
    Ok(actions.learn(&lesson, by)?)
}

/// Prints what was learnt, and what to beware of.
fn tell(
    peaks: &Peaks,
    weights: &Weights,
    accepted: &Accepted,
    paper: &mut Paper,
) -> Result<(), Error> {
    let traffic = format::span(peaks.traffic_us());
    let rows: Vec<_> = peaks
        .iter()
        .map(|(class, place, peak)| {
            let weight = accepted.of(class, place).unwrap_or(peak.weight);
            row((class, place), peak, (weights.of(class), weight), paper.look())
        })
        .collect();
    if rows.is_empty() {
        paper.line(&format!("{traffic} of traffic: nothing in it came near an incident"))?;
    } else {
        paper.table(&COLUMNS, &rows)?;
        let incidents = peaks.iter().filter(|(.., peak)| peak.is_incident).count();
        let places = format::counted(incidents as u64, "place");
        let near = format::counted((rows.len() - incidents) as u64, "other");
        paper.line(&format!(
            "{traffic} of traffic: incidents at {places} would have come and do so no more, {near} came near"
        ))?;
        aside(
            "in nats of evidence within a minute; what somebody did who attacked meanwhile is accepted too: \
             `weir baseline forget --place …` takes back what is not usual here",
        );
    }
    if peaks.traffic_us() < LITTLE_US {
        aside(
            "that is little traffic: what comes every few minutes may be missing; an hour is better",
        );
    }
    if peaks.left_out() > 0 {
        let most = format::counted(Accepted::MOST as u64, "place");
        aside(&format!("more than {most} came near an incident, and the rest is not accepted"));
    }
    Ok(())
}

fn row(
    (class, place): (Class, Place),
    peak: Peak,
    (budget, accepted): (Weight, Weight),
    look: &Look,
) -> Row {
    let (what, role) = if peak.is_incident {
        ("would have been an incident", Role::Text)
    } else {
        ("came near", Role::Dim)
    };
    let cells = vec![
        look.cell(Role::Text, class.name()),
        look.cell(Role::Text, place.to_string()),
        look.cell(Role::Text, peak.weight.to_string()),
        look.cell(Role::Text, budget.to_string()),
        look.cell(Role::Text, budget.max(Accepted::bar(accepted)).to_string()),
        look.cell(role, what),
    ];
    Row { cells, ..Row::default() }
}
