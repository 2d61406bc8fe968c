//! What gives a secret away: the name that it goes by, or its form.

/// What names of secrets have in them, without case and what stands between words.
const NAMES: [&str; 19] = [
    "accesskey",
    "accountkey",
    "apikey",
    "authkey",
    "batchkey",
    "bearer",
    "credential",
    "encryptionkey",
    "keycontent",
    "licensekey",
    "masterkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "signingkey",
    "storagekey",
    "token",
];

/// Words that are secrets where a name ends in them, and mean something else within longer ones.
const LAST_WORDS: [&str; 3] = ["pass", "pw", "pwd"];

/// Ends of names of what is only about a secret: where it is, how it is called, how long it holds.
const ABOUT: [&str; 36] = [
    "algorithm",
    "audience",
    "backend",
    "class",
    "dir",
    "directory",
    "enabled",
    "endpoint",
    "expiration",
    "expires",
    "expiry",
    "file",
    "hasher",
    "header",
    "host",
    "issuer",
    "length",
    "lifetime",
    "minutes",
    "mount",
    "name",
    "namespace",
    "path",
    "policy",
    "provider",
    "ref",
    "required",
    "seconds",
    "store",
    "tokenizer",
    "tokens",
    "ttl",
    "type",
    "uri",
    "url",
    "version",
];

/// Values that are no secret under any name.
const SETTINGS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "none", "null", "nil"];

/// How keys of some services begin, how long they are at least, and whose they are.
const KEYS: [(&str, usize, &str); 8] = [
    ("AIza", 39, "a key of Google"),
    ("ghp_", 40, "a token of GitHub"),
    ("gho_", 40, "a token of GitHub"),
    ("ghs_", 40, "a token of GitHub"),
    ("github_pat_", 60, "a token of GitHub"),
    ("glpat-", 26, "a token of GitLab"),
    ("sk_live_", 24, "a key of Stripe"),
    ("xoxb-", 30, "a token of Slack"),
];

/// What of a value under this name is a secret, never the secret itself; none if nothing is.
pub(super) fn secret(name: &str, value: &str) -> Option<&'static str> {
    let is_one_line = !value.trim().contains('\n');
    form(value)
        .or_else(|| (is_one_line && is_pair(name, value)).then_some("a secret in plain text"))
        .or_else(|| value.lines().any(has_pair).then_some("a secret in one of its lines"))
}

/// What a value is by its form.
fn form(value: &str) -> Option<&'static str> {
    if value.contains("BEGIN ") && value.contains("PRIVATE KEY-") {
        return Some("a private key");
    }
    let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let key = value.split(|c: char| !is_inside(c)).find_map(|word| {
        let known =
            KEYS.iter().find(|(start, len, _)| word.starts_with(start) && word.len() >= *len);
        let of_amazon = is_of_amazon(word).then_some("an access key of AWS");
        known.map(|(_, _, whose)| *whose).or(of_amazon)
    });
    key.or_else(|| has_userinfo(value).then_some("an address with a password"))
}

