//! The one message that kubectl sends in Protocol Buffers here: what somebody asks about his rights.

use serde_json::{Map, Value, json};

/// What every such body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// The attributes of a resource in a review, by their numbers.
const ATTRIBUTES: [(u64, &str); 7] = [
    (1, "namespace"),
    (2, "verb"),
    (3, "group"),
    (4, "version"),
    (5, "resource"),
    (6, "subresource"),
    (7, "name"),
];

/// Whether a body of this type is in Protocol Buffers.
pub fn is_meant(media: &str) -> bool {
    media.starts_with("application/vnd.kubernetes.protobuf")
}

/// A `SelfSubjectAccessReview` about a resource; none where `body` is none.
pub fn review(body: &[u8]) -> Option<Value> {
    let unknown = body.strip_prefix(MAGIC)?;
    let spec = field(field(unknown, 2)?, 2)?;
    let attributes = field(spec, 1)?;
    let named = ATTRIBUTES.iter().filter_map(|(number, name)| {
        let text = std::str::from_utf8(field(attributes, *number)?).ok()?;
        Some(((*name).to_owned(), text.into()))
    });
    let attributes: Map<String, Value> = named.collect();
    Some(json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    }))
}

/// The bytes of a field with a length; none where it is not there, or of another kind.
fn field(mut message: &[u8], number: u64) -> Option<&[u8]> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let length = match key & 7 {
            0 => {
                varint(&mut message)?;
                continue;
            }
            2 => usize::try_from(varint(&mut message)?).ok()?,
            _ => return None,
        };
        let (bytes, rest) = message.split_at_checked(length)?;
        if key >> 3 == number {
            return Some(bytes);
        }
        message = rest;
    }
    None
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
