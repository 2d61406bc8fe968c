//! Whose an end is, by all that is believed about it.

use std::sync::Arc;

use super::claim::Owner;

/// Whose an end is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pick<'a> {
    /// Nobody claims it.
    Nobody,
    /// It may be of several.
    Unclear,
    Owner(&'a Arc<Owner>),
}

impl Pick<'_> {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nobody, one) | (one, Self::Nobody) => one,
            (Self::Owner(one), Self::Owner(other)) if one.id == other.id => Self::Owner(one),
            _ => Self::Unclear,
        }
    }
}

/// What a claim says of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Its owner opened or took it.
    Began,
    /// Its owner has it: it was handed it, unless it began it.
    Has,
}

/// Whose the end is of which these are all claims, in the order of time.
pub(super) fn pick<'a>(claims: impl Iterator<Item = (Deed, &'a Arc<Owner>)> + Clone) -> Pick<'a> {
    let began = claims.clone().filter(|(deed, _)| *deed == Deed::Began);
    let began = began.fold(Pick::Nobody, |all, (_, owner)| all.and(Pick::Owner(owner)));
    // Where it was not heard who began it, whoever had it first.
    let first = match began {
        Pick::Nobody => claims.clone().next().map_or(Pick::Nobody, |(_, one)| Pick::Owner(one)),
        known => known,
    };
    let Pick::Owner(first) = first else { return first };
    let are_kin = claims.into_iter().all(|(_, owner)| owner.is_kin(first));
    if are_kin { Pick::Owner(first) } else { Pick::Unclear }
}
