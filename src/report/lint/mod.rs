//! What lint found: for a person, as JSON, and as a table of many losses.

mod json;
mod table;
mod text;

pub use json::lint_json;
pub use table::{lint_row, lint_table};
pub use text::lint_text;
