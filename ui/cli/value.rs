//! What several verbs take: where packets come from, how something is printed, one thing of a few.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// How a verb prints what it has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How what was found or done is printed.
#[derive(Debug, clap::Args)]
pub(crate) struct Printed {
    /// How it is printed
    #[arg(short = 'o', long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// A value that is one of `all`, by its name.
pub(crate) fn one_of<T, const N: usize>(
    all: [T; N],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    let names = PossibleValuesParser::new(all.map(name));
    names.try_map(move |written| {
        all.into_iter().find(|one| name(*one) == written).ok_or("there is none of that name")
    })
}

/// Where packets come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `-`: a capture on standard input.
    StandardInput,
    /// `iface:NAME`: a live interface; without a name that of the settings, else the one with the
    /// default route.
    Interface(Option<String>),
    /// Anything else: a capture file, or a folder of them.
    Path(PathBuf),
}

impl From<OsString> for Source {
    fn from(written: OsString) -> Self {
        match written.to_str().map(|text| (text, text.strip_prefix("iface:"))) {
            Some(("-", _)) => Self::StandardInput,
            Some((_, Some(""))) => Self::Interface(None),
            Some((_, Some(name))) => Self::Interface(Some(name.to_owned())),
            _ => Self::Path(written.into()),
        }
    }
}
