//! `weir completions` and `weir man`: what a shell and `man` know of the command line, made from it.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;

const EXAMPLES: &str = "\
Examples:
  bash, for this user:
    weir completions bash > ~/.local/share/bash-completion/completions/weir

  zsh, for everybody:
    weir completions zsh | sudo tee /usr/local/share/zsh/site-functions/_weir > /dev/null";

/// Print what a shell needs to complete the command line
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Print the manual page, of all verbs or of one
///
/// `weir man | man -l -` shows it.
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Only the page of this verb
    verb: Option<String>,
}

/// Why nothing could be printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no such verb.
    #[error("print the manual page of `{0}`: there is no such verb")]
    NoVerb(String),
    /// Standard output does not take it.
    #[error("write to standard output")]
    Print(#[from] io::Error),
}

/// Prints the completions of one shell.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Error> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "weir", &mut text);
    print(&text)
}

/// Prints a manual page in roff.
pub(crate) fn man(args: &ManArgs) -> Result<(), Error> {
    let mut cli = Cli::command();
    // Only then do the verbs have the flags of all.
    cli.build();
    let command = match &args.verb {
        None => cli,
        Some(verb) => {
            let found = cli.find_subcommand(verb).cloned();
            found.ok_or_else(|| Error::NoVerb(verb.escape_debug().to_string()))?
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text)?;
    print(&text)
}

fn print(text: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    Ok(out.flush()?)
}
