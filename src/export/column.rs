//! Which columns a file of flows has, and in which order.

use crate::detect::LENGTH;
use crate::feature::{CIC_FEATURES, FEATURES};

/// A column of a file of flows.
#[derive(Debug, Clone, Copy)]
pub enum Column {
    /// `source-target-port-port-protocol` of the first packet, as `CICFlowMeter` writes it.
    FlowKey,
    /// Address of the side that opened the flow.
    SourceAddress,
    /// Its port; 0 for protocols without ports.
    SourcePort,
    /// Address of the other side.
    TargetAddress,
    /// Its port; 0 for protocols without ports.
    TargetPort,
    /// Time of the first packet, RFC 3339 in UTC with microseconds.
    Timestamp,
    /// A feature of the row, by its place in [`FEATURES`].
    Feature(usize),
    /// Ground truth.
    Label,
    /// Weir's identity of the flow, 16 hexadecimal digits.
    FlowId,
    /// Whether the row is the last word on its flow.
    Final,
    /// How many steps of the sequence are vectors.
    Steps,
    /// A feature at a step of the sequence; 0 is the oldest.
    Step(usize, usize),
}

/// What a file is to hold beside `CICFlowMeter`'s columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choice {
    /// Features of kind context.
    pub context: bool,
    /// Identity and state of each row, by which provisional rows are told from final ones.
    pub state: bool,
    /// Instead of the features of a row, the sequence that the model is fed.
    pub sequences: bool,
}

impl Column {
    /// The columns of a file, in order.
    #[must_use]
    pub fn list(choice: Choice) -> Vec<Self> {
        let key = [
            Self::FlowKey,
            Self::SourceAddress,
            Self::SourcePort,
            Self::TargetAddress,
            Self::TargetPort,
        ];
        let mut columns = key.to_vec();
        // The protocol is the one feature that stands among the columns of the key.
        columns.push(Self::Feature(0));
        columns.push(Self::Timestamp);
        if choice.sequences {
            columns.extend([Self::Label, Self::FlowId, Self::Final, Self::Steps]);
            let steps = (0..LENGTH).flat_map(|step| (0..FEATURES.len()).map(move |at| (step, at)));
            columns.extend(steps.map(|(step, at)| Self::Step(step, at)));
            return columns;
        }
        columns.extend((1..CIC_FEATURES).map(Self::Feature));
        columns.push(Self::Label);
        if choice.context {
            columns.extend((CIC_FEATURES..FEATURES.len()).map(Self::Feature));
        }
        if choice.state {
            columns.extend([Self::FlowId, Self::Final]);
        }
        columns
    }

    /// Its name in the header.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::FlowKey => "Flow ID".into(),
            Self::SourceAddress => "Src IP".into(),
            Self::SourcePort => "Src Port".into(),
            Self::TargetAddress => "Dst IP".into(),
            Self::TargetPort => "Dst Port".into(),
            Self::Timestamp => "Timestamp".into(),
            Self::Feature(at) => FEATURES[*at].name.into(),
            Self::Label => "Label".into(),
            Self::FlowId => "Weir Flow ID".into(),
            Self::Final => "Final".into(),
            Self::Steps => "Steps".into(),
            Self::Step(step, at) => format!("{step}.{}", FEATURES[*at].name),
        }
    }
}
