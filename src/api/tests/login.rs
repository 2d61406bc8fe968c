use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header, encode};

use super::server::{PASSWORD, USER, by};
use super::*;
use crate::store::{Accounts, PasswordHash, Role};

#[tokio::test]
async fn a_right_password_gets_a_token_that_opens_the_alerts() {
    let server = Server::start().await;
    let answer = server.log_in(USER, PASSWORD).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let token = answer.json();
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["expires_in"], 3_600);
    let alerts = server.get_as(token["access_token"].as_str().unwrap(), "/get-alerts").await;
    assert_eq!((alerts.status, &*alerts.body), (200, "[]"));
    server.end().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    let server = Server::start().await;
    let wrong = server.log_in(USER, "correct horse batterz").await;
    assert_eq!(wrong.problem(401), "wrong name or password");
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
    for (name, password) in
        [("nobody", PASSWORD), ("no such name!", PASSWORD), (USER, &*"x".repeat(1_000)), ("", "")]
    {
        let answer = server.log_in(name, password).await;
        assert_eq!((answer.status, answer.body), (401, wrong.body.clone()), "{name}");
    }
}

#[tokio::test]
async fn who_guesses_is_told_to_wait_before_any_password_is_checked() {
    let server = Server::start().await;
    for _ in 0..10 {
        assert_eq!(server.log_in("nobody", "a wrong password").await.status, 401);
    }
    let refused = server.log_in(USER, PASSWORD).await;
    assert_eq!(refused.problem(429), "too many wrong passwords");
    let wait = refused.header("retry-after").and_then(|wait| wait.parse::<u64>().ok());
    assert!(wait.is_some_and(|wait| (1..=6).contains(&wait)), "{refused:?}");
}

#[tokio::test]
async fn more_logins_than_are_checked_at_once_wait_for_their_turn() {
    let server = Server::start().await;
    let login = async || server.log_in(USER, PASSWORD).await.status;
    let answers = tokio::join!(login(), login(), login(), login(), login());
    assert_eq!(answers, (200, 200, 200, 200, 200));
}

#[tokio::test]
async fn what_is_no_token_of_this_database_opens_nothing() {
    let server = Server::start().await;
    let token = server.token().await;
    let key = Accounts::open(&server.path).unwrap().signing_key().unwrap();
    let user = Accounts::open(&server.path).unwrap().find(&USER.parse().unwrap()).unwrap().unwrap();
    let signed = |key: &[u8], name: &str, age_s: i64| {
        let issued = Timestamp::now().as_second() - age_s;
        let claims = json!({
            "sub": name, "role": "admin", "iat": issued, "exp": issued + 3_600, "stamp": user.stamp,
        });
        encode(&Header::default(), &claims, &EncodingKey::from_secret(key)).unwrap()
    };
    let payload = token.split('.').nth(1).unwrap();
    let forged = [
        ("expired", signed(&key, USER, 3_606)),
        ("signed with another key", signed(&[7; 32], USER, 0)),
        ("signed with an empty key", signed(&[], USER, 0)),
        ("of nobody", signed(&key, "nobody", 0)),
        ("of no name", signed(&key, "../etc", 0)),
        ("not signed", format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.")),
        ("signed for something else", token.replacen('e', "f", 1)),
        ("cut short", token.chars().take(token.len() - 1).collect()),
        ("empty", String::new()),
        ("no token", "a.b.c".into()),
    ];
    for (what, token) in &forged {
        let answer = server.get_as(token, "/get-alerts").await;
        answer.problem(401);
        assert!(
            answer.header("www-authenticate").is_some_and(|it| it.starts_with("Bearer")),
            "{what}"
        );
    }
    assert_eq!(server.get_as(&signed(&key, USER, 3_590), "/get-alerts").await.status, 200);
    server.get("/get-alerts").await.problem(401);
    server.ask("GET", "/get-alerts", "Authorization: Basic b3BzOng=\r\n", "").await.problem(401);
}

#[tokio::test]
async fn a_token_is_void_once_its_user_is_gone_or_has_another_password() {
    let server = Server::start().await;
    let mut accounts = Accounts::open(&server.path).unwrap();
    let name = USER.parse().unwrap();
    let first = server.token().await;
    accounts.set_password(&name, &PasswordHash::of(PASSWORD).unwrap(), &by()).unwrap();
    server.get_as(&first, "/get-alerts").await.problem(401);
    let second = server.token().await;
    assert_eq!(server.get_as(&second, "/get-alerts").await.status, 200);
    accounts.remove(&name, &by()).unwrap();
    server.get_as(&second, "/get-alerts").await.problem(401);
    accounts.add(&name, Role::Viewer, &PasswordHash::of(PASSWORD).unwrap(), &by()).unwrap();
    server.get_as(&second, "/get-alerts").await.problem(401);
}
