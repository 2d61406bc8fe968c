//! Exit statuses, and which error ends in which.

mod cluster;
mod image;
mod kept;

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter;
use std::process::ExitCode;

use weir::{capture, detect, engine, export, settings, store};

use crate::{
    alerts, audit, baseline, detect as verb, flows, input, limit, manual, map, model, notify,
    outbox, policy, scan, smells, user, watch,
};

/// How the process ends; the numbers are those of BSD's `sysexits.h` and of shells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// `EX_OK`: what was asked for is done.
    Done = 0,
    /// What was looked for was found: differences by `weir policy diff`, smells by `weir smells`,
    /// vulnerabilities by `weir scan --fail-on`.
    Findings = 1,
    /// `weir smells` was given what is no manifest.
    Unread = 2,
    /// `EX_USAGE`: wrong arguments, or settings that are not allowed.
    Usage = 64,
    /// `EX_DATAERR`: what was read is not what it should be, or ends too early.
    Data = 65,
    /// `EX_UNAVAILABLE`: something needed is not there; also its "catch-all".
    Unavailable = 69,
    /// `EX_IOERR`: reading or writing failed.
    Io = 74,
    /// `EX_NOPERM`: the system refused it to this user.
    Permission = 77,
    /// Ended early by a signal, as shells number it for SIGINT.
    Interrupted = 130,
}

impl Status {
    /// The status that `error` and its causes call for.
    ///
    /// A broken pipe is no failure: whoever read the output has seen enough.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut causes = iter::successors(Some(error), |&error| error.source());
        causes.find_map(Self::of_one).unwrap_or(Self::Unavailable)
    }

    fn of_one(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(match error.kind() {
                ErrorKind::BrokenPipe => Self::Done,
                ErrorKind::PermissionDenied => Self::Permission,
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Self::Data,
                _ => Self::Io,
            });
        }
        if let Some(error) = error.downcast_ref::<flows::Error>() {
            return Self::of_flows(error);
        }
        if let Some(error) = error.downcast_ref::<watch::Error>() {
            return Self::of_watch(error);
        }
        if let Some(error) = error.downcast_ref::<verb::Error>() {
            return Self::of_detect_verb(error);
        }
        if let Some(error) = error.downcast_ref::<user::Error>() {
            return Self::of_user(error);
        }
        if let Some(error) = error.downcast_ref::<alerts::Error>() {
            return Self::of_alerts(error);
        }
        if let Some(error) = error.downcast_ref::<baseline::Error>() {
            return Self::of_baseline(error);
        }
        if let Some(error) = error.downcast_ref::<outbox::Error>() {
            return Self::of_outbox(error);
        }
        if let Some(error) = error.downcast_ref::<audit::Error>() {
            return Self::of_audit(error);
        }
        if let Some(error) = error.downcast_ref::<limit::Error>() {
            return Self::of_limit(error);
        }
        if let Some(error) = error.downcast_ref::<policy::Error>() {
            return Self::of_policy(error);
        }
        if let Some(error) = error.downcast_ref::<smells::Error>() {
            return Self::of_smells(error);
        }
        if let Some(error) = error.downcast_ref::<scan::Error>() {
            return Self::of_scan(error);
        }
        if let Some(error) = error.downcast_ref::<map::Error>() {
            return Self::of_map(error);
        }
        if let Some(error) = error.downcast_ref::<notify::Error>() {
            return Self::of_notify(error);
        }
        if let Some(error) = error.downcast_ref::<store::Error>() {
            return Self::of_store(error);
        }
        if let Some(error) = error.downcast_ref::<capture::Error>() {
            return Self::of_capture(error);
        }
        if let Some(error) = error.downcast_ref::<export::Error>() {
            return Self::of_export(error);
        }
        if let Some(manual::Error::NoVerb(_)) = error.downcast_ref::<manual::Error>() {
            return Some(Self::Usage);
        }
        if let Some(error) = error.downcast_ref::<model::Error>() {
            return Self::of_model(error);
        }
        if let Some(error) = error.downcast_ref::<detect::Error>() {
            return Some(Self::of_detect(error));
        }
        match error.downcast_ref::<settings::Error>()? {
            // Its cause tells why.
            settings::Error::Read { .. } => None,
            settings::Error::Syntax { .. }
            | settings::Error::Refused(_)
            | settings::Error::NoHome
            | settings::Error::NoState => Some(Self::Usage),
        }
    }
}

impl Status {
    /// None where a cause decides.
    fn of_flows(error: &flows::Error) -> Option<Self> {
        match error {
            flows::Error::Input(error) => Some(Self::of_input(error)),
            flows::Error::Labels(error) | flows::Error::Write { source: error, .. } => {
                Some(Self::of(error))
            }
            flows::Error::Format { .. } => Some(Self::Usage),
            flows::Error::Interrupted => Some(Self::Interrupted),
            flows::Error::Create { .. } | flows::Error::Signal(_) | flows::Error::Threads(_) => {
                None
            }
        }
    }

