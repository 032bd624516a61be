use purlin::BlockDevice;

fn main() {
    let device = BlockDevice::instance_store("/dev/sdb", 0).size(20);
}
