//! The capabilities that a container adds and drops.

use crate::posture::cursor::Cursor;
use crate::posture::pod::Container;

/// The names that it adds.
pub(super) fn added<'a>(container: &Container<'a>) -> impl Iterator<Item = Cursor<'a>> + use<'a> {
    container.security().at_path(&["capabilities", "add"]).items()
}

/// The names that it drops.
pub(super) fn dropped<'a>(container: &Container<'a>) -> Cursor<'a> {
    container.security().at_path(&["capabilities", "drop"])
}

/// Whether it drops this one by its name.
pub(super) fn drops(container: &Container<'_>, capability: &str) -> bool {
    dropped(container).items().any(|name| is(&name, capability))
}

/// Whether this is its name, as runtimes read it: in whatever case, and some with `CAP_` before it.
pub(super) fn is(name: &Cursor<'_>, capability: &str) -> bool {
    let name = name.word();
    let bare = match name.split_at_checked(4) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("CAP_") => rest,
        _ => name,
    };
    bare.eq_ignore_ascii_case(capability)
}
