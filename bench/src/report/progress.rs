//! How far the measuring is, on standard error.

use std::io::{self, IsTerminal, Write};

use crate::{library::Library, measure::turns::Effort, scenario::Scenario};

/// On a terminal a line that is written anew, and elsewhere a line for each scenario.
pub(crate) struct Progress {
    is_terminal: bool,
    scenarios: usize,
    begun: usize,
    repetitions: usize,
}

impl Progress {
    pub(crate) fn new(scenarios: usize, effort: Effort) -> Self {
        Self {
            is_terminal: io::stderr().is_terminal(),
            scenarios,
            begun: 0,
            repetitions: effort.repetitions,
        }
    }

    pub(crate) fn scenario(&mut self, scenario: &Scenario) {
        self.begun += 1;
        if !self.is_terminal {
            eprintln!("[{}/{}] {}", self.begun, self.scenarios, scenario.name);
        }
    }

    /// What comes behind the last repetition is the counting of system calls.
    pub(crate) fn turn(&self, scenario: &Scenario, library: Library, repetition: usize) {
        if self.is_terminal {
            let what = match repetition < self.repetitions {
                true => format!("{} of {}", repetition + 1, self.repetitions),
                false => "system calls".to_string(),
            };
            let (begun, scenarios, name) = (self.begun, self.scenarios, scenario.name);
            self.rewrite(&format!("[{begun}/{scenarios}] {name}: {library}, {what}"));
        }
    }

    /// The line makes room for a table.
    pub(crate) fn clear(&self) {
        if self.is_terminal {
            self.rewrite("");
        }
    }

    fn rewrite(&self, line: &str) {
        let mut out = io::stderr();
        // Whoever does not see it misses nothing that was measured.
        let _ = write!(out, "\r\x1b[K{line}");
        let _ = out.flush();
    }
}
