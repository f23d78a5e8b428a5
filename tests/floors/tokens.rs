//! Just enough of Rust's lexical grammar to find paths and braces: words and punctuation, without comments and strings.

/// A word or a mark of punctuation, and its line from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// The words, `::` and single characters of a source text.
pub fn tokens(source: &str) -> Vec<Token> {
    let characters: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < characters.len() {
        let start = i;
        let rest = &characters[i..];
        match characters[i] {
            '/' if rest.starts_with(&['/', '/']) => i += rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            '/' if rest.starts_with(&['/', '*']) => i += block_comment(rest),
            '"' => i += string(rest),
            'r' | 'b' | 'c' if raw_string(rest).is_some() => i += raw_string(rest).unwrap_or(1),
            '\'' => i += character_or_lifetime(rest),
            c if c.is_alphanumeric() || c == '_' => {
                i += rest.iter().position(|c| !c.is_alphanumeric() && *c != '_').unwrap_or(rest.len());
                found.push(Token { text: characters[start..i].iter().collect(), line });
            }
            ':' if rest.starts_with(&[':', ':']) => {
                i += 2;
                found.push(Token { text: "::".into(), line });
            }
            c => {
                i += 1;
                if !c.is_whitespace() {
                    found.push(Token { text: c.into(), line });
                }
            }
        }
        line += characters[start..i].iter().filter(|c| **c == '\n').count();
    }
    found
}

/// The length of a block comment; they nest.
fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut i) = (0, 0);
    while i < rest.len() {
        match rest[i..] {
            ['/', '*', ..] => (depth, i) = (depth + 1, i + 2),
            ['*', '/', ..] => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

/// The length of a string literal that starts with its quote.
fn string(rest: &[char]) -> usize {
    let mut i = 1;
    while i < rest.len() && rest[i] != '"' {
        i += if rest[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(rest.len())
}

/// The length of a literal such as `r#"…"#` or `br"…"`, where one starts here.
fn raw_string(rest: &[char]) -> Option<usize> {
    let r = rest.iter().take(2).position(|c| *c == 'r')?;
    let hashes = rest[r + 1..].iter().take_while(|c| **c == '#').count();
    let body = r + 1 + hashes;
    if rest.get(body) != Some(&'"') || (r == 1 && !matches!(rest[0], 'b' | 'c')) {
        return None;
    }
    let mut end = vec!['"'];
    end.resize(hashes + 1, '#');
    let length = rest[body + 1..].windows(end.len()).position(|window| window == end);
    Some(length.map_or(rest.len(), |length| body + 1 + length + end.len()))
}

/// The length of a character literal, or of the mark that starts a lifetime.
fn character_or_lifetime(rest: &[char]) -> usize {
    match rest {
        ['\'', '\\', ..] => 4 + rest.iter().skip(3).take_while(|c| **c != '\'').count(),
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
    .min(rest.len())
}

#[test]
fn comments_and_strings_are_left_out() {
    let source = r####"
        // crate::a
        /* crate::b /* nested */ crate::c */
        let x = "crate::d \" crate::e";
        let y = r#"crate::f " "#; let z = br"crate::g"; let q = '"'; let l: &'static str = f('\'', '\u{41}');
        use crate::h;
    "####;
    let words: Vec<String> = tokens(source).into_iter().map(|token| token.text).collect();
    let text = words.join(" ");
    assert_eq!(text, "let x = ; let y = ; let z = ; let q = ; let l : & static str = f ( , ) ; use crate :: h ;");
    assert_eq!(tokens(source).last().unwrap().line, 6);
}
