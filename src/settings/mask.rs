//! Which values are secrets, and what is shown instead of them.
//!
//! The rule looks at the name of the key and the shape of the value alone, so that a key added
//! later is masked without anybody having to think of it. It rather hides too much.

use toml::Value;

/// What stands in place of a secret.
const HIDDEN: &str = "***";

/// Ends of the names of keys that hold secrets.
const SECRET_ENDS: [&str; 5] = ["token", "password", "secret", "key", "webhook-url"];

/// `value` as it may be shown: hidden under a secret key, without user and password in URLs.
///
/// An empty text is shown as it is: that nothing is set is no secret.
#[must_use]
pub fn masked(key: &str, value: &Value) -> Value {
    match value {
        Value::Array(values) => {
            Value::Array(values.iter().map(|value| masked(key, value)).collect())
        }
        Value::Table(table) => {
            Value::Table(table.iter().map(|(k, v)| (k.clone(), masked_within(key, k, v))).collect())
        }
        Value::String(text) if text.is_empty() => value.clone(),
        _ if is_secret(key) => HIDDEN.into(),
        Value::String(text) => without_userinfo(text).into(),
        _ => value.clone(),
    }
}

/// A secret key hides all that is under it.
fn masked_within(outer: &str, key: &str, value: &Value) -> Value {
    masked(if is_secret(outer) { outer } else { key }, value)
}

pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase().replace('_', "-");
    SECRET_ENDS.iter().any(|end| key.ends_with(end))
}

/// Hides all from the first `://` to the last `@`: a password may hold any character.
fn without_userinfo(text: &str) -> String {
    text.split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1)))
        .map_or_else(|| text.to_owned(), |(scheme, host)| format!("{scheme}://{HIDDEN}@{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_key_tells_whether_it_holds_a_secret() {
        for key in ["slack-token", "DB_PASSWORD", "secret", "api-key", "alerts-webhook-url"] {
            assert_eq!(masked(key, &"hunter2".into()), "***".into(), "{key}");
        }
        for key in ["filter", "token-bucket", "keys-per-page", "webhook-timeout"] {
            assert_eq!(masked(key, &"plain".into()), "plain".into(), "{key}");
        }
    }

    #[test]
    fn a_secret_is_hidden_whatever_its_type() {
        assert_eq!(masked("key", &Value::Integer(1234)), "***".into());
        assert_eq!(masked("keys-secret", &vec!["a", "b"].into()), vec!["***", "***"].into());
        let table: toml::Table = "user = 'me'\npassword = 'x'".parse().unwrap();
        let shown: toml::Table = "user = 'me'\npassword = '***'".parse().unwrap();
        assert_eq!(masked("mail", &Value::Table(table.clone())), Value::Table(shown));
        let hidden: toml::Table = "user = '***'\npassword = '***'".parse().unwrap();
        assert_eq!(masked("mail-secret", &Value::Table(table)), Value::Table(hidden));
    }

    #[test]
    fn user_and_password_of_a_url_are_hidden_under_any_key() {
        for (written, shown) in [
            ("https://me:hunter2@example.org/x", "https://***@example.org/x"),
            ("https://me:p@ss/word@example.org", "https://***@example.org"),
            ("https://example.org/x", "https://example.org/x"),
            ("ether host me@example", "ether host me@example"),
        ] {
            assert_eq!(masked("upstream", &written.into()), shown.into());
        }
    }

    #[test]
    fn that_no_secret_is_set_may_be_seen() {
        assert_eq!(masked("token", &"".into()), "".into());
    }
}
