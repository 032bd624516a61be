//! Stacks in the forms of others.

pub mod cloudformation;
