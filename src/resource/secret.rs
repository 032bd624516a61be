//! Secrets: values that go out and are never shown.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::value::{ToValue, Value};

/// A value that is sent to AWS and never shown: not in plans, errors, logs or `Debug` output.
///
/// AWS does not answer secrets. What is kept is a digest of 64 bits, in a tag of the resource that
/// has the secret, so that a changed secret is noticed.
///
/// ```
/// let secret = purlin::Secret::new("correct horse battery staple");
/// assert_eq!(format!("{secret:?}"), "Secret(hidden)");
/// ```
#[derive(Clone)]
pub struct Secret(Content);

#[derive(Clone)]
enum Content {
    Value(String),
    /// What a tag has of the secret that AWS knows.
    Digest(String),
}

impl Secret {
    /// Makes a secret of a text.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Content::Value(value.into()))
    }

    /// The secret of which only the digest is known.
    pub(crate) fn from_digest(digest: impl Into<String>) -> Self {
        Self(Content::Digest(digest.into()))
    }

    pub(crate) fn digest(&self) -> String {
        match &self.0 {
            Content::Value(value) => {
                // A prefix of its own: the digest is in no table of digests of bare passwords.
                let digest = Sha256::digest(format!("purlin secret\0{value}"));
                digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
            }
            Content::Digest(digest) => digest.clone(),
        }
    }

    /// The text, to be sent; `None` where only the digest is known.
    pub(crate) fn reveal(&self) -> Option<&str> {
        match &self.0 {
            Content::Value(value) => Some(value),
            Content::Digest(_) => None,
        }
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl ToValue for Secret {
    fn to_value(&self) -> Value {
        Value::Secret(self.digest())
    }
}
