//! A file, and which of its lines are tests.

use std::path::Path;

/// A file of this workspace.
pub(super) struct Source {
    /// From the root of the workspace, with slashes.
    pub(super) path: String,
    text: String,
    is_test: Vec<bool>,
}

impl Source {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let is_test = match is_test_file(&path) {
            true => vec![true; text.lines().count()],
            false => test_lines(&text),
        };
        Self { path, text, is_test }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether the file holds nothing but tests.
    pub(super) fn is_test_file(&self) -> bool {
        is_test_file(&self.path)
    }

    pub(super) fn first_line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// Every line with its number, beginning with 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    /// The lines that are tests, with their numbers.
    pub(super) fn test_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().zip(&self.is_test).filter(|(_, is_test)| **is_test).map(|(line, _)| line)
    }

    /// The lines that are not, with their numbers.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().zip(&self.is_test).filter(|(_, is_test)| !**is_test).map(|(line, _)| line)
    }
}

/// Whether this is a file of `tests` or `benches`, or the test module of another file.
fn is_test_file(path: &str) -> bool {
    let path = Path::new(path);
    path.file_name().is_some_and(|name| name == "tests.rs")
        || path.iter().any(|folder| folder == "tests" || folder == "benches")
}

/// Which lines belong to a test module: from `#[cfg(test)]` over `mod ... {` to the closing brace.
fn test_lines(text: &str) -> Vec<bool> {
    let lines: Vec<&str> = text.lines().collect();
    let mut is_test = Vec::with_capacity(lines.len());
    let mut inside = false;
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).copied().unwrap_or_default();
        let opens = *line == "#[cfg(test)]" && next.starts_with("mod ") && next.ends_with('{');
        inside |= opens;
        is_test.push(inside);
        inside &= *line != "}";
    }
    is_test
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_module_ends_with_its_closing_brace() {
        let source = Source::new(
            "door/src/lib.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n",
        );
        let code: Vec<usize> = source.code_lines().map(|(number, _)| number).collect();
        assert_eq!(code, [1, 6]);
    }

    #[test]
    fn a_module_that_is_only_declared_hides_no_code() {
        let source = Source::new("door/src/lib.rs", "#[cfg(test)]\nmod fake;\nfn a() {}\n");
        assert_eq!(source.test_lines().count(), 0);
    }

    #[test]
    fn files_of_a_tests_folder_are_tests() {
        for path in ["door/tests/opens.rs", "door/src/lock/tests.rs", "door/benches/opens.rs"] {
            assert!(Source::new(path, "").is_test_file(), "{path}");
        }
        assert!(!Source::new("testing/src/lib.rs", "").is_test_file());
    }
}
