//! The ports that an incident is about.

/// The ports attacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ports {
    None,
    One(u16),
    Many,
}

impl Ports {
    pub(super) const fn add(self, port: u16) -> Self {
        match self {
            Self::None => Self::One(port),
            Self::One(known) if known == port => self,
            Self::One(_) | Self::Many => Self::Many,
        }
    }

    /// What was kept of an incident of so many flows when the program ended.
    pub(super) const fn restored(port: Option<u16>, flows: u64) -> Self {
        match port {
            Some(port) => Self::One(port),
            None if flows == 0 => Self::None,
            None => Self::Many,
        }
    }

    /// The port, where it is only one.
    pub(super) const fn only(self) -> Option<u16> {
        match self {
            Self::One(port) if port != 0 => Some(port),
            Self::None | Self::One(_) | Self::Many => None,
        }
    }
}
