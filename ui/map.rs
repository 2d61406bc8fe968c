//! `weir map`: what leads where in the cluster.
//!
//! It asks the cluster alone and watches no traffic: what flows along the edges is in the API of a
//! running weir, at `/api/service-map`, and in its console.

use std::io::{self, Write};
use std::sync::Arc;

use clap::ValueEnum;
use tokio::runtime::Builder;
use weir::capture::{self, privilege};
use weir::cluster::{ClusterStatus, World};
use weir::engine::Snapshot;
use weir::engine::map::ServiceMap;
use weir::settings::{Environment, Settings};

use crate::cli::ClusterFlags;
use crate::paper::Paper;
use crate::survey;
use crate::text;
use crate::tree::{self, Line};

const EXAMPLES: &str = "\
Examples:
  What leads where, as a tree:
    weir map

  The same as a picture:
    weir map --format dot | dot -Tsvg > map.svg

It asks the cluster and watches no traffic: rates, resets and scores along the edges are shown by a
running weir, in its console and at /api/service-map of its API. A kind of objects that may not be
read is left out, and said on standard error.

Exit status: 0 done; 64 wrong usage or settings; 69 the cluster is not there or does not answer; 74
output failed; 77 no permission.";

/// Show what leads where in the cluster: Ingresses, services, workloads and pods
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// How it is printed
    #[arg(
        short = 'o',
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t = Format::Tree
    )]
    format: Format,
    #[command(flatten)]
    pub(crate) cluster: ClusterFlags,
}

/// How a map is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Tree,
    /// For Graphviz.
    Dot,
    /// As the API has it.
    Json,
}

/// Why there is no map.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The cluster could not be looked at.
    #[error(transparent)]
    Survey(#[from] survey::Error),
    /// Root could not be given up.
    #[error(transparent)]
    Privilege(#[from] capture::Error),
    /// What talks to the cluster could not be started.
    #[error("start what talks to the cluster")]
    Tasks(#[source] io::Error),
    /// The map could not be printed.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

/// Prints the map.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let (cluster, world) = look(settings, environment)?;
    // Standard error may be closed; what is known is printed.
    for watch in &cluster.watches {
        if let Some(why) = &watch.failure {
            let why = text::clean(why);
            writeln!(io::stderr(), "weir: {} are left out: {why}", watch.resource).ok();
        }
    }
    let map = ServiceMap::of(&Snapshot { cluster, world, ..Snapshot::default() });
    let mut paper = Paper::new(settings, environment);
    match args.format {
        Format::Tree => {
            tree::by_namespace(&map).iter().try_for_each(|line| paper.line(&indented(line)))?;
        }
        Format::Dot => map.to_dot().lines().try_for_each(|line| paper.line(line))?,
        Format::Json => paper.json(&map)?,
    }
    if map.left_out.nodes + map.left_out.edges > 0 {
        let (nodes, edges) = (map.left_out.nodes, map.left_out.edges);
        writeln!(io::stderr(), "weir: {nodes} nodes and {edges} edges found no room").ok();
    }
    Ok(paper.finish()?)
}

fn indented(line: &Line) -> String {
    let Line { depth, name, note, .. } = line;
    let gap = if note.is_empty() { "" } else { "  " };
    format!("{}{name}{gap}{note}", "  ".repeat(*depth))
}

/// What is in the cluster. Its kubeconfig is read before root is given up: only root may be allowed
/// to.
fn look(
    settings: &Settings,
    environment: &Environment,
) -> Result<(ClusterStatus, Arc<World>), Error> {
    let tasks = Builder::new_current_thread().enable_all().build().map_err(Error::Tasks)?;
    let place = survey::place(settings, environment)?;
    privilege::drop_root(environment.invoker())?;
    Ok(tasks.block_on(async { survey::look(survey::connect(place).await?).await })?)
}
