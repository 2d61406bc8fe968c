//! A verb's visit to the database: where it is, as whom it is opened, and in whose name something is
//! done there.
//!
//! Root works as the user behind sudo, or as nobody, as weir itself does. What is done belongs to the
//! verbs.

use std::path::PathBuf;
use std::sync::Mutex;

use nix::unistd::{Uid, User, geteuid, getuid};
use serde::Serialize;
use weir::capture::{self, privilege};
use weir::settings::{self, Environment, Settings, database_path};
use weir::store::{self, Actions, By, Reader};

/// Settings of every such verb; named as their keys.
#[derive(Debug, clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = crate::cli::SETTINGS)]
pub(crate) struct Flags {
    /// Database to work on
    #[arg(long, global = true, value_name = "PATH")]
    database: Option<String>,
}

/// Why there is no visit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no place for a database.
    #[error(transparent)]
    Settings(#[from] settings::Error),
    /// Root could not be given up.
    #[error(transparent)]
    Privilege(#[from] capture::Error),
    /// The folder of the database could not be made.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A visit under way; root is given up.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The database.
    pub(crate) path: PathBuf,
    /// Who visits.
    pub(crate) by: By,
}

impl Visit {
    /// Gives up root and says who came.
    pub(crate) fn begin(settings: &Settings, environment: &Environment) -> Result<Self, Error> {
        Self::within(&[], settings, environment)
    }

    /// As [`Self::begin`], but stays in these groups.
    pub(crate) fn within(
        groups: &[u32],
        settings: &Settings,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let path = database_path(settings, environment)?;
        let by = By { who: visitor(environment), from: "command line".into() };
        store::give_folder(&path, privilege::successor(environment.invoker()))?;
        privilege::drop_root_within(environment.invoker(), groups)?;
        Ok(Self { path, by })
    }

    /// A connection that only reads; there must be a database.
    pub(crate) fn reader(&self) -> Result<Reader, store::Error> {
        Reader::open(&self.path)
    }

    /// Where it is put on record what is done; whoever has no database here has the audit of the weir
    /// that watches.
    pub(crate) fn audit(&self) -> Option<Mutex<Actions>> {
        let audit = self.actions().inspect_err(|error| {
            tracing::info!(%error, "what is done is not in an audit here");
        });
        audit.ok().map(Mutex::new)
    }

    /// A connection to act on; there must be a database.
    pub(crate) fn actions(&self) -> Result<Actions, store::Error> {
        Actions::open(&self.path)
    }
}

/// The user who typed the command. Whom sudo names is believed only where it could have been sudo.
pub(crate) fn visitor(environment: &Environment) -> String {
    let behind_sudo = environment.invoker().filter(|_| geteuid().is_root());
    let uid = behind_sudo.map_or_else(getuid, |user| Uid::from_raw(user.uid));
    let name = User::from_uid(uid).ok().flatten().map(|user| user.name);
    name.unwrap_or_else(|| format!("user {uid}"))
}
