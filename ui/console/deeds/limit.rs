//! What the engine was asked to do about a limit, and what came of it.

use weir::engine::{Applied, LimitError, Limits, Reverted};
use weir::respond::LimitRequest;
use weir::store::By;

use super::super::{Effect, LimitWish, Limiting, Message};
use crate::format;
use crate::panes::proposal::{self, Proposal};
use crate::words;

/// Does what `wish` says in the name of `by`, and says what came of it.
pub(super) async fn done(limits: &Limits, wish: LimitWish, by: By) -> Message {
    let done = match wish {
        LimitWish::ProposeApply(limiting) => propose_apply(limits, *limiting, by).await,
        LimitWish::Apply(request) => limits.apply(*request, by).await.map(|applied| set(&applied)),
        LimitWish::ProposeRevert(ingress) => {
            limits.revert(ingress, by, true).await.map(|reverted| propose_revert(&reverted))
        }
        LimitWish::Revert(ingress) => {
            limits.revert(ingress, by, false).await.map(|reverted| lifted(&reverted))
        }
    };
    done.unwrap_or_else(|error| Message::Told(words::with_causes(&error)))
}

async fn propose_apply(limits: &Limits, limiting: Limiting, by: By) -> Result<Message, LimitError> {
    let Limiting { ingress, limit, ttl, reason, incident } = limiting;
    let request = LimitRequest {
        ingress,
        limit,
        ttl,
        reason,
        incident,
        by: format!("{} via {}", by.who, by.from),
        is_dry_run: true,
    };
    let applied = limits.apply(request.clone(), by).await?;
    let LimitRequest { ingress, limit, .. } = &request;
    let question = format!("limit {ingress} to {}", words::limit(limit));
    let lines = proposal::of_limit(&applied);
    let effect =
        Effect::Limit(LimitWish::Apply(Box::new(LimitRequest { is_dry_run: false, ..request })));
    Ok(Message::Proposed(Box::new(Proposal { question, effect, lines })))
}

fn propose_revert(reverted: &Reverted) -> Message {
    let ingress = reverted.status.ingress.clone();
    let question = format!("lift the limit of {ingress}");
    let lines = proposal::of_revert(reverted);
    let effect = Effect::Limit(LimitWish::Revert(ingress));
    Message::Proposed(Box::new(Proposal { question, effect, lines }))
}

fn set(applied: &Applied) -> Message {
    let ingress = &applied.status.ingress;
    Message::Told(match &applied.status.held {
        Some(held) => {
            let limit = words::limit(&held.limit);
            format!("{ingress} is limited to {limit} until {}", format::clock(held.until_us))
        }
        None => format!("{ingress} is as it was"),
    })
}

fn lifted(reverted: &Reverted) -> Message {
    let ingress = &reverted.status.ingress;
    Message::Told(match reverted.left.as_slice() {
        [] => format!("{ingress} is as it was before the limit"),
        left => format!("the limit of {ingress} is lifted; left alone: {}", left.join("; ")),
    })
}
