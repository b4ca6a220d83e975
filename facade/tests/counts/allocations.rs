//! Heap allocations, counted in this process.

use std::{net::SocketAddr, time::Duration};

use allocation_counter::measure;
use futures_lite::future::block_on;
use socketry::{
    Connect,
    connector::{TcpConnector, TimeoutConnector},
};

use crate::{Report, tool::sink};

const CONNECTS: usize = 1001;

pub(crate) fn count(report: &mut Report) {
    let address = sink();
    let tcp = TcpConnector::new();
    let timed = TimeoutConnector::new(&tcp, Duration::from_secs(60));
    report.exactly(0.0, per_connect(&tcp, address), "allocations of a connect");
    report.exactly(0.0, per_connect(&timed, address), "allocations of a connect under a timeout");
}

/// The median: on a busy machine the kernel finishes the odd handshake later than usual, and then
/// a connect has to wait, which allocates.
fn per_connect(connector: &impl Connect<SocketAddr>, address: SocketAddr) -> f64 {
    let connect = || drop(block_on(connector.connect(address)).unwrap());
    connect(); // what is made once: thread-local wakers and the like
    let mut counts: Vec<u64> = (0..CONNECTS).map(|_| measure(connect).count_total).collect();
    counts.sort_unstable();
    counts[counts.len() / 2] as f64
}
