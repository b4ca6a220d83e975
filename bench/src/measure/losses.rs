//! What the kernel had to drop: a run in which that happened says nothing of the libraries.
//!
//! Whoever loses its first packet comes again a second later. One client at a time then waits for
//! most of a run, and what is measured is the timer of the kernel.

use std::{fs, io};

/// How often the kernel has dropped connections or lost their beginnings, since it began to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Losses(u64);

impl Losses {
    /// Those of the network namespace that a process is in; of this one's if there is none.
    pub(crate) fn now(process: Option<u32>) -> io::Result<Self> {
        let process = process.map_or("self".to_string(), |process| process.to_string());
        Ok(Self::read(&fs::read_to_string(format!("/proc/{process}/net/netstat"))?))
    }

    /// Each protocol has a line of names, and below it one of numbers.
    fn read(netstat: &str) -> Self {
        const COUNTED: [&str; 3] = ["ListenOverflows", "ListenDrops", "TCPSynRetrans"];
        let lines: Vec<&str> = netstat.lines().collect();
        let pairs =
            lines.chunks_exact(2).flat_map(|pair| pair[0].split(' ').zip(pair[1].split(' ')));
        let counted = pairs.filter(|(name, _)| COUNTED.contains(name));
        Self(counted.filter_map(|(_, number)| number.parse::<u64>().ok()).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflows_drops_and_lost_beginnings_count_and_nothing_else_does() {
        let netstat = "\
TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPTimeouts TCPSynRetrans
TcpExt: 1000 1 20 4000 300
IpExt: InNoRoutes InOctets
IpExt: 50000 600000
";
        assert_eq!(Losses::read(netstat), Losses(321));
    }
}
