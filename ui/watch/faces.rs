//! The faces of the engine: the console, the API, or both.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime as Tasks};
use tokio::time::interval;
use tracing::info;
use weir::api::{self, Api};
use weir::engine::Handle;
use weir::notify::FirebaseList;
use weir::settings::{Environment, Settings};
use weir::store::By;

use super::{Error, address, evidence};
use crate::cli::WatchArgs;
use crate::console::{self, ConsoleOptions, ScoutOptions};

/// How often the wish to end is looked for.
const GLANCE: Duration = Duration::from_millis(100);

/// Runs the faces that are asked for until one of them ends or the process is to.
pub(super) fn show(
    args: &WatchArgs,
    settings: &Settings,
    environment: &Environment,
    handle: &Handle,
    database: &Path,
    (by, scouting): (By, ScoutOptions),
    stop: &AtomicBool,
) -> Result<(), Error> {
    let tasks = tasks().map_err(Error::Tasks)?;
    let address = address(args, settings);
    tasks.block_on(async {
        let api = match address {
            Some(address) => {
                // Whoever reads that it listens can be sure of an answer.
                let api = api(handle, settings, environment, database)?;
                Some((listener(address).await?, api))
            }
            None => None,
        };
        let serve = async {
            if let Some((listener, api)) = api {
                api::serve(listener, api, asked(stop)).await;
            }
        };
        if args.api {
            serve.await;
            return Ok(());
        }
        let options = ConsoleOptions::new(settings, environment);
        // Leaving the console asks the engine to end, and with it the API.
        let shown = console::run(handle.clone(), options, by, scouting);
        let ((), looked) = tokio::join!(serve, shown);
        Ok(looked?)
    })
}

fn tasks() -> io::Result<Tasks> {
    Builder::new_multi_thread().worker_threads(2).thread_name("face").enable_all().build()
}

async fn listener(address: SocketAddr) -> Result<TcpListener, Error> {
    let failed = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    info!(%address, "listening for the API");
    Ok(listener)
}

fn api(
    handle: &Handle,
    settings: &Settings,
    environment: &Environment,
    database: &Path,
) -> Result<Api, Error> {
    Ok(Api::new(api::Parts {
        handle: handle.clone(),
        database: database.to_owned(),
        evidence: evidence(settings, database).map(|options| options.folder),
        shared: FirebaseList::new(settings, environment)?,
    })?)
}

/// Returns once the process is to end.
async fn asked(stop: &AtomicBool) {
    let mut glance = interval(GLANCE);
    while !stop.load(Ordering::Relaxed) {
        glance.tick().await;
    }
}
