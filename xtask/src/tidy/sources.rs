//! What every file keeps to.

use crate::tidy::source::Source;

/// The most lines of a Rust file, without its test module.
const MOST_LINES: usize = 300;

/// The most lines of a file that holds nothing but tests.
const MOST_LINES_OF_TESTS: usize = 400;

/// Files that may be longer, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Rooms in which a failure may be a panic: they run in tests and tasks only.
const MAY_PANIC: [&str; 2] = ["testing/", "xtask/"];

// Put together here, so that this file follows its own rules.
const PLACEHOLDERS: [&str; 3] =
    [concat!("to", "do!"), concat!("unimple", "mented!"), concat!("FIX", "ME")];
const PANICKING: [&str; 2] = [concat!(".unwr", "ap()"), concat!(".exp", "ect(")];
const SLEEPING: [&str; 4] = [
    concat!("thread::", "sleep"),
    concat!("Timer::", "after"),
    concat!("Timer::", "at"),
    concat!("Timer::", "interval"),
];
const IGNORED: &str = concat!("#[ign", "ore");
const UNSAFE: &str = concat!("unsafe", "_code");

/// The only file in which the compiler may be overruled: a hook between fork and exec.
const MAY_BE_UNSAFE: &str = "server-workers/src/process/parent_death.rs";

/// One line for each violation in `file`.
pub(super) fn check(file: &Source) -> Vec<String> {
    let mut violations = placeholders(file);
    if file.is_rust() {
        violations.extend(opening(file));
        violations.extend(length(file));
        violations.extend(panics(file));
        violations.extend(sleeps(file));
        violations.extend(ignored_tests(file));
        violations.extend(unchecked(file));
    }
    violations
}

fn placeholders(file: &Source) -> Vec<String> {
    find(file.lines(), &PLACEHOLDERS)
        .map(|(number, word)| format!("{}:{number}: finish the work: `{word}`", file.path))
        .collect()
}

fn opening(file: &Source) -> Option<String> {
    let path = &file.path;
    (!file.first_line().starts_with("//! "))
        .then(|| format!("{path}:1: begin with a `//!` line that says what the file is for"))
}

fn length(file: &Source) -> Option<String> {
    let (count, most) = match file.is_test_file() {
        true => (file.lines().count(), MOST_LINES_OF_TESTS),
        false => (file.code_lines().count(), MOST_LINES),
    };
    let is_exempt = LONG_FILES.iter().any(|(path, _)| *path == file.path);
    (count > most && !is_exempt).then(|| {
        let path = &file.path;
        format!("{path}: split it: it has {count} lines (without tests), {most} is the most")
    })
}

/// A panic needs its invariant: a comment on the line or on the one before.
fn panics(file: &Source) -> Vec<String> {
    if MAY_PANIC.iter().any(|room| file.path.starts_with(room)) {
        return Vec::new();
    }
    let mut before_is_comment = false;
    let mut violations = Vec::new();
    for (number, line) in file.code_lines() {
        let is_comment = is_comment(line);
        let panics = PANICKING.iter().find(|call| line.contains(*call));
        if let (Some(call), false, false) =
            (panics, is_comment || line.contains("// "), before_is_comment)
        {
            violations.push(format!(
                "{}:{number}: return an error instead of `{call}`, or give the invariant in a comment",
                file.path
            ));
        }
        before_is_comment = is_comment && !is_doc(line);
    }
    violations
}

fn sleeps(file: &Source) -> Vec<String> {
    find(file.test_lines(), &SLEEPING)
        .map(|(number, call)| {
            let path = &file.path;
            format!("{path}:{number}: wait for the state instead of a time: `{call}`")
        })
        .collect()
}

fn ignored_tests(file: &Source) -> Vec<String> {
    find(file.lines(), &[IGNORED])
        .map(|(number, _)| format!("{}:{number}: let this test run, or remove it", file.path))
        .collect()
}

/// A lint refuses what is not safe, and can be switched off anywhere; this says where it may be.
fn unchecked(file: &Source) -> Vec<String> {
    if file.path == MAY_BE_UNSAFE {
        return Vec::new();
    }
    find(file.lines(), &[UNSAFE])
        .map(|(number, word)| {
            format!("{}:{number}: do without `{word}`: only {MAY_BE_UNSAFE} may", file.path)
        })
        .collect()
}

