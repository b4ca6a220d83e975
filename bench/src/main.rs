//! This house and its peers side by side: what each operation costs.

#![cfg(target_os = "linux")]

use std::{io, process::ExitCode};

use clap::Parser;

use crate::arguments::{Arguments, Task};

mod arguments;
mod backend;
mod backends;
mod compare;
mod job;
mod library;
mod measure;
mod report;
mod scale;
mod scenario;
mod side;
mod socket;
mod space;
mod tasks;
mod tls;
mod totals;
mod work;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("socketry-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<()> {
    match &arguments.task {
        Some(Task::Side(job)) => side::run(job),
        Some(Task::Space) => space::keep(),
        Some(Task::Alone(job)) => scale::alone::run(job),
        None if arguments.list => {
            compare::list();
            Ok(())
        }
        None => compare::run(arguments),
    }
}
