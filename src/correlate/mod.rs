//! Which process is behind a flow: what agents say of sockets, joined with flows by 5-tuple and time.
//!
//! Pure, bounded, and deterministic: times are those of packets and events. Names that the cluster has
//! for addresses come in as arguments; what an event is belongs to [`crate::tetragon`].
