//! How much memory the owners of claims take: each once, however many claims it has.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::claim::Owner;

/// Owners by where they are in memory, and how many claims each has.
#[derive(Debug, Default)]
pub(super) struct Owners {
    claims: HashMap<usize, u32, RandomState>,
    pub(super) bytes: usize,
}

impl Owners {
    pub(super) fn keep(&mut self, owner: Option<&Arc<Owner>>) {
        let Some(owner) = owner else { return };
        let claims = self.claims.entry(Arc::as_ptr(owner).addr()).or_insert(0);
        if *claims == 0 {
            self.bytes += owner.bytes();
        }
        *claims += 1;
    }

    pub(super) fn let_go(&mut self, owner: Option<&Arc<Owner>>) {
        let Some(owner) = owner else { return };
        let at = Arc::as_ptr(owner).addr();
        let Some(claims) = self.claims.get_mut(&at) else { return };
        *claims -= 1;
        if *claims == 0 {
            self.claims.remove(&at);
            self.bytes -= owner.bytes();
        }
    }
}
