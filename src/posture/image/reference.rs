//! References to images, by the grammar of distribution/reference.

/// The registry that is asked where none is written.
const DEFAULT: &str = "docker.io";

/// Bytes of a repository.
const LONGEST_REPOSITORY: usize = 255;

/// Bytes of a tag.
const LONGEST_TAG: usize = 128;

/// Hexadecimal digits of a digest.
const FEWEST_DIGITS: usize = 32;

/// `registry/repository:tag@digest`, of which the repository is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::posture) struct Reference<'a> {
    /// With its port.
    pub(in crate::posture) registry: &'a str,
    /// As it is written, without `library/`.
    pub(in crate::posture) repository: &'a str,
    pub(in crate::posture) tag: Option<&'a str>,
    /// `sha256:` and what follows.
    pub(in crate::posture) digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// The parts of a reference; none if it is none.
    pub(in crate::posture) fn parse(text: &'a str) -> Option<Self> {
        let (rest, digest) =
            text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
        let (name, tag) = match rest.rsplit_once(':') {
            // Before a slash it is a port that follows the colon.
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest)) if names_registry(first) => (first, rest),
            _ => (DEFAULT, name),
        };
        let is_reference = is_registry(registry)
            && repository.len() <= LONGEST_REPOSITORY
            && repository.split('/').all(is_component)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(is_digest);
        is_reference.then_some(Self { registry, repository, tag, digest })
    }

    /// Whether it means whatever was pushed last.
    pub(in crate::posture) fn is_latest(&self) -> bool {
        self.digest.is_none() && matches!(self.tag, None | Some("latest"))
    }
}

/// Whether what stands before the first slash is a registry, and no part of the repository.
fn names_registry(first: &str) -> bool {
    first == "localhost" || first.contains(|c: char| matches!(c, '.' | ':') || c.is_uppercase())
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        // An address of IPv6 has colons of its own.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map_or_else(
        || host.split('.').all(is_label),
        |address| {
            let is_of_ipv6 = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
            !address.is_empty() && address.bytes().all(is_of_ipv6)
        },
    );
    is_host && port.is_none_or(is_port)
}

/// A part of the name of a host.
fn is_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What stands between slashes: small letters and digits, with a dot, one or two underscores or any
/// number of dashes between them.
fn is_component(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(is_plain)
        && text.ends_with(is_plain)
        && text.split(is_plain).all(|between| {
            matches!(between, "." | "_" | "__") || between.bytes().all(|byte| byte == b'-')
        })
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty()
        && text.len() <= LONGEST_TAG
        && !text.starts_with(['.', '-'])
        && text.bytes().all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(text: &str) -> bool {
    let is_of_ipv6 = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.split_once(':').is_some_and(|(algorithm, digits)| {
        algorithm.split(['+', '.', '-', '_']).all(is_of_ipv6)
            && digits.len() >= FEWEST_DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";

    #[test]
    fn a_reference_has_the_parts_that_are_written() {
        let parts = |text| {
            let Reference { registry, repository, tag, digest } = Reference::parse(text).unwrap();
            (registry, repository, tag, digest)
        };
        assert_eq!(parts("nginx"), ("docker.io", "nginx", None, None));
        assert_eq!(parts("shop/web:1.4"), ("docker.io", "shop/web", Some("1.4"), None));
        assert_eq!(parts("ghcr.io/shop/web"), ("ghcr.io", "shop/web", None, None));
        assert_eq!(parts("localhost/web:a_B.c-d"), ("localhost", "web", Some("a_B.c-d"), None));
        assert_eq!(parts("host:5000/web"), ("host:5000", "web", None, None));
        assert_eq!(parts("host:5000/web:1"), ("host:5000", "web", Some("1"), None));
        assert_eq!(parts("[2001:db8::1]:5000/web"), ("[2001:db8::1]:5000", "web", None, None));
        assert_eq!(parts("[2001:db8::1]/web"), ("[2001:db8::1]", "web", None, None));
        assert_eq!(parts("Host/web"), ("Host", "web", None, None));
        assert_eq!(parts("a__b/c---d/e.f:1"), ("docker.io", "a__b/c---d/e.f", Some("1"), None));
        let pinned = format!("ghcr.io/shop/web:1.4@{DIGEST}");
        assert_eq!(parts(&pinned), ("ghcr.io", "shop/web", Some("1.4"), Some(DIGEST)));
    }

    #[test]
    fn what_the_grammar_forbids_is_no_reference() {
        let long = format!("web:{}", "a".repeat(129));
        let texts = [
            "",
            ":1",
            "@",
            "web:",
            "web@",
            "Web",
            "shop//web",
            "/web",
            "web/",
            "a___b",
            "a._b",
            "-a",
            "a-",
            "web:-1",
            "web:.1",
            "web:1/",
            "a b",
            "é",
            "host:/web",
            "host:5k/web",
            "-host.io/web",
            "host..io/web",
            "[]/web",
            "web@sha256:123456",
            "web@sha256",
            "$(IMAGE)",
            "<image>",
            &long,
        ];
        for text in texts {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }

    #[test]
    fn without_a_tag_and_a_digest_it_is_the_latest() {
        let is_latest = |text: &str| Reference::parse(text).unwrap().is_latest();
        assert!(is_latest("web") && is_latest("host:5000/web") && is_latest("web:latest"));
        assert!(!is_latest("web:1") && !is_latest(&format!("web:latest@{DIGEST}")));
    }
}
