//! How faithful the reasons for alarms in captures are, and what one explanation costs.
//!
//! Explains alarms as the engine does and then hides features, which is to have them be as usual:
//! what the score loses without those that are named is held against what it loses without as many
//! others. `--model FILE` takes another model than the one in the binary, `--ort-lib PATH` ONNX
//! Runtime in place of tract.

#[path = "../tests/support/faithful.rs"]
mod faithful;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use weir::detect::{Model, Runtime};
use weir::engine::Models;

use self::faithful::Figures;

fn main() -> Result<(), Box<dyn Error>> {
    let mut captures = Vec::new();
    let (mut model, mut library) = (None, None);
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--model") => model = arguments.next(),
            Some("--ort-lib") => library = arguments.next(),
            // Cargo says it when it calls a bench.
            Some("--bench") => {}
            _ => captures.push(argument),
        }
    }
    if captures.is_empty() {
        return Err("usage: faithful CAPTURE… [--model FILE] [--ort-lib PATH]".into());
    }
    let model = match model {
        Some(path) => Models::new(PathBuf::new()).load(Some(&path))?.model,
        None => Model::built_in()?,
    };
    let runtime = Runtime::start(library.as_deref())?;
    let mut figures = Figures::default();
    for capture in captures {
        figures.read(capture, &model, &runtime)?;
    }
    writeln!(io::stdout(), "{figures}")?;
    Ok(())
}
