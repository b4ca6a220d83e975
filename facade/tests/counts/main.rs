//! Counts what the hot paths cost: system calls (by strace), allocations, instructions (by
//! valgrind). Counts are exact where times are not, so they can be tested.
//!
//! It starts itself as a child under the counting tool, once with a little work and once with
//! more; the difference is what the work costs, without start and end. A tool that is not
//! installed is said, and is a failure in CI. Instructions are counted in release builds only.

use std::process::ExitCode;

mod allocations;
mod child;
mod instructions;
mod layers;
mod names;
mod once;
mod system_calls;
mod tool;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [child, work, amount, address] if child == "child" => {
            child::run(work, amount.parse().unwrap(), address);
            return ExitCode::SUCCESS;
        }
        // What test runners ask; there is nothing to choose from.
        [list, ..] if list == "--list" => return ExitCode::SUCCESS,
        _ => {}
    }
    let mut report = Report::default();
    allocations::count(&mut report);
    system_calls::count(&mut report);
    instructions::count(&mut report);
    report.end()
}

/// What was counted, against what it may be.
#[derive(Default)]
struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    /// Notes a count that has a limit. No work is free: nothing counted is no success.
    fn at_most(&mut self, limit: f64, count: f64, what: &str) {
        let is_counted = limit <= 0.0 || count > 0.0;
        let verdict = if is_counted && count <= limit + 1e-9 { "ok" } else { "FAILED" };
        println!("count {what}: {count:.2} (at most {limit}) ... {verdict}");
        self.tally(verdict == "ok");
    }

    /// Notes how much more `with` is than `without`, which may be nothing, or less: a layer can
    /// let the compiler find a shorter way.
    fn adds_at_most(&mut self, limit: f64, with: f64, without: f64, what: &str) {
        let is_counted = with > 0.0 && without > 0.0;
        let added = with - without;
        let verdict = if is_counted && added <= limit + 1e-9 { "ok" } else { "FAILED" };
        println!("count {what}: {added:.2} (at most {limit}) ... {verdict}");
        self.tally(verdict == "ok");
    }

    /// Notes a count that has to be what it is.
    fn exactly(&mut self, expected: f64, count: f64, what: &str) {
        let is_counted = expected <= 0.0 || count > 0.0;
        let is_expected = (count - expected).abs() < 0.01;
        let verdict = if is_counted && is_expected { "ok" } else { "FAILED" };
        println!("count {what}: {count:.2} (exactly {expected}) ... {verdict}");
        self.tally(verdict == "ok");
    }

    /// Notes that nothing can be counted, which CI does not forgive.
    fn missing(&mut self, tool: &str, what: &str) {
        let in_ci = std::env::var_os("CI").is_some();
        println!(
            "count {what}: {tool} is not installed ... {}",
            if in_ci { "FAILED" } else { "not counted" }
        );
        if in_ci {
            self.tally(false);
        }
    }

    fn tally(&mut self, ok: bool) {
        if ok { self.passed += 1 } else { self.failed += 1 }
    }

    fn end(self) -> ExitCode {
        let Self { passed, failed } = self;
        let verdict = if failed == 0 { "ok" } else { "FAILED" };
        println!(
            "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out"
        );
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
