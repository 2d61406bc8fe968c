//! The name of an image, as people and manifests write it.

use std::fmt;
use std::str::FromStr;

use super::reference::Reference;

/// Bytes of a name: those of a registry, a repository, a tag and a digest together are fewer.
const LONGEST: usize = 1_024;

/// The name of an image by the grammar of distribution/reference: `nginx:1.25`,
/// `ghcr.io/shop/web@sha256:…`. It begins with a letter, a digit or `[`, and has neither spaces nor
/// control characters: no program takes it for an option.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageName(String);

/// Why a text is no name of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnImage {
    /// It is empty.
    #[error("the name of an image is missing: expected one such as `nginx:1.25`")]
    Empty,
    /// It is endless.
    #[error("the name of an image has at most {LONGEST} bytes")]
    Long,
    /// It is something else.
    #[error(
        "it is no name of an image: expected `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`, such as \
         `ghcr.io/shop/web:1.4`, the repository in small letters"
    )]
    Other,
}

impl ImageName {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digest of the manifest that it names, `sha256:…`; none where a tag says which is meant.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.0.split_once('@').map(|(_, digest)| digest)
    }

    /// The same repository at `digest`; the same name where that is no digest.
    #[must_use]
    pub fn at(&self, digest: &str) -> Self {
        let name = self.0.split_once('@').map_or(self.0.as_str(), |(name, _)| name);
        format!("{name}@{digest}").parse().unwrap_or_else(|_| self.clone())
    }
}

impl FromStr for ImageName {
    type Err = NotAnImage;

    fn from_str(text: &str) -> Result<Self, NotAnImage> {
        match text.len() {
            0 => Err(NotAnImage::Empty),
            length if length > LONGEST => Err(NotAnImage::Long),
            _ if Reference::parse(text).is_none() => Err(NotAnImage::Other),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
