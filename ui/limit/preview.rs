//! `weir limit preview`: who would have been refused, had a limit been there during a capture.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use weir::api::shape::PreviewShape;
use weir::cluster::ServedBy;
use weir::engine::{Interrupts, Recent as RecentArrivals, Wanted as WantedArrivals, arrivals_of};
use weir::packet::Address;
use weir::respond::{Arrival, Controller, IngressName, Preview};
use weir::settings::{Environment, Settings};

use super::Error;
use super::reach::{self, Reach};
use super::wanted::{self, Wanted};
use crate::cli::{Format, Source, one_of};
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
    /// How it is printed
    #[arg(
        short = 'o',
        long,
        value_enum,
        value_name = "FORMAT",
        default_value_t = Format::Text
    )]
    format: Format,
}

/// An Ingress, as far as a preview is concerned.
struct Site {
    controller: Controller,
    replicas: u32,
    hosts: Vec<String>,
    /// Addresses at which it is asked; any where there is none.
    servers: Vec<Address>,
    /// Addresses behind it: what comes there was asked of the controller before.
    backends: Vec<Address>,
}

/// Prints it.
pub(super) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
    paper: &mut Paper,
) -> Result<(), Error> {
    let limit = args.wanted.limit()?;
    let mut site = match args.controller {
        Some(controller) => Site {
            controller,
            replicas: 1,
            hosts: Vec::new(),
            servers: Vec::new(),
            backends: Vec::new(),
        },
        None => seen(&args.ingress, settings, environment)?,
    };
    if !args.host.is_empty() {
        site.hosts = args.host.iter().map(|host| host.to_ascii_lowercase()).collect();
    }
    if !args.server.is_empty() {
        site.servers = args.server.iter().copied().map(Address::from).collect();
    }
    let arrivals = read(&args.capture, settings)?;
    let is_host = |host: Option<&str>| site.serves(host);
    let found = WantedArrivals { host: Some(&is_host), ..WantedArrivals::default() };
    let found = arrivals.arrivals(&found).filter(|arrival| site.is_asked(arrival));
    let mut found: Vec<_> = found.collect();
    let passed_on = take_out_passed_on(&mut found);
    let answers: Vec<_> = arrivals.answers(&WantedArrivals::default()).collect();
    let served = (site.controller, site.replicas);
    let mut preview = Preview::of(served, &limit, found.iter(), &answers)?;
    preview.notes.extend(passed_on);
    match args.format {
        Format::Json => paper.json(&PreviewShape::from(&preview))?,
        Format::Text => print(&preview, paper)?,
    }
    Ok(())
}

/// The Ingress as the cluster has it.
fn seen(
    ingress: &IngressName,
    settings: &Settings,
    environment: &Environment,
) -> Result<Site, Error> {
    let reach = Reach::begin(settings, environment)?;
    let found = reach.ingress(ingress)?;
    let (replicas, servers): (u32, &[Address]) = match &found.served_by {
        ServedBy::Controller { replicas, addresses, .. } => (*replicas, addresses),
        ServedBy::Unknown(_) => (0, &[]),
    };
    let backends = found.backends.iter().filter(|one| !servers.contains(one));
    Ok(Site {
        controller: reach::controller(found)?,
        replicas: replicas.max(1),
        hosts: found.routes.iter().map(|route| route.host.clone()).collect(),
        servers: Vec::new(),
        backends: backends.copied().collect(),
    })
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

impl Site {
    /// Whether one who asks for `host` asks this Ingress.
    fn serves(&self, host: Option<&str>) -> bool {
        let below = host.and_then(|host| host.split_once('.')).map(|(_, parent)| parent);
        self.hosts.iter().any(|name| match name.strip_prefix("*.") {
            Some(parent) => below == Some(parent),
            None => name.is_empty() || host == Some(name),
        })
    }

    fn is_asked(&self, arrival: &Arrival) -> bool {
        let is_server = self.servers.is_empty() || self.servers.contains(&arrival.server);
        is_server && !self.backends.contains(&arrival.server)
    }
}

/// Takes out what those ask who are asked for these hosts themselves: they pass requests on, which
/// were counted when they came. Says whom this is about.
fn take_out_passed_on(arrivals: &mut Vec<Arrival>) -> Option<String> {
    let servers: BTreeSet<_> = arrivals.iter().map(|arrival| arrival.server).collect();
    let passing: BTreeSet<_> = arrivals.iter().map(|arrival| arrival.client).collect();
    let passing: BTreeSet<_> = passing.intersection(&servers).copied().collect();
    arrivals.retain(|arrival| !passing.contains(&arrival.client));
    let named: Vec<_> = passing.iter().take(8).map(ToString::to_string).collect();
    (!named.is_empty()).then(|| {
        format!(
            "what {} passes on is left out: it was counted when it came there",
            named.join(", ")
        )
    })
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
