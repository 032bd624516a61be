use purlin::Action;

fn main() {
    let action = Action::fixed_response(404).order(50_001);
}
