//! What can be said on the command line.

use std::path::PathBuf;

use clap::{
    Parser, Subcommand,
    builder::{PossibleValue, PossibleValuesParser},
};

use crate::{
    job::Job,
    library::Library,
    scale::{SWEEPS, alone::AloneJob},
    scenario::SCENARIOS,
};

/// This house and its peers side by side
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Measure this only; may be repeated
    #[arg(long, value_name = "NAME", hide_possible_values = true, value_parser = scenarios())]
    pub(crate) scenario: Vec<String>,
    /// Measure this library only, beside the limit; may be repeated
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    pub(crate) backend: Vec<Library>,
    /// Say what can be measured, and measure nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// How often each library is measured
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = at_least_one)]
    pub(crate) repetitions: usize,
    /// How long a run is measured, in milliseconds
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(crate) milliseconds: u64,
    /// Where a plot of each scenario is written
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    pub(crate) plots: PathBuf,
    /// Write all that was measured; `-` is standard output, and the tables go to standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Compare with the goals, and fail if one is missed
    #[arg(long)]
    pub(crate) check: bool,
    /// Only see that everything works: a few operations, a few connections
    #[arg(long, hide = true)]
    pub(crate) quick: bool,
    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Does one kind of work over and over, and answers each line with what it did
    #[command(hide = true)]
    Side(Job),
    /// Keeps the network namespace that it is started in
    #[command(hide = true)]
    Space,
    /// Does one kind of work by itself, when a line asks for it
    #[command(hide = true)]
    Alone(AloneJob),
}

fn scenarios() -> PossibleValuesParser {
    let scenarios = SCENARIOS.iter().map(|scenario| scenario.name);
    let names = scenarios.chain(SWEEPS.iter().map(|sweep| sweep.name));
    names.map(PossibleValue::new).collect::<Vec<_>>().into()
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("once at least".to_string()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}
