use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rusqlite::Connection;

use super::*;
use crate::store::{Accounts, Changes, Error, Reader, Store};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_made_is_for_its_owner_alone() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    store.apply(&Changes::of(&[shared(incident(1, 1))])).unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for file in ["weir.db", "weir.db-wal", "weir.db-shm", "weir.db.lock"] {
        assert_eq!(mode(&path.with_file_name(file)), 0o600, "{file}");
    }
}

#[test]
fn a_second_engine_is_refused_and_told_who_is_there() {
    let (folder, path) = place();
    let store = Store::open(&path).unwrap();
    let said = Store::open(&path).unwrap_err().to_string();
    let pid = std::process::id();
    let expected =
        format!("open database `{}`: another weir works on it (process {pid})", path.display());
    assert_eq!(said, expected);
    // Nor does another name of the same database help.
    let other = folder.path().join("other.db");
    symlink(&path, &other).unwrap();
    assert!(matches!(Store::open(&other), Err(Error::InUse { .. })));
    drop(store);
    Store::open(&path).unwrap();
}

#[test]
fn a_database_of_a_newer_version_is_left_as_it_is() {
    let (_folder, path) = place();
    drop(Store::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let before = fs::read(&path).unwrap();
    for error in [
        Store::open(&path).unwrap_err(),
        Accounts::open(&path).unwrap_err(),
        Reader::open(&path).unwrap_err(),
    ] {
        assert!(
            error.to_string().contains("it has version 7, and this weir knows versions up to 5")
        );
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let (folder, _) = place();
    let path = folder.path().join("notes.txt");
    for text in ["short", &"a longer text than one page of a database\n".repeat(500)] {
        fs::write(&path, text).unwrap();
        let error = Store::open(&path).unwrap_err();
        assert!(error.to_string().contains("it is no SQLite database"), "{error}");
        assert!(matches!(Accounts::open(&path), Err(Error::NotOurs { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_database_of_another_program_is_left_as_it_is() {
    let (folder, _) = place();
    let path = folder.path().join("browser.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE history (url TEXT)").unwrap();
    let before = fs::read(&path).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(error.to_string().contains("a database of another program"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_damaged_database_is_refused_with_what_is_wrong() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    let many = (1..=200).map(|id| shared(incident(id, 1))).collect::<Vec<_>>();
    store.apply(&Changes::of(&many)).unwrap();
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8_192].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("it is damaged: "), "{error}");
}

#[test]
fn a_database_that_is_not_there_is_not_made_by_a_reader() {
    let (_folder, path) = place();
    assert!(matches!(Reader::open(&path), Err(Error::Missing { .. })));
    assert!(!path.exists());
}

#[test]
fn an_empty_file_becomes_a_database() {
    let (folder, _) = place();
    let path = folder.path().join("empty.db");
    fs::write(&path, "").unwrap();
    assert!(matches!(Reader::open(&path), Err(Error::Older { found: 0, .. })));
    Store::open(&path).unwrap();
    Reader::open(&path).unwrap();
}
