//! What is wrong in a document, and where.

use std::fmt;

use serde::de;

/// A place in a document; lines and columns begin with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What is wrong in a document. Its place is added by whoever knows it first, on its way out.
#[derive(Debug)]
pub(super) struct Fault {
    location: Option<Location>,
    /// The keys that lead to it, the innermost one first.
    path: Vec<String>,
    reason: String,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { location: None, path: Vec::new(), reason: reason.into() }
    }

    /// At this place, if it is not yet known more exactly.
    pub(super) fn at(mut self, location: Location) -> Self {
        self.location.get_or_insert(location);
        self
    }

    /// Under this key.
    pub(super) fn under(mut self, key: impl Into<String>) -> Self {
        self.path.push(key.into());
        self
    }

    /// With what may have led to it: variables without a value at its key, or below.
    pub(super) fn because_of(mut self, unset: &[Self]) -> Self {
        let is_cause = |other: &&Self| !self.path.is_empty() && other.path.ends_with(&self.path);
        if let Some(cause) = unset.iter().find(is_cause) {
            self.reason = format!("{}; {}", self.reason, cause.reason);
        }
        self
    }

    /// Its place, its key with dots, and what is wrong.
    pub(super) fn into_parts(self) -> (Option<Location>, String, String) {
        let keys: Vec<String> = self.path.into_iter().rev().collect();
        (self.location, keys.join("."), self.reason)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason.to_string())
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(match found {
            de::Unexpected::Str(text) => format!("expected {expected}, and not {text:?}"),
            de::Unexpected::Map => format!("expected {expected}, and not a map"),
            de::Unexpected::Seq => format!("expected {expected}, and not a list"),
            found => format!("expected {expected}, and not {found}"),
        })
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(format!("`{key}` is missing"))
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(match nearest(key, known) {
            Some(near) => format!("unknown key; did you mean `{near}`?"),
            None => format!("unknown key; {}", one_of("is known here", "are known here", known)),
        })
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Self::new(match nearest(found, known) {
            Some(near) => format!("unknown value {found:?}; did you mean `{near}`?"),
            None => format!(
                "unknown value {found:?}; {}",
                one_of("is known here", "are known here", known)
            ),
        })
    }
}

fn one_of(one: &str, many: &str, known: &[&str]) -> String {
    let quoted: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
    match quoted.as_slice() {
        [] => "none is known here".to_owned(),
        [only] => format!("{only} {one}"),
        [first @ .., last] => format!("{} and {last} {many}", first.join(", ")),
    }
}

/// Which of the known words was meant, if it is not far.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    let far = (word.len() / 3).min(2);
    let distances = known.iter().map(|known| (distance(&word, known), *known));
    distances.filter(|(distance, _)| *distance <= far).min().map(|(_, known)| known)
}

/// How many letters have to be put in, left out or replaced to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, wanted) in other.chars().enumerate() {
            let replaced = diagonal + usize::from(letter != wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
