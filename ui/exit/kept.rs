//! Statuses of the verbs on what is kept, and on who is told of it.

use rusqlite::ErrorCode;
use weir::{notify as sink, store};

use super::Status;
use crate::{alerts, audit, baseline, notify, outbox, user, visit};

impl Status {
    pub(super) fn of_alerts(error: &alerts::Error) -> Option<Self> {
        match error {
            alerts::Error::Visit(error) => Some(Self::of_visit(error)),
            alerts::Error::Store(error) => Self::of_store(error),
            alerts::Error::Filter(_) | alerts::Error::Terminal => Some(Self::Usage),
            alerts::Error::Unknown(_) | alerts::Error::Ambiguous { .. } => Some(Self::Data),
            alerts::Error::Gone { .. } => Some(Self::Unavailable),
            alerts::Error::Packets(error) => Some(Self::of(error)),
            alerts::Error::Create { .. } | alerts::Error::Print(_) => None,
        }
    }

    pub(super) fn of_baseline(error: &baseline::Error) -> Option<Self> {
        match error {
            baseline::Error::Visit(error) => Some(Self::of_visit(error)),
            baseline::Error::Store(error) => Self::of_store(error),
            baseline::Error::Detect(error) => Self::of_detect_verb(error),
            baseline::Error::Print(_) => None,
        }
    }

    pub(super) fn of_outbox(error: &outbox::Error) -> Option<Self> {
        match error {
            outbox::Error::Visit(error) => Some(Self::of_visit(error)),
            outbox::Error::Store(error) => Self::of_store(error),
            outbox::Error::Print(_) => None,
        }
    }

    pub(super) fn of_audit(error: &audit::Error) -> Option<Self> {
        match error {
            audit::Error::Visit(error) => Some(Self::of_visit(error)),
            audit::Error::Store(error) => Self::of_store(error),
            audit::Error::Broken(_) | audit::Error::NoHead(_) => Some(Self::Data),
            audit::Error::Print(_) => None,
        }
    }

    pub(super) fn of_notify(error: &notify::Error) -> Option<Self> {
        match error {
            notify::Error::Privilege(error) => Self::of_capture(error),
            notify::Error::Sink(error) => Some(Self::of_sink(error)),
            notify::Error::NotNamed(_) => Some(Self::Usage),
            notify::Error::Later { .. } => Some(Self::Unavailable),
            notify::Error::Refused { .. } => Some(Self::Permission),
            notify::Error::Tasks(_) | notify::Error::Print(_) => None,
        }
    }

    pub(super) fn of_sink(error: &sink::Error) -> Self {
        match error {
            sink::Error::Url { .. }
            | sink::Error::Token
            | sink::Error::NoChannel
            | sink::Error::NoSlack => Self::Usage,
            sink::Error::Key { .. } => Self::Data,
            sink::Error::Client { .. } | sink::Error::List { .. } => Self::Unavailable,
            sink::Error::KeyFile { source, .. } => Self::of(source),
        }
    }

    pub(super) fn of_user(error: &user::Error) -> Option<Self> {
        match error {
            user::Error::Visit(error) => Some(Self::of_visit(error)),
            user::Error::Store(error) => Some(Self::of(error)),
            user::Error::Mismatch => Some(Self::Data),
            user::Error::Interrupted => Some(Self::Interrupted),
            user::Error::Read(_) | user::Error::Print(_) => None,
        }
    }

    pub(super) fn of_visit(error: &visit::Error) -> Self {
        match error {
            visit::Error::Settings(error) => Self::of(error),
            visit::Error::Privilege(error) => Self::of(error),
            visit::Error::Store(error) => Self::of(error),
        }
    }

    pub(super) fn of_store(error: &store::Error) -> Option<Self> {
        match error {
            store::Error::File { .. } => None,
            store::Error::NotOurs { .. }
            | store::Error::Newer { .. }
            | store::Error::Older { .. }
            | store::Error::Damaged { .. }
            | store::Error::Password
            | store::Error::NoIncident(_)
            | store::Error::Over(_)
            | store::Error::NoWeight(_)
            | store::Error::NoPlace(_)
            | store::Error::NoMute(_)
            | store::Error::NoEntry(_)
            | store::Error::Known(_)
            | store::Error::Unknown(_)
            | store::Error::LastAdmin(_) => Some(Self::Data),
            store::Error::Name | store::Error::BadMute(_) => Some(Self::Usage),
            store::Error::InUse { .. }
            | store::Error::FullBaseline
            | store::Error::Missing { .. }
            | store::Error::Journal { .. }
            | store::Error::Hash(_)
            | store::Error::Random(_) => Some(Self::Unavailable),
            store::Error::Sqlite { source, .. } => Some(match source.code() {
                Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => Self::Permission,
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Unavailable,
                _ => Self::Io,
            }),
        }
    }
}
