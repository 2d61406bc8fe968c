//! Protobuf, written from JSON by the tables of fields and enums, and read as far as the agent's calls
//! need it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::table::{Field, field_of, number_of};

/// An event, from a line as agents export it.
pub fn event(json: &str) -> Vec<u8> {
    message("GetEventsResponse", &serde_json::from_str(json).expect("JSON"))
}

/// A message of that name, from its JSON.
pub fn message(name: &str, json: &Value) -> Vec<u8> {
    let members = json.as_object().unwrap_or_else(|| panic!("{name} is no object: {json}"));
    members.iter().flat_map(|(member, value)| written(field_of(name, member), value)).collect()
}

/// A field that has a length.
pub fn sized(number: u32, content: &[u8]) -> Vec<u8> {
    [varint(u64::from(number) << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

/// A field that is an integer.
pub fn numeric(number: u32, value: u64) -> Vec<u8> {
    [varint(u64::from(number) << 3), varint(value)].concat()
}

/// An integer.
pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}

fn written(field: &Field, value: &Value) -> Vec<u8> {
    let (kind, number) = (field.one(), field.number);
    let single = |value: &Value| match scalar(kind, value) {
        Some(value) => numeric(number, value),
        None => sized(number, &content(kind, value)),
    };
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) if field.is_repeated() => {
            // Integers stand behind each other in one field, all else in one each.
            let scalars: Option<Vec<_>> =
                values.iter().map(|value| scalar(kind, value).map(varint)).collect();
            match scalars {
                Some(scalars) if !scalars.is_empty() => sized(number, &scalars.concat()),
                _ => values.iter().flat_map(single).collect(),
            }
        }
        Value::Object(entries) if kind == "map" => {
            let entry = |(key, value): (&String, &Value)| {
                let pair = [sized(1, key.as_bytes()), sized(2, text(value).as_bytes())];
                sized(number, &pair.concat())
            };
            entries.iter().flat_map(entry).collect()
        }
        value => single(value),
    }
}

/// What of a type that is an integer stands for `value`; none of any other type.
fn scalar(kind: &str, value: &Value) -> Option<u64> {
    match kind {
        "bool" => Some(u64::from(value == &Value::Bool(true))),
        "int32" | "int64" | "uint32" | "uint64" => Some(whole(value)),
        kind => kind.strip_prefix("enum ").map(|kind| match value {
            Value::String(name) => number_of(kind, name),
            number => whole(number),
        }),
    }
}

fn content(kind: &str, value: &Value) -> Vec<u8> {
    match kind {
        "string" => text(value).as_bytes().to_vec(),
        "bytes" => STANDARD.decode(text(value)).expect("base64"),
        "BoolValue" => numeric(1, u64::from(value == &Value::Bool(true))),
        "Int32Value" | "UInt32Value" => numeric(1, whole(value)),
        "Timestamp" => time(text(value)),
        name => message(name, value),
    }
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// A whole number, which stands as text where it has 64 bits.
fn whole(value: &Value) -> u64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let number: i128 = text.parse().unwrap_or_else(|_| panic!("{value} is no whole number"));
    let low = number & i128::from(u64::MAX);
    u64::try_from(low).expect("its low half")
}

fn time(text: &str) -> Vec<u8> {
    let time: Timestamp = text.parse().expect("a time");
    let nanoseconds = i64::from(time.subsec_nanosecond());
    [numeric(1, time.as_second().cast_unsigned()), numeric(2, nanoseconds.cast_unsigned())].concat()
}

/// The outermost fields of a message.
#[derive(Debug, Default)]
pub struct Fields {
    numbers: Vec<(u64, u64)>,
    texts: Vec<(u64, String)>,
}

impl Fields {
    /// Reads them; what follows something strange is left out.
    pub fn read(mut bytes: &[u8]) -> Self {
        let mut fields = Self::default();
        while let Some(key) = take_varint(&mut bytes) {
            match key & 7 {
                0 => {
                    let Some(value) = take_varint(&mut bytes) else { break };
                    fields.numbers.push((key >> 3, value));
                }
                2 => {
                    let length = take_varint(&mut bytes).and_then(|length| length.try_into().ok());
                    let Some((text, rest)) = length.and_then(|at| bytes.split_at_checked(at))
                    else {
                        break;
                    };
                    fields.texts.push((key >> 3, String::from_utf8_lossy(text).into_owned()));
                    bytes = rest;
                }
                _ => break,
            }
        }
        fields
    }

    /// A text; empty where it is not there.
    pub fn text(&self, number: u64) -> String {
        let found = self.texts.iter().rev().find(|(at, _)| *at == number);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    }

    /// A number, where it is there.
    pub fn number(&self, number: u64) -> Option<u64> {
        self.numbers.iter().rev().find(|(at, _)| *at == number).map(|(_, value)| *value)
    }
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
