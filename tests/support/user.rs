//! A user of the API, who logs in.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::engine::{Engine, database, weir};
use super::flows::Folder;

const NAME: &str = "ops";
const PASSWORD: &str = "correct horse battery";

/// Adds the user to the database in `folder`, with this role.
#[track_caller]
pub fn add_user(folder: &Folder, role: &str) {
    let mut command = weir(["user", "add", NAME, "--role", role], &database(folder));
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the binary starts");
    let mut input = child.stdin.take().expect("a pipe");
    writeln!(input, "{PASSWORD}").expect("a password is taken");
    drop(input);
    let added = child.wait_with_output().expect("the binary ends");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
}

/// The header under which `engine` knows the user.
#[track_caller]
pub fn authorization(engine: &Engine) -> String {
    let login = json!({ "username": NAME, "password": PASSWORD }).to_string();
    let headers = "content-type: application/json\r\n";
    let (status, body) = engine.ask("POST", "/api/login", headers, &login);
    assert_eq!(status, 200, "{body}");
    let token: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(token["token_type"], "Bearer");
    format!("authorization: Bearer {}\r\n", token["access_token"].as_str().expect("a token"))
}
