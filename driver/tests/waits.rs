//! Counts the waits of each thread under strace, by the means of the example of the same name. Counts
//! are exact where times are not, so they can be tested.
//!
//! Without strace this is said, and is a failure in CI.

use std::{
    env,
    process::{Command, ExitCode, Stdio},
};

#[allow(dead_code, reason = "the example uses more of it")]
#[path = "../examples/waits/child.rs"]
mod child;
#[allow(dead_code, reason = "the example uses more of it")]
#[path = "../examples/waits/load.rs"]
mod load;
#[path = "../examples/waits/other_side.rs"]
mod other_side;
#[allow(dead_code, reason = "the example uses more of it")]
#[path = "../examples/waits/run.rs"]
mod run;

use crate::{
    child::Driver,
    load::Load,
    run::{Counts, Run},
};

/// How many operations are counted.
const OPERATIONS: usize = 3200;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("child") => {
            child::main(&arguments[1..]).unwrap();
            return ExitCode::SUCCESS;
        }
        // What test runners ask; there is nothing to choose from.
        Some("--list") => return ExitCode::SUCCESS,
        _ => {}
    }
    let strace = Command::new("strace").arg("--version").stdout(Stdio::null()).status();
    if !strace.is_ok_and(|status| status.success()) {
        println!("waits are not counted: strace is not installed");
        return if env::var_os("CI").is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let verdicts = [
        at_most(0.05, "looks in vain a message of the only client", Load::Ping, |[own, _]| {
            own.in_vain as f64 / OPERATIONS as f64
        }),
        at_most(1.1, "waits a message of the only client", Load::Ping, |[own, of_helper]| {
            (own.waits + of_helper.waits) as f64 / OPERATIONS as f64
        }),
        at_most(
            0.25,
            "share of async-io's thread in the waits",
            Load::Churn,
            |[own, of_helper]| of_helper.waits as f64 / (own.waits + of_helper.waits) as f64,
        ),
    ];
    if verdicts.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Whether a figure has its limit. The least of three counts: on a busy machine the working thread
/// may not be scheduled for so long that it loses the reactor.
fn at_most(limit: f64, what: &str, load: Load, figure: impl Fn([Counts; 2]) -> f64) -> bool {
    let run = Run { operations: OPERATIONS, is_pinned: false };
    let figures = [(); 3].map(|()| {
        let counts = run.count(load, Driver::Ours).unwrap();
        assert!(counts[0].waits > 0, "nothing was counted");
        figure(counts)
    });
    let least = figures.into_iter().fold(f64::INFINITY, f64::min);
    let is_kept = least <= limit;
    let verdict = if is_kept { "ok" } else { "FAILED" };
    println!("count {what}: {least:.3} (at most {limit}) ... {verdict}");
    is_kept
}
