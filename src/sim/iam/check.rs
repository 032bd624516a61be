//! What IAM is asked before a call is carried out.

use std::collections::HashMap;

use crate::sim::world::World;

/// One action on one resource, and what is known of the two.
#[derive(Debug)]
pub(crate) struct Check {
    pub(super) action: String,
    pub(super) action_in_small_letters: String,
    /// An ARN, or `*`.
    pub(super) resource: String,
    /// Values of condition keys, by the key in small letters.
    context: HashMap<String, Vec<String>>,
    /// Whether there is such a resource.
    pub(super) exists: bool,
}

impl Check {
    /// An action that is not checked on a resource.
    pub(crate) fn anywhere(action: &str) -> Self {
        Self::on(action, "*".to_owned())
    }

    pub(crate) fn on(action: &str, resource: String) -> Self {
        let action_in_small_letters = action.to_ascii_lowercase();
        Self { action: action.to_owned(), action_in_small_letters, resource, context: HashMap::new(), exists: true }
    }

    /// On something that does not exist, or not yet for those who name it: the service itself says so,
    /// whatever the policy.
    pub(crate) fn exists_if(self, exists: bool) -> Self {
        Self { exists, ..self }
    }

    /// With the value of a condition key.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.context.entry(key.to_ascii_lowercase()).or_default().push(value.to_owned());
        self
    }

    /// On a resource of the service that has these tags.
    pub(crate) fn tagged<'a>(mut self, service: &str, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        for (key, value) in tags {
            self = self.with(&format!("aws:ResourceTag/{key}"), value);
            self = self.with(&format!("{service}:ResourceTag/{key}"), value);
        }
        self
    }

    /// With tags in the request.
    pub(crate) fn requesting<'a>(mut self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        for (key, value) in tags {
            self = self.with(&format!("aws:RequestTag/{key}"), value).with("aws:TagKeys", key);
        }
        self
    }

    pub(super) fn context(&self, key: &str) -> &[String] {
        self.context.get(&key.to_ascii_lowercase()).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Requests that IAM checks (Service Authorization Reference: the actions of each service).
pub(crate) trait Checked {
    /// What is checked for this request; `action` is what IAM calls the operation.
    ///
    /// Most reads are not checked on resources.
    fn checks(&self, action: &str, world: &World) -> Vec<Check> {
        let _ = world;
        vec![Check::anywhere(action)]
    }
}

/// Requests that are not checked on resources.
macro_rules! anywhere {
    ($sdk:ident: $($module:ident::$input:ident,)+) => {
        $(impl $crate::sim::iam::Checked for $sdk::operation::$module::$input {})+
    };
}

/// Requests and what is checked for them.
macro_rules! checks {
    ($sdk:ident, $action:ident, $world:ident: $($module:ident::$input:ident, |$this:ident| $checks:expr;)+) => {
        $(impl $crate::sim::iam::Checked for $sdk::operation::$module::$input {
            fn checks(&self, $action: &str, $world: &$crate::sim::world::World) -> Vec<$crate::sim::iam::Check> {
                let _ = ($action, $world);
                let $this = self;
                $checks
            }
        })+
    };
}
pub(crate) use {anywhere, checks};
