//! Every field of the API, by bytes that are put together here from the tables: what Weir knows of a
//! message must agree with them in number, type and name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{EnumDescriptorProto, FileDescriptorSet};
use serde_json::{Value, json};
use weir::tetragon::{Event, wire};

use super::bytes::{numeric, sized, varint};
use super::table::{Field, fields, values};

/// What agents send; all that is in it can be seen in JSON.
const ANSWERS: [&str; 4] = [
    "GetEventsResponse",
    "GetHealthStatusResponse",
    "ListTracingPoliciesResponse",
    "GetVersionResponse",
];

/// The message that `field` holds, if it holds one.
fn inner(field: &Field) -> Option<&str> {
    Some(field.one()).filter(|kind| kind.starts_with(char::is_uppercase))
}

/// -7, as a varint holds it.
const MINUS_SEVEN: u64 = u64::MAX - 6;

/// More than JSON's numbers can hold for sure.
const LARGE: u64 = 1 << 53 | 1;

/// The bytes of `field` with a value in it, and what that is in JSON.
fn example(field: &Field) -> (Vec<u8>, Value) {
    let number = field.number;
    let (bytes, value) = match field.one() {
        "string" => (sized(number, "a \"b\"".as_bytes()), json!("a \"b\"")),
        "bytes" => (sized(number, b"\xff\x00>"), json!("/wA+")),
        "bool" => (numeric(number, 1), json!(true)),
        "int32" => (numeric(number, MINUS_SEVEN), json!(-7)),
        "int64" => (numeric(number, MINUS_SEVEN), json!("-7")),
        "uint32" if field.is_repeated() => (sized(number, &varint(300)), json!(300)),
        "uint32" => (numeric(number, 4_294_967_295), json!(4_294_967_295_u32)),
        "uint64" => (numeric(number, LARGE), json!(LARGE.to_string())),
        "map" => {
            let entry = [sized(1, b"key"), sized(2, b"value")].concat();
            (sized(number, &entry), json!({ "key": "value" }))
        }
        "Timestamp" => {
            let time = [numeric(1, 1), numeric(2, 500_000_000)].concat();
            (sized(number, &time), json!("1970-01-01T00:00:01.500Z"))
        }
        "Int32Value" => (sized(number, &numeric(1, MINUS_SEVEN)), json!(-7)),
        "UInt32Value" => (sized(number, &numeric(1, 7)), json!(7)),
        "BoolValue" => (sized(number, &numeric(1, 1)), json!(true)),
        kind => match kind.strip_prefix("enum ") {
            Some(kind) => {
                let first = values().find(|(of, number, _)| (*of, *number) == (kind, 1));
                let (_, _, name) = first.expect("every enum has a first value");
                let bytes = if field.is_repeated() {
                    sized(number, &varint(1))
                } else {
                    numeric(number, 1)
                };
                (bytes, json!(name))
            }
            None => (sized(number, b""), json!({})),
        },
    };
    (bytes, if field.is_repeated() { json!([value]) } else { value })
}

/// For each message the field of another by which it is reached, from `roots` on.
fn ways(fields: &[Field], roots: &[&str]) -> BTreeMap<String, Option<Field>> {
    let mut ways: BTreeMap<String, Option<Field>> = BTreeMap::new();
    let mut open = VecDeque::new();
    for root in roots {
        ways.insert((*root).to_owned(), None);
        open.push_back((*root).to_owned());
    }
    while let Some(message) = open.pop_front() {
        for field in fields.iter().filter(|field| field.message == message) {
            let Some(inner) = inner(field) else { continue };
            if !ways.contains_key(inner) {
                ways.insert(inner.to_owned(), Some(field.clone()));
                open.push_back(inner.to_owned());
            }
        }
    }
    ways
}

/// What Weir makes of the answer `bytes` of type `root`, in JSON.
fn shown(root: &str, bytes: &[u8]) -> Value {
    fn json<T: Message + Default + serde::Serialize>(bytes: &[u8]) -> Value {
        serde_json::to_value(T::decode(bytes).expect("a message")).expect("JSON")
    }
    match root {
        "GetEventsResponse" => {
            let event = Event::from_protobuf(bytes).expect("an event");
            serde_json::from_str(&event.json()).expect("JSON")
        }
        "GetHealthStatusResponse" => json::<wire::GetHealthStatusResponse>(bytes),
        "ListTracingPoliciesResponse" => json::<wire::ListTracingPoliciesResponse>(bytes),
        "GetVersionResponse" => json::<wire::GetVersionResponse>(bytes),
        root => panic!("{root} is no answer"),
    }
}

/// What is left of the request `bytes` of type `root` once Weir has read and written it.
fn rewritten(root: &str, bytes: &[u8]) -> Vec<u8> {
    fn again<T: Message + Default>(bytes: &[u8]) -> Vec<u8> {
        T::decode(bytes).map(|message| message.encode_to_vec()).unwrap_or_default()
    }
    match root {
        "GetEventsRequest" => again::<wire::GetEventsRequest>(bytes),
        "GetHealthStatusRequest" => again::<wire::GetHealthStatusRequest>(bytes),
        "ListTracingPoliciesRequest" => again::<wire::ListTracingPoliciesRequest>(bytes),
        "AddTracingPolicyRequest" => again::<wire::AddTracingPolicyRequest>(bytes),
        "DeleteTracingPolicyRequest" => again::<wire::DeleteTracingPolicyRequest>(bytes),
        "ConfigureTracingPolicyRequest" => again::<wire::ConfigureTracingPolicyRequest>(bytes),
        root => panic!("{root} is no request"),
    }
}

