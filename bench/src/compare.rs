//! What was asked for is measured and shown.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use clap::ValueEnum;

use crate::{
    arguments::Arguments,
    library::Library,
    measure::{
        pair::Run,
        programs::installed,
        turns::{Effort, measure},
    },
    report::{
        check::{Verdict, check},
        json,
        outcome::Outcome,
        plot,
        progress::Progress,
        show::show,
        table::table,
    },
    scale::{self, SWEEPS},
    scenario::{SCENARIOS, Scenario},
};

/// Measures every scenario and every sweep, also behind one that fails. The error tells what did, and
/// which goals were missed.
pub(crate) fn run(arguments: &Arguments) -> io::Result<()> {
    if cfg!(debug_assertions) && !arguments.quick {
        eprintln!("this is a debug build, whose figures say nothing: `cargo xtask bench`");
    }
    let effort = effort(arguments);
    let scenarios = scenarios(arguments);
    let mut progress = Progress::new(scenarios.len(), effort);
    // Sweeps have their own.
    let libraries = if scenarios.is_empty() { vec![] } else { libraries(arguments) };
    let mut outcomes = Vec::new();
    let mut failures = Vec::new();
    for scenario in scenarios {
        progress.scenario(&scenario);
        let turn = |library, repetition| progress.turn(&scenario, library, repetition);
        let those = those_in(&scenario, &libraries, arguments);
        if those.is_empty() {
            continue;
        }
        let measured = measure(&scenario, &those, effort, turn);
        progress.clear();
        match measured {
            Ok(measured) => {
                let outcome = Outcome { scenario, measured };
                show(arguments, &table(&outcome));
                if let Some(path) = plot::write(&arguments.plots, &outcome)? {
                    show(arguments, &format!("  plot: {}\n", path.display()));
                }
                outcomes.push(outcome);
            }
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                eprintln!("{} is left out: {error}", scenario.name);
            }
            Err(error) => failures.push(format!("{}: {error}", scenario.name)),
        }
    }
    let sweeps = scale::run(arguments, &mut failures);
    if let Some(path) = &arguments.json {
        json::write(path, effort, &outcomes, &sweeps)?;
    }
    if arguments.check {
        failures.extend(missed(arguments, &outcomes));
    }
    match failures.is_empty() {
        true => Ok(()),
        false => Err(io::Error::other(failures.join("\n"))),
    }
}

/// Says what can be measured.
pub(crate) fn list() {
    println!("scenarios:");
    for scenario in SCENARIOS {
        println!("  {:<22}  {}", scenario.name, scenario.title);
    }
    println!("\nsweeps:");
    for sweep in SWEEPS {
        println!("  {:<22}  {}", sweep.name, sweep.title);
    }
    println!("\nbackends:");
    for library in Library::value_variants() {
        let value = library.to_possible_value();
        let help = value.and_then(|value| value.get_help().map(ToString::to_string));
        println!("  {library:<22}  {}", help.unwrap_or_default());
    }
}

fn effort(arguments: &Arguments) -> Effort {
    match arguments.quick {
        true => Effort { run: Run::Operations(QUICK_OPERATIONS), repetitions: 1 },
        false => Effort {
            run: Run::For(Duration::from_millis(arguments.milliseconds)),
            repetitions: arguments.repetitions,
        },
    }
}

const QUICK_OPERATIONS: u64 = 3;
const QUICK_CONNECTIONS: usize = 8;

fn scenarios(arguments: &Arguments) -> Vec<Scenario> {
    let chosen = |scenario: &&Scenario| {
        arguments.scenario.is_empty() || arguments.scenario.iter().any(|name| name == scenario.name)
    };
    let most = if arguments.quick { QUICK_CONNECTIONS } else { usize::MAX };
    let sized =
        |scenario: &Scenario| Scenario { connections: scenario.connections.min(most), ..*scenario };
    SCENARIOS.iter().filter(chosen).map(sized).collect()
}

/// What was asked for, and the limit.
fn libraries(arguments: &Arguments) -> Vec<Library> {
    let mut libraries = Library::value_variants().to_vec();
    libraries.retain(|library| {
        arguments.backend.is_empty()
            || *library == Library::Raw
            || arguments.backend.contains(library)
    });
    installed(libraries)
}

/// Those that a scenario has; if somebody has asked for another one, it is said.
fn those_in(scenario: &Scenario, libraries: &[Library], arguments: &Arguments) -> Vec<Library> {
    let (those, others): (Vec<Library>, Vec<Library>) =
        libraries.iter().partition(|library| scenario.has(**library));
    for library in others.iter().filter(|library| arguments.backend.contains(library)) {
        eprintln!("{}: {library} is not in it", scenario.name);
    }
    those
}

/// Prints the goals, and returns those that were missed.
fn missed(arguments: &Arguments, outcomes: &[Outcome]) -> Vec<String> {
    let findings = check(outcomes);
    let lines: Vec<String> = findings.iter().map(|finding| format!("  {finding}\n")).collect();
    show(arguments, &format!("goals\n\n{}", lines.concat()));
    let missed = findings.iter().filter(|finding| finding.verdict == Verdict::Missed);
    missed.map(|finding| format!("a goal is missed: {}", finding.goal())).collect()
}
