//! What a trace hears of one call.

use std::{net::SocketAddr, sync::Mutex};

use futures_lite::future::block_on;
use socketry_connector::{Connect, Event, Observe, Timings, Trace};
use socketry_connector_tcp::TcpConnector;

use crate::support::{listener, mapped, nobody};

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Observe for Log {
    fn observe(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.to_string());
    }
}

/// What is heard of one call.
fn heard(connector: &TcpConnector, remote: SocketAddr) -> Vec<String> {
    let log = Log::default();
    // Whether it succeeds is heard, too.
    let _ = block_on(connector.connect_traced(remote, Trace::to(&log)));
    log.0.into_inner().unwrap()
}

#[test]
fn a_success_is_heard_as_a_start_and_a_win() {
    let (_listener, remote) = listener("127.0.0.1:0");
    assert_eq!(
        heard(&TcpConnector::new(), remote),
        [format!("trying tcp://{remote}"), format!("connected to tcp://{remote}")]
    );
}

#[test]
fn a_success_after_a_wait_is_heard_in_the_same_way() {
    let (_listener, remote) = listener("127.0.0.1:0");
    let remote = mapped(remote);
    assert_eq!(
        heard(&TcpConnector::new(), remote),
        [format!("trying tcp://{remote}"), format!("connected to tcp://{remote}")]
    );
}

#[test]
fn a_failure_is_heard_as_a_start_and_why_it_failed() {
    let (_socket, remote) = nobody("[::1]:0");
    assert_eq!(
        heard(&TcpConnector::new(), remote),
        [
            format!("trying tcp://{remote}"),
            format!("tcp://{remote}: Connection refused (os error 111)")
        ]
    );
}

#[test]
fn a_failure_before_the_connect_is_heard_with_its_phase_and_the_local_address() {
    let (_listener, remote) = listener("127.0.0.1:0");
    let connector = TcpConnector::new().local_address("203.0.113.9:0".parse().unwrap());
    assert_eq!(
        heard(&connector, remote),
        [
            format!("trying tcp://{remote} from tcp://203.0.113.9:0"),
            format!(
                "tcp://{remote} from tcp://203.0.113.9:0 during bind: Cannot assign requested address (os error 99)"
            )
        ]
    );
}

#[test]
fn nothing_is_heard_of_input_that_is_refused() {
    let heard = heard(&TcpConnector::new(), "127.0.0.1:0".parse().unwrap());
    assert!(heard.is_empty(), "{heard:?}");
}

#[test]
fn timings_know_how_long_it_took() {
    let (_listener, remote) = listener("127.0.0.1:0");
    let timings = Timings::start();
    block_on(TcpConnector::new().connect_traced(remote, Trace::to(&timings))).unwrap();
    assert!(timings.connect().is_some() && timings.lookup().is_none());
}
