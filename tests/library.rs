//! The library checks by itself.

use loewner::check::Session;

fn told(session: &Session, diagnostics: &[loewner::base::Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        text += &format!("{}: {}\n", diagnostic.code, diagnostic.message);
        for label in &diagnostic.labels {
            let (line, column) = session.sources().line_column(label.span);
            let name = &session.sources().get(label.span.file).name;
            text += &format!("  {name}:{line}:{column}: {}\n", label.text);
        }
        for note in &diagnostic.notes {
            text += &format!("  note: {note}\n");
        }
        for help in &diagnostic.help {
            text += &format!("  help: {help}\n");
        }
    }
    text
}

#[test]
fn every_definition_of_the_library_checks() {
    let session = Session::new();
    if let Err(diagnostics) = session.check_library() {
        panic!("{}", told(&session, &diagnostics));
    }
}

#[test]
fn every_proof_file_checks() {
    let mut session = Session::new();
    let mut all = String::new();
    for entry in std::fs::read_dir("proofs/information_flow").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "lw") {
            match session.load_file(&path) {
                Err(diagnostics) => all += &told(&session, &diagnostics),
                Ok(theorems) => println!("{}: {}", path.display(), theorems.len()),
            }
        }
    }
    assert!(all.is_empty(), "{all}");
}
