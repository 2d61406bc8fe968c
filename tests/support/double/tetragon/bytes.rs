//! Protobuf, written from JSON and the table of fields, and read as far as the agent's calls need it.

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
    let mut bytes = Vec::new();
    for (member, value) in members {
        let field = field_of(name, member);
        let values = match value {
            Value::Array(values) if field.is_repeated => values.iter().collect(),
            value => vec![value],
        };
        for value in values {
            write(&mut bytes, &field, value);
        }
    }
    bytes
}

/// A field that holds bytes.
pub fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = varint(u64::from(number) << 3 | 2);
    bytes.extend(varint(content.len() as u64));
    bytes.extend_from_slice(content);
    bytes
}

fn write(bytes: &mut Vec<u8>, of: &Field, value: &Value) {
    let number = of.number;
    let wrong = || panic!("field {number} of type {} cannot be {value}", of.kind);
    let text = || value.as_str().unwrap_or_else(wrong);
    match &*of.kind {
        "s" => bytes.extend(field(number, text().as_bytes())),
        "bytes" => bytes.extend(field(number, &STANDARD.decode(text()).expect("base64"))),
        "bool" => scalar(bytes, number, u64::from(value == &Value::Bool(true))),
        "u32" | "u64" | "i32" | "i64" => scalar(bytes, number, whole(value)),
        "U32" | "I32" => {
            let mut wrapped = Vec::new();
            scalar(&mut wrapped, 1, whole(value));
            bytes.extend(field(number, &wrapped));
        }
        "Bool" => {
            let mut wrapped = Vec::new();
            scalar(&mut wrapped, 1, u64::from(value == &Value::Bool(true)));
            bytes.extend(field(number, &wrapped));
        }
        "TS" => bytes.extend(field(number, &time(text()))),
        "map" => {
            for (key, value) in value.as_object().expect("a map") {
                let value = value.as_str().expect("a map of texts");
                let pair = [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
                bytes.extend(field(number, &pair));
            }
        }
        kind => match value {
            Value::String(name) => scalar(bytes, number, number_of(kind, name)),
            value => bytes.extend(field(number, &message(kind, value))),
        },
    }
}

fn scalar(bytes: &mut Vec<u8>, number: u32, value: u64) {
    bytes.extend(varint(u64::from(number) << 3));
    bytes.extend(varint(value));
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
    let mut bytes = Vec::new();
    scalar(&mut bytes, 1, time.as_second().cast_unsigned());
    scalar(&mut bytes, 2, u64::from(time.subsec_nanosecond().cast_unsigned()));
    bytes
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
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
