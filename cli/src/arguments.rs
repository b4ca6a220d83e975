//! What can be said on the command line.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes:
  0  all went well
  1  it failed while it ran: a port is taken, no worker starts
  2  the command line or the configuration makes no sense; nothing was opened";

const EXAMPLE: &str = "\
Example:
  $ cat server.yaml
  server:
    command: php worker.php
  tcp:
    servers:
      chat:
        addr: tcp://127.0.0.1:8000
    pool:
      num_workers: 4
  $ socketry check server.yaml
  $ socketry serve server.yaml
";

const SIGNALS: &str = "\
Signals:
  TERM, INT (Ctrl-C)  Let nobody in any more, and end when all clients have, or --grace is over.
                      What is being answered then may take destroy_timeout.
                      A second one: end at once
  USR2, HUP           Replace every worker, and lose no client. From a terminal that is closed
                      HUP is as TERM
  They are for this process alone: workers that get a TERM cannot answer the last events. A unit
  of systemd needs KillMode=mixed.
";

/// Servers whose clients are answered by workers, in whatever language
///
/// A configuration file names the servers, what clients' messages look like, and the workers that
/// answer them: processes that speak goridge over their standard input and output, as those of
/// RoadRunner's TCP plugin do.
#[derive(Debug, Parser)]
#[command(name = "socketry", version, verbatim_doc_comment)]
#[command(after_help = EXIT_CODES, after_long_help = format!("{EXAMPLE}\n{EXIT_CODES}"))]
pub(crate) struct Arguments {
    /// What is to be done.
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Serves what a configuration file says, until a signal comes
    ///
    /// Listens, starts the workers, and goes on until it is told to end. What workers write to
    /// their standard error, and what goes wrong with them, is the log on standard error.
    #[command(verbatim_doc_comment)]
    #[command(after_help = EXIT_CODES, after_long_help = format!("{SIGNALS}\n{EXIT_CODES}"))]
    Serve {
        /// The configuration, in YAML
        #[arg(value_name = "CONFIGURATION")]
        configuration: PathBuf,
        /// How long clients may go on after the signal to end, as 500ms or 1m; 0s is no time
        #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
        grace: Duration,
    },
    /// Says what a configuration file means, and what is wrong with it
    ///
    /// Prints the servers, the pool of workers, and warnings, such as of settings that have no
    /// effect here. Nothing is opened and nothing is started.
    #[command(verbatim_doc_comment, after_help = EXIT_CODES)]
    Check {
        /// The configuration, in YAML
        #[arg(value_name = "CONFIGURATION")]
        configuration: PathBuf,
    },
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("write it as 30s or 1m ({error})"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_in_itself_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_line_of_the_help_is_wider_than_a_terminal() {
        let mut command = Arguments::command();
        command.build();
        let tasks = command.get_subcommands().cloned();
        for mut command in tasks.chain([command.clone()]) {
            let help = command.render_long_help().to_string();
            let widest = help.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(100), "{help}");
        }
    }
}
