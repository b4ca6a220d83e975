//! `cargo xtask test`: every test of the workspace, and what the hot paths cost.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    command::{cargo, not_started, run as run_command, shown},
    failed::Failed,
};

/// Unit tests, integration tests and doctests with all features; examples are compiled.
const TEST: [&str; 4] = ["test", "--workspace", "--all-features", "--no-fail-fast"];

/// The counts of the hot paths once more, as users build them: instructions are counted only there.
const COUNTS: [&str; 6] = ["test", "--release", "--package", "socketry", "--test", "counts"];

/// Programs of others that tests talk with.
struct Peers {
    what: &'static str,
    /// Each with Debian's package that has it.
    programs: &'static [(&'static str, &'static str)],
    /// The tests that need them, by a part of their names.
    tests: &'static [&'static str],
}

const PEERS: [Peers; 5] = [
    Peers {
        what: "other implementations of TLS",
        programs: &[
            ("openssl", "openssl"),
            ("gnutls-cli", "gnutls-bin"),
            ("gnutls-serv", "gnutls-bin"),
            ("nginx", "nginx-light"),
        ],
        // Those that talk with them, and those of keys that they make.
        tests: &[
            "openssl",
            "gnutls",
            "nginx::",
            "identities::",
            "keys::",
            "pairs::",
            "weak::",
            "zoo::",
            "an_encrypted_key",
        ],
    },
    Peers { what: "memcached", programs: &[("memcached", "memcached")], tests: &["memcached"] },
    Peers { what: "Redis", programs: &[("redis-server", "redis-server")], tests: &["redis"] },
    // The languages of the workers that tests start.
    Peers { what: "PHP", programs: &[("php", "php-cli")], tests: &["php"] },
    Peers { what: "Python", programs: &[("python3", "python3")], tests: &["python"] },
];

/// Runs everything, and says all that came of it although one of them has failed.
pub(crate) fn run() -> Result<(), Failed> {
    let tests = run_tests();
    let counts = run_command(&mut cargo(COUNTS));
    tests.and(counts)
}

/// Builds everything first, so that the time of the tests is their own.
fn run_tests() -> Result<(), Failed> {
    let started = Instant::now();
    run_command(cargo(TEST).arg("--no-run"))?;
    let built = started.elapsed();

    let started = Instant::now();
    let mut tally = Tally::default();
    let left_out = left_out(has_program, env::var_os("CI").is_some());
    let mut test = cargo(TEST);
    if !left_out.is_empty() {
        test.arg("--").args(left_out);
    }
    let result = run_and_count(&mut test, &mut tally);
    let Tally { passed, failed, ignored } = tally;
    println!(
        "\n{passed} tests passed, {failed} failed, {ignored} ignored; \
         built in {built:.1?}, ran in {:.1?} (doctests are built as they run)",
        started.elapsed()
    );
    result?;
    match tally {
        Tally { passed: 0, .. } => Err(Failed::new("not one test has run")),
        Tally { ignored: 1.., .. } => Err(Failed::new("a test is ignored: mend it or remove it")),
        _ => Ok(()),
    }
}

/// The options that leave out the tests of programs which are not there. CI has them all, and its
/// tests fail if not.
fn left_out(has: impl Fn(&str) -> bool, in_ci: bool) -> Vec<String> {
    let mut options = Vec::new();
    for Peers { what, programs, tests } in PEERS {
        let missing = programs.iter().filter(|(program, _)| !has(program));
        let mut packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
        packages.dedup();
        if !packages.is_empty() && !in_ci {
            println!("left out: tests with {what}; install {}", packages.join(", "));
            options.extend(tests.iter().map(|part| format!("--skip={part}")));
        }
    }
    options
}

fn has_program(name: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|folder| folder.join(name).is_file())
}

/// Prints what the tests print, and counts their results.
fn run_and_count(command: &mut Command, tally: &mut Tally) -> Result<(), Failed> {
    println!("$ {}", shown(command));
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(command, &error))?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.count(&line);
        }
    }
    let status = child.wait()?;
    match status.success() {
        true => Ok(()),
        false => Err(Failed::command(&shown(command), status.code())),
    }
}

/// How many tests came to which end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tally {
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Tally {
    /// Adds the numbers of a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    fn count(&mut self, line: &str) {
        let Some((_, numbers)) =
            line.strip_prefix("test result: ").and_then(|result| result.split_once(". "))
        else {
            return;
        };
        for part in numbers.split("; ") {
            let Some((Ok(number), what)) =
                part.split_once(' ').map(|(number, what)| (number.parse::<u32>(), what))
            else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_of_programs_that_are_not_there_are_left_out_but_for_ci() {
        assert_eq!(left_out(|_| true, false), [""; 0]);
        assert_eq!(left_out(|_| false, true), [""; 0]);
        let options = left_out(|program| program != "nginx", false);
        assert!(options.contains(&"--skip=nginx::".to_string()), "{options:?}");
        assert_eq!(left_out(|program| program != "redis-server", false), ["--skip=redis"]);
        assert_eq!(left_out(|program| program != "php", false), ["--skip=php"]);
        assert_eq!(left_out(|program| program != "python3", false), ["--skip=python"]);
    }

    #[test]
    fn the_results_of_all_test_programs_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s",
            "test a ... ok",
            "test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ] {
            tally.count(line);
        }
        assert_eq!(tally, Tally { passed: 5, failed: 4, ignored: 1 });
    }
}