/// The lines of code that contain one of the words.
fn find<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    words: &'static [&'static str],
) -> impl Iterator<Item = (usize, &'static str)> {
    lines.filter_map(|(number, line)| {
        let word = words.iter().find(|word| line.contains(**word))?;
        Some((number, *word))
    })
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

fn is_doc(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("///") || line.starts_with("//!")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the rules say of a file with this text behind its first line.
    fn violations(path: &str, text: &str) -> Vec<String> {
        check(&Source::new(path, format!("//! A door.\n{text}")))
    }

    #[test]
    fn a_tidy_file_is_left_alone() {
        assert_eq!(violations("door/src/lib.rs", "fn open() {}\n"), [""; 0]);
    }

    #[test]
    fn a_rust_file_begins_with_what_it_is_for() {
        let found = check(&Source::new("door/src/lib.rs", "use std::io;\n"));
        assert_eq!(
            found,
            ["door/src/lib.rs:1: begin with a `//!` line that says what the file is for"]
        );
    }

    #[test]
    fn the_length_of_a_file_is_that_of_its_code() {
        let code = "fn a() {}\n".repeat(MOST_LINES - 1);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    // a test\n".repeat(50));
        assert_eq!(violations("door/src/lib.rs", &format!("{code}{tests}")), [""; 0]);
        let [violation] = &violations("door/src/lib.rs", &format!("{code}\n"))[..] else {
            panic!()
        };
        assert!(violation.contains("split it: it has 301 lines"), "{violation}");
    }

    #[test]
    fn a_file_of_tests_has_its_own_length() {
        let lines = "fn a() {}\n".repeat(MOST_LINES_OF_TESTS);
        let [violation] = &violations("door/tests/opens.rs", &lines)[..] else { panic!() };
        assert!(violation.contains("400 is the most"), "{violation}");
    }

    #[test]
    fn unfinished_work_is_found_in_code_and_papers() {
        for word in PLACEHOLDERS {
            for path in ["door/src/lib.rs", "door/tests/opens.rs", "README.md"] {
                let found = violations(path, &format!("\n    {word}\n"));
                assert_eq!(found, [format!("{path}:3: finish the work: `{word}`")]);
            }
        }
    }

    #[test]
    fn a_panic_without_an_invariant_is_refused() {
        for call in PANICKING {
            let [violation] =
                &violations("door/src/lib.rs", &format!("/// A door.\nlet a = b{call};\n"))[..]
            else {
                panic!()
            };
            assert!(violation.starts_with("door/src/lib.rs:3: return an error"), "{violation}");
        }
    }

    #[test]
    fn a_panic_with_an_invariant_or_in_docs_tests_and_fakes_is_left_alone() {
        for call in PANICKING {
            for text in [
                format!("// There is always one.\nlet a = b{call};\n"),
                format!("let a = b{call}; // there is always one\n"),
                format!("/// let a = b{call};\n"),
                format!("#[cfg(test)]\nmod tests {{\n    let a = b{call};\n}}\n"),
            ] {
                assert_eq!(violations("door/src/lib.rs", &text), [""; 0], "{text}");
            }
            for path in ["testing/src/lib.rs", "xtask/src/main.rs", "door/tests/opens.rs"] {
                assert_eq!(violations(path, &format!("let a = b{call};\n")), [""; 0], "{path}");
            }
        }
    }

    #[test]
    fn a_sleep_is_refused_in_tests_and_nowhere_else() {
        for call in SLEEPING {
            let in_module = format!("#[cfg(test)]\nmod tests {{\n    {call}(a);\n}}\n");
            assert_eq!(violations("door/src/lib.rs", &in_module).len(), 1, "{call}");
            assert_eq!(violations("door/tests/opens.rs", &format!("{call}(a);\n")).len(), 1);
            assert_eq!(violations("door/src/lib.rs", &format!("{call}(a);\n")), [""; 0]);
        }
    }

    #[test]
    fn an_ignored_test_is_refused() {
        let found = violations("door/tests/opens.rs", &format!("{IGNORED}]\nfn opens() {{}}\n"));
        assert_eq!(found, ["door/tests/opens.rs:2: let this test run, or remove it"]);
    }

    #[test]
    fn code_that_is_not_safe_is_refused_in_all_files_but_one() {
        let attribute = format!("#[expect({UNSAFE})]\n");
        assert_eq!(violations(MAY_BE_UNSAFE, &attribute), [""; 0]);
        for path in ["door/src/lib.rs", "door/tests/opens.rs", "testing/src/lib.rs"] {
            let [violation] = &violations(path, &attribute)[..] else { panic!() };
            assert!(violation.starts_with(&format!("{path}:2: do without")), "{violation}");
        }
    }
}
