//! Planning without an account: time, and the greatest amount of memory in use at once.
//!
//! `cargo bench --no-default-features --bench planning` builds without the SDK.

#[path = "../tests/it/large.rs"]
mod large;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use large::{RESOURCES_A_SERVICE, rules, services};
use purlin::{Plan, Stack};

/// Heap in use, counted by the allocator; pages and the binary itself do not count.
fn peak_bytes(make: impl FnOnce() -> Stack) -> (u64, u64) {
    let mut stack = None;
    let declared = allocation_counter::measure(|| stack = Some(make()));
    let planned = allocation_counter::measure(|| {
        black_box(stack.as_ref().map(|stack| Plan::preview(stack).expect("the stack is sound")));
    });
    (declared.bytes_max, planned.bytes_max)
}

fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(20);
    for resources in [100, 1_000, 10_000] {
        let count = resources / RESOURCES_A_SERVICE;
        let (declared, planned) = peak_bytes(|| services(count));
        println!("plan/services/{resources}: peak heap {declared} bytes to declare, {planned} bytes to plan");
        let stack = services(count);
        group.throughput(Throughput::Elements(resources as u64));
        group.bench_with_input(BenchmarkId::new("services", resources), &stack, |bencher, stack| {
            bencher.iter_with_large_drop(|| Plan::preview(stack).expect("the stack is sound"));
        });
        let stack = rules(resources);
        group.bench_with_input(BenchmarkId::new("rules", resources), &stack, |bencher, stack| {
            bencher.iter_with_large_drop(|| Plan::preview(stack).expect("the stack is sound"));
        });
    }
    group.finish();
}

criterion_group!(benches, planning);
criterion_main!(benches);
