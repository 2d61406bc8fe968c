//! `weir audit`: who did what, and whether the record of it is whole.

use std::io::{self, Write};

use serde_json::{Value, json};
use weir::incident::rfc3339;
use weir::settings::{Environment, Settings};
use weir::store::{self, AuditRecord, Reader, Verified};

use crate::cli::Format;
use crate::look::Look;
use crate::panes::facts::Fact;
use crate::paper::Paper;
use crate::text;
use crate::theme::Role;
use crate::visit::{self, Flags, Visit};
use crate::when;
use crate::widgets::table::{Clip, Column, Row};

const EXAMPLES: &str = "\
Examples:
  What was done last, and by whom:
    weir audit --limit 20

  Note the head of the chain where whoever can write the database cannot:
    weir audit verify | ssh log.example.org 'cat >> weir-heads'

  See later that nothing up to there was changed:
    weir audit verify --head 0a4f…

The hash of a record covers the record and the hash of the one before: none can be changed, removed
or moved without all after it being made anew. Whoever can write the database could make them all
anew; a head that is noted elsewhere shows that too.

Exit status: 0 done, and the chain is whole; 64 wrong usage or settings; 65 the chain is broken, or
does not hold the head; 69 service unavailable; 74 input or output failed; 77 no permission.";

/// Records read at once.
const AT_ONCE: usize = 500;

/// Digits of a hash.
const HASH_DIGITS: usize = 64;

