//! The property tables: each property of each kind, declared once.
//!
//! Diffs, plan texts, the batching of calls and the tests read these tables; there is no second
//! list of properties to keep in step.

use crate::value::Value;

use super::Operation;

/// One property of a kind of resource.
#[derive(Debug)]
pub(crate) struct Property<R> {
    /// Where the user finds it, such as `health_check.interval`.
    pub(crate) path: &'static str,
    /// The member of the API that it sets, such as `CreateTargetGroup.HealthCheckIntervalSeconds`.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the table's own tests so far"))]
    pub(crate) api: &'static str,
    /// Reads the property; [`Value::Unset`] where the user left it out.
    pub(crate) get: fn(&R) -> Value,
    /// What leaving it out means.
    pub(crate) unset: Unset<R>,
    /// How it changes on a resource that exists.
    pub(crate) update: Update<R>,
    /// Whether a new resource has the default first, and the call that updates it comes after the
    /// call that creates.
    pub(crate) after_create: bool,
    /// Whether its value must not be shown.
    pub(crate) sensitive: bool,
    /// Whether the order of its values means nothing.
    pub(crate) unordered: bool,
    /// Whether it is a map that AWS may have entries in that nobody knows of: those are left alone.
    pub(crate) open: bool,
}

/// What it means that a property is left out.
#[derive(Debug)]
pub(crate) enum Unset<R> {
    /// There is none: one that exists is removed.
    Absent,
    /// AWS's documented default, which may depend on other properties. That of a map counts entry
    /// by entry.
    Default(fn(&R) -> Value),
    /// AWS or something else decides: what exists is left alone.
    Unmanaged,
}

/// How a property changes on a resource that exists.
#[derive(Debug)]
pub(crate) enum Update<R> {
    /// In place, by this call.
    Call(Operation),
    /// In place, by adding and removing elements; adding comes first, so that nothing is missing
    /// in between.
    Elements {
        add: Operation,
        remove: Operation,
        /// Changes an element that stays the same but for its `description`.
        modify: Option<Operation>,
    },
    /// Only on a new resource, for this reason.
    Replace(&'static str),
    /// Never compared: it says how the resource starts out.
    Initial,
    /// It depends on both sides; never answers with itself.
    Depends(fn(desired: &R, observed: &R) -> Self),
}

// Derived, it would ask for `R: Copy`.
impl<R> Clone for Update<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Update<R> {}

impl<R> Property<R> {
    /// A property that is set when the resource is created, and whose change replaces it.
    pub(crate) const fn new(path: &'static str, api: &'static str, get: fn(&R) -> Value) -> Self {
        Self {
            path,
            api,
            get,
            unset: Unset::Absent,
            update: Update::Replace("AWS cannot change it on an existing resource"),
            after_create: false,
            sensitive: false,
            unordered: false,
            open: false,
        }
    }

    /// A property whose change replaces the resource, with the reason.
    pub(crate) const fn replaces(mut self, reason: &'static str) -> Self {
        self.update = Update::Replace(reason);
        self
    }

    /// A property that changes in place by `operation`.
    pub(crate) const fn updated_by(mut self, operation: Operation) -> Self {
        self.update = Update::Call(operation);
        self
    }

    /// A property that only a call of its own sets, on new and existing resources alike.
    pub(crate) const fn only_by(mut self, operation: Operation) -> Self {
        self.update = Update::Call(operation);
        self.after_create = true;
        self
    }

    /// A set whose elements are added and removed by calls of their own.
    pub(crate) const fn elements(mut self, add: Operation, remove: Operation) -> Self {
        self.update = Update::Elements { add, remove, modify: None };
        self.unordered = true;
        self
    }

    /// A property that the call that creates the resource cannot set.
    pub(crate) const fn after_create(mut self) -> Self {
        self.after_create = true;
        self
    }

    /// The call that changes the descriptions of elements that stay.
    pub(crate) const fn modified_by(mut self, operation: Operation) -> Self {
        if let Update::Elements { add, remove, .. } = self.update {
            self.update = Update::Elements { add, remove, modify: Some(operation) };
        }
        self
    }

    /// A property whose way to change depends on both sides.
    pub(crate) const fn depends(mut self, decide: fn(&R, &R) -> Update<R>) -> Self {
        self.update = Update::Depends(decide);
        self
    }

    /// AWS's documented default.
    pub(crate) const fn or(mut self, default: fn(&R) -> Value) -> Self {
        self.unset = Unset::Default(default);
        self
    }

    /// A property that is left alone where the user leaves it out.
    pub(crate) const fn unmanaged(mut self) -> Self {
        self.unset = Unset::Unmanaged;
        self
    }

    /// A property whose value must not be shown.
    pub(crate) const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// A list whose order means nothing.
    pub(crate) const fn unordered(mut self) -> Self {
        self.unordered = true;
        self
    }

    /// A map in which AWS may have entries that this crate does not know of; what is left out and
    /// has no default is left alone.
    pub(crate) const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// The property as the user set it, in the order that comparisons need.
    pub(crate) fn read(&self, resource: &R) -> Value {
        let value = (self.get)(resource);
        if self.unordered { value.sorted() } else { value }
    }

    /// What leaving the property out means for `resource`.
    pub(crate) fn default(&self, resource: &R) -> Value {
        match self.unset {
            Unset::Default(default) => default(resource),
            Unset::Absent | Unset::Unmanaged => Value::Unset,
        }
    }
}
