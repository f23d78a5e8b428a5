//! The `loewner` program.

fn main() {}
