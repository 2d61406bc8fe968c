//! Who may use the API, and the key its tokens are signed with.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use argon2::password_hash::rand_core::{OsRng, RngCore};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::{Value, json};

use super::audit::{self, Deed};
use super::database::{Database, Stop};
use super::{By, Error, PasswordHash, schema};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Handle incidents.
    Operator,
    /// Look.
    Viewer,
}

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Operator, Self::Viewer];

    /// Its name everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// The name of a user: 1 to 64 letters, digits, `.`, `_`, `@` and `-`; case makes no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName(String);

impl FromStr for UserName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '@' | '-');
        let is_name = (1..=64).contains(&text.len()) && text.chars().all(is_plain);
        if is_name { Ok(Self(text.to_owned())) } else { Err(Error::Name) }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A user of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Unique.
    pub name: UserName,
    /// What it may do.
    pub role: Role,
    /// Its password.
    pub password: PasswordHash,
    /// Random, and another one with every password: what was handed out under an older one is void.
    pub stamp: String,
    /// When it was added, in µs since the epoch.
    pub created_us: i64,
}

const SELECT: &str = "SELECT name, role, password, stamp, created_us FROM users";

/// A connection that keeps users. It works beside a running engine.
#[derive(Debug)]
pub struct Accounts(Database);

impl Accounts {
    /// Opens the database, and makes or upgrades it first where no engine is at work on it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        schema::open_newest(path).map(Self)
    }

    /// Adds a user.
    pub fn add(
        &mut self,
        name: &UserName,
        role: Role,
        password: &PasswordHash,
        by: &By,
    ) -> Result<(), Error> {
        let (stamp, now_us) = (stamp()?, Timestamp::now().as_microsecond());
        self.0.write("add a user to", |transaction| {
            let insert = "INSERT INTO users (name, role, password, stamp, created_us) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO NOTHING";
            let row = params![name.0, role.name(), password.as_str(), stamp, now_us];
            if transaction.execute(insert, row)? == 0 {
                return Err(Error::Known(name.clone()).into());
            }
            let (before, after) = (&Value::Null, &json!({ "role": role.name() }));
            let deed = Deed { what: "user.add", object: &name.0, before, after };
            Ok(audit::append(transaction, by, deed)?)
        })
    }

    /// All users, by name.
    pub fn list(&self) -> Result<Vec<User>, Error> {
        let read = || {
            let mut select = self.0.connection.prepare(&format!("{SELECT} ORDER BY name"))?;
            select.query_map([], user)?.collect::<Result<_, _>>()
        };
        read().map_err(|source| self.0.failed("read users from", source))
    }

    /// The user of this name.
    pub fn find(&self, name: &UserName) -> Result<Option<User>, Error> {
        let found = find(&self.0.connection, name);
        found.map_err(|source| self.0.failed("read a user from", source))
    }

    /// Gives a user another password.
    pub fn set_password(
        &mut self,
        name: &UserName,
        password: &PasswordHash,
        by: &By,
    ) -> Result<(), Error> {
        let stamp = stamp()?;
        self.0.write("change a user in", |transaction| {
            let user = known(transaction, name)?;
            let update = "UPDATE users SET password = ?2, stamp = ?3 WHERE name = ?1";
            transaction.execute(update, params![name.0, password.as_str(), stamp])?;
            // Of the password nothing is said, not even what became of it.
            let role = &json!({ "role": user.role.name() });
            let (object, before, after) = (&*user.name.0, role, role);
            let deed = Deed { what: "user.password", object, before, after };
            Ok(audit::append(transaction, by, deed)?)
        })
    }

    /// Removes a user, but not the last admin.
    pub fn remove(&mut self, name: &UserName, by: &By) -> Result<(), Error> {
        self.0.write("remove a user from", |transaction| {
            let user = known(transaction, name)?;
            let admins = "SELECT count(*) FROM users WHERE role = 'admin'";
            let admins: i64 = transaction.query_row(admins, [], |row| row.get(0))?;
            if user.role == Role::Admin && admins == 1 {
                return Err(Error::LastAdmin(name.clone()).into());
            }
            transaction.execute("DELETE FROM users WHERE name = ?1", [&name.0])?;
            let (before, after) = (&json!({ "role": user.role.name() }), &Value::Null);
            let deed = Deed { what: "user.remove", object: &user.name.0, before, after };
            Ok(audit::append(transaction, by, deed)?)
        })
    }

    /// The key that tokens are signed with: 32 random bytes, drawn once for the database.
    pub fn signing_key(&mut self) -> Result<[u8; 32], Error> {
        let fresh: [u8; 32] = random()?;
        let keep = || {
            let insert = "INSERT INTO secrets (name, value) VALUES ('signing-key', ?1) \
                          ON CONFLICT (name) DO NOTHING";
            self.0.connection.execute(insert, [fresh])?;
            let select = "SELECT value FROM secrets WHERE name = 'signing-key'";
            self.0.connection.query_row(select, [], |row| row.get(0))
        };
        keep().map_err(|source| self.0.failed("read the signing key from", source))
    }
}

fn find(connection: &Connection, name: &UserName) -> rusqlite::Result<Option<User>> {
    let select = format!("{SELECT} WHERE name = ?1");
    connection.query_row(&select, [&name.0], user).optional()
}

fn known(transaction: &Transaction<'_>, name: &UserName) -> Result<User, Stop> {
    find(transaction, name)?.ok_or_else(|| Error::Unknown(name.clone()).into())
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let bad =
        |at, what: &str| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, what.into());
    let (name, role): (String, String) = (row.get(0)?, row.get(1)?);
    Ok(User {
        name: name.parse().map_err(|error: Error| bad(0, &error.to_string()))?,
        role: Role::named(&role).ok_or_else(|| bad(1, "unknown role"))?,
        password: PasswordHash::kept(row.get(2)?),
        stamp: row.get(3)?,
        created_us: row.get(4)?,
    })
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], Error> {
    let mut bytes = [0; BYTES];
    OsRng.try_fill_bytes(&mut bytes).map_err(Error::Random)?;
    Ok(bytes)
}

fn stamp() -> Result<String, Error> {
    random().map(|bytes| format!("{:032x}", u128::from_be_bytes(bytes)))
}
