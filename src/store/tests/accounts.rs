use super::*;
use crate::store::{Accounts, Error, PasswordHash, Role, Store, UserName};

const PASSWORD: &str = "correct horse battery";

fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

#[test]
fn a_user_is_kept_beside_a_running_engine() {
    let (_folder, path) = place();
    let _store = Store::open(&path).unwrap();
    let mut accounts = Accounts::open(&path).unwrap();
    let hash = PasswordHash::of(PASSWORD).unwrap();
    accounts.add(&name("ops@example.org"), Role::Operator, &hash, &by()).unwrap();
    let user = Accounts::open(&path).unwrap().find(&name("OPS@example.org")).unwrap().unwrap();
    assert_eq!((user.name, user.role), (name("ops@example.org"), Role::Operator));
    assert!(user.password.matches(PASSWORD) && !user.password.matches("correct horse batterz"));
    assert!(user.created_us > 1_700_000_000_000_000);
    assert!(matches!(
        accounts.add(&name("Ops@Example.org"), Role::Admin, &hash, &by()),
        Err(Error::Known(_))
    ));
}

#[test]
fn the_last_admin_stays() {
    let (_folder, path) = place();
    let mut accounts = Accounts::open(&path).unwrap();
    let hash = PasswordHash::of(PASSWORD).unwrap();
    accounts.add(&name("a"), Role::Admin, &hash, &by()).unwrap();
    accounts.add(&name("v"), Role::Viewer, &hash, &by()).unwrap();
    assert!(matches!(accounts.remove(&name("a"), &by()), Err(Error::LastAdmin(_))));
    accounts.add(&name("b"), Role::Admin, &hash, &by()).unwrap();
    accounts.remove(&name("a"), &by()).unwrap();
    assert!(matches!(accounts.remove(&name("a"), &by()), Err(Error::Unknown(_))));
    accounts.remove(&name("v"), &by()).unwrap();
    let left = accounts.list().unwrap();
    assert_eq!(left.iter().map(|user| user.name.to_string()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn another_password_makes_another_stamp() {
    let (_folder, path) = place();
    let mut accounts = Accounts::open(&path).unwrap();
    let hash = PasswordHash::of(PASSWORD).unwrap();
    accounts.add(&name("a"), Role::Admin, &hash, &by()).unwrap();
    let before = accounts.find(&name("a")).unwrap().unwrap();
    accounts
        .set_password(&name("a"), &PasswordHash::of("another password").unwrap(), &by())
        .unwrap();
    let after = accounts.find(&name("a")).unwrap().unwrap();
    assert!(after.password.matches("another password") && !after.password.matches(PASSWORD));
    assert_ne!(before.stamp, after.stamp);
    assert!(matches!(accounts.set_password(&name("b"), &hash, &by()), Err(Error::Unknown(_))));
}

#[test]
fn the_signing_key_is_drawn_once_for_a_database() {
    let (_folder, path) = place();
    let key = Accounts::open(&path).unwrap().signing_key().unwrap();
    assert_eq!(Accounts::open(&path).unwrap().signing_key().unwrap(), key);
    let (_other, path) = place();
    assert_ne!(Accounts::open(&path).unwrap().signing_key().unwrap(), key);
}

#[test]
fn names_and_passwords_have_their_bounds() {
    for text in ["", "a b", "ä", "a/b", "a\n", &"a".repeat(65)] {
        assert!(matches!(text.parse::<UserName>(), Err(Error::Name)), "{text:?}");
    }
    assert!("a".repeat(64).parse::<UserName>().is_ok());
    for text in ["eleven char", &"x".repeat(257)] {
        assert!(matches!(PasswordHash::of(text), Err(Error::Password)), "{text:?}");
    }
    assert!(PasswordHash::of("zwölf zeichn").is_ok());
}

#[test]
fn a_hash_is_not_shown_and_a_decoy_fits_nothing() {
    assert_eq!(format!("{:?}", PasswordHash::of(PASSWORD).unwrap()), "PasswordHash(..)");
    assert!(!PasswordHash::decoy().unwrap().matches(PASSWORD));
}
