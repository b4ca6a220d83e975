//! Tests in a network and mount namespace of their own.
//!
//! In there the loopback interface is the only one, every port is free, and files such as
//! `/etc/resolv.conf` are what the test wants them to be.

use std::{
    collections::VecDeque,
    fmt, io,
    process::{Command, ExitCode, Output},
    sync::Mutex,
    thread,
};

use crate::sync::lock;

#[cfg(target_os = "linux")]
mod inside;

/// The argument by which this program knows that it is to run one test, in a namespace.
const INSIDE: &str = "--inside-namespace";

/// How many tests run at once. They wait more than they work.
const AT_ONCE: usize = 8;

/// One test, which runs in network and mount namespaces of its own.
///
/// # Examples
///
/// A test program without a harness (`harness = false`):
///
/// ```no_run
/// use std::{fs, process::ExitCode};
///
/// use socketry_testing::{NamespaceTest, run_namespace_tests};
///
/// fn main() -> ExitCode {
///     let test = NamespaceTest::new("a_name_of_the_hosts_file", || {
///         assert!(fs::read_to_string("/etc/hosts").unwrap().contains("known"));
///     });
///     run_namespace_tests([test.with_file("/etc/hosts", "192.0.2.77 known\n")])
/// }
/// ```
pub struct NamespaceTest {
    name: String,
    files: Vec<(&'static str, String)>,
    run: Box<dyn Fn() + Send + Sync>,
}

impl NamespaceTest {
    /// A test with this name, which fails if `run` panics.
    pub fn new(name: impl Into<String>, run: impl Fn() + Send + Sync + 'static) -> Self {
        Self { name: name.into(), files: Vec::new(), run: Box::new(run) }
    }

    /// In there the file at `path` has this text. It has to exist outside, too.
    pub fn with_file(mut self, path: &'static str, text: impl Into<String>) -> Self {
        self.files.push((path, text.into()));
        self
    }
}

impl fmt::Debug for NamespaceTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamespaceTest").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Runs the tests, each in a process and namespaces of its own, and prints what came of them. The
/// `main` of a test program is to return what this returns.
///
/// Arguments are those of other tests: names, of which a test has to contain one, and `--list`.
///
/// Linux only, with `unshare` (util-linux): as root, or where users may make namespaces. Elsewhere
/// nothing runs, which is said, and is a failure if the variable `CI` is set.
pub fn run_namespace_tests(tests: impl IntoIterator<Item = NamespaceTest>) -> ExitCode {
    let tests: Vec<NamespaceTest> = tests.into_iter().collect();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [inside, name] = &arguments[..] {
        if inside == INSIDE {
            run_inside(&tests, name);
            return ExitCode::SUCCESS;
        }
    }
    let names: Vec<&String> =
        arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let is_chosen = |test: &&NamespaceTest| {
        names.is_empty() || names.iter().any(|name| test.name.contains(*name))
    };
    let chosen: VecDeque<&NamespaceTest> = tests.iter().filter(is_chosen).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        chosen.iter().for_each(|test| println!("{}: test", test.name));
        return ExitCode::SUCCESS;
    }
    match enter("true", &[]).output() {
        Ok(output) if output.status.success() => run_all(chosen),
        Ok(output) => impossible(&String::from_utf8_lossy(&output.stderr)),
        Err(error) => impossible(&format!("unshare (util-linux) cannot be started: {error}")),
    }
}

fn run_inside(tests: &[NamespaceTest], name: &str) {
    let test = tests.iter().find(|test| test.name == name);
    let test = test.unwrap_or_else(|| panic!("there is no test {name:?}"));
    #[cfg(target_os = "linux")]
    inside::furnish(&test.files).expect("a namespace can be furnished");
    (test.run)();
}

/// A program in new namespaces.
fn enter(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    #[cfg(target_os = "linux")]
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "--net", "--", program]).args(arguments);
    command
}

fn run_all(tests: VecDeque<&NamespaceTest>) -> ExitCode {
    let count = tests.len();
    println!("\nrunning {count} tests, each in namespaces of its own");
    let left = Mutex::new(tests);
    let failed: Mutex<Vec<&str>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(test) = lock(&left).pop_front() else { break };
                    if !run_one(test) {
                        lock(&failed).push(&test.name);
                    }
                }
            });
        }
    });
    let failed = lock(&failed).len();
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    let passed = count - failed;
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a test in a process of its own; its output is shown if it fails.
fn run_one(test: &NamespaceTest) -> bool {
    let name = &test.name;
    match run_outside(name) {
        Ok(output) if output.status.success() => {
            println!("test {name} ... ok");
            true
        }
        Ok(Output { status, stdout, stderr }) => {
            let [stdout, stderr] =
                [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
            println!("test {name} ... FAILED ({status})\n{stdout}{stderr}");
            false
        }
        Err(error) => {
            println!("test {name} ... FAILED: it cannot be started: {error}");
            false
        }
    }
}

fn run_outside(name: &str) -> io::Result<Output> {
    let this_program = std::env::current_exe()?;
    enter(&this_program.to_string_lossy(), &[INSIDE, name]).output()
}

/// Says that nothing was tested, which CI does not forgive.
fn impossible(reason: &str) -> ExitCode {
    let in_ci = std::env::var_os("CI").is_some();
    println!("namespaces cannot be made here: {}", reason.trim());
    println!("their tests ... {}", if in_ci { "FAILED" } else { "not run" });
    if in_ci { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
