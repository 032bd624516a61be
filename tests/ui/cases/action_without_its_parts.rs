use purlin::Action;

fn main() {
    let action: Action = Action::Redirect;
}
