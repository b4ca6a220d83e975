//! Running commands in the root of the workspace.

use std::{
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::failed::Failed;

/// The folder that holds the workspace's manifest.
pub(crate) fn root() -> PathBuf {
    let xtask = env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let xtask = PathBuf::from(xtask);
    xtask.parent().map(Path::to_path_buf).unwrap_or(xtask)
}

/// A call of the cargo that runs this task.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    command(program, arguments)
}

/// A call of rustup, which may not be there.
pub(crate) fn rustup<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    command(OsString::from("rustup"), arguments)
}

/// Prints the command and runs it to its end; it fails unless the command succeeds.
pub(crate) fn run(command: &mut Command) -> Result<(), Failed> {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|error| not_started(command, &error))?;
    match status.success() {
        true => Ok(()),
        false => Err(Failed::command(&shown(command), status.code())),
    }
}

/// Runs the command without printing it, and returns what it writes to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, Failed> {
    command.stderr(Stdio::inherit());
    let output = command.output().map_err(|error| not_started(command, &error))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Failed::command(&shown(command), output.status.code())),
    }
}

/// Runs the command in silence for at most `limit`; whether it succeeded in that time.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = silent.spawn() else {
        return false;
    };
    let started = Instant::now();
    while started.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(Duration::from_millis(50)),
            Err(_) => break,
        }
    }
    // Too late either way: it may have ended just now, and then there is nothing to end.
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let words = [program].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The error of a command that could not be started.
pub(crate) fn not_started(command: &Command, error: &io::Error) -> Failed {
    Failed::new(format!("`{}` could not be started: {error}", shown(command)))
}

fn command<'a>(program: OsString, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_is_named_with_its_status() {
        let failed = run(cargo(["no-such-command"]).stderr(Stdio::null())).unwrap_err();
        assert_eq!(failed.to_string(), "`cargo no-such-command` ended with status 101");
    }

    #[test]
    fn a_program_that_is_not_there_does_not_succeed() {
        let mut missing = command(OsString::from("/no/such/program"), []);
        assert!(!succeeds_within(&mut missing, Duration::from_secs(1)));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_takes_too_long_is_ended() {
        let mut endless = command(OsString::from("cat"), ["/dev/zero"]);
        assert!(!succeeds_within(&mut endless, Duration::ZERO));
    }
}
