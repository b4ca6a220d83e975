//! Heap allocations, counted in this process.

use std::time::Duration;

use allocation_counter::measure;
use futures_lite::future::block_on;
use socketry::{
    Connect, Connector, HostPort,
    connector::{DnsConnector, RaceConnector, TcpConnector, TimeoutConnector},
    resolver::{CachingResolver, StaticResolver},
};

use crate::{
    Report,
    layers::{self, LAYERS},
    names::{LOCALHOST, NAME, NAME_OF_MANY, host, nameserver},
    tool::sink,
};

const CONNECTS: usize = 1001;

pub(crate) fn count(report: &mut Report) {
    let address = sink();
    let tcp = TcpConnector::new();
    let timed = TimeoutConnector::new(&tcp, Duration::from_secs(60));
    let race = RaceConnector::new(&tcp);
    let hosts = DnsConnector::new(&race, StaticResolver::new());
    report.exactly(0.0, per_connect(&tcp, || address), "allocations of a connect");
    report.exactly(
        0.0,
        per_connect(&timed, || address),
        "allocations of a connect under a timeout",
    );
    report.exactly(0.0, per_connect(&race, || address.into()), "allocations of a race of one");
    report.exactly(
        0.0,
        per_connect(&hosts, || HostPort::from(address)),
        "allocations of a connect to a literal host",
    );

    let nameserver = nameserver();
    let connector = Connector::builder().dns(nameserver.address()).build().unwrap();
    let by_name = per_connect(&connector, || (NAME, address.port()));
    // The name, the call, the list of its addresses, and two for the `Timings` among its attributes.
    report.at_most(5.0, by_name, "allocations of a connect by a name that is kept");
    let kept = CachingResolver::new(StaticResolver::new().with(NAME, [LOCALHOST]))
        .lifetime(Duration::from_secs(60));
    let by_hand = DnsConnector::new(RaceConnector::new(&tcp), kept);
    let by_hand = per_connect(&by_hand, || HostPort::new(host(), address.port()));
    report.at_most(3.0, by_hand, "allocations of the same without the facade");
    let of_many = per_connect(&connector, || (NAME_OF_MANY, address.port()));
    report.at_most(5.0, of_many, "allocations of a connect by a name with four addresses");
    count_layers(report);
}

fn count_layers(report: &mut Report) {
    for layer in LAYERS {
        let added = in_memory(layer.work) - in_memory(layer.without);
        let what = format!("allocations that {} adds to {}", layer.what, layer.to);
        report.exactly(layer.allocations, added, &what);
    }
    let kept = in_memory("lookup-kept");
    report.exactly(0.0, kept, "allocations of a lookup of a name that is kept");
}

/// One that is made anew once in a while is less than a thousandth.
fn in_memory(work: &str) -> f64 {
    let [less, more] =
        [200, 1200].map(|amount| measure(|| layers::run(work, amount)).count_total as f64);
    ((more - less) / 1000.0).round()
}

/// The median: on a busy machine the kernel finishes the odd handshake later than usual, and then
/// a connect has to wait, which allocates.
fn per_connect<T: Send>(connector: &impl Connect<T>, target: impl Fn() -> T) -> f64 {
    let connect = || drop(block_on(connector.connect(target())).unwrap());
    connect(); // what is made once: thread-local wakers and the like
    let mut counts: Vec<u64> = (0..CONNECTS).map(|_| measure(connect).count_total).collect();
    counts.sort_unstable();
    counts[counts.len() / 2] as f64
}
