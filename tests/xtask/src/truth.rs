//! The benchmark of truth: every statement of tests/truth, verified by itself, and what plain sampling makes of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::json::Json;
use crate::step::{Failure, Step, root};

/// How many threads the program uses.
const THREADS: &str = "2";

/// How many samples a plain loop draws.
const PLAIN: &str = "100000";

/// What the command line asks for.
pub struct Options {
    /// Seconds for a false statement, and for a true one; the default effort without.
    budgets: Option<[f64; 2]>,
    only: Option<String>,
}

impl Options {
    /// Reads the options after `truth`.
    pub fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut budgets = [10.0, 60.0];
        let (mut quick, mut only) = (false, None);
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            if name == "--quick" {
                quick = true;
                continue;
            }
            let value = rest.next().ok_or_else(|| Failure::usage(format!("`{name}` needs a value")))?;
            let wrong = || Failure::usage(format!("`{value}` does not do for {name}"));
            let seconds = || value.parse::<f64>().ok().filter(|s| s.is_finite() && *s > 0.0).ok_or_else(wrong);
            match name.as_str() {
                "--false" => budgets[0] = seconds()?,
                "--true" => budgets[1] = seconds()?,
                "--only" => only = Some(value.clone()),
                _ => return Err(Failure::usage(format!("`truth` has no option `{name}`"))),
            }
        }
        Ok(Options { budgets: (!quick).then_some(budgets), only })
    }
}

/// A statement as its file has it.
struct Statement {
    file: String,
    name: String,
    is_false: bool,
    /// What stands before the first theorem of the file, and the theorem.
    text: String,
}

/// A line of the table.
struct Row {
    file: String,
    name: String,
    is_false: bool,
    verdict: String,
    certified: bool,
    seconds: f64,
    sizes: String,
    margin: Option<f64>,
    found: String,
    plain: u64,
}

impl Row {
    /// Whether the verdict is what is known.
    fn fits(&self) -> bool {
        if self.is_false { self.verdict == "refuted" && self.certified } else { self.verdict != "refuted" }
    }
}

/// Runs the benchmark, prints what it finds and writes tests/truth/table.csv and tests/truth/README.md.
pub fn run(options: &Options) -> Result<(), Failure> {
    Step::cargo(["build", "--release", "--locked"]).run()?;
    let root = root()?;
    let folder = root.join("target/truth");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let mut rows = Vec::new();
    for (number, statement) in statements(&root.join("tests/truth"))?.iter().enumerate() {
        if options.only.as_ref().is_some_and(|only| !statement.name.contains(only)) {
            continue;
        }
        let file = folder.join(format!("{number}.lw"));
        std::fs::write(&file, &statement.text).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        let row = verify(&root, statement, &file, options)?;
        let mark = if row.fits() { "✓" } else { "✗" };
        println!("  {mark} {:7.2} s  {:<12} {}", row.seconds, row.verdict, row.name);
        rows.push(row);
    }
    if options.only.is_none() {
        let write = |name: &str, text: String| {
            let file = root.join("tests/truth").join(name);
            std::fs::write(&file, text).map_err(|error| Failure::new(format!("{}: {error}", file.display())))
        };
        write("table.csv", csv(&rows))?;
        write("README.md", readme(&rows, options))?;
    }
    let wrong: Vec<&str> = rows.iter().filter(|row| !row.fits()).map(|row| row.name.as_str()).collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!("{} statements came out wrong: {}", wrong.len(), wrong.join("; ")))),
    }
}

/// Cuts the files into statements, in the order of their names. An import becomes one by the whole path.
fn statements(folder: &Path) -> Result<Vec<Statement>, Failure> {
    let broken = |path: &Path, what: &str| Failure::new(format!("{}: {what}", path.display()));
    let entries = std::fs::read_dir(folder).map_err(|error| broken(folder, &error.to_string()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "lw"));
    files.sort();
    let mut statements = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|error| broken(&file, &error.to_string()))?;
        let mut parts = text.split("\ntheorem \"");
        let head = parts.next().unwrap_or_default();
        let imports = head.lines().filter(|line| line.starts_with("import \""));
        let whole = |line: &str| line.replacen("import \"", &format!("import \"{}/", folder.display()), 1);
        let imports: String = imports.map(|line| whole(line) + "\n").collect();
        for part in parts {
            let name = part.split('"').next().unwrap_or_default().to_owned();
            // What follows the closing brace is the comment of the next statement.
            let body = part.split_once("\n}").ok_or_else(|| broken(&file, "a theorem without its end"))?.0;
            statements.push(Statement {
                file: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                name,
                is_false: body.contains("expect refuted"),
                text: format!("{imports}\ntheorem \"{body}\n}}\n"),
            });
        }
    }
    Ok(statements)
}

