use purlin::{Action, Actions, Ref, TargetGroup};

fn both(targets: Ref<TargetGroup>) -> Actions {
    Action::forward(targets).then(Action::fixed_response(404))
}

fn main() {}
