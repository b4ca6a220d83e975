//! What the system says of a process: memory, time, descriptors, threads.

use std::{fs, io, time::Duration};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A clock tick in `/proc`: a hundredth of a second, on every common processor.
const TICK: Duration = Duration::from_millis(10);

/// How much memory of its own this process uses: heap and stacks, counted exactly.
pub(crate) fn memory() -> io::Result<u64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Anonymous:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map(|count| count * 1024).ok_or(unreadable("smaps_rollup"))
}

/// How long a process has been running on a processor.
pub(crate) fn processor_time(process: u32) -> io::Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name may hold anything, so count behind its closing bracket: `state` comes first.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    let ticks = ticks.sum::<Result<u32, _>>().map_err(|_| unreadable("stat"))?;
    Ok(TICK * ticks)
}

/// How many descriptors this process has open.
pub(crate) fn descriptors() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count() - 1) // the one that reads is among them
}

/// How many threads this process has.
pub(crate) fn threads() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}

/// Forbids this process more than so many descriptors.
pub(crate) fn limit_descriptors(most: u64) -> io::Result<()> {
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// Allows this process as many descriptors as it may have, and says how many.
pub(crate) fn raise_descriptors() -> io::Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(maximum.unwrap_or(u64::MAX))
}

fn unreadable(file: &str) -> io::Error {
    io::Error::other(format!("/proc/.../{file} does not read as expected"))
}
