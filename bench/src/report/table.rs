//! A scenario as a table of text.

use std::fmt::Write;

use crate::{
    library::Library,
    measure::{
        sample::{Sample, Spread},
        turns::Measured,
    },
    report::outcome::Outcome,
    scenario::Figure,
};

/// What stands where there is nothing to say.
const NOTHING: &str = "-";

/// With a line for each library, and one for the system calls of ours.
pub(crate) fn table(outcome: &Outcome) -> String {
    let scenario = &outcome.scenario;
    let operation = scenario.work.operation();
    let mut text = format!("{}: {} (per {operation})\n\n", scenario.name, scenario.title);
    let mut rows = vec![headings(scenario.figure)];
    rows.extend(outcome.measured.iter().map(|measured| row(outcome, measured)));
    text.push_str(&aligned(&rows));
    let ours = outcome.of(Library::Ours).and_then(|ours| ours.calls.as_ref());
    if let Some(calls) = ours {
        let calls = calls.iter().filter(|(_, count)| **count >= 0.005);
        let calls: Vec<String> = calls.map(|(name, count)| format!("{name} {count:.2}")).collect();
        // It is a string that is written to.
        let _ = writeln!(text, "\n  system calls of ours: {}", calls.join(", "));
    }
    let disturbed = outcome.measured.iter().filter(|measured| measured.disturbed > 0);
    let mut before = "\n";
    for Measured { library, disturbed, .. } in disturbed {
        let runs = if *disturbed == 1 { "run" } else { "runs" };
        let what = format!("in {disturbed} {runs} the kernel has dropped connections");
        let _ = writeln!(text, "{before}  {library}: {what}");
        before = "";
    }
    text
}

fn headings(figure: Figure) -> Vec<String> {
    let mut headings = vec!["library", figure.unit(), "least..most", "x best"];
    if figure == Figure::Cpu {
        headings.extend(["x raw", "rate/s", "allocs", "bytes", "calls"]);
    }
    headings.into_iter().map(str::to_string).collect()
}

fn row(outcome: &Outcome, measured: &Measured) -> Vec<String> {
    let figure = outcome.scenario.figure;
    let decimals = figure.decimals();
    let ratio = |other: Option<&Measured>| {
        number(other.and_then(|other| outcome.ratio(measured, other)).map(median), 2)
    };
    let spread = outcome.spread(measured);
    let range =
        spread.map(|spread| format!("{:.decimals$}..{:.decimals$}", spread.least, spread.most));
    let mut row = vec![
        measured.library.to_string(),
        number(spread.map(median), decimals),
        range.unwrap_or_else(|| NOTHING.to_string()),
        ratio(outcome.best()),
    ];
    if figure == Figure::Cpu {
        let of_samples = |value: fn(&Sample) -> Option<f64>| {
            Spread::of(measured.samples.iter().filter_map(value)).map(median)
        };
        let calls = measured.calls.as_ref().map(|calls| calls.values().sum());
        row.extend([
            ratio(outcome.limit()),
            number(of_samples(|sample| Some(sample.rate)), 0),
            number(of_samples(|sample| sample.allocations), 2),
            number(of_samples(|sample| sample.allocated), 0),
            number(calls, 2),
        ]);
    }
    row
}

fn median(spread: Spread) -> f64 {
    spread.median
}

fn number(value: Option<f64>, decimals: usize) -> String {
    match value {
        Some(value) => format!("{value:.decimals$}"),
        None => NOTHING.to_string(),
    }
}

/// Rows of as many cells each; the first column begins and the others end below each other.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map(Vec::len).unwrap_or_default();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // It is a string that is written to.
            let _ = match column {
                0 => write!(text, "  {cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        measure::sample::Calls,
        report::example::{measured, outcome},
    };

    #[test]
    fn a_table_has_a_line_for_each_library_and_the_calls_of_ours() {
        let calls = Calls::from([("close".into(), 1.0), ("connect".into(), 2.0)]);
        let ours = Measured { calls: Some(calls), ..measured(Library::Ours, &[20.0, 22.0, 21.0]) };
        let table = table(&outcome("connect", vec![measured(Library::Raw, &[20.0; 3]), ours]));
        let expected = "\
connect: connect to a literal address, one after another (per connection)

  library  CPU us   least..most  x best  x raw  rate/s  allocs  bytes  calls
  raw       20.00  20.00..20.00    0.95   1.00   50000    0.00      0      -
  ours      21.00  20.00..22.00    1.00   1.05   47619    0.00      0   3.00

  system calls of ours: close 1.00, connect 2.00
";
        assert_eq!(table, expected);
    }

    #[test]
    fn a_table_says_how_many_runs_were_disturbed() {
        let disturbed = |library, disturbed| Measured { disturbed, ..measured(library, &[20.0]) };
        let of_two = vec![disturbed(Library::Raw, 3), disturbed(Library::Tokio, 1)];
        let table = table(&outcome("connect", of_two));
        let expected = "

  raw: in 3 runs the kernel has dropped connections
  tokio: in 1 run the kernel has dropped connections
";
        assert!(table.ends_with(expected), "{table}");
    }

    #[test]
    fn a_table_of_latency_has_milliseconds() {
        let ours = Measured { latencies: vec![250.5], ..Measured::new(Library::Ours) };
        let table = table(&outcome("eyeballs", vec![ours]));
        assert!(table.ends_with("  library      ms     least..most  x best\n  ours     250.50  250.50..250.50    1.00\n"), "{table}");
    }

    #[test]
    fn a_table_of_memory_has_bytes_and_no_limit() {
        let ours = Measured { memory: vec![612.4], ..measured(Library::Ours, &[]) };
        let expected = "\
idle: 10,000 connections that say nothing (per connection)

  library  bytes  least..most  x best
  ours       612     612..612    1.00
";
        assert_eq!(table(&outcome("idle", vec![ours])), expected);
    }
}
