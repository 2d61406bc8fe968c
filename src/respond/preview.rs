//! Who would have been refused.

use crate::packet::Address;

/// What a limit would have meant to one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPreview {
    /// Who.
    pub client: Address,
    /// Requests (of a limit by connections: connections) that came.
    pub asked: u64,
    /// Of these, how many would have been refused.
    pub refused: u64,
}

/// What a limit would have meant to those who came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// First arrival that was looked at, in µs since the epoch; 0 where there was none.
    pub from_us: i64,
    /// The last.
    pub until_us: i64,
    /// What each client would have seen, those refused most first.
    pub clients: Vec<ClientPreview>,
    /// What the figures do not say, each in a sentence: what was not seen, what is assumed.
    pub notes: Vec<String>,
}

impl Preview {
    /// All that came.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.clients.iter().map(|client| client.asked).sum()
    }

    /// All that would have been refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.clients.iter().map(|client| client.refused).sum()
    }
}
