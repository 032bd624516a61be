//! Wrong programs that must not compile, and what the compiler says about them.
//!
//! After a change of the crate or of the toolchain, look at what
//! `TRYBUILD=overwrite cargo test --test compile_fail` writes.

#[rustversion::attr(not(stable(1.95)), ignore = "the messages are those of Rust 1.95")]
#[test]
fn wrong_programs_do_not_compile() {
    trybuild::TestCases::new().compile_fail("cases/*.rs");
}
