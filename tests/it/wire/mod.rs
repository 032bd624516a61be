//! Over the wire: the example's program and the library against moto, an emulator that others
//! wrote. `.ci/wire` installs it and runs these tests.
//!
//! Where moto is not as AWS documents it, a test says so in a function whose name begins with
//! `moto_`: it asserts what moto does, so that a moto that does better is noticed.

mod cloudformation;
mod emulator;
mod lab;
mod left;
mod options;
mod program;
mod round_trip;
mod scenarios;
mod values;
