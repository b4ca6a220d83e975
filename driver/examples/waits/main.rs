//! Counts how often each thread waits for the reactor under load, with `smol::block_on` and with the
//! driver: needs Linux, `strace` and `taskset`.
//!
//! ```text
//! taskset -c 1 cargo run --release -p socketry-driver --example waits
//! ```
//!
//! It starts itself as a child for each line: the child is the side under test, on core 0 and under
//! strace; this process is the other side. With the argument `time` there is no strace, and the
//! processor time of the child is printed. Other arguments are the number of operations, and loads by
//! name, if it is not to be all of them.

use std::{env, io};

mod child;
mod load;
mod other_side;
mod run;

use crate::{child::Driver, load::Load, run::Run};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "child") {
        return child::main(&arguments[1..]);
    }
    let operations = arguments.iter().find_map(|argument| argument.parse().ok());
    let run = Run { operations: operations.unwrap_or(20_000), is_pinned: true };
    if arguments.iter().any(|argument| argument == "time") {
        return times(&run, &arguments);
    }
    println!("{:<16}{:<8}{:^36}{:^24}", "", "", "waits of the reactor", "calls of futex");
    let [own, of_helper, vain] = ["own threads", "async-io", "in vain"];
    println!(
        "{:<16}{:<8}{own:>12}{of_helper:>12}{vain:>12}{own:>12}{of_helper:>12}",
        "load", "with"
    );
    for (load, driver) in rows(&arguments) {
        let [own, of_helper] = run.count(load, driver)?;
        println!(
            "{:<16}{:<8}{:>12}{:>12}{:>12}{:>12}{:>12}",
            load.name(),
            driver.name(),
            own.waits,
            of_helper.waits,
            own.in_vain + of_helper.in_vain,
            own.futex,
            of_helper.futex
        );
    }
    Ok(())
}

fn times(run: &Run, arguments: &[String]) -> io::Result<()> {
    println!("{:<16}{:<8}{:>24}", "load", "with", "us of CPU an operation");
    for (load, driver) in rows(arguments) {
        let time = run.time(load, driver)?.as_secs_f64() * 1e6 / run.operations as f64;
        println!("{:<16}{:<8}{time:>24.1}", load.name(), driver.name());
    }
    Ok(())
}

fn rows(arguments: &[String]) -> Vec<(Load, Driver)> {
    let is_asked_for = |load: &Load| arguments.iter().any(|argument| argument == load.name());
    let mut loads: Vec<Load> = Load::ALL.into_iter().filter(is_asked_for).collect();
    if loads.is_empty() {
        loads = Load::ALL.to_vec();
    }
    loads.into_iter().flat_map(|load| Driver::ALL.map(|driver| (load, driver))).collect()
}