/// Whether a word is the id of an access key, for good or for a while.
fn is_of_amazon(word: &str) -> bool {
    word.len() == 20
        && ["AKIA", "ASIA"].iter().any(|start| word.starts_with(start))
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether there is an address such as `amqp://user:password@host`.
fn has_userinfo(value: &str) -> bool {
    value.split("://").skip(1).any(|rest| {
        let authority =
            rest.split(|c: char| matches!(c, '/' | '?' | '#' | '"') || c.is_whitespace());
        let user = authority.take(1).find_map(|authority| authority.rsplit_once('@'));
        let password = user.and_then(|(user, _)| user.split_once(':'));
        password.is_some_and(|(_, password)| is_literal(password))
    })
}

/// Whether a line of a file sets something that goes by the name of a secret.
fn has_pair(line: &str) -> bool {
    let is_quote = |c: char| matches!(c, '"' | '\'' | ',' | ' ' | '\t');
    line.split_once(['=', ':']).is_some_and(|(name, value)| {
        let name = name.trim_matches(|c: char| is_quote(c) || c == '-');
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        name.chars().all(is_name) && is_pair(name, value.trim_matches(is_quote))
    })
}

fn is_pair(name: &str, value: &str) -> bool {
    is_secret(name) && is_literal(value)
}

fn is_secret(name: &str) -> bool {
    let last = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    let plain: String = plain.map(|c| c.to_ascii_lowercase()).collect();
    let is_last = LAST_WORDS.iter().any(|word| last.eq_ignore_ascii_case(word));
    (is_last || NAMES.iter().any(|word| plain.contains(word)))
        && !ABOUT.iter().any(|word| plain.ends_with(word))
}

/// Whether a value is the thing itself, and no switch, path or name of a variable.
fn is_literal(value: &str) -> bool {
    let value = value.trim();
    value.contains(char::is_alphanumeric)
        && !value.starts_with(['/', '$', '<', '{'])
        && !["$(", "${", "{{"].iter().any(|start| value.contains(start))
        && !SETTINGS.iter().any(|setting| value.eq_ignore_ascii_case(setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name() {
        let names = [
            "password",
            "MYSQL_ROOT_PASSWORD",
            "dbPassword",
            "PGPASSWORD",
            "DB_PASS",
            "db.pwd",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "AZURE_BATCH_KEY",
            "OCI_CLI_KEY_CONTENT",
            "api-key",
            "SECRET_BLAH",
            "client_secret",
            "GITHUB_TOKEN",
        ];
        for name in names {
            assert_eq!(secret(name, "abc123"), Some("a secret in plain text"), "{name}");
        }
    }

    #[test]
    fn what_is_about_a_secret_is_none() {
        let names = [
            "user",
            "a_key",
            "PUBLIC_KEY",
            "BYPASS",
            "COMPASS",
            "PASSWORD_FILE",
            "SECRET_NAME",
            "tokenUrl",
            "TOKEN_TTL",
            "MAX_TOKENS",
            "secretRef",
        ];
        for name in names {
            assert_eq!(secret(name, "abc123"), None, "{name}");
        }
        let values = [
            "",
            "true",
            "No",
            "/run/secrets/db",
            "$(DB)",
            "${DB}",
            "pre-${DB}",
            "<db>",
            "{{db}}",
            "|",
        ];
        for value in values {
            assert_eq!(secret("password", value), None, "{value}");
        }
    }

    #[test]
    fn a_secret_is_known_by_its_form() {
        let form = |value: &str| secret("value", value);
        assert_eq!(form("---BEGIN OPENSSH PRIVATE KEY---\nabc"), Some("a private key"));
        assert_eq!(form("id AKIAIOSFODNN7EXAMPLE"), Some("an access key of AWS"));
        assert_eq!(form(&format!("ghp_{}", "a1".repeat(18))), Some("a token of GitHub"));
        assert_eq!(
            form("postgres://shop:hunter2@db:5432/shop"),
            Some("an address with a password")
        );
        for harmless in [
            "-----BEGIN CERTIFICATE-----\nabc",
            "ASIA_PACIFIC_NORTHEAST",
            "ghp_short",
            "https://shop.example/a:b@c",
            "postgres://shop@db/shop",
            "postgres://shop:$(PW)@db",
        ] {
            assert_eq!(form(harmless), None, "{harmless}");
        }
    }

    #[test]
    fn a_secret_is_known_in_a_line_of_a_file() {
        let line = |value: &str| secret("app.conf", value);
        for file in [
            "user = shop\npassword = abc123\n",
            "{\n  \"api_key\": \"abc123\",\n}",
            "- token: abc\n",
        ] {
            assert_eq!(line(file), Some("a secret in one of its lines"), "{file}");
        }
        for file in [
            "# password = abc123\n",
            "secret: {\n",
            "say the password: abc123",
            "password:\nuser: a",
        ] {
            assert_eq!(line(file), None, "{file}");
        }
    }
}
