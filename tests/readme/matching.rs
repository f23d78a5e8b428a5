//! Outputs with parts left out.

/// Whether an output is as shown. `...` stands for any text within a line, and alone on a line for any lines; blanks at
/// the end of a line, and empty lines at the end, do not count.
pub fn matches(shown: &str, printed: &str) -> bool {
    let lines = |text: &str| text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    lines_match(&lines(shown), &lines(printed))
}

fn lines_match(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first.trim() == "..." => {
            (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]))
        }
        Some((first, rest)) => {
            printed.split_first().is_some_and(|(line, others)| line_matches(first, line) && lines_match(rest, others))
        }
    }
}

fn line_matches(shown: &str, printed: &str) -> bool {
    let parts: Vec<&str> = shown.split("...").collect();
    let [first, middle @ .., last] = parts.as_slice() else { return shown == printed };
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn what_is_shown_matches() {
    for (shown, printed) in [
        ("0.5623...\n", "0.56233514461880829\n"),
        ("a ... c ... e", "a b c d e"),
        ("one\n...\nfour\n", "one\ntwo\nthree\nfour\n"),
        ("one\n...\n", "one\n"),
        ("done  \n\n", "done\n"),
        ("", ""),
    ] {
        assert!(matches(shown, printed), "{shown:?} {printed:?}");
    }
}

#[test]
fn what_is_not_shown_does_not_match() {
    for (shown, printed) in [
        ("0.5623\n", "0.56233514461880829\n"),
        ("0.5624...", "0.5623351"),
        ("one\n...\nfive", "one\ntwo\nfour"),
        ("one", "one\ntwo"),
        ("", "something"),
        ("a...bc...c", "abc"),
    ] {
        assert!(!matches(shown, printed), "{shown:?} {printed:?}");
    }
}
