//! What came of a limit that was asked for, lifted or tried on those who came.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::LimitStatusShape;
use crate::engine::{Applied, Reverted, Written};
use crate::incident::rfc3339;
use crate::respond::{ClientPreview, Preview};

/// Clients that a preview lists, those refused most first.
const CLIENTS: usize = 1_000;

/// An object as it is written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WrittenObject)]
pub struct WrittenShape {
    /// Which.
    #[schema(example = "Ingress shop/web")]
    pub object: String,
    /// How, and under which field manager.
    #[schema(example = "apply as weir")]
    pub how: String,
    /// What is sent.
    #[schema(value_type = Object)]
    pub body: Value,
}

impl From<&Written> for WrittenShape {
    fn from(written: &Written) -> Self {
        let Written { object, how, body } = written;
        Self { object: object.clone(), how: how.clone(), body: body.clone() }
    }
}

/// What a limit would have meant to one client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientPreview)]
pub struct ClientShape {
    /// Its address.
    #[schema(example = "203.0.113.7")]
    pub client: String,
    /// Requests of it that came; for a limit by connections, connections.
    pub asked: u64,
    /// Of these, how many would have been refused.
    pub refused: u64,
}

impl From<&ClientPreview> for ClientShape {
    fn from(preview: &ClientPreview) -> Self {
        let ClientPreview { client, asked, refused } = *preview;
        Self { client: client.to_string(), asked, refused }
    }
}

/// What a limit would have meant to those who came lately.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
pub struct PreviewShape {
    /// The first arrival that was looked at; null where nobody came.
    #[schema(format = DateTime, required = true, nullable)]
    pub from: Option<String>,
    /// The last.
    #[schema(format = DateTime, required = true, nullable)]
    pub until: Option<String>,
    /// All that came.
    pub asked: u64,
    /// All that would have been refused.
    pub refused: u64,
    /// Clients that came.
    pub client_count: usize,
    /// At most 1,000 of them, those refused most first.
    pub clients: Vec<ClientShape>,
    /// What the figures do not say, each in a sentence.
    pub notes: Vec<String>,
}

impl From<&Preview> for PreviewShape {
    fn from(preview: &Preview) -> Self {
        let time = |at_us| (preview.asked() > 0).then(|| rfc3339(at_us));
        Self {
            from: time(preview.from_us),
            until: time(preview.until_us),
            asked: preview.asked(),
            refused: preview.refused(),
            client_count: preview.clients.len(),
            clients: preview.clients.iter().take(CLIENTS).map(ClientShape::from).collect(),
            notes: preview.notes.clone(),
        }
    }
}

/// What came of a limit that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Applied)]
pub struct AppliedShape {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// How the Ingress stands since; in a dry run, how it would.
    pub status: LimitStatusShape,
    /// What was written or would be, in order; nothing where all was so already.
    pub written: Vec<WrittenShape>,
    /// What it would have meant to those who came lately; null where that is not known.
    #[schema(required = true, nullable)]
    pub preview: Option<PreviewShape>,
    /// What else there is to say of it, each in a sentence.
    pub notes: Vec<String>,
}

impl From<&Applied> for AppliedShape {
    fn from(applied: &Applied) -> Self {
        Self {
            dry_run: applied.is_dry_run,
            status: (&applied.status).into(),
            written: applied.written.iter().map(WrittenShape::from).collect(),
            preview: applied.preview.as_ref().map(PreviewShape::from),
            notes: applied.notes.clone(),
        }
    }
}

/// What came of a limit that was lifted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reverted)]
pub struct RevertedShape {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// How the Ingress stands since; in a dry run, how it does.
    pub status: LimitStatusShape,
    /// What was written or would be, in order.
    pub written: Vec<WrittenShape>,
    /// What somebody had changed since and is left so, each in a sentence.
    pub left: Vec<String>,
}

/// As one that was written.
impl From<&Reverted> for RevertedShape {
    fn from(reverted: &Reverted) -> Self {
        Self {
            dry_run: reverted.is_dry_run,
            status: (&reverted.status).into(),
            written: reverted.written.iter().map(WrittenShape::from).collect(),
            left: reverted.left.clone(),
        }
    }
}