/// `bytes`, which are `field`, in the messages around it: the outermost of those, and the fields that lead
/// from there to it, innermost first.
fn wrapped<'a>(
    field: &'a Field,
    mut bytes: Vec<u8>,
    ways: &'a BTreeMap<String, Option<Field>>,
) -> (&'a str, Vec<u8>, Vec<&'a Field>) {
    let mut path = vec![field];
    let mut message = &field.message;
    while let Some(way) = ways.get(message).expect("every message is reached") {
        bytes = sized(way.number, &bytes);
        path.push(way);
        message = &way.message;
    }
    (message, bytes, path)
}

/// Whether Weir knows `field` as the table has it, but under `number`.
fn is_known(field: &Field, number: u32, ways: &BTreeMap<String, Option<Field>>) -> bool {
    let (bytes, value) = example(&Field { number, ..field.clone() });
    let (root, mut bytes, path) = wrapped(field, bytes, ways);
    if !ANSWERS.contains(&root) {
        return rewritten(root, &bytes) == bytes;
    }
    if (1_000..2_000).contains(&path.last().expect("it has at least one field").number) {
        // What stands beside an event is told with one.
        bytes.extend(sized(40_000, b""));
    }
    let mut found = &shown(root, &bytes);
    for way in path.iter().skip(1).rev() {
        found = &found[&way.name];
        if way.is_repeated() {
            found = &found[0];
        }
    }
    found[&field.name] == value
}

fn all_ways(fields: &[Field]) -> BTreeMap<String, Option<Field>> {
    let named = |end: &str| -> Vec<&str> {
        let names: BTreeSet<&str> = fields.iter().map(|field| field.message.as_str()).collect();
        names.into_iter().filter(|name| name.ends_with(end)).collect()
    };
    // A message that is both sent and received is looked at where it can be seen.
    let mut ways = ways(fields, &named("Request"));
    ways.extend(self::ways(fields, &ANSWERS));
    ways
}

#[test]
fn every_field_of_the_api_is_known_by_its_number_its_type_and_its_name() {
    let fields = fields();
    let ways = all_ways(&fields);
    for field in &fields {
        assert!(is_known(field, field.number, &ways), "{field:?}");
    }
}

#[test]
fn a_field_under_another_number_is_noticed() {
    let fields = fields();
    let ways = all_ways(&fields);
    for field in &fields {
        let taken: Vec<u32> = fields
            .iter()
            .filter(|other| other.message == field.message)
            .map(|other| other.number)
            .collect();
        let other = (1..100).find(|number| !taken.contains(number)).expect("there are many");
        assert!(!is_known(field, other, &ways), "{field:?} as {other}");
    }
}

#[test]
fn every_value_of_an_enum_has_its_name_in_json() {
    let fields = fields();
    let ways = all_ways(&fields);
    let mut seen = 0;
    for (of, value, name) in values().filter(|(_, value, _)| *value != 0) {
        let kind = format!("enum {of}");
        let is_answer = |field: &&Field| ANSWERS.contains(&wrapped(field, Vec::new(), &ways).0);
        let field = fields.iter().filter(|field| field.kind.ends_with(&kind)).find(is_answer);
        // Some are only asked with.
        let Some(field) = field else { continue };
        let bytes = if field.is_repeated() {
            sized(field.number, &varint(value))
        } else {
            numeric(field.number, value)
        };
        let (root, bytes, _) = wrapped(field, bytes, &ways);
        let json = shown(root, &bytes).to_string();
        assert!(json.contains(&format!("\"{name}\"")), "{value} of {of}, {name}: {json}");
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn the_table_has_every_field_of_the_definition() {
    let set = include_bytes!(concat!(env!("OUT_DIR"), "/tetragon.fds"));
    let set = FileDescriptorSet::decode(set.as_slice()).expect("what the build wrote");
    let file = set.file.iter().find(|file| file.package() == "tetragon").expect("the definition");
    let mut defined = BTreeSet::new();
    for message in &file.message_type {
        for field in &message.field {
            let type_name = field.type_name().rsplit('.').next().unwrap_or_default();
            let kind = match field.r#type() {
                // Made for a map, in the message that has it.
                Type::Message if message.nested_type.iter().any(|it| it.name() == type_name) => {
                    "map".to_owned()
                }
                Type::Message => type_name.to_owned(),
                Type::Enum => format!("enum {type_name}"),
                scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_ascii_lowercase(),
            };
            let label = match field.label() {
                Label::Repeated if kind != "map" => "repeated ",
                _ if field.proto3_optional() => "optional ",
                _ => "",
            };
            defined.insert(Field {
                message: message.name().to_owned(),
                number: u32::try_from(field.number()).expect("a field number"),
                name: field.name().to_owned(),
                kind: format!("{label}{kind}"),
            });
        }
    }
    let listed: BTreeSet<Field> = fields().into_iter().collect();
    assert_eq!(listed.symmetric_difference(&defined).next(), None);
    let defined: BTreeSet<_> = file.enum_type.iter().flat_map(values_of).collect();
    assert_eq!(values().collect::<BTreeSet<_>>(), defined);
}

/// The values of an enum of the definition.
fn values_of(kind: &EnumDescriptorProto) -> impl Iterator<Item = (&str, u64, &str)> {
    let number = |number: i32| u64::try_from(number).expect("no number is below zero");
    kind.value.iter().map(move |value| (kind.name(), number(value.number()), value.name()))
}
