//! The tasks of this workspace: `cargo xtask <task>`.
//!
//! One file a task, and plain commands that print themselves. Nothing here needs a third-party
//! crate, so that a task starts at once on a machine with nothing but Rust.

use std::{env, process::ExitCode};

use crate::failed::Failed;

mod bench;
mod ci;
mod command;
mod demo;
mod failed;
mod json;
mod soak;
mod test;
mod tidy;
mod workspace;

const USAGE: &str = "\
cargo xtask <task>

  demo           a chat and connects by name on real sockets; fails unless all went well
  test           every test of the workspace, with all features, and the counts of a release build
  tidy           the rules of the house, each violation with its mend
  soak           what is timed or large, in its short size; --full for the full size
  bench          what each operation costs, beside other libraries; options go on, and --help lists them
  ci             fmt, tidy, clippy, test, demo, outside, doc, msrv, cross, soak, until one fails
                 --from STEP, --only STEP, --skip STEP (may be repeated)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("xtask: {failed}");
            failed.exit_code()
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Failed> {
    match arguments {
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        ["demo"] => demo::run(),
        ["test"] => test::run(),
        ["tidy"] => tidy::run(),
        ["soak", options @ ..] => soak::run(options),
        ["bench", options @ ..] => bench::run(options),
        ["ci", options @ ..] => ci::run(options),
        _ => Err(Failed::usage(format!("no such task: {}\n\n{USAGE}", arguments.join(" ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_its_line() {
        for task in ["demo", "test", "tidy", "soak", "bench", "ci"] {
            assert!(USAGE.contains(&format!("\n  {task} ")), "{task}");
        }
    }

    #[test]
    fn an_unknown_task_fails_and_lists_the_tasks() {
        let failed = run(&["tset"]).unwrap_err();
        assert!(
            failed.to_string().contains("no such task: tset\n\ncargo xtask <task>"),
            "{failed}"
        );
    }
}
