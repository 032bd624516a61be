//! Five hundred stacks deployed at once into one account, with the request limits that AWS documents.
//!
//! Counts calls and simulated time, on which the machine has no bearing.

#[path = "../tests/it/many.rs"]
mod many;

const STACKS: usize = 500;

fn main() {
    // `cargo test --benches` runs it to see that it works: fewer will do.
    let stacks = if std::env::args().any(|argument| argument == "--bench") { STACKS } else { 20 };
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().expect("tokio can start");
    let report = runtime.block_on(async { many::deploy(&many::account(stacks), stacks).await });
    println!("{:<40} {:>9} {:>8}", "operation", "answered", "refused");
    for (operation, (answered, refused)) in &report.calls {
        println!("{operation:<40} {answered:>9} {refused:>8}");
    }
    let (answered, refused) = report.total();
    println!("{:<40} {answered:>9} {refused:>8}", "total");
    println!(
        "{} stacks: {} calls, {refused} of them asked to slow down; {:.0} s of simulated time",
        report.stacks,
        answered + refused,
        report.took.as_secs_f64(),
    );
    println!("CreateLoadBalancer: {}, and none failed", report.answered("CreateLoadBalancer"));
}
