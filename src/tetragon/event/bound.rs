//! How many parts an event may have. What is a part of two bytes in a message takes hundreds in memory
//! once it is read, so that they are counted before.

use super::Unreadable;

/// Messages in an event, such as its processes and their namespaces; and all values in it.
const MOST_MESSAGES: usize = 10_000;
const MOST_VALUES: usize = 200_000;

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) number: usize,
    /// What is in it, where it is no plain number.
    pub(super) content: Option<&'a [u8]>,
}

/// The fields of a message, up to the first that makes no sense. What is in a group counts as beside it.
#[derive(Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let key = prost::decode_length_delimiter(&mut self.0).ok()?;
        let is_content = key & 7 == 2;
        let length = match key & 7 {
            0 => prost::encoding::decode_varint(&mut self.0).map(|_| 0).ok()?,
            1 => 8,
            2 => prost::decode_length_delimiter(&mut self.0).ok()?,
            3 | 4 => 0,
            5 => 4,
            _ => return None,
        };
        let (content, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Field { number: key >> 3, content: is_content.then_some(content) })
    }
}

/// An error where a message of protobuf has too many parts: events in it, what these have (ancestors,
/// arguments, stacks), what that has (variables), and what is in that (labels of pods). What repeats lies
/// no deeper.
pub(super) fn check_protobuf(message: &[u8]) -> Result<(), Unreadable> {
    let mut left = [MOST_MESSAGES, MOST_MESSAGES, MOST_VALUES, MOST_VALUES];
    count(message, &mut left)
}

/// Takes the fields of `message` off the first of `left`, and what is in them off the others.
fn count(message: &[u8], left: &mut [usize]) -> Result<(), Unreadable> {
    let Some((most, deeper)) = left.split_first_mut() else { return Ok(()) };
    for field in Fields(message) {
        *most = most.checked_sub(1).ok_or(Unreadable::TooManyParts)?;
        if let Some(content) = field.content {
            count(content, deeper)?;
        }
    }
    Ok(())
}

/// An error where a line of JSON has too many parts.
pub(super) fn check_json(line: &str) -> Result<(), Unreadable> {
    let (mut messages, mut values) = (0, 0);
    let mut bytes = line.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => end_text(&mut bytes),
            b'{' => messages += 1,
            b'[' | b',' => values += 1,
            _ => {}
        }
    }
    if messages > MOST_MESSAGES || values > MOST_VALUES {
        return Err(Unreadable::TooManyParts);
    }
    Ok(())
}

/// Goes to the end of a text.
fn end_text(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Event;
    use super::*;

    /// A field of that number and content.
    fn field(number: u32, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        prost::encoding::encode_key(number, prost::encoding::WireType::LengthDelimited, &mut bytes);
        prost::encoding::encode_varint(content.len() as u64, &mut bytes);
        bytes.extend_from_slice(content);
        bytes
    }

    fn is_refused(event: &Result<Event, Unreadable>) -> bool {
        matches!(event, Err(Unreadable::TooManyParts))
    }

    #[test]
    fn an_event_of_ever_so_many_empty_parts_is_none() {
        // Ancestors of an exec: two bytes each.
        let ancestors = |many: usize| field(1, &field(3, b"").repeat(many));
        assert!(is_refused(&Event::from_protobuf(&ancestors(2_000_000))));
        assert!(Event::from_protobuf(&ancestors(1_000)).is_ok());
        // Labels of the pod of its process.
        let labels = |many| field(1, &field(1, &field(11, &field(11, b"").repeat(many))));
        assert!(is_refused(&Event::from_protobuf(&labels(1_000_000))));
        assert!(Event::from_protobuf(&labels(1_000)).is_ok());
        // Variables of its process, also behind a group that nobody knows.
        let variables = |many| field(1, &field(1, &field(21, b"").repeat(many)));
        assert!(is_refused(&Event::from_protobuf(&variables(1_000_000))));
        let hidden =
            field(1, &[vec![0x9b, 0x06, 0x9c, 0x06], field(3, b"").repeat(99_999)].concat());
        assert!(is_refused(&Event::from_protobuf(&hidden)));
    }

    #[test]
    fn a_line_of_ever_so_many_empty_parts_is_none() {
        let line = |part: &str, many: usize| {
            let parts = vec![part; many].join(",");
            format!(r#"{{"process_exec":{{"ancestors":[{parts}]}}}}"#)
        };
        assert!(is_refused(&Event::from_json(line("{}", 1_000_000).as_bytes())));
        assert!(is_refused(&Event::from_json(line("0", 1_000_000).as_bytes())));
        assert!(Event::from_json(line("{}", 1_000).as_bytes()).is_ok());
        // What is in a text is no part.
        let text = r#"\",{[{"#.repeat(100_000);
        let line = format!(r#"{{"process_exec":{{"process":{{"arguments":"{text}"}}}}}}"#);
        let event = Event::from_json(line.as_bytes()).unwrap();
        assert!(event.process.is_some());
    }
}
