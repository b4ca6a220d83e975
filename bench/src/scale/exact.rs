//! Instructions in user space, counted by valgrind's callgrind: they are exact where times are not.

use std::{
    io,
    process::{Command, Stdio},
};

use crate::{
    measure::process::this_program,
    scale::{
        alone::{Alone, AloneJob},
        growth::Growth,
    },
};

/// Counts what an operation takes at each size up to a limit, where valgrind is installed.
pub(super) fn count(
    growth: &mut Growth,
    work: Alone,
    up_to: usize,
    mut progress: impl FnMut(),
) -> io::Result<()> {
    if !is_installed() {
        return Ok(());
    }
    for point in growth.points.iter_mut().filter(|point| point.size <= up_to) {
        progress();
        let count = |times| instructions(&AloneJob { work, size: point.size, times: Some(times) });
        // One run with few, one with more: they differ by the operations, without what was prepared.
        point.instructions = Some((count(MORE)? - count(FEW)?) / (MORE - FEW) as f64);
    }
    Ok(())
}

const FEW: usize = 100;
const MORE: usize = 1_100;

fn is_installed() -> bool {
    let version = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

fn instructions(job: &AloneJob) -> io::Result<f64> {
    let tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let words = [vec!["alone".to_string()], job.arguments()].concat();
    let output = this_program(&tool, &words)?.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    collected(&said).filter(|_| output.status.success()).ok_or_else(|| io::Error::other(&*said))
}

fn collected(said: &str) -> Option<f64> {
    let number = said.lines().find_map(|line| line.split("Collected : ").nth(1))?;
    number.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_what_the_tool_says_in_the_end() {
        let said = "==1== Callgrind\n==1== Events    : Ir\n==1== Collected : 1234567\n==1==\n";
        assert_eq!(collected(said), Some(1_234_567.0));
        assert_eq!(collected("valgrind: no such program"), None);
    }
}
