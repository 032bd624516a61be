//! The whole lab on the simulated AWS: plan, deploy, plan again, destroy.
//!
//! AWS's minutes pass at once, so this is what purlin, the SDK clients and the simulation take.
//! The SDK itself is built without optimization here: it would take very long to build.

#[path = "../examples/web_asg.rs"]
#[allow(dead_code, reason = "the example's entry points are not called here")]
mod web_asg;

use criterion::{Criterion, criterion_group, criterion_main};
use purlin::Deployer;
use purlin::sim::SimAws;

async fn lab() {
    let sim = SimAws::new();
    web_asg::demo::given(&sim);
    let deployer = Deployer::new(sim.aws());
    let (stack, _) = web_asg::lab("t2.micro");
    let plan = deployer.plan(&stack).await.expect("it can be planned");
    deployer.apply(plan).await.expect("it can be deployed");
    assert!(deployer.plan(&stack).await.expect("it can be planned again").is_empty());
    let plan = deployer.plan_destroy(&stack).await.expect("its end can be planned");
    deployer.apply(plan).await.expect("it can be destroyed");
}

fn deploy(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("deploy");
    group.sample_size(10);
    group.bench_function("lab", |bencher| {
        bencher.iter_batched(
            || {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                builder.enable_all().start_paused(true).build().expect("tokio can start")
            },
            |runtime| runtime.block_on(lab()),
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, deploy);
criterion_main!(benches);
