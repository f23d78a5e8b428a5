//! What stands in a Markdown text.

/// A command with the output that is shown below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its line in the document, from 1.
    pub line: usize,
    pub command: String,
    pub shown: String,
}

/// The commands of every fenced block of a language, block by block. A command whose line ends in `\` goes on.
pub fn blocks(markdown: &str, language: &str) -> Vec<Vec<Entry>> {
    let mut blocks: Vec<Vec<Entry>> = Vec::new();
    // The language of the block around a line.
    let mut inside: Option<String> = None;
    let mut continued = false;
    for (number, line) in markdown.lines().enumerate() {
        if let Some(rest) = line.strip_prefix("```") {
            inside = if inside.is_some() { None } else { Some(rest.trim().to_owned()) };
            if inside.as_deref() == Some(language) {
                blocks.push(Vec::new());
            }
            continue;
        }
        let Some(block) = blocks.last_mut().filter(|_| inside.as_deref() == Some(language)) else { continue };
        match (line.strip_prefix("$ "), block.last_mut()) {
            (_, Some(entry)) if continued => entry.command.push_str(line.trim()),
            (Some(command), _) => {
                block.push(Entry { line: number + 1, command: command.trim_end().to_owned(), shown: String::new() })
            }
            (None, Some(entry)) => {
                entry.shown.push_str(line);
                entry.shown.push('\n');
            }
            (None, None) => {}
        }
        // An output line never goes on, whatever it ends in.
        let command = block.last_mut().filter(|entry| entry.shown.is_empty());
        continued = command.is_some_and(|entry| match entry.command.strip_suffix('\\') {
            Some(shorter) => {
                entry.command = shorter.to_owned();
                true
            }
            None => false,
        });
    }
    blocks
}

/// A command in words, with the quotes of a shell: nothing is expanded in `'…'`, and nothing needs to be in `"…"`.
pub fn words(command: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None if "|&;<>$`\\*?()".contains(c) => return Err(format!("has an unquoted `{c}`, which needs a shell")),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err("has a quote that is never closed".into()) } else { Ok(words) }
}

/// The files that a text links to.
pub fn links(markdown: &str) -> Vec<String> {
    let targets = markdown.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let files = targets.map(|(target, _)| target).filter(|target| !target.contains("://") && !target.starts_with('#'));
    files.map(|target| target.split('#').next().unwrap_or(target).to_owned()).collect()
}

#[test]
fn commands_and_their_outputs_are_taken_apart() {
    let text = "a\n```sh\n$ no\n```\n```console\n$ loewner eval \\\n    '1'\n1\n\n$ echo $?\n0\n```\n$ no\n";
    let found = blocks(text, "console");
    let entry = |line, command: &str, shown: &str| Entry { line, command: command.into(), shown: shown.into() };
    assert_eq!(found, [[entry(6, "loewner eval '1'", "1\n\n"), entry(10, "echo $?", "0\n")]]);
}

#[test]
fn words_are_quoted_as_in_a_shell() {
    assert_eq!(words("eval 'K[1, 2]' --let \"K=it's\" ''").unwrap(), ["eval", "K[1, 2]", "--let", "K=it's", ""]);
    for wrong in ["a 'b", "a | b", "a > b", "a $B", "f(x)"] {
        assert!(words(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn links_to_files_are_found() {
    assert_eq!(links("[a](x.md#y) and [b](https://c.d) and [e](#f) [g](src/h)"), ["x.md", "src/h"]);
}
