use purlin::Condition;

fn main() {
    let condition = Condition::host(["example.com"]).path(["/api/*"]);
}
