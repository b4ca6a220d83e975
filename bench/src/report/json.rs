//! Everything that was measured, for programs.

use std::{
    fs, io,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

use crate::{
    measure::{
        pair::Run,
        sample::{Calls, Sample, Spread},
        turns::{Effort, Measured},
    },
    report::{machine::Machine, outcome::Outcome},
    scale::growth::Growth,
};

/// The file that is standard output.
pub(crate) const STDOUT: &str = "-";

/// Writes it to a file, or to standard output.
pub(crate) fn write(
    path: &Path,
    effort: Effort,
    outcomes: &[Outcome],
    sweeps: &[Growth],
) -> io::Result<()> {
    let text = format!("{}\n", serde_json::to_string_pretty(&report(effort, outcomes, sweeps))?);
    if path == Path::new(STDOUT) {
        print!("{text}");
        return Ok(());
    }
    fs::write(path, text)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

#[derive(Serialize)]
struct Report<'a> {
    machine: Machine,
    /// Seconds since 1970.
    time: u64,
    repetitions: usize,
    /// How long a run is; none if it ends with so many operations.
    milliseconds: Option<u128>,
    scenarios: Vec<ScenarioReport<'a>>,
    sweeps: &'a [Growth],
}

#[derive(Serialize)]
struct ScenarioReport<'a> {
    name: &'static str,
    title: &'static str,
    /// What counts as one.
    operation: &'static str,
    connections: usize,
    /// What `figure` is counted in.
    unit: &'static str,
    libraries: Vec<LibraryReport<'a>>,
}

#[derive(Serialize)]
struct LibraryReport<'a> {
    library: String,
    figure: Option<Spread>,
    /// Of the ratios inside each repetition.
    to_best: Option<Spread>,
    to_raw: Option<Spread>,
    /// Of an operation, by repetition: nanoseconds on the processor, and the rest.
    samples: &'a [Sample],
    /// Bytes of a connection, by repetition.
    memory: &'a [f64],
    /// Milliseconds of an operation, by repetition.
    latencies: &'a [f64],
    /// Runs in which the kernel has dropped connections.
    disturbed: usize,
    /// Of an operation.
    system_calls: Option<&'a Calls>,
}

fn report<'a>(effort: Effort, outcomes: &'a [Outcome], sweeps: &'a [Growth]) -> Report<'a> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Report {
        machine: Machine::this(),
        time: now.as_secs(),
        repetitions: effort.repetitions,
        milliseconds: match effort.run {
            Run::For(duration) => Some(duration.as_millis()),
            Run::Operations(_) => None,
        },
        scenarios: outcomes.iter().map(scenario).collect(),
        sweeps,
    }
}

fn scenario(outcome: &Outcome) -> ScenarioReport<'_> {
    let scenario = &outcome.scenario;
    ScenarioReport {
        name: scenario.name,
        title: scenario.title,
        operation: scenario.work.operation(),
        connections: scenario.connections,
        unit: scenario.figure.unit(),
        libraries: outcome.measured.iter().map(|measured| library(outcome, measured)).collect(),
    }
}

fn library<'a>(outcome: &Outcome, measured: &'a Measured) -> LibraryReport<'a> {
    let ratio = |other: Option<&Measured>| outcome.ratio(measured, other?);
    LibraryReport {
        library: measured.library.to_string(),
        figure: outcome.spread(measured),
        to_best: ratio(outcome.best()),
        to_raw: ratio(outcome.limit()),
        samples: &measured.samples,
        memory: &measured.memory,
        latencies: &measured.latencies,
        disturbed: measured.disturbed,
        system_calls: measured.calls.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        library::Library,
        report::example::{measured, outcome},
        scale::SWEEPS,
    };

    #[test]
    fn every_repetition_is_there() {
        let effort = Effort { run: Run::For(Duration::from_millis(300)), repetitions: 2 };
        let outcome = outcome("connect", vec![measured(Library::OursSmol, &[20.0, 21.0])]);
        let mut sweep = Growth::new(SWEEPS[0], Some(Library::OursSmol));
        sweep.points[0].cpu = vec![20.0, 21.0];
        let report = serde_json::to_value(report(effort, &[outcome], &[sweep])).unwrap();
        let library = &report["scenarios"][0]["libraries"][0];
        assert_eq!(library["library"], "ours-smol");
        assert_eq!(library["samples"][1]["cpu"], 21_000.0);
        assert_eq!(library["figure"]["median"], 20.5);
        assert_eq!(report["milliseconds"], 300);
        let sweep = &report["sweeps"][0];
        assert_eq!(
            (&sweep["name"], &sweep["library"]),
            (&SWEEPS[0].name.into(), &"ours-smol".into())
        );
        assert_eq!(sweep["points"][0]["cpu"][1], 21.0);
    }
}
