//! The versions of a template: which is the default, and which are kept.

use crate::problem::Problems;
use crate::resource::Operation;
use crate::value::{ToValue, Value};

use super::{Consequence, LaunchTemplate, VERSION};

/// Which version is taken where none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DefaultVersion {
    /// The latest: each deploy that makes a version makes it the default.
    Latest,
    /// This one, which must exist.
    Number(u32),
}

impl ToValue for DefaultVersion {
    fn to_value(&self) -> Value {
        match self {
            Self::Latest => Value::of("latest"),
            Self::Number(number) => Value::of(number),
        }
    }
}

/// The versions that AWS has, as far as they matter for which are kept; builders name the type in
/// their own.
#[doc(hidden)]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    pub(crate) latest: u32,
    /// All of them in their order, where they were asked for.
    pub(crate) all: Vec<u32>,
    /// Those that groups have, and go on having.
    pub(crate) in_use: Vec<u32>,
}

impl LaunchTemplate {
    /// Whether the default version is as declared, as long as there is no new version.
    pub(super) fn has_default(&self, observed: &Self) -> bool {
        // A new template has one version.
        let (default, latest) = match observed.versions.latest {
            0 => (Some(DefaultVersion::Number(1)), 1),
            latest => (observed.default_version, latest),
        };
        match self.default_version {
            None => true,
            Some(DefaultVersion::Latest) => default == Some(DefaultVersion::Number(latest)),
            wanted => wanted == default,
        }
    }

    /// What changes with other changes: a new version becomes the default one, and old ones go.
    pub(super) fn follow_up(&self, observed: &Self, calls: &[Operation]) -> Vec<Consequence> {
        let new_version = calls.contains(&VERSION);
        let mut all = Vec::new();
        if new_version
            && self.default_version == Some(DefaultVersion::Latest)
            && !calls.contains(&Operation::ModifyLaunchTemplate)
        {
            let (before, after) = (Value::of(&observed.default_version), Value::of(&self.default_version));
            all.push(Consequence { path: "default_version", before, after, call: Operation::ModifyLaunchTemplate });
        }
        let obsolete = self.obsolete(observed, new_version);
        if !obsolete.is_empty() {
            all.push(Consequence {
                path: "versions",
                before: Value::of(&obsolete),
                after: Value::Unset,
                call: Operation::DeleteLaunchTemplateVersions,
            });
        }
        all
    }

    /// The versions that are not kept. The latest stays in any case, and so do the default and what
    /// groups use.
    pub(crate) fn obsolete(&self, observed: &Self, new_version: bool) -> Vec<u32> {
        let Some(keep) = self.keep_versions else { return Vec::new() };
        let Versions { latest, all, in_use } = &observed.versions;
        let default = match self.default_version {
            None => observed.default_version,
            Some(DefaultVersion::Latest) => None,
            number => number,
        };
        let kept = |version: u32| {
            in_use.contains(&version)
                || default == Some(DefaultVersion::Number(version))
                || (version == *latest && !new_version)
        };
        let keep = usize::try_from(keep).unwrap_or(usize::MAX).saturating_sub(usize::from(new_version));
        let old = all.len().saturating_sub(keep);
        all.iter().take(old).copied().filter(|version| !kept(*version)).collect()
    }

    pub(super) fn validate_versions(&self, problems: &mut Problems<'_>) {
        problems.range("P42", "keep_versions", self.keep_versions, 1..=10_000);
        if self.default_version == Some(DefaultVersion::Number(0)) {
            problems.report("P42", "default_version", 0, "must be at least 1");
        }
    }
}
