//! The long stories of the codes: each has an example, its wrong example makes exactly the mistake that it is about, and
//! the mended one makes none.

use loewner::base::{Code, Diagnostic};
use loewner::check::Session;

/// The blocks of a story that are marked so, without their fences.
fn blocks(story: &str, mark: &str) -> Vec<String> {
    let fence = format!("```lw {mark}\n");
    let after = story.split(&fence).skip(1);
    after.map(|rest| rest.split("```").next().unwrap_or_default().to_string()).collect()
}

fn mistakes(text: &str) -> Vec<Diagnostic> {
    Session::new().load_text("story", text).err().unwrap_or_default()
}

fn told(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics.iter().map(|diagnostic| format!("{}: {}", diagnostic.code, diagnostic.message)).collect()
}

/// Codes that a text in the language alone can make: those of evaluation and of files need more.
fn of_the_language() -> impl Iterator<Item = Code> {
    Code::ALL.iter().copied().filter(|code| code.to_string().as_str() < "E0700")
}

#[test]
fn every_code_has_a_story_with_an_example() {
    for code in of_the_language() {
        let story = code.explanation();
        assert!(story.starts_with(&format!("# {code}: {}\n", code.title())), "{code} has another title");
        assert!(story.lines().count() >= 6, "the story of {code} is too short");
        assert!(story.contains("```"), "the story of {code} has no example");
    }
}

/// Messages promise that `--explain` tells more than they do.
#[test]
fn no_story_is_a_title_alone() {
    for code in Code::ALL {
        assert!(code.explanation().lines().count() >= 4, "{code} has no story");
    }
}

#[test]
fn the_examples_make_the_mistake_and_mend_it() {
    for code in of_the_language() {
        let story = code.explanation();
        let (wrong, right) = (blocks(story, "wrong"), blocks(story, "right"));
        // Stories of the grammar quote single lines; from the names on, each has a whole text and its repair.
        assert!(code.to_string().as_str() < "E0200" || !(wrong.is_empty() || right.is_empty()), "{code} has no pair");
        for text in wrong {
            let found = mistakes(&text);
            assert!(!found.is_empty(), "{code}: nothing is wrong with\n{text}");
            assert!(found.iter().all(|diagnostic| diagnostic.code == code), "{code}: {:?} in\n{text}", told(&found));
        }
        for text in right {
            let found = mistakes(&text);
            assert!(found.is_empty(), "{code}: {:?} in the mended\n{text}", told(&found));
        }
    }
}

#[test]
fn lines_of_the_stories_are_short() {
    for code in Code::ALL {
        // The rows of a table cannot be broken.
        for line in code.explanation().lines().filter(|line| !line.starts_with('|')) {
            assert!(line.chars().count() <= 120, "{code}: {line}");
        }
    }
}
