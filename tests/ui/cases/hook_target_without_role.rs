use purlin::{LifecycleHook, LifecycleTransition};

fn main() {
    let hook = LifecycleHook::builder().name("drain").transition(LifecycleTransition::Terminating);
    hook.notify("arn:aws:sns:ap-northeast-2:123456789012:drain");
}
