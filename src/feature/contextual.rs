//! The features of a flow's context.

use super::CONTEXT_FEATURES;
use super::definition::{Feature, Unit};

/// Windows reach back in slots of 5 s, so that 10 s are 5 to 10 and 60 s are 55 to 60.
pub(super) const FEATURES: [Feature; CONTEXT_FEATURES] = [
    Feature::context(
        "Pair Gap",
        Unit::LogSeconds,
        "Since the previous final row of the same client, server and server port; 0 for the first.",
        |c| c.pair_gap,
    ),
    Feature::context(
        "Dst Gap",
        Unit::LogSeconds,
        "Since the previous final row of the same server; 0 for the first.",
        |c| c.target_gap,
    ),
    Feature::context(
        "Src Flows 10s",
        Unit::LogCount,
        "Flows that the source opened in the last 10 s.",
        |c| c.source[0].flows,
    ),
    Feature::context(
        "Src Peers 10s",
        Unit::LogCount,
        "Different hosts the source turned to in the last 10 s.",
        |c| c.source[0].peers,
    ),
    Feature::context(
        "Src Ports 10s",
        Unit::LogCount,
        "Different server ports the source turned to in the last 10 s.",
        |c| c.source[0].ports,
    ),
    Feature::context(
        "Src Repetition 10s",
        Unit::LogCount,
        "Flows that the source opened for each different host and port it turned to in the last 10 s.",
        |c| c.source[0].repetition,
    ),
    Feature::context(
        "Src Failures 10s",
        Unit::Ratio,
        "Share of flows of the source in the last 10 s without an answer or refused.",
        |c| c.source[0].failures,
    ),
    Feature::context(
        "Src Regularity 10s",
        Unit::Ratio,
        "How equal the intervals were at which flows of the source opened in the last 10 s; 1 is equal.",
        |c| c.source[0].regularity,
    ),
    Feature::context(
        "Src Flows 60s",
        Unit::LogCount,
        "Flows that the source opened in the last 60 s.",
        |c| c.source[1].flows,
    ),
    Feature::context(
        "Src Peers 60s",
        Unit::LogCount,
        "Different hosts the source turned to in the last 60 s.",
        |c| c.source[1].peers,
    ),
    Feature::context(
        "Src Ports 60s",
        Unit::LogCount,
        "Different server ports the source turned to in the last 60 s.",
        |c| c.source[1].ports,
    ),
    Feature::context(
        "Src Repetition 60s",
        Unit::LogCount,
        "Flows that the source opened for each different host and port it turned to in the last 60 s.",
        |c| c.source[1].repetition,
    ),
    Feature::context(
        "Src Failures 60s",
        Unit::Ratio,
        "Share of flows of the source in the last 60 s without an answer or refused.",
        |c| c.source[1].failures,
    ),
    Feature::context(
        "Src Regularity 60s",
        Unit::Ratio,
        "How equal the intervals were at which flows of the source opened in the last 60 s; 1 is equal.",
        |c| c.source[1].regularity,
    ),
    Feature::context(
        "Dst Flows 10s",
        Unit::LogCount,
        "Flows that were opened to the target in the last 10 s.",
        |c| c.target[0].flows,
    ),
    Feature::context(
        "Dst Peers 10s",
        Unit::LogCount,
        "Different hosts that turned to the target in the last 10 s.",
        |c| c.target[0].peers,
    ),
    Feature::context(
        "Dst Ports 10s",
        Unit::LogCount,
        "Different ports of the target that were turned to in the last 10 s.",
        |c| c.target[0].ports,
    ),
    Feature::context(
        "Dst Repetition 10s",
        Unit::LogCount,
        "Flows that were opened to the target for each different host and port that met in the last 10 s.",
        |c| c.target[0].repetition,
    ),
    Feature::context(
        "Dst Failures 10s",
        Unit::Ratio,
        "Share of flows to the target in the last 10 s without an answer or refused.",
        |c| c.target[0].failures,
    ),
    Feature::context(
        "Dst Regularity 10s",
        Unit::Ratio,
        "How equal the intervals were at which flows to the target opened in the last 10 s; 1 is equal.",
        |c| c.target[0].regularity,
    ),
    Feature::context(
        "Dst Flows 60s",
        Unit::LogCount,
        "Flows that were opened to the target in the last 60 s.",
        |c| c.target[1].flows,
    ),
    Feature::context(
        "Dst Peers 60s",
        Unit::LogCount,
        "Different hosts that turned to the target in the last 60 s.",
        |c| c.target[1].peers,
    ),
    Feature::context(
        "Dst Ports 60s",
        Unit::LogCount,
        "Different ports of the target that were turned to in the last 60 s.",
        |c| c.target[1].ports,
    ),
    Feature::context(
        "Dst Repetition 60s",
        Unit::LogCount,
        "Flows that were opened to the target for each different host and port that met in the last 60 s.",
        |c| c.target[1].repetition,
    ),
    Feature::context(
        "Dst Failures 60s",
        Unit::Ratio,
        "Share of flows to the target in the last 60 s without an answer or refused.",
        |c| c.target[1].failures,
    ),
    Feature::context(
        "Dst Regularity 60s",
        Unit::Ratio,
        "How equal the intervals were at which flows to the target opened in the last 60 s; 1 is equal.",
        |c| c.target[1].regularity,
    ),
    Feature::context(
        "Provisional",
        Unit::None,
        "1 while the flow is open, 0 in its final row.",
        |c| c.provisional,
    ),
];