    fn of_watch(error: &watch::Error) -> Option<Self> {
        match error {
            watch::Error::Input(error) => Some(Self::of_input(error)),
            watch::Error::Settings(error) => Some(Self::of(error)),
            watch::Error::Store(error) => Some(Self::of(error)),
            watch::Error::Notify(error) => Some(Self::of_sink(error)),
            watch::Error::Model(error) => Some(Self::of_models(error)),
            watch::Error::Runtime(error) | watch::Error::Engine(engine::Error::Model(error)) => {
                Some(Self::of_detect(error))
            }
            watch::Error::Engine(engine::Error::NotKept { .. }) => Some(Self::Io),
            watch::Error::Engine(engine::Error::Store(error)) => Self::of_store(error),
            watch::Error::Engine(engine::Error::Cluster(error)) => Some(Self::of_cluster(error)),
            watch::Error::Listen { source, .. } if source.kind() == ErrorKind::PermissionDenied => {
                Some(Self::Permission)
            }
            watch::Error::Listen { .. } | watch::Error::NoTerminal => Some(Self::Unavailable),
            watch::Error::Engine(engine::Error::Threads(_))
            | watch::Error::Signal(_)
            | watch::Error::Tasks(_)
            | watch::Error::Console(_) => None,
        }
    }

    fn of_detect_verb(error: &verb::Error) -> Option<Self> {
        match error {
            verb::Error::Input(error) => Some(Self::of_input(error)),
            verb::Error::Settings(error) => Some(Self::of(error)),
            verb::Error::Store(error) => Self::of_store(error),
            verb::Error::Model(error) => Some(Self::of_models(error)),
            verb::Error::Detect(error) => Some(Self::of_detect(error)),
            verb::Error::Live => Some(Self::Usage),
            verb::Error::Interrupted => Some(Self::Interrupted),
            verb::Error::Signal(_) | verb::Error::Threads(_) | verb::Error::Write(_) => None,
        }
    }

    fn of_models(error: &engine::ModelError) -> Self {
        match error {
            engine::ModelError::Choice(_) => Self::Data,
            engine::ModelError::NothingBefore => Self::Unavailable,
            engine::ModelError::Refused { source, .. } => Self::of_detect(source),
            engine::ModelError::Read { source, .. } | engine::ModelError::Write { source, .. } => {
                Self::of(source)
            }
        }
    }

    fn of_input(error: &input::Error) -> Self {
        match error {
            input::Error::Capture(error) | input::Error::SomeCaptures { first: error, .. } => {
                Self::of(error)
            }
            input::Error::MixedSources => Self::Usage,
        }
    }

    fn of_capture(error: &capture::Error) -> Option<Self> {
        match error {
            capture::Error::EmptyFolder { .. }
            | capture::Error::Damaged { .. }
            | capture::Error::NotACapture { .. }
            | capture::Error::LinkType { .. } => Some(Self::Data),
            capture::Error::Permission { .. } | capture::Error::Privilege { .. } => {
                Some(Self::Permission)
            }
            capture::Error::Filter { .. } => Some(Self::Usage),
            capture::Error::MissingInterface { .. }
            | capture::Error::NoDefaultRoute { .. }
            | capture::Error::Interface { .. }
            | capture::Error::Receive { .. }
            | capture::Error::Gone { .. } => Some(Self::Unavailable),
            capture::Error::Open { .. } | capture::Error::Read { .. } => None,
        }
    }

    /// None where a cause decides.
    fn of_model(error: &model::Error) -> Option<Self> {
        match error {
            model::Error::Model(error) => Some(Self::of_models(error)),
            model::Error::Fatal(_) => Some(Self::Data),
            model::Error::Runtime(error) => Some(Self::of_detect(error)),
            model::Error::Settings(error) => Some(Self::of(error)),
            model::Error::Privilege(error) => Some(Self::of(error)),
            model::Error::Folder(error) => Some(Self::of(error)),
            model::Error::Process(_) | model::Error::Output(_) => None,
        }
    }

    const fn of_detect(error: &detect::Error) -> Self {
        match error {
            detect::Error::TooLarge { .. }
            | detect::Error::Syntax(_)
            | detect::Error::Mismatch { .. }
            | detect::Error::Invalid(_)
            | detect::Error::Graph { .. }
            | detect::Error::Missing(_)
            | detect::Error::Shape { .. }
            | detect::Error::NotFinite(_) => Self::Data,
            detect::Error::Library { .. }
            | detect::Error::LibraryVersion { .. }
            | detect::Error::Settled { .. }
            | detect::Error::Setup { .. }
            | detect::Error::Run(_)
            | detect::Error::Panicked => Self::Unavailable,
        }
    }

    fn of_export(error: &export::Error) -> Option<Self> {
        match error {
            export::Error::Label { .. } => Some(Self::Data),
            error => error.io().map(|error| Self::of(error)).or(Some(Self::Data)),
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Prints what the command line called for instead of a verb: help, the version, or what is wrong
/// with it.
pub(crate) fn answered(answer: &clap::Error) -> Status {
    // There is nobody left to tell that the answer could not be printed.
    answer.print().ok();
    if answer.use_stderr() { Status::Usage } else { Status::Done }
}
