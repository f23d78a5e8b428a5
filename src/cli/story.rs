//! `loewner check --explain CODE`: the long story of a kind of mistake.

use crate::base::{Code, Diagnostic, did_you_mean};

/// The story, as Markdown.
///
/// # Errors
/// E0807 where there is no such code.
pub(super) fn story(code: &str) -> Result<String, Diagnostic> {
    if let Ok(code) = code.trim().parse::<Code>() {
        let mut story = code.explanation().trim_end().to_owned();
        story.push('\n');
        return Ok(story);
    }
    let codes: Vec<String> = Code::ALL.iter().map(Code::to_string).collect();
    // The first digits name the family, which is remembered better than the rest.
    let family = code.get(..3).unwrap_or(code).to_uppercase();
    let near = did_you_mean(code, codes.iter().map(String::as_str).filter(|known| known.starts_with(&family)))
        .or_else(|| did_you_mean(code, codes.iter().map(String::as_str)));
    let help = match (near.and_then(|near| near.parse::<Code>().ok()), codes.first(), codes.last()) {
        (Some(near), _, _) => format!("did you mean {near} ({})?", near.title()),
        (None, Some(first), Some(last)) => format!("codes go from {first} to {last}; every message shows its own"),
        (None, _, _) => "every message shows its code".to_owned(),
    };
    Err(Diagnostic::new(Code::E0807, format!("there is no code '{code}'")).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_any_case_and_misspellings_are_named() {
        assert!(story("e0301").unwrap().starts_with("# E0301"));
        assert!(story("E0310").unwrap_err().help[0].starts_with("did you mean E0301"));
        assert!(story("nonsense").unwrap_err().help[0].contains("E0101"));
    }
}
