//! The reference documentation of the features, made from the catalogue.

use std::fmt::Write;

use super::catalogue::FEATURES;
use super::definition::{Form, Kind};

/// The text of `docs/features.md`.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(
        "# Features\n\n\
         Made from the catalogue in `src/feature`; `make docs` writes it again. The order is that of \
         the model's input. Features of kind *cic* come from one flow alone and are the columns of \
         `weir flows`; features of kind *context* come from what the flow's source and target did \
         shortly before and are added by `--context`. Lengths are transport payload by the IP \
         header. Windows of context features move in steps of 5 s: 10 s reach back 5 to 10 s, \
         60 s reach back 55 to 60 s. What *fades* in 10 s counts e^(−age/10 s), so that of a steady \
         rate it is the rate times 10 s (damped statistics, as in Kitsune, NDSS 2018). *Usual* is a \
         mean over about the last dozen. Values are rounded to 1/1024. The context of a final row is that of the flow's last \
         packet, also where silence ended the flow.\n\n\
         | # | name | kind | unit | form | meaning |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (index, feature) in FEATURES.iter().enumerate() {
        let kind = match feature.kind() {
            Kind::Cic => "cic",
            Kind::Context => "context",
        };
        let form = match feature.form {
            Form::Integer => "integer",
            Form::Real => "real",
        };
        let unit = feature.unit.symbol();
        // Writing to a string cannot fail.
        writeln!(
            text,
            "| {} | {} | {kind} | {unit} | {form} | {} |",
            index + 1,
            feature.name,
            feature.description
        )
        .ok();
    }
    text
}