/// The standard output of `loewner verify`, whatever the verdicts.
fn loewner(root: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let program = root.join("target/release/loewner");
    let mut command = Command::new(&program);
    command.arg("verify").args(arguments).args(["--threads", THREADS]).current_dir(root);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Failure::new(format!("{}: {error}", program.display())))?;
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(Failure::new(format!("`loewner verify {}` failed: {}", arguments.join(" "), output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure::new("the report is not UTF-8"))
}

fn verify(root: &Path, statement: &Statement, file: &Path, options: &Options) -> Result<Row, Failure> {
    let path = file.to_string_lossy();
    let out = file.with_extension("witness");
    let out = out.to_string_lossy();
    let budget = options.budgets.map(|[short, long]| if statement.is_false { short } else { long }.to_string());
    let mut arguments = vec![path.as_ref(), "--json", "--out", out.as_ref()];
    if let Some(budget) = &budget {
        arguments.extend(["--budget", budget]);
    }
    let start = Instant::now();
    let text = loewner(root, &arguments)?;
    let seconds = start.elapsed().as_secs_f64();
    let report = Json::parse(&text).ok_or_else(|| Failure::new("the report is no JSON"))?;
    let claim = report.get("claims").and_then(|claims| claims.items().first());
    let claim = claim.ok_or_else(|| Failure::new(format!("{}: no claim in the report", statement.name)))?;
    let field = |name: &str| claim.get(name).and_then(Json::text).unwrap_or_default().to_owned();
    let witness = claim.get("witness").filter(|witness| witness.get("margin").is_some());
    let kept = witness.and_then(|witness| witness.get("file")?.text()).and_then(|kept| {
        let kept = root.join(kept);
        Json::parse(&std::fs::read_to_string(kept).ok()?)
    });
    let kept = |name: &str| kept.as_ref().and_then(|kept| kept.get(name)?.text()).unwrap_or_default().to_owned();
    let sizes = match witness.and_then(|witness| witness.get("sizes")) {
        Some(Json::Object(sizes)) => {
            let sizes = sizes.iter().map(|(name, size)| format!("{name} = {}", size.text().unwrap_or_default()));
            sizes.collect::<Vec<_>>().join(", ")
        }
        Some(Json::Word(_) | Json::Number(_) | Json::Text(_) | Json::List(_)) | None => String::new(),
    };
    let margin = match witness {
        // The end next to zero: the violation is at least as large.
        Some(witness) => witness.get("margin").and_then(|margin| margin.items().last()?.number()),
        None => claim.get("min_margin").and_then(Json::number),
    };
    let plain = loewner(root, &[path.as_ref(), "--plain", "--samples", PLAIN])?;
    Ok(Row {
        file: statement.file.clone(),
        name: statement.name.clone(),
        is_false: statement.is_false,
        verdict: field("verdict"),
        certified: kept("certified") == "true",
        seconds,
        sizes,
        margin,
        found: kept("ensemble"),
        plain: violations(&plain),
    })
}

/// How many samples a report says to contradict the claim: `87 of 20000 samples contradict it`.
fn violations(report: &str) -> u64 {
    let before = report.split(" contradict it").next().filter(|before| before.len() < report.len());
    let count = before.and_then(|before| before.lines().last()?.split_whitespace().next()?.parse().ok());
    count.unwrap_or(0)
}

fn word(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}

fn margin(row: &Row) -> String {
    row.margin.map(|margin| format!("{margin:.3e}")).unwrap_or_default()
}

fn csv(rows: &[Row]) -> String {
    let quoted =
        |text: &str| if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() };
    let mut text =
        String::from("file,statement,truth,verdict,certified,seconds,sizes,margin,found_by,plain_violations\n");
    for row in rows {
        let certified = if row.verdict == "refuted" { word(row.certified) } else { "" };
        let seconds = format!("{:.2}", row.seconds);
        let plain = row.plain.to_string();
        let (file, name, found) = (quoted(&row.file), quoted(&row.name), quoted(&row.found));
        let (sizes, margin) = (quoted(&row.sizes), margin(row));
        let fields =
            [&file, &name, word(!row.is_false), &row.verdict, certified, &seconds, &sizes, &margin, &found, &plain];
        text += &(fields.join(",") + "\n");
    }
    text
}

