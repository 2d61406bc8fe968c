//! What the filter language finds in a conversation, and in an event of Tetragon's.

mod event;

use std::borrow::Cow;
use std::slice;

use super::snapshot::Conversation;
use crate::detect::{Class, Score};
use crate::filter::{Process, Subject};
use crate::incident::Who;
use crate::packet::Address;

impl Subject for Conversation {
    fn sources(&self) -> Cow<'_, [Address]> {
        slice::from_ref(&self.client).into()
    }

    fn targets(&self) -> Cow<'_, [Address]> {
        slice::from_ref(&self.server).into()
    }

    fn source_names(&self) -> Vec<&Who> {
        self.client_who.as_deref().into_iter().collect()
    }

    fn target_names(&self) -> Vec<&Who> {
        self.server_who.as_deref().into_iter().collect()
    }

    fn port(&self) -> Option<u16> {
        self.server_port
    }

    fn protocol(&self) -> Option<u8> {
        Some(self.protocol)
    }

    fn class(&self) -> Option<Class> {
        Some(self.class)
    }

    fn score(&self) -> Option<Score> {
        Some(self.score)
    }

    fn flows(&self) -> Option<u64> {
        Some(self.flows)
    }

    fn packets(&self) -> Option<u64> {
        Some(self.packets)
    }

    fn bytes(&self) -> Option<u64> {
        Some(self.bytes)
    }

    fn first_us(&self) -> Option<i64> {
        Some(self.first_us)
    }

    fn processes(&self) -> Vec<Process<'_>> {
        let ends = [&self.client_process, &self.server_process];
        ends.into_iter().flatten().map(|process| Process::from(&**process)).collect()
    }

    fn ids(&self) -> Vec<u64> {
        self.recent.iter().map(|verdict| verdict.flow.id.0).collect()
    }
}
