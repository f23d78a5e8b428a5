//! Just enough JSON to read what the program prints: no crate, so that `cargo xtask` starts within seconds.

use std::iter::Peekable;
use std::str::Chars;

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub enum Json {
    /// `null`, `true` or `false`.
    Word(String),
    /// A number, as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object, in the order of the text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text; `None` where it is no JSON.
    pub fn parse(text: &str) -> Option<Json> {
        let mut rest = text.chars().peekable();
        let value = value(&mut rest)?;
        blanks(&mut rest);
        rest.next().is_none().then_some(value)
    }

    /// The field of an object.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            Json::Word(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => None,
        }
    }

    /// The items of a list.
    pub fn items(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            Json::Word(_) | Json::Number(_) | Json::Text(_) | Json::Object(_) => &[],
        }
    }

    /// A string without its quotes, or a number or word as it is written.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Word(text) | Json::Number(text) | Json::Text(text) => Some(text),
            Json::List(_) | Json::Object(_) => None,
        }
    }

    /// The number that it is, or that it writes in a string.
    pub fn number(&self) -> Option<f64> {
        self.text()?.parse().ok()
    }
}

fn blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

fn value(rest: &mut Peekable<Chars<'_>>) -> Option<Json> {
    blanks(rest);
    match rest.peek()? {
        '"' => string(rest).map(Json::Text),
        '[' => list(rest, ']', value).map(Json::List),
        '{' => list(rest, '}', field).map(Json::Object),
        _ => {
            let mut word = String::new();
            while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)) {
                word.push(c);
            }
            match word.as_str() {
                "null" | "true" | "false" => Some(Json::Word(word)),
                _ => word.parse::<f64>().is_ok().then_some(Json::Number(word)),
            }
        }
    }
}

fn field(rest: &mut Peekable<Chars<'_>>) -> Option<(String, Json)> {
    blanks(rest);
    let name = string(rest)?;
    blanks(rest);
    rest.next_if_eq(&':')?;
    Some((name, value(rest)?))
}

fn list<T>(
    rest: &mut Peekable<Chars<'_>>,
    close: char,
    item: impl Fn(&mut Peekable<Chars<'_>>) -> Option<T>,
) -> Option<Vec<T>> {
    rest.next()?;
    let mut items = Vec::new();
    blanks(rest);
    if rest.next_if_eq(&close).is_some() {
        return Some(items);
    }
    loop {
        items.push(item(rest)?);
        blanks(rest);
        match rest.next()? {
            ',' => {}
            c if c == close => return Some(items),
            _ => return None,
        }
    }
}

fn string(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    rest.next_if_eq(&'"')?;
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(match rest.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    // What the program prints has no character that needs two of these.
                    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                }
                c => c,
            }),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let text = "{\"claims\": [\n{\"a\": null, \"m\": [\"-0.5\", 1e-3], \"t\": \"x \\\"y\\\" \\u00e9\"}], \"e\": {}, \"l\": []}\n";
        let json = Json::parse(text).unwrap();
        let claim = &json.get("claims").unwrap().items()[0];
        let margin: Vec<f64> = claim.get("m").unwrap().items().iter().filter_map(Json::number).collect();
        assert_eq!(margin, [-0.5, 1e-3]);
        assert_eq!(claim.get("t").unwrap().text(), Some("x \"y\" é"));
        assert_eq!(claim.get("a"), Some(&Json::Word("null".into())));
        assert!(claim.get("b").is_none());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "nul", "\"a", "1 2", "[1}"] {
            assert_eq!(Json::parse(text), None, "{text}");
        }
    }
}
