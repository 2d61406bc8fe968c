//! The socket that a hook was called with.

use super::SocketUse;
use super::wire::KprobeArgument;

/// What the process of an event does with a socket: `call` is what was called (`tcp_connect`,
/// `sock/inet_sock_set_state`), with `arguments`; `returned` is what came back.
pub(super) fn socket_use(
    _call: &str,
    _arguments: &[KprobeArgument],
    _returned: Option<&KprobeArgument>,
) -> Option<SocketUse> {
    None
}
