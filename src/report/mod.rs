//! Results as text and as JSON. Nothing is computed here and nothing is printed: every function returns a string.

mod exact;
mod explanation;
pub mod figure;
mod json;
pub mod latex;
pub mod lint;
mod number;
mod relation;
mod table;
mod value;
mod witness;

pub use explanation::{explanation_json, explanation_text};
pub use json::{answer_json, report_json};
pub use number::{blackboard, digits17, short};
pub use relation::{relation_json, relation_text};
pub use table::report_text;
pub use value::{Answer, answer_text};
pub use witness::{replay_text, witness_text};

/// How a text is to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Whether colours may be used, which only a terminal understands.
    pub colour: bool,
    /// How many columns there are.
    pub width: u16,
}

impl Default for Style {
    fn default() -> Self {
        Style { colour: false, width: 120 }
    }
}

/// The colours that a report uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ink {
    Heading,
    Good,
    Bad,
    Faint,
}

impl Style {
    /// The text in a colour, or as it is where colours may not be used.
    fn paint(self, ink: Ink, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Heading => "1",
            Ink::Good => "32",
            Ink::Bad => "1;31",
            Ink::Faint => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
