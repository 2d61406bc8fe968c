//! `weir limit apply`: a limit set by hand.

use std::time::Duration;

use weir::api::shape::AppliedShape;
use weir::engine::Applied;
use weir::incident::IncidentId;
use weir::respond::{IngressName, LimitRequest};
use weir::settings::{Environment, Settings};

use super::Error;
use super::reach::Reach;
use super::wanted::{self, Wanted};
use crate::cli::Format;
use crate::consent::{Asking, Consent};
use crate::panes::proposal;
use crate::paper::Paper;
use crate::text;
use crate::when;
use crate::words;

/// Set a limit at an Ingress
///
/// To set the same again only moves its end; another limit takes its place, and undoing it still gives
/// back what was there before the first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The Ingress
    #[arg(value_name = "NAMESPACE/NAME", value_parser = wanted::ingress)]
    ingress: IngressName,
    #[command(flatten)]
    wanted: Wanted,
    /// For how long, from 10s to 24h
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = wanted::ttl)]
    ttl: Duration,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The alert that it answers: its id, or what that begins with
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    #[command(flatten)]
    consent: Consent,
}

/// Sets it once somebody has agreed to what is written.
pub(super) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
    paper: &mut Paper,
) -> Result<(), Error> {
    let limit = args.wanted.limit()?;
    let asking = args.consent.asking("set a limit", settings)?;
    let reach = Reach::begin(settings, environment)?;
    let request = LimitRequest {
        ingress: args.ingress.clone(),
        limit,
        ttl: args.ttl,
        reason: args.reason.clone(),
        incident: incident(args, &reach)?,
        by: format!("{} via command line", reach.by().who),
        is_dry_run: args.consent.dry_run,
    }
    .checked()?;
    if asking == Asking::Asked {
        let would = reach.apply(LimitRequest { is_dry_run: true, ..request.clone() })?;
        let question = format!("Limit {} to {}", args.ingress, words::limit(&request.limit));
        asking.agreed(&question, &proposal::of_limit(&would))?;
    }
    print(&reach.apply(request)?, args.consent.printed.format, paper)
}

fn incident(args: &Args, reach: &Reach) -> Result<Option<IncidentId>, Error> {
    let Some(prefix) = &args.incident else { return Ok(None) };
    let unknown = || Error::NoAlert(prefix.clone());
    let reader = reach.reader().ok_or_else(unknown)?;
    match reader.named(&prefix.to_ascii_lowercase())?.as_slice() {
        [only] => Ok(Some(*only)),
        _ => Err(unknown()),
    }
}

fn print(applied: &Applied, format: Format, paper: &mut Paper) -> Result<(), Error> {
    if format == Format::Json {
        return Ok(paper.json(&AppliedShape::from(applied))?);
    }
    let (status, limited) = (&applied.status, limited(applied));
    if applied.is_dry_run {
        for line in proposal::of_limit(applied) {
            paper.line(&line.text())?;
        }
        return Ok(
            paper.line(&format!("{} would be {limited}; nothing is written", status.ingress))?
        );
    }
    let already = if applied.written.is_empty() { "already " } else { "" };
    paper.line(&format!("{} is {already}{limited}", status.ingress))?;
    for note in &applied.notes {
        paper.line(&text::clean(note))?;
    }
    Ok(())
}

/// `limited to 5 r/s until 2026-11-25T14:02:11Z`.
fn limited(applied: &Applied) -> String {
    match &applied.status.held {
        Some(held) => {
            format!(
                "limited to {} until {}",
                words::limit(&held.limit),
                when::written(held.until_us)
            )
        }
        None => "as it was".to_owned(),
    }
}
