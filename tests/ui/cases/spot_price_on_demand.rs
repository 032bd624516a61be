use purlin::Market;

fn main() {
    let market = Market::on_demand().max_price("0.05");
}
