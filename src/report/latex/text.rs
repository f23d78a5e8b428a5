//! Running text: documentation, titles and labels, with every character that TeX would take for itself written out.

use super::names::letter;

/// What the signs of running text become.
const SIGNS: &[(char, &str)] = &[
    ('\\', r"\textbackslash{}"),
    ('{', r"\{"),
    ('}', r"\}"),
    ('$', r"\$"),
    ('&', r"\&"),
    ('#', r"\#"),
    ('%', r"\%"),
    ('_', r"\_"),
    ('^', r"\textasciicircum{}"),
    ('~', r"\textasciitilde{}"),
    ('<', "$<$"),
    ('>', "$>$"),
    ('|', "$|$"),
    ('*', "$*$"),
    ('×', r"$\times$"),
    ('∘', r"$\circ$"),
    ('⊗', r"$\otimes$"),
    ('⪯', r"$\preceq$"),
    ('⪰', r"$\succeq$"),
    ('≤', r"$\le$"),
    ('≥', r"$\ge$"),
    ('≠', r"$\ne$"),
    ('≈', r"$\approx$"),
    ('∈', r"$\in$"),
    ('∞', r"$\infty$"),
    ('∧', r"$\wedge$"),
    ('±', r"$\pm$"),
    ('·', r"$\cdot$"),
    ('‖', r"$\Vert$"),
    ('Σ', r"$\sum$"),
    ('∑', r"$\sum$"),
    ('√', r"$\surd$"),
    ('∂', r"$\partial$"),
    ('→', r"$\to$"),
    ('⟨', r"$\langle$"),
    ('⟩', r"$\rangle$"),
    ('⊤', r"$\top$"),
    ('−', "$-$"),
    ('½', r"$\frac12$"),
    ('¹', "$^1$"),
    ('²', "$^2$"),
    ('³', "$^3$"),
    ('₀', "$_0$"),
    ('₁', "$_1$"),
    ('₂', "$_2$"),
    ('…', r"\dots{}"),
    ('–', "--"),
    ('—', "---"),
    ('‘', "`"),
    ('’', "'"),
    ('“', "``"),
    ('”', "''"),
    ('"', "''"),
    ('\'', "'"),
];

/// Text, in which what stands between two backticks is code.
pub(super) fn text(plain: &str) -> String {
    let escaped = |part: &str| part.chars().map(character).collect::<String>();
    let mut out = String::new();
    let mut rest = plain;
    while let Some((before, after)) = rest.split_once('`') {
        out += &escaped(before);
        match after.split_once('`') {
            Some((code, after)) => {
                out += &format!(r"\texttt{{{}}}", escaped(code));
                rest = after;
            }
            // A backtick without its partner is a quotation mark.
            None => {
                out.push('`');
                rest = after;
            }
        }
    }
    out + &escaped(rest)
}

/// One character of running text.
fn character(c: char) -> String {
    if let Some((_, command)) = SIGNS.iter().find(|(sign, _)| *sign == c) {
        return (*command).to_owned();
    }
    match letter(c) {
        Some(command) => format!("${command}$"),
        // Plain letters, and those of Latin alphabets, which LaTeX knows of itself.
        None if c.is_ascii() || ('\u{c0}'..='\u{17e}').contains(&c) => c.to_string(),
        None => format!(r"\texttt{{U+{:04X}}}", u32::from(c)),
    }
}

/// Documentation as a paragraph: its lines joined, without the examples, which are tests.
pub(super) fn paragraph(lines: &[crate::syntax::ast::Text]) -> String {
    let kept = lines.iter().map(|line| line.text.trim()).filter(|line| !line.starts_with(">>>"));
    text(&kept.collect::<Vec<_>>().join(" ")).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tex_takes_for_itself_is_written_out() {
        assert_eq!(text("50 % of {a_b} & c^d ~ #1 $ \\"), {
            r"50 \% of \{a\_b\} \& c\textasciicircum{}d \textasciitilde{} \#1 \$ \textbackslash{}"
        });
        assert_eq!(text("see `info_nce` for K1 ∘ K2"), r"see \texttt{info\_nce} for K1 $\circ$ K2");
        assert_eq!(text("a ` alone"), "a ` alone");
        assert_eq!(text("Löwner, 矩"), r"Löwner, \texttt{U+77E9}");
    }
}
