// Found only where there is no libtorch: .cargo/config.toml lets compilers look here last. An #error would not do: they
// go on after one, and thousands of other messages bury it.
#include "there is no libtorch: run `cargo xtask torch` first"
