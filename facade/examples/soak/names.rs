//! Names of which one family leads nowhere, on a network that is real but for its length.

use std::{
    io,
    net::IpAddr,
    time::{Duration, Instant},
};

use futures_lite::future::block_on;
use socketry::{
    Connector,
    connection::Family,
    connector::{Attempts, TimedOut},
};
use socketry_testing::{DnsReply, DnsServer};

use crate::{
    helper::{Helper, answer},
    network::{FAR_V4, FAR_V6, Far, HOLE_V4, HOLE_V6},
    report::{Report, note},
    size::Size,
};

/// The attempt delay and the resolution delay, as they are by default.
const ATTEMPT_DELAY: f64 = 250.0;
const RESOLUTION_DELAY: f64 = 50.0;

/// What a busy machine may add to a wait: less than any other delay that there could be.
const TOLERANCE: f64 = 100.0;

/// How long a connect to nobody may take.
const TIMEOUT: Duration = Duration::from_millis(1500);

/// How often IPv6 is tried until the neighbour is found.
const NEIGHBOURLY_TRIES: usize = 5;

/// Connects by name in a network of its own.
pub(crate) fn run(_: Size, report: &mut Report) -> io::Result<()> {
    block_on(async {
        let mut names = Helper::start_apart("names")?;
        let direct: f64 = names.hear("direct").await?;
        let by_name: f64 = names.hear("by-name").await?;
        note(&format!("a connect to the address takes {direct:.2} ms, by name {by_name:.2} ms"));
        let round_trip = direct.max(by_name);
        let mut limit = |what: &str, measured: f64, delay: f64| {
            report.at_most(what, measured, delay + round_trip + TOLERANCE, " ms");
        };
        limit("a black-holed AAAA and a working A", names.hear("dead-v6").await?, ATTEMPT_DELAY);
        limit("a refused AAAA and a working A", names.hear("refused-v6").await?, 0.0);
        limit("a nameserver that drops AAAA", names.hear("lost-aaaa").await?, RESOLUTION_DELAY);
        let took: f64 = names.hear("dead").await?;
        limit("both black-holed, until the timeout", took, TIMEOUT.as_secs_f64() * 1000.0);
        report.at_least("addresses that its error lists", names.hear("listed").await?, 2.0, "");
        Ok(())
    })
}

/// Connects, and says how long it took in milliseconds.
pub(crate) fn client() -> io::Result<()> {
    block_on(async {
        let mut far = Far::connect().await?;
        let port = far.listen().await?;
        let nameserver = nameserver()?;
        let connector = Connector::builder().dns(nameserver.address()).timeout(TIMEOUT).build()?;
        let connect = async |host: &str| {
            let started = Instant::now();
            let result = connector.connect((host, port)).await;
            (started.elapsed().as_secs_f64() * 1000.0, result)
        };
        // The neighbours find each other, which takes IPv6 a second or two, and the reactor starts.
        for _ in 0..NEIGHBOURLY_TRIES {
            match connect(FAR_V6).await {
                (_, Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => break,
                _ => {}
            }
        }
        connect(FAR_V4).await.1?;
        answer("direct", connect(FAR_V4).await.0)?;
        for name in ["by-name", "dead-v6", "refused-v6", "lost-aaaa"] {
            let (took, result) = connect(&format!("{name}.example")).await;
            let socket = result?;
            let remote = socket.remote_address().and_then(|address| address.ip());
            if remote != FAR_V4.parse().ok() {
                return Err(io::Error::other(format!("{name} led to {remote:?}")));
            }
            let refused = socket.attributes().get::<Attempts>().map_or(0, Attempts::len);
            if refused != usize::from(name == "refused-v6") {
                let tried = socket.attributes().get::<Attempts>();
                return Err(io::Error::other(format!(
                    "{name}: had tried {tried:?} in {took:.1} ms"
                )));
            }
            answer(name, took)?;
        }
        let (took, result) = connect("dead.example").await;
        let error = result.err().ok_or_else(|| io::Error::other("a black hole has answered"))?;
        answer("dead", took)?;
        let timed_out: Option<&TimedOut> = error.get_ref().and_then(|it| it.downcast_ref());
        answer("listed", timed_out.map_or(0, |it| it.unanswered().len() + it.attempts().len()))
    })
}

fn nameserver() -> io::Result<DnsServer> {
    let server = DnsServer::start()?;
    let ips = |texts: &[&str]| -> Vec<IpAddr> {
        texts.iter().filter_map(|text| text.parse().ok()).collect()
    };
    server.answer("by-name.example", ips(&[FAR_V4]));
    server.answer("dead-v6.example", ips(&[HOLE_V6, FAR_V4]));
    server.answer("refused-v6.example", ips(&[FAR_V6, FAR_V4]));
    server.answer("lost-aaaa.example", ips(&[FAR_V4]));
    server.reply("lost-aaaa.example", Family::V6, DnsReply::silence());
    server.answer("dead.example", ips(&[HOLE_V6, HOLE_V4]));
    Ok(server)
}
