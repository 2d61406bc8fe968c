//! Makes types of `src/tetragon/tetragon.proto`, with no `protoc` on the machine.
//!
//! What agents send, serde reads and writes in protobuf's JSON form. Which helper of
//! `src/tetragon/json.rs` a field needs for that follows from its type.

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use protox::prost::Message;
use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

const PROTO: &str = "src/tetragon/tetragon.proto";

/// What agents send; the rest is sent to them.
const ANSWERS: [&str; 4] = [
    "tetragon.GetEventsResponse",
    "tetragon.GetHealthStatusResponse",
    "tetragon.ListTracingPoliciesResponse",
    "tetragon.GetVersionResponse",
];

const DERIVE: &str = "#[derive(serde::Serialize, serde::Deserialize)]";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PROTO}");
    let described = protox::compile([PROTO], ["src/tetragon"])?;
    let pool = DescriptorPool::from_file_descriptor_set(described.clone())?;
    let mut config = prost_build::Config::new();
    config.btree_map(["."]);
    let mut seen = BTreeSet::new();
    for name in ANSWERS {
        let message = pool.get_message_by_name(name).ok_or(format!("{PROTO} has no {name}"))?;
        add_json(&mut config, &message, &mut seen);
    }
    let out = env::var_os("OUT_DIR").ok_or("cargo gives no OUT_DIR")?;
    // For the test that holds the definition against a table.
    fs::write(Path::new(&out).join("tetragon.fds"), described.encode_to_vec())?;
    config.compile_fds(described)?;
    Ok(())
}

/// Gives `message` and all that is in it their JSON form.
fn add_json(
    config: &mut prost_build::Config,
    message: &MessageDescriptor,
    seen: &mut BTreeSet<String>,
) {
    if message.is_map_entry() || !seen.insert(message.full_name().to_owned()) {
        return;
    }
    let path = format!(".{}", message.full_name());
    // Of a message with a choice in it only the choice can be derived: `wire.rs` has the rest.
    let choices: Vec<_> = message.oneofs().filter(|choice| !choice.is_synthetic()).collect();
    if choices.is_empty() {
        config.message_attribute(&path, format!("{DERIVE}\n#[serde(default)]"));
    }
    for choice in &choices {
        config.enum_attribute(format!(".{}", choice.full_name()), DERIVE);
    }
    for field in message.fields() {
        let choice = field.containing_oneof().filter(|choice| !choice.is_synthetic());
        match choice {
            Some(choice) => {
                let member = format!(".{}.{}", choice.full_name(), field.name());
                config.field_attribute(member, attribute(&field, ""));
            }
            None if choices.is_empty() => {
                let skip = r#", skip_serializing_if = "crate::tetragon::json::is_unset""#;
                config.field_attribute(format!("{path}.{}", field.name()), attribute(&field, skip));
            }
            None => {}
        }
        match field.kind() {
            Kind::Message(inner) if inner.package_name() == "tetragon" => {
                add_json(config, &inner, seen);
            }
            Kind::Enum(inner) if seen.insert(inner.full_name().to_owned()) => {
                let path = format!(".{}", inner.full_name());
                config.enum_attribute(&path, DERIVE);
                for value in inner.values() {
                    let rename = format!("#[serde(rename = {:?})]", value.name());
                    config.field_attribute(format!("{path}.{}", value.name()), rename);
                }
            }
            _ => {}
        }
    }
}

/// The attribute of `field`: the name it has in the definition, `more`, and the helper that it needs.
fn attribute(field: &FieldDescriptor, more: &str) -> String {
    let helper = match field.kind() {
        _ if field.is_map() => None,
        Kind::Int32 | Kind::Uint32 => Some("Number".to_owned()),
        Kind::Int64 | Kind::Uint64 => Some("Long".to_owned()),
        Kind::Bytes => Some("Base64".to_owned()),
        Kind::Enum(inner) => {
            let list = if field.is_list() { "Names" } else { "Name" };
            Some(format!("{list}::<crate::tetragon::wire::{}>", inner.name()))
        }
        Kind::Message(inner) => match inner.full_name() {
            "google.protobuf.Timestamp" => Some("Time".to_owned()),
            "google.protobuf.UInt32Value" | "google.protobuf.Int32Value" => {
                Some("OptionalNumber".to_owned())
            }
            _ => None,
        },
        _ => None,
    };
    let with = helper.map(|helper| format!(r#", with = "crate::tetragon::json::{helper}""#));
    format!("#[serde(rename = {:?}{more}{})]", field.name(), with.unwrap_or_default())
}
