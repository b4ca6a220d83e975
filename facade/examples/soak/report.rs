//! What was measured, and whether it is what it may be.

use std::process::ExitCode;

/// What was measured so far.
#[derive(Default)]
pub(crate) struct Report {
    passed: usize,
    broken: usize,
}

impl Report {
    /// A measurement that has a limit.
    pub(crate) fn at_most(&mut self, what: &str, measured: f64, limit: f64, unit: &str) {
        let holds = measured <= limit;
        let verdict = if holds { "ok" } else { "BROKEN" };
        println!("  {what}: {}{unit} (at most {}{unit}) {verdict}", short(measured), short(limit));
        self.tally(holds);
    }

    /// A measurement that has to be large enough to mean something.
    pub(crate) fn at_least(&mut self, what: &str, measured: f64, limit: f64, unit: &str) {
        let holds = measured >= limit;
        let verdict = if holds { "ok" } else { "BROKEN" };
        println!("  {what}: {}{unit} (at least {}{unit}) {verdict}", short(measured), short(limit));
        self.tally(holds);
    }

    /// Something that has gone wrong altogether.
    pub(crate) fn fail(&mut self, what: &str) {
        println!("  {what} BROKEN");
        self.tally(false);
    }

    fn tally(&mut self, holds: bool) {
        match holds {
            true => self.passed += 1,
            false => self.broken += 1,
        }
    }

    /// Says how many limits were broken, and fails if any was.
    pub(crate) fn end(self) -> ExitCode {
        let Self { passed, broken } = self;
        println!("\n{passed} limits hold, {broken} are broken");
        match (passed, broken) {
            (1.., 0) => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        }
    }
}

/// Something to know, without a limit.
pub(crate) fn note(text: &str) {
    println!("  {text}");
}

/// At most two digits behind the point.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
