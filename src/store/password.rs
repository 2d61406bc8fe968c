//! Passwords as they are kept: argon2id with the parameters OWASP asks for, each with its own salt.

use std::fmt;

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, SaltString};

use super::Error;

/// A password that cannot be read back (argon2id in PHC string format).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The fewest characters a password may have.
    pub const SHORTEST: usize = 12;

    /// The most, so that nobody can have megabytes hashed.
    pub const LONGEST: usize = 256;

    /// Hashes `password`, which takes some ten milliseconds and 19 MiB by design.
    pub fn of(password: &str) -> Result<Self, Error> {
        if !(Self::SHORTEST..=Self::LONGEST).contains(&password.chars().count()) {
            return Err(Error::Password);
        }
        Self::hash(password.as_bytes()).map_err(Error::Hash)
    }

    /// A hash that no password fits, as costly to check as any other: who tries an unknown name
    /// waits as long as who tries a known one.
    pub fn decoy() -> Result<Self, Error> {
        // What SaltString draws is random and forgotten at once.
        Self::hash(SaltString::generate(&mut OsRng).as_str().as_bytes()).map_err(Error::Hash)
    }

    fn hash(password: &[u8]) -> Result<Self, password_hash::Error> {
        let salt = SaltString::generate(&mut OsRng);
        Ok(Self(Argon2::default().hash_password(password, &salt)?.to_string()))
    }

    /// Whether `password` is the one; as costly as [`PasswordHash::of`], whatever the answer.
    #[must_use]
    pub fn matches(&self, password: &str) -> bool {
        let verify = |hash: password_hash::PasswordHash<'_>| {
            Argon2::default().verify_password(password.as_bytes(), &hash)
        };
        password_hash::PasswordHash::new(&self.0).and_then(verify).is_ok()
    }

    /// A hash that was kept.
    pub(super) const fn kept(text: String) -> Self {
        Self(text)
    }

    /// As it is kept.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}
