//! `weir` without a verb: the engine with its faces, the console and the API.

use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime as Tasks};
use tracing::info;
use weir::api::{self, Api};
use weir::capture::privilege;
use weir::detect::{self, Runtime};
use weir::engine::{self, Engine, Feed, Handle, Interrupts, Options, Parts, model};
use weir::incident::{self, Tracker};
use weir::settings::{Environment, Settings, database_path};
use weir::store::{self, Accounts, Query, Reader, Store};

use crate::cli::{Source, WatchArgs};
use crate::console::{self, ConsoleOptions};
use crate::input::{self, Input, OpenFlows};

/// Where the API listens with `--api` and without a setting.
const LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8080);

/// How often the wish to end is looked for.
const GLANCE: Duration = Duration::from_millis(50);

/// How long what the faces still do is waited for.
const GRACE: Duration = Duration::from_secs(3);

/// Incidents of earlier runs that are shown.
const KNOWN: u32 = 200;
