//! `weir limit list`: what limits which Ingress, by whom, and until when.

use weir::api::shape::LimitStatusShape;
use weir::cluster::{ClusterStatus, Link};
use weir::engine::Snapshot;
use weir::respond::{Held, IngressName, LimitStatus, Standing};

use super::Error;
use super::reach::Reach;
use super::wanted;
use crate::cli::{Format, Printed};
use crate::look::Look;
use crate::panes::{limit, limits};
use crate::paper::{Paper, aside};
use crate::text;
use crate::theme::Role;
use crate::when;
use crate::widgets::table::{Clip, Column, Row};
use crate::words;

/// List Ingresses and their limits, or show all that is known of one
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this Ingress, value by value with what it was before
    #[arg(value_name = "NAMESPACE/NAME", value_parser = wanted::ingress)]
    ingress: Option<IngressName>,
    #[command(flatten)]
    printed: Printed,
}

const COLUMNS: [Column; 8] = [
    Column::text("INGRESS", 16, Clip::Middle, 0),
    Column::text("CONTROLLER", 13, Clip::End, 4),
    Column::text("STANDING", 10, Clip::End, 1),
    Column::text("LIMIT", 12, Clip::End, 2),
    Column::text("UNTIL", 20, Clip::End, 3),
    Column::text("BY", 8, Clip::End, 5),
    Column::text("WAS", 8, Clip::End, 6),
    Column::text("REASON", 12, Clip::End, 7),
];

/// Prints them.
pub(super) fn run(args: &Args, reach: &Reach, paper: &mut Paper) -> Result<(), Error> {
    let statuses = match &args.ingress {
        Some(ingress) => vec![reach.look(ingress)?],
        None => list(reach)?,
    };
    if args.printed.format == Format::Json {
        let mut statuses = statuses.iter();
        return Ok(statuses.try_for_each(|one| paper.json(&LimitStatusShape::from(one)))?);
    }
    match (&args.ingress, statuses.as_slice()) {
        (Some(_), [status]) => {
            // What it does and what was decided about it is known to a running engine alone.
            paper.facts(&limit::facts(status, &Snapshot::default()))?;
        }
        (_, []) => {
            aside("there is no Ingress");
        }
        (_, statuses) => {
            let look = *paper.look();
            let rows: Vec<_> = statuses.iter().map(|status| row(status, &look)).collect();
            paper.table(&COLUMNS, &rows)?;
        }
    }
    Ok(())
}

/// How all Ingresses stand; what that may lack is said beside it.
fn list(reach: &Reach) -> Result<Vec<LimitStatus>, Error> {
    let statuses = reach.list()?;
    for caution in cautions(reach.status()) {
        aside(&caution);
    }
    Ok(statuses)
}

/// What is not known of the cluster, or not any more.
fn cautions(cluster: &ClusterStatus) -> Vec<String> {
    if let Link::Down { since_us, why } = &cluster.link {
        let (since, why) = (when::written(*since_us), text::clean(why));
        return vec![format!(
            "the cluster has not answered since {since}: {why}; what is listed may be old"
        )];
    }
    let failing = cluster.watches.iter().filter_map(|one| Some((one, one.failure.as_ref()?)));
    let said = failing.map(|(watch, why)| {
        let (resource, why) = (watch.resource, text::clean(why));
        match watch.heard_us {
            Some(_) => format!("what is listed of {resource} may be old: {why}"),
            None => format!(
                "{resource} are not known, nor whatever of an Ingress depends on them: {why}"
            ),
        }
    });
    said.collect()
}

fn row(status: &LimitStatus, look: &Look) -> Row {
    let held = status.held.as_ref();
    let limit = match held {
        Some(held) => words::limit(&held.limit),
        None if status.foreign.is_empty() => "none".to_owned(),
        None => limits::foreign(status),
    };
    let controller = match &status.controller {
        Ok(controller) => controller.name(),
        Err(_) => "no limits here",
    };
    let said = |said: fn(&Held) -> String| held.map(said).unwrap_or_default();
    let cells = vec![
        look.cell(Role::Text, text::clean(&status.ingress.to_string())),
        look.cell(Role::Dim, controller),
        look.cell(role(status.standing), status.standing.name()),
        look.cell(Role::Text, limit),
        look.cell(Role::Text, said(|held| when::written(held.until_us))),
        look.cell(Role::Text, said(|held| text::clean(&held.by))),
        look.cell(Role::Dim, limits::was(status)),
        look.cell(Role::Dim, said(|held| text::clean(&held.reason))),
    ];
    Row { cells, ..Row::default() }
}

const fn role(standing: Standing) -> Role {
    match standing {
        Standing::Unlimited => Role::Dim,
        Standing::Foreign => Role::Text,
        Standing::Active => Role::Warning,
        Standing::Overridden | Standing::Expired => Role::Bad,
    }
}

#[cfg(test)]
mod tests {
    use weir::cluster::WatchStatus;

    use super::*;

    #[test]
    fn what_is_listed_says_when_it_may_be_old() {
        let watch = |resource, heard_us, failure: Option<&str>| WatchStatus {
            resource,
            objects: 0,
            heard_us,
            failure: failure.map(ToOwned::to_owned),
            refused: None,
        };
        let mut cluster = ClusterStatus {
            link: Link::Up,
            watches: vec![
                watch("ingresses", Some(1), Some("it fell silent")),
                watch("nodes", Some(1), None),
                watch("pods", None, Some("for\u{1b}bidden")),
            ],
            ..ClusterStatus::default()
        };
        assert_eq!(
            cautions(&cluster),
            [
                "what is listed of ingresses may be old: it fell silent",
                "pods are not known, nor whatever of an Ingress depends on them: for\u{fffd}bidden",
            ]
        );
        cluster.link = Link::Down { since_us: 1_600_000_000_000_000, why: "refused".into() };
        let [caution] = &cautions(&cluster)[..] else { panic!("one says it all") };
        assert!(caution.ends_with(": refused; what is listed may be old"), "{caution}");
    }
}
