//! How a service fails, and the moments at which a test may step in.

use std::time::Duration;

use fastrand::Rng;

/// What happens to one request instead of an answer, or to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is reset before anything is read.
    Reset,
    /// The request is read and nothing follows. It is not taken.
    Hang,
    /// An error of this status. It is not taken.
    Status(u16),
    /// 429 with so many seconds to wait. It is not taken.
    Busy(u64),
    /// 200 that holds the service's own error. It is not taken.
    ErrorBody,
    /// It is taken, and the connection closed without an answer.
    Cut,
    /// It is taken, and the connection closed in the middle of the answer.
    Half,
    /// It is taken and answered after a while.
    Late(Duration),
}

impl Fault {
    /// One of those that are over within a second or two.
    pub fn random(random: &mut Rng) -> Self {
        match random.u8(..7) {
            0 => Self::Reset,
            1 => Self::Status(*random.choice(&[500, 502, 503]).expect("some")),
            2 => Self::Busy(1),
            3 => Self::ErrorBody,
            4 => Self::Cut,
            5 => Self::Half,
            _ => Self::Late(Duration::from_millis(random.u64(20..400))),
        }
    }

    /// Whether the client cannot know that the request was taken.
    pub const fn loses_answer(self) -> bool {
        matches!(self, Self::Cut | Self::Half)
    }
}

/// A moment in the life of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A connection was accepted; of one that is used again, its next request begins.
    Accept,
    /// The head was read.
    Head,
    /// The body was read; nothing is taken yet.
    Body,
    /// It is taken, the answer not begun.
    BeforeAnswer,
    /// Half of the answer is sent.
    MidAnswer,
    /// The answer is sent.
    AfterAnswer,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Accept,
        Self::Head,
        Self::Body,
        Self::BeforeAnswer,
        Self::MidAnswer,
        Self::AfterAnswer,
    ];
}
