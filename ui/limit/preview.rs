//! `weir limit preview`: who would have been refused, had a limit been there during a capture.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use weir::api::shape::PreviewShape;
use weir::engine::{
    self, Interrupts, Recent as RecentArrivals, Wanted as WantedArrivals, arrivals_of,
};
use weir::packet::Address;
use weir::respond::{Controller, IngressName, Preview, Site, SiteRoute};
use weir::settings::{Environment, Settings};

use super::Error;
use super::reach::Reach;
use super::wanted::{self, Wanted};
use crate::cli::{Format, Printed, Source, one_of};
use crate::format;
use crate::input::{self, Input};
use crate::look::Look;
use crate::paper::Paper;
use crate::text;
use crate::theme::Role;
use crate::widgets::table::{Clip, Column, Row};

/// Clients that are named.
const CLIENTS: usize = 20;

/// Say who would have been refused, had a limit been there during a capture
///
/// The requests in the last ten minutes of the capture are asked again of the algorithm of the
/// Ingress's controller. Which are for the Ingress, and what serves it, is asked of the cluster; with
/// --controller and --host it need not be there.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The Ingress
    #[arg(value_name = "NAMESPACE/NAME", value_parser = wanted::ingress)]
    ingress: IngressName,
    #[command(flatten)]
    wanted: Wanted,
    /// Capture files or folders, read in order as one
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    capture: Vec<PathBuf>,
    /// What serves the Ingress, instead of asking the cluster
    #[arg(long, value_parser = one_of(Controller::ALL, Controller::name), requires = "host")]
    controller: Option<Controller>,
    /// Hosts of the Ingress, such as shop.example or '*.shop.example', with commas between them
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    host: Vec<String>,
    /// Addresses of the controller: only what came there counts
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    server: Vec<std::net::IpAddr>,
    #[command(flatten)]
    printed: Printed,
}

/// Prints it.
pub(super) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
    paper: &mut Paper,
) -> Result<(), Error> {
    let limit = args.wanted.limit()?;
    let sites = sites(args, settings, environment)?;
    let servers: Vec<_> = args.server.iter().copied().map(Address::from).collect();
    let wanted = WantedArrivals {
        servers: (!servers.is_empty()).then_some(&servers),
        ..WantedArrivals::default()
    };
    let arrivals = read(&args.capture, settings)?;
    let preview = engine::preview(&sites, &arrivals, &wanted, &args.ingress, &limit)?;
    match args.printed.format {
        Format::Json => paper.json(&PreviewShape::from(&preview))?,
        Format::Text => print(&preview, paper)?,
    }
    Ok(())
}

/// All Ingresses of the cluster, or the one that the command line describes.
fn sites(args: &Args, settings: &Settings, environment: &Environment) -> Result<Vec<Site>, Error> {
    let mut sites = match args.controller {
        Some(controller) => vec![Site {
            ingress: args.ingress.clone(),
            controller: Ok(controller),
            replicas: 1,
            controller_addresses: Vec::new(),
            routes: Vec::new(),
            backends: Vec::new(),
            unprotected_by: None,
        }],
        None => engine::sites(Reach::begin(settings, environment)?.world()?),
    };
    let named = sites.iter_mut().find(|site| site.ingress == args.ingress);
    if let Some(site) = named.filter(|_| !args.host.is_empty()) {
        let hosts = args.host.iter().map(|host| host.to_ascii_lowercase());
        site.routes = hosts.map(|host| SiteRoute { host, path: String::new() }).collect();
    }
    Ok(sites)
}

/// What asked whom in `captures`.
fn read(captures: &[PathBuf], settings: &Settings) -> Result<RecentArrivals, Error> {
    let sources: Vec<_> = captures.iter().cloned().map(Source::Path).collect();
    let paths = match Input::of(&sources, settings)? {
        Input::Files(paths) => paths,
        Input::Interfaces(_) => return Err(input::Error::MixedSources.into()),
    };
    let stop = Interrupts::catch().and_then(Interrupts::listen).map_err(Error::Signal)?;
    let mut failed = None;
    let arrivals = arrivals_of(&paths, &stop, |error| failed = failed.take().or(Some(error)));
    match failed {
        _ if stop.load(Ordering::Relaxed) => Err(Error::Interrupted),
        Some(error) => Err(input::Error::Capture(error).into()),
        None => Ok(arrivals.recent()),
    }
}

const COLUMNS: [Column; 4] = [
    Column::text("CLIENT", 15, Clip::Middle, 0),
    Column::number("ASKED", 6, 1),
    Column::number("REFUSED", 7, 2),
    Column::number("SHARE", 7, 3),
];

/// Prints whom a limit would have refused.
fn print(preview: &Preview, paper: &mut Paper) -> Result<(), Error> {
    let (asked, refused) = (preview.asked(), preview.refused());
    if asked == 0 {
        paper.line("nobody came to this Ingress in the last ten minutes of the capture")?;
        return Ok(());
    }
    let look = *paper.look();
    let rows = preview
        .clients
        .iter()
        .take(CLIENTS)
        .map(|one| row(&one.client.to_string(), (one.asked, one.refused), &look));
    paper.table(&COLUMNS, &rows.collect::<Vec<_>>())?;
    let hit = preview.clients.iter().filter(|client| client.refused > 0).count();
    paper.line(&format!(
        "of {} by {}, {} would have been refused ({}), of {}",
        format::counted(asked, "request"),
        format::counted(preview.clients.len() as u64, "client"),
        format::count(refused),
        format::share(refused, asked),
        format::counted(hit as u64, "client"),
    ))?;
    preview.notes.iter().try_for_each(|note| Ok(paper.line(&text::clean(note))?))
}

fn row(client: &str, (asked, refused): (u64, u64), look: &Look) -> Row {
    let role = if refused > 0 { Role::Warning } else { Role::Text };
    let cells = vec![
        look.cell(Role::Text, client),
        look.cell(Role::Text, format::count(asked)),
        look.cell(role, format::count(refused)),
        look.cell(role, format::share(refused, asked)),
    ];
    Row { cells, ..Row::default() }
}
