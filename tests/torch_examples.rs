//! The programs in examples/ that need torch run: each checks its own results.

#[path = "../examples/train_on_torch.rs"]
mod train_on_torch;

#[test]
fn a_network_is_trained_with_a_loss_of_ones_own() {
    train_on_torch::main();
}
