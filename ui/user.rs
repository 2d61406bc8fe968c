//! `weir user`: who may use the API.

use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::sync::Arc;

use jiff::Timestamp;
use signal_hook::{consts::SIGINT, flag};
use weir::settings::{Environment, Settings};
use weir::store::{self, Accounts, PasswordHash, Role, User, UserName};

use crate::cli::one_of;
use crate::visit::{self, Flags, Visit};

/// The longest line that is taken for a password, in bytes: four for each character, and the end.
const LONGEST_LINE: u64 = 4 * PasswordHash::LONGEST as u64 + 2;

const EXAMPLES: &str = "\
Examples:
  Let somebody in who handles incidents; the password is asked for twice:
    weir user add ops --role operator

  The same with a password that another program makes:
    pwgen 24 1 | weir user add ci --role viewer

Users are kept in the database, beside a running weir. Root works as the user behind sudo, or as
nobody, as weir itself does.

Exit status: 0 done; 64 wrong usage or settings; 65 no such user, one too many, or a password that
cannot be taken; 69 service unavailable; 74 input or output failed; 77 no permission; 130
interrupted.";

/// Say who may use the API
///
/// Nobody may before the first user was added: there is no default password.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    pub(crate) settings: Flags,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add a user
    ///
    /// The password of 12 characters at least is asked for on a terminal, or read as one line from
    /// standard input.
    Add {
        /// 1 to 64 letters, digits, `.`, `_`, `@` and `-`
        name: UserName,
        /// What the user may do: everything, handle incidents, or look
        #[arg(long, value_parser = one_of(Role::ALL, Role::name))]
        role: Role,
    },
    /// List users
    List,
    /// Remove a user; the last admin stays
    ///
    /// Its tokens are void at once.
    Remove {
        /// The user
        name: UserName,
    },
    /// Give a user another password
    ///
    /// Tokens handed out before are void at once.
    Passwd {
        /// The user
        name: UserName,
    },
}

/// Why users are as they were.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database could not be come to.
    #[error(transparent)]
    Visit(#[from] visit::Error),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The password could not be read.
    #[error("read the password")]
    Read(#[source] io::Error),
    /// Who typed it is not sure of it.
    #[error("read the password: the two are not the same")]
    Mismatch,
    /// Who was to type it would rather not.
    #[error("interrupted; nothing is changed")]
    Interrupted,
    /// The outcome could not be printed.
    #[error("write to standard output")]
    Print(#[source] io::Error),
}

/// Does what is asked and says what was done.
pub(crate) fn run(
    args: &Args,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), Error> {
    let visit = Visit::begin(settings, environment)?;
    let mut accounts = Accounts::open(&visit.path)?;
    let done = match &args.action {
        Action::List => return list(&accounts),
        Action::Add { name, role } => {
            if accounts.find(name)?.is_some() {
                return Err(store::Error::Known(name.clone()).into());
            }
            accounts.add(name, *role, &new_password(name)?, &visit.by)?;
            format!("user `{name}` added as {}", role.name())
        }
        Action::Remove { name } => {
            accounts.remove(name, &visit.by)?;
            format!("user `{name}` removed")
        }
        Action::Passwd { name } => {
            if accounts.find(name)?.is_none() {
                return Err(store::Error::Unknown(name.clone()).into());
            }
            accounts.set_password(name, &new_password(name)?, &visit.by)?;
            format!("password of user `{name}` changed")
        }
    };
    writeln!(io::stdout(), "{done}").map_err(Error::Print)
}

fn list(accounts: &Accounts) -> Result<(), Error> {
    let users = accounts.list()?;
    let width = users.iter().map(|user| user.name.to_string().len()).max().unwrap_or(0).max(4);
    let mut out = io::stdout().lock();
    writeln!(out, "{:width$}  {:8}  added", "name", "role").map_err(Error::Print)?;
    users.iter().try_for_each(|User { name, role, created_us, .. }| {
        let added = Timestamp::from_microsecond(*created_us).unwrap_or(Timestamp::MAX);
        writeln!(out, "{name:width$}  {:8}  {added:.0}", role.name()).map_err(Error::Print)
    })
}

/// Asks for a password twice, or takes one line of what is piped in.
fn new_password(name: &UserName) -> Result<PasswordHash, Error> {
    if !io::stdin().is_terminal() {
        return Ok(PasswordHash::of(&line(io::stdin().lock()).map_err(Error::Read)?)?);
    }
    // Ctrl-C comes as an error too; the signal would end the process before the terminal is as it was.
    flag::register(SIGINT, Arc::default()).map_err(Error::Read)?;
    let ask = |prompt| {
        rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => Error::Interrupted,
            _ => Error::Read(error),
        })
    };
    let first = ask(format!("New password of {name}: "))?;
    // Said before it is typed again.
    let hash = PasswordHash::of(&first)?;
    if ask("The same again: ".to_owned())? == first { Ok(hash) } else { Err(Error::Mismatch) }
}

/// The first line, without its end.
fn line(input: impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.take(LONGEST_LINE).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
