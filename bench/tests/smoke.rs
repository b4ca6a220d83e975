//! Every library does the work of every scenario, for an instant, and it gets into the report.

#![cfg(target_os = "linux")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// Those of plain connections over loopback, which need nothing but this machine.
const SCENARIOS: [&str; 11] = [
    "connect",
    "connect-name",
    "churn-client",
    "ping",
    "ping-256",
    "send",
    "receive",
    "accept",
    "churn-server",
    "echo-256",
    "idle",
];

/// Those that are always there.
const LIBRARIES: [&str; 7] =
    ["raw", "ours", "ours-smol", "async-net", "async-std", "tokio", "tokio-threads"];

#[test]
fn every_library_does_the_work_of_every_scenario() {
    let report = report(&SCENARIOS, &LIBRARIES);
    let mut found = BTreeSet::new();
    for scenario in items(&report["scenarios"]) {
        for library in items(&scenario["libraries"]) {
            assert!(library["figure"]["median"].is_number(), "{scenario:#}");
            found.insert((text(&scenario["name"]), text(&library["library"])));
        }
    }
    let expected = SCENARIOS
        .iter()
        .flat_map(|scenario| LIBRARIES.map(|library| (scenario.to_string(), library.to_string())));
    assert_eq!(found, expected.collect());
}

#[test]
fn the_tables_go_to_standard_error_if_the_json_goes_to_standard_output() {
    let plots = plots("both");
    let Output { stdout, stderr, .. } =
        run(&["--quick", "--scenario", "ping", "--backend", "tokio", "--json", "-"], &plots);
    let report: Value = serde_json::from_slice(&stdout).unwrap();
    assert_eq!(report["scenarios"][0]["name"], "ping");
    assert!(String::from_utf8_lossy(&stderr).contains("ping: one client's round trips"));
}

#[test]
fn a_scenario_has_a_plot() {
    let plots = plots("plot");
    run(&["--quick", "--scenario", "accept", "--backend", "tokio"], &plots);
    let plot = fs::read_to_string(plots.join("accept.svg")).unwrap();
    assert!(plot.contains(">tokio</text>"), "{plot}");
}

#[test]
fn an_unknown_scenario_is_refused_with_the_list() {
    let output = run(&["--scenario", "conect"], &plots("unknown"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("[possible values: connect, connect-name,"), "{stderr}");
}

#[test]
fn an_unknown_library_is_refused_with_the_list() {
    let output = run(&["--backend", "tokyo"], &plots("unknown-library"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("[possible values: raw, ours,"), "{stderr}");
}

#[test]
fn goals_of_what_was_not_measured_are_not_missed() {
    let plots = plots("unmeasured");
    let options = ["--quick", "--check", "--scenario", "ping", "--backend", "tokio"];
    let output = run(&options, &plots);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("unmeasured   accept"), "{output:?}");
}

#[test]
fn a_sweep_has_a_table_and_a_plot() {
    let plots = plots("sweeps");
    for sweep in ["scale-connections", "scale-clients", "scale-tracked"] {
        let output = run(&["--quick", "--scenario", sweep], &plots);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(stdout.contains("growth"), "{output:?}");
        assert!(plots.join(format!("{sweep}.svg")).exists());
    }
}

#[test]
fn a_sweep_gets_into_the_json() {
    let report = report(&["scale-names"], &[]);
    assert_eq!(report["sweeps"][0]["name"], "scale-names");
    assert!(report["sweeps"][0]["points"][0]["cpu"][0].is_number(), "{report:#}");
}

#[test]
fn layers_are_compared_with_none() {
    for (scenario, library) in [
        ("broadcast", "ours"),
        ("limiting", "ours-limited"),
        ("facade", "ours-by-hand"),
        ("facade-name", "ours-facade"),
    ] {
        let report = report(&[scenario], &[library]);
        assert_eq!(report["scenarios"][0]["name"], scenario);
    }
}

fn report(scenarios: &[&str], libraries: &[&str]) -> Value {
    let mut options = vec!["--quick", "--json", "-"];
    options.extend(scenarios.iter().flat_map(|name| ["--scenario", name]));
    options.extend(libraries.iter().flat_map(|name| ["--backend", name]));
    let output = run(&options, &plots("all"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn run(options: &[&str], plots: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_socketry-bench"));
    command.args(options).arg("--plots").arg(plots).output().unwrap()
}

/// A folder without what an earlier run has left.
fn plots(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-plots").join(test);
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_string()
}
