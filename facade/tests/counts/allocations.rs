//! Heap allocations, counted in this process.

use std::{net::SocketAddr, time::Duration};

use allocation_counter::measure;
use futures_lite::future::block_on;
use socketry::{
    Connect,
    connector::{TcpConnector, TimeoutConnector},
};

use crate::{Report, tool::sink};

const CONNECTS: u64 = 1000;

pub(crate) fn count(report: &mut Report) {
    let address = sink();
    let tcp = TcpConnector::new();
    let timed = TimeoutConnector::new(&tcp, Duration::from_secs(60));
    report.exactly(0.0, per_connect(&tcp, address), "allocations of a connect");
    report.exactly(0.0, per_connect(&timed, address), "allocations of a connect under a timeout");
}

fn per_connect(connector: &impl Connect<SocketAddr>, address: SocketAddr) -> f64 {
    let connect = |times| {
        block_on(async {
            for _ in 0..times {
                connector.connect(address).await.unwrap();
            }
        });
    };
    connect(1); // what is made once: thread-local wakers and the like
    measure(|| connect(CONNECTS)).count_total as f64 / CONNECTS as f64
}
