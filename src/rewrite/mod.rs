//! Equality saturation: what an expression is equal to, and which of its forms is the cheapest.
