//! Which steps run, and the table of what came of them.

use std::{fmt::Write, time::Duration};

use crate::{ci::seconds, failed::Failed};

/// Which steps were asked for.
#[derive(Debug)]
pub(super) struct Plan {
    names: Vec<&'static str>,
}

impl Plan {
    /// Reads `--from STEP`, `--only STEP` and `--skip STEP`; without any of them, every step.
    pub(super) fn read(options: &[&str], steps: &[&'static str]) -> Result<Self, Failed> {
        let mut names = steps.to_vec();
        let mut only = Vec::new();
        let mut options = options.iter();
        while let Some(option) = options.next() {
            let step = options.next().copied().unwrap_or_default();
            let Some(index) = steps.iter().position(|name| *name == step) else {
                let steps = steps.join(", ");
                return Err(Failed::usage(format!("{option} takes one of the steps {steps}")));
            };
            match *option {
                "--from" => names.retain(|name| steps[index..].contains(name)),
                "--skip" => names.retain(|name| *name != step),
                "--only" => only.push(step),
                _ => {
                    return Err(Failed::usage(format!(
                        "no such option: {option}; there are --from, --only and --skip"
                    )));
                }
            }
        }
        names.retain(|name| only.is_empty() || only.contains(name));
        match names.is_empty() {
            true => Err(Failed::usage("these options leave no step to run")),
            false => Ok(Self { names }),
        }
    }

    pub(super) fn includes(&self, step: &str) -> bool {
        self.names.contains(&step)
    }
}

/// What came of a step.
pub(super) struct Ended {
    pub(super) name: &'static str,
    /// How long it ran; `None` if it did not.
    pub(super) took: Option<Duration>,
    /// In seconds.
    pub(super) budget: u64,
    pub(super) failed: bool,
}

/// One line a step: name, time, budget, result.
pub(super) fn table(steps: &[Ended]) -> String {
    let mut table = format!("{:<8}{:>10}{:>10}  result", "step", "time", "budget");
    for step in steps {
        let result = match step.took {
            None => "not run",
            Some(_) if step.failed => "FAILED",
            Some(took) if took > Duration::from_secs(step.budget) => "passed, over its budget",
            Some(_) => "passed",
        };
        let took = step.took.map_or_else(|| "-".to_string(), seconds);
        let budget = format!("{} s", step.budget);
        // Writing to a string does not fail.
        let _ = write!(table, "\n{:<8}{took:>10}{budget:>10}  {result}", step.name);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [&str; 4] = ["fmt", "test", "doc", "soak"];

    fn chosen(options: &[&str]) -> Vec<&'static str> {
        Plan::read(options, &STEPS).unwrap().names
    }

    #[test]
    fn every_step_runs_unless_options_choose() {
        assert_eq!(chosen(&[]), STEPS);
        assert_eq!(chosen(&["--from", "test"]), ["test", "doc", "soak"]);
        assert_eq!(chosen(&["--only", "doc", "--only", "fmt"]), ["fmt", "doc"]);
        assert_eq!(chosen(&["--from", "test", "--skip", "doc"]), ["test", "soak"]);
    }

    #[test]
    fn unknown_options_and_steps_and_an_empty_choice_are_refused() {
        for options in [
            &["--only"][..],
            &["--only", "tset"],
            &["--form", "test"],
            &["test"],
            &["--only", "doc", "--skip", "doc"],
        ] {
            assert!(Plan::read(options, &STEPS).is_err(), "{options:?}");
        }
    }

    #[test]
    fn the_table_says_what_failed_what_was_slow_and_what_did_not_run() {
        let ended = |name, seconds, failed| Ended {
            name,
            took: Option::map(seconds, Duration::from_secs),
            budget: 10,
            failed,
        };
        let table = table(&[
            ended("fmt", Some(1), false),
            ended("doc", Some(11), false),
            ended("test", Some(2), true),
            ended("soak", None, false),
        ]);
        let expected = [
            "step          time    budget  result",
            "fmt          1.0 s      10 s  passed",
            "doc         11.0 s      10 s  passed, over its budget",
            "test         2.0 s      10 s  FAILED",
            "soak             -      10 s  not run",
        ];
        assert_eq!(table.lines().collect::<Vec<_>>(), expected);
    }
}
