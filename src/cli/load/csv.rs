//! `.csv` files: a rectangle of numbers.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{by_columns, shape, unusable};
use crate::base::{Code, Diagnostic};
use crate::check::{Data, Entries};

/// The numbers in a file's bytes. One column is a vector; anything wider is a matrix, a line for each row.
///
/// A first line in which no field is a number names the columns and is passed over, as are empty lines and lines that
/// start with `#`.
pub(super) fn read(path: &str, bytes: &[u8]) -> Result<Data, Diagnostic> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        // Rows of different lengths are found below, where the message can say more.
        .flexible(true)
        .trim(Trim::All)
        .comment(Some(b'#'))
        .from_reader(bytes);
    let mut values = Vec::new();
    let mut columns = None;
    let mut rows = 0;
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|error| malformed(path, &error))?;
        if index == 0 && is_header(&record) {
            columns = Some((record.len(), 1));
            continue;
        }
        let line = record.position().map_or(0, |place| place.line());
        let (expected, first) = *columns.get_or_insert((record.len(), line));
        if record.len() != expected {
            let what = format!("line {line} has {} fields, line {first} has {expected}", record.len());
            return Err(unusable(path, what).help("every line needs as many numbers as the first"));
        }
        for (column, field) in record.iter().enumerate() {
            values.push(number(path, line, column + 1, field)?);
        }
        rows += 1;
    }
    let columns = match columns {
        Some((columns, _)) if rows > 0 => columns,
        _ => return Err(unusable(path, "it holds no numbers")),
    };
    let sizes: &[usize] = if columns == 1 { &[rows] } else { &[rows, columns] };
    let entries = by_columns(Entries::Real(values), sizes);
    Ok(Data { shape: shape(path, sizes)?, entries, epsilon: f64::EPSILON })
}

/// Whether a first line names the columns: none of its fields is a number, and there is one that is not empty.
fn is_header(record: &StringRecord) -> bool {
    record.iter().all(|field| field.parse::<f64>().is_err()) && record.iter().any(starts_like_a_name)
}

/// `alpha` and `"x 1"` do, `1;2` does not: that is a number with another separator.
fn starts_like_a_name(field: &str) -> bool {
    field.chars().next().is_some_and(|c| c == '_' || c.is_alphabetic())
}

fn number(path: &str, line: u64, column: usize, field: &str) -> Result<f64, Diagnostic> {
    if field.is_empty() {
        return Err(unusable(path, format!("line {line}, column {column} is empty")));
    }
    field.parse().map_err(|_| {
        let shown: String = field.chars().take(40).collect();
        let help = match field.contains([';', '\t', ' ']) {
            true => "the numbers of a line are separated by commas",
            false => "every field is a number such as 1, -0.5 or 2.5e-3",
        };
        unusable(path, format!("line {line}, column {column} holds '{shown}', which is not a number")).help(help)
    })
}

fn malformed(path: &str, error: &csv::Error) -> Diagnostic {
    let line = error.position().map_or(String::new(), |place| format!(" on line {}", place.line()));
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => Diagnostic::new(Code::E0802, format!("'{path}' is not UTF-8{line}")),
        _ => unusable(path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_names_is_passed_over() {
        let plain = read("x", b"1, 2\n3, -4e-1\n").unwrap();
        assert_eq!(read("x", b"a,b\n1,2\n3,-0.4\n").unwrap(), plain);
        assert_eq!(read("x", b"\xef\xbb\xbf# made by hand\n\"a\",b\r\n1,2\r\n\r\n3,-0.4").unwrap(), plain);
        assert_eq!(plain, Data::matrix(2, 2, Entries::Real(vec![1.0, 3.0, 2.0, -0.4])));
        assert_eq!(read("x", b"1\n2\n").unwrap().shape.to_string(), "vector of size 2");
        assert_eq!(read("x", b"nan,inf\n1,2\n").unwrap().shape, plain.shape);
    }

    #[test]
    fn mistakes_are_named_by_line_and_column() {
        let message = |bytes: &[u8]| read("x.csv", bytes).unwrap_err().message;
        assert!(message(b"1,2\n3\n").contains("line 2 has 1 fields, line 1 has 2"));
        assert!(message(b"a,b\n1,two\n").contains("line 2, column 2 holds 'two'"));
        assert!(message(b"1,\n").contains("line 1, column 2 is empty"));
        assert!(message(b"").contains("no numbers"));
        assert!(message(b"a,b\n").contains("no numbers"));
        assert!(message(b"1,\xff\n").contains("UTF-8"));
        assert_eq!(read("x", b"1;2\n").unwrap_err().help, ["the numbers of a line are separated by commas"]);
    }
}