/// The table for a reader: what was missed first, then everything, false statements before true ones.
fn readme(rows: &[Row], options: &Options) -> String {
    let count = |test: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| test(row)).count();
    let falsities = count(&|row| row.is_false);
    let truths = rows.len() - falsities;
    let found = count(&|row| row.is_false && row.verdict == "refuted");
    let certified = count(&|row| row.is_false && row.verdict == "refuted" && row.certified);
    let plain = count(&|row| row.is_false && row.plain == 0);
    let refuted = count(&|row| !row.is_false && row.verdict == "refuted");
    let open = count(&|row| !row.is_false && row.verdict == "inconclusive");
    let slowest = rows.iter().filter(|row| row.is_false && row.verdict == "refuted").map(|row| row.seconds);
    let slowest = slowest.fold(0.0, f64::max);
    let effort = match options.budgets {
        Some([short, long]) => format!("a budget of {short} s for a false one and {long} s for a true one"),
        None => "the default effort for each".to_owned(),
    };
    let mut text = format!(
        "# A benchmark of truth\n\n\
         Classical statements of matrix analysis, {truths} true and {falsities} false, each with its source, and each false \
         one with a\ncounterexample that owes nothing to this program (`cargo xtask reference` recomputes it with 50 digits \
         in mpmath). Many of\nthe false ones are near misses: a best constant moved by 1 or 0.1 per cent, a range a little too \
         long, a hypothesis left\nout.\n\n\
         This file and table.csv are written by `cargo xtask truth`: every statement by itself, on {THREADS} threads, with \
         {effort}.\nThe last column counts the violations among {PLAIN} independent Gaussian samples (`verify --plain`): what \
         a loop over\nNumPy samples would find.\n\n\
         | | |\n| --- | --- |\n\
         | false statements refuted | {found} of {falsities} |\n\
         | of these certified by interval arithmetic | {certified} |\n\
         | the slowest refutation | {slowest:.1} s |\n\
         | true statements refuted | {refuted} of {truths} |\n\
         | true statements left inconclusive | {open} |\n\
         | false statements in which plain sampling finds nothing | {plain} of {falsities} |\n"
    );
    let missed: Vec<&Row> = rows.iter().filter(|row| row.is_false && row.verdict != "refuted").collect();
    if !missed.is_empty() {
        text += "\nMissed:\n\n";
        for row in missed {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "- {} ({}): {}", row.name, row.file, row.verdict);
        }
    }
    for (title, is_false) in [("False", true), ("True", false)] {
        let _ = write!(text, "\n## {title} statements\n\n");
        text += "| statement | verdict | seconds | sizes | margin | found by | plain |\n";
        text += "| --- | --- | ---: | --- | ---: | --- | ---: |\n";
        for row in rows.iter().filter(|row| row.is_false == is_false) {
            let verdict = match row.verdict.as_str() {
                "refuted" if row.certified => "refuted, certified",
                verdict => verdict,
            };
            let (margin, name) = (margin(row), row.name.replace('|', "\\|"));
            let (seconds, sizes, found, plain) = (row.seconds, &row.sizes, &row.found, row.plain);
            let _ = writeln!(text, "| {name} | {verdict} | {seconds:.2} | {sizes} | {margin} | {found} | {plain} |");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_are_read_from_a_report() {
        let report = "    certified margin -1 ± 0, found among Gaussian\n    87 of 20000 samples contradict it; tight: 1\n\n1 claim";
        assert_eq!(violations(report), 87);
        assert_eq!(violations("1 claim: 1 holds; 0 surprises\n"), 0);
    }

    #[test]
    fn options_are_read() {
        let read = |words: &[&str]| Options::parse(&words.iter().map(|w| w.to_string()).collect::<Vec<_>>());
        assert_eq!(read(&[]).unwrap().budgets, Some([10.0, 60.0]));
        assert_eq!(read(&["--true", "5", "--only", "Ando"]).unwrap().budgets, Some([10.0, 5.0]));
        assert_eq!(read(&["--quick"]).unwrap().budgets, None);
        assert!(read(&["--true"]).is_err() && read(&["--false", "-1"]).is_err() && read(&["--most", "1"]).is_err());
    }
}