/// See who did what, and check that the record of it is whole
///
/// Without a verb of its own it lists records.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List records, the newest first
    List(ListArgs),
    /// Follow the whole chain, and print how many records it has and the hash of the last
    Verify {
        /// A hash noted earlier, which must be in the chain
        #[arg(long, value_name = "HASH", value_parser = hash)]
        head: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// At most so many
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    limit: u32,
    /// How they are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

fn hash(written: &str) -> Result<String, String> {
    let is_hash = written.len() == HASH_DIGITS && written.bytes().all(|b| b.is_ascii_hexdigit());
    let hash = is_hash.then(|| written.to_ascii_lowercase());
    hash.ok_or_else(|| format!("expected {HASH_DIGITS} hexadecimal digits"))
}

/// Why the audit is not well, or could not be seen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database could not be come to.
    #[error(transparent)]
    Visit(#[from] visit::Error),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A record was changed, removed or moved.
    #[error("follow the audit chain: {}", text::clean(.0))]
    Broken(String),
    /// The chain is whole, but another one.
    #[error("find the head {0} in the audit chain: it is not there; the chain was made anew")]
    NoHead(String),
    /// What was found could not be printed.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

const COLUMNS: [Column; 7] = [
    Column::number("RECORD", 6, 0),
    Column::text("AT", 20, Clip::End, 1),
    Column::text("WHO", 6, Clip::End, 2),
    Column::text("FROM", 6, Clip::End, 5),
    Column::text("WHAT", 9, Clip::End, 3),
    Column::text("OBJECT", 8, Clip::End, 4),
    Column::text("CHANGE", 12, Clip::End, 6),
];

/// Does what is asked.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let reader = Visit::begin(settings, environment)?.reader()?;
    let mut paper = Paper::new(settings, environment);
    let outcome = match &args.action {
        None => list(&args.list, &reader, &mut paper),
        Some(Action::List(args)) => list(args, &reader, &mut paper),
        Some(Action::Verify { head }) => verify(head.as_deref(), &reader, &mut paper),
    };
    // What was found of a broken chain is printed too.
    paper.finish()?;
    outcome
}

/// Prints records.
fn list(args: &ListArgs, reader: &Reader, paper: &mut Paper) -> Result<(), Error> {
    let look = *paper.look();
    let (mut left, mut before, mut rows) = (args.limit as usize, None, Vec::new());
    while left > 0 {
        let records = reader.audit(before, left.min(AT_ONCE))?;
        let Some(last) = records.last() else { break };
        (left, before) = (left - records.len().min(left), Some(last.seq));
        for record in &records {
            match args.format {
                Format::Json => paper.json(&as_json(record))?,
                Format::Text => rows.push(row(record, &look)),
            }
        }
    }
    match args.format {
        Format::Text if rows.is_empty() => {
            // Standard error may be closed.
            writeln!(io::stderr(), "weir: nothing was done yet").ok();
        }
        Format::Text => paper.table(&COLUMNS, &rows)?,
        Format::Json => {}
    }
    Ok(())
}

/// Follows the chain, and says what it holds.
fn verify(noted: Option<&str>, reader: &Reader, paper: &mut Paper) -> Result<(), Error> {
    let Verified { records, head, fault } = reader.verify_audit()?;
    let state = if fault.is_some() { ("broken", Role::Bad) } else { ("whole", Role::Good) };
    paper.facts(&[
        Fact::told("chain", state.0, state.1),
        Fact::new("records", records.to_string()),
        Fact::new("head", text::clean(&head)),
    ])?;
    if let Some(fault) = fault {
        return Err(Error::Broken(fault));
    }
    let Some(noted) = noted else { return Ok(()) };
    let seq = find(noted, reader)?.ok_or_else(|| Error::NoHead(noted.to_owned()))?;
    Ok(paper.facts(&[Fact::new("noted head", format!("is that of record {seq}"))])?)
}

/// The record of a chain, known to be whole, that has this hash; 0 for the head of an empty one.
fn find(noted: &str, reader: &Reader) -> Result<Option<u64>, Error> {
    if noted.bytes().all(|digit| digit == b'0') {
        return Ok(Some(0));
    }
    let mut before = None;
    loop {
        let records = reader.audit(before, AT_ONCE)?;
        let found = records.iter().find(|record| record.hash == noted);
        if let Some(record) = found {
            return Ok(Some(record.seq));
        }
        let Some(last) = records.last() else { return Ok(None) };
        before = Some(last.seq);
    }
}

fn row(record: &AuditRecord, look: &Look) -> Row {
    let cells = vec![
        look.cell(Role::Text, record.seq.to_string()),
        look.cell(Role::Dim, when::written(record.at_us)),
        look.cell(Role::Text, text::clean(&record.who)),
        look.cell(Role::Text, text::clean(&record.from)),
        look.cell(Role::Text, text::clean(&record.what)),
        look.cell(Role::Text, text::clean(&record.object)),
        look.cell(Role::Dim, change(record)),
    ];
    Row { cells, ..Row::default() }
}

/// How it was before and how it is since: of objects, the members that differ.
fn change(record: &AuditRecord) -> String {
    let (before, after) = (&record.before, &record.after);
    let (Value::Object(was), Value::Object(is)) = (before, after) else {
        return text::clean(&match (before, after) {
            (Value::Null, after) => short(after),
            (before, Value::Null) => format!("was {}", short(before)),
            (before, after) => format!("{} → {}", short(before), short(after)),
        });
    };
    let differing = is.iter().filter(|(name, value)| was.get(*name) != Some(value));
    let told = differing.map(|(name, value)| {
        let before = was.get(name).unwrap_or(&Value::Null);
        format!("{name} {} → {}", short(before), short(value))
    });
    text::clean(&told.collect::<Vec<_>>().join(", "))
}

/// A value without the signs of JSON.
fn short(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{name} {}", short(value)));
            members.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn as_json(record: &AuditRecord) -> Value {
    json!({
        "record": record.seq,
        "at": rfc3339(record.at_us),
        "who": record.who,
        "from": record.from,
        "what": record.what,
        "object": record.object,
        "before": record.before,
        "after": record.after,
        "hash": record.hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(before: Value, after: Value) -> String {
        let text = String::new;
        let [who, from, what, object, hash] = [text(), text(), text(), text(), text()];
        change(&AuditRecord { seq: 1, at_us: 0, who, from, what, object, before, after, hash })
    }

    #[test]
    fn a_change_says_what_differs() {
        let (before, after) = (
            json!({ "status": "open", "acknowledged_by": null }),
            json!({ "status": "acknowledged", "acknowledged_by": null }),
        );
        assert_eq!(changed(before, after), "status open → acknowledged");
        assert_eq!(changed(Value::Null, json!({ "role": "viewer" })), "role viewer");
        assert_eq!(changed(json!("a\u{1b}"), Value::Null), "was a\u{fffd}");
    }

    #[test]
    fn a_hash_is_taken_in_either_case() {
        assert_eq!(hash(&"AB".repeat(32)), Ok("ab".repeat(32)));
        assert!(hash("abc").is_err() && hash(&"xy".repeat(32)).is_err());
    }
}
