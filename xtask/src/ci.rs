//! `cargo xtask ci`: everything that has to hold before a change lands.

use std::time::{Duration, Instant};

use crate::{
    ci::plan::{Ended, Plan, table},
    command::{cargo, run as run_command},
    demo,
    failed::Failed,
    soak, test, tidy,
};

mod clippy;
mod cross;
mod msrv;
mod outside;
mod plan;

/// One thing that has to hold.
struct Step {
    name: &'static str,
    /// How many seconds it should take on two cores with nothing built before. More is no failure:
    /// it is a reason to look.
    budget: u64,
    run: fn() -> Result<(), Failed>,
}

/// The quick ones first.
const STEPS: [Step; 10] = [
    Step { name: "fmt", budget: 5, run: format },
    Step { name: "tidy", budget: 10, run: tidy::run },
    Step { name: "clippy", budget: 360, run: clippy::run },
    Step { name: "test", budget: 600, run: test::run },
    Step { name: "demo", budget: 30, run: demo::run },
    Step { name: "outside", budget: 60, run: outside::run },
    Step { name: "doc", budget: 90, run: document },
    Step { name: "msrv", budget: 300, run: msrv::run },
    Step { name: "cross", budget: 120, run: cross::run },
    Step { name: "soak", budget: 180, run: soak_short },
];

/// Runs the steps that `options` choose, until one fails, and prints a table of them all.
pub(crate) fn run(options: &[&str]) -> Result<(), Failed> {
    let plan = Plan::read(options, &STEPS.map(|step| step.name))?;
    let mut ended = Vec::new();
    let mut failure = None;
    for step in STEPS {
        if !plan.includes(step.name) || failure.is_some() {
            ended.push(Ended { name: step.name, took: None, budget: step.budget, failed: false });
            continue;
        }
        println!("\n==> {} (budget {} s)", step.name, step.budget);
        let started = Instant::now();
        let result = (step.run)();
        let took = started.elapsed();
        println!("<== {} took {}", step.name, seconds(took));
        let failed = result.is_err();
        ended.push(Ended { name: step.name, took: Some(took), budget: step.budget, failed });
        failure = result.err();
    }
    println!("\n{}", table(&ended));
    failure.map_or(Ok(()), Err)
}

fn format() -> Result<(), Failed> {
    run_command(&mut cargo(["fmt", "--all", "--check"]))
}

/// Both what users read and what those who work in here read.
fn document() -> Result<(), Failed> {
    let document = ["doc", "--workspace", "--all-features", "--no-deps"];
    run_command(cargo(document).env("RUSTDOCFLAGS", "-D warnings"))?;
    let private = "--document-private-items";
    run_command(cargo(document).arg(private).env("RUSTDOCFLAGS", "-D warnings"))
}

fn soak_short() -> Result<(), Failed> {
    soak::run(&[])
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
