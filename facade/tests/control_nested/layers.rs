//! The decorators, and how many may be in each.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use socketry::{
    Server,
    connection::Clock,
    server::{
        AtLimit, Gate, GateServer, GateSettings, LimitingServer, Network, ProxyOptions, ProxyServer,
    },
    tls::{Identity, ServerTls, TlsServer, WhenFull},
};
use socketry_testing::{ManualClock, TestAuthority};

/// A decorator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Proxy,
    Gate,
    Tls,
    Limiting,
}

/// How many may be in each decorator, be they half way in or connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// More than there are clients.
    Plenty,
    /// One. Others wait.
    OneWaits,
    /// One. Others are refused, where a decorator has that choice.
    OneIsRefused,
    /// One handshake with each address, behind which others wait within the decorator. All else has
    /// plenty.
    OneHandshakePerAddress,
}

/// What is shared by the decorators of one server.
pub(crate) struct Means {
    pub(crate) clock: ManualClock,
    pub(crate) gate: Gate,
    pub(crate) room: Room,
}

impl Layer {
    pub(crate) const ALL: [Self; 4] = [Self::Proxy, Self::Gate, Self::Tls, Self::Limiting];

    /// How long it waits for somebody who does not speak. These are its defaults.
    pub(crate) fn deadline(self) -> Option<Duration> {
        match self {
            Self::Proxy => Some(Duration::from_secs(5)),
            Self::Tls => Some(Duration::from_secs(10)),
            Self::Gate | Self::Limiting => None,
        }
    }

    pub(crate) fn around(self, inner: Server, means: &Means) -> Server {
        match self {
            Self::Proxy => proxy(inner, means).into(),
            Self::Gate => GateServer::new(inner, means.gate.clone()).into(),
            Self::Tls => tls(inner, means).into(),
            Self::Limiting => limiting(inner, means).into(),
        }
    }
}

impl Room {
    pub(crate) const ALL: [Self; 4] =
        [Self::Plenty, Self::OneWaits, Self::OneIsRefused, Self::OneHandshakePerAddress];

    fn limit(self) -> Option<usize> {
        match self {
            Self::OneWaits | Self::OneIsRefused => Some(1),
            Self::Plenty | Self::OneHandshakePerAddress => None,
        }
    }

    fn at_limit(self) -> AtLimit {
        match self {
            Self::OneIsRefused => AtLimit::Reject,
            _ => AtLimit::Pause,
        }
    }
}

impl Means {
    pub(crate) fn new(room: Room) -> Self {
        let clock = ManualClock::new();
        let mut settings = GateSettings::default();
        (settings.most_open, settings.at_limit) = (room.limit(), room.at_limit());
        let gate = Gate::new(settings).with_clock(Arc::new(clock.clone()));
        Self { clock, gate, room }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.clock.clone())
    }
}

/// Everybody here is a proxy that is trusted, and has to send a header.
fn proxy(inner: Server, means: &Means) -> ProxyServer<Server> {
    let loopback: Network = "127.0.0.0/8".parse().unwrap();
    let options = ProxyOptions::trusting([loopback]).trust_without_ip(true);
    let options = match means.room.limit() {
        Some(most) => options.most_headers(most),
        None => options,
    };
    ProxyServer::new(inner, options).with_clock(means.clock())
}

fn tls(inner: Server, means: &Means) -> TlsServer<Server> {
    /// Made once, for a key is dear.
    static TLS: LazyLock<ServerTls> = LazyLock::new(|| {
        let identity = TestAuthority::new().issue(["localhost"]);
        let identity = Identity::from_pem(identity.chain_pem(), identity.key_pem());
        ServerTls::new(identity.load().unwrap()).unwrap()
    });

    let server = TlsServer::new(inner, TLS.clone()).with_clock(means.clock());
    match means.room {
        Room::Plenty => server,
        Room::OneWaits => server.most_handshakes(1),
        Room::OneIsRefused => server.most_handshakes(1).when_full(WhenFull::Refuse),
        Room::OneHandshakePerAddress => server.most_handshakes_per_address(1),
    }
}

fn limiting(inner: Server, means: &Means) -> LimitingServer<Server> {
    let server = LimitingServer::new(inner, means.room.limit());
    server.at_limit(means.room.at_limit()).with_clock(means.clock())
}
