//! The fields of Tetragon's messages and the values of its enums, by two tables that were written by hand.
//! What is put together by them owes nothing to what Weir reads messages with.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A field of a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// The message.
    pub message: String,
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its type, as the table has it: `string`, `repeated Process`, `optional bool`, `enum KprobeAction`.
    pub kind: String,
}

impl Field {
    /// Its type, whether or not there may be several or none.
    pub fn one(&self) -> &str {
        self.kind.trim_start_matches("repeated ").trim_start_matches("optional ")
    }

    /// Whether there may be several.
    pub fn is_repeated(&self) -> bool {
        self.kind.starts_with("repeated ")
    }
}

/// Every field.
pub fn fields() -> Vec<Field> {
    let fields = rows(include_str!("fields.tsv")).map(|[message, number, name, kind]| Field {
        message: message.to_owned(),
        number: number.parse().expect("a number"),
        name: name.to_owned(),
        kind: kind.to_owned(),
    });
    fields.collect()
}

/// Every value of every enum: its enum, its number and its name.
pub fn values() -> impl Iterator<Item = (&'static str, u64, &'static str)> {
    let rows = rows(include_str!("enums.tsv"));
    rows.map(|[kind, number, name]| (kind, number.parse().expect("a number"), name))
}

/// The rows of a table, below its head.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).map(|line| {
        let row: Vec<_> = line.split('\t').collect();
        row.try_into().unwrap_or_else(|row| panic!("a row has {N} columns: {row:?}"))
    })
}

/// The field of that name in a message; a test that asks for one which is not there is wrong.
pub fn field_of(message: &str, name: &str) -> &'static Field {
    static KNOWN: LazyLock<HashMap<(String, String), Field>> = LazyLock::new(|| {
        let named = |field: Field| ((field.message.clone(), field.name.clone()), field);
        fields().into_iter().map(named).collect()
    });
    let found = KNOWN.get(&(message.to_owned(), name.to_owned()));
    found.unwrap_or_else(|| panic!("the table has no field {name} of {message}"))
}

/// The number that a name of an enum stands for.
pub fn number_of(kind: &str, name: &str) -> u64 {
    let found = values().find(|(of, _, known)| (*of, *known) == (kind, name));
    found.unwrap_or_else(|| panic!("the table has no {name} of {kind}")).1
}
