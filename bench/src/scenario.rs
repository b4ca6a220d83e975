//! What is compared: who does what, and with whom.

use crate::{library::Library, space, tls::Layer, work::Work};

/// One comparison, the same for every library.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// Short, as on the command line.
    pub(crate) name: &'static str,
    /// One line that says what is compared.
    pub(crate) title: &'static str,
    /// What the process under test does.
    pub(crate) work: Work,
    /// What the bare process on the other processor does.
    pub(crate) counterpart: Work,
    /// How many connections there are at a time.
    pub(crate) connections: usize,
    /// The name to connect by, if not by address.
    pub(crate) host: Option<&'static str>,
    /// What is between the streams and their sockets, on both sides.
    pub(crate) layer: Layer,
    pub(crate) figure: Figure,
    /// Whether it takes a network namespace of its own, and a host that is not loopback.
    pub(crate) apart: bool,
    /// Who is compared, if it is not everybody.
    pub(crate) only: &'static [Library],
}

/// What a scenario is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    /// The processor time of an operation.
    Cpu,
    /// The memory of a connection that nothing happens on.
    Memory,
    /// How long it takes.
    Latency,
}

impl Scenario {
    const fn new(
        name: &'static str,
        title: &'static str,
        work: Work,
        counterpart: Work,
        connections: usize,
    ) -> Self {
        Self {
            name,
            title,
            work,
            counterpart,
            connections,
            host: None,
            layer: Layer::Plain,
            figure: Figure::Cpu,
            apart: false,
            only: &[],
        }
    }

    const fn by_name(self, host: &'static str) -> Self {
        Self { host: Some(host), ..self }
    }

    const fn over(self, layer: Layer) -> Self {
        Self { layer, ..self }
    }

    const fn only(self, only: &'static [Library]) -> Self {
        Self { only, ..self }
    }

    /// Whether a library is compared here.
    pub(crate) fn has(&self, library: Library) -> bool {
        let is_meant = match self.only {
            [] => !library.is_variant(),
            only => only.contains(&library),
        };
        is_meant && library.does(self.work, self.layer)
    }

    /// Whether the other side is to be [eager](crate::job::Job::eager), if it has a processor of its own:
    /// memory and time are not a matter of what it costs to wake it.
    pub(crate) fn is_beside_an_eager_side(&self) -> bool {
        self.figure == Figure::Cpu
    }

    const fn of_memory(self) -> Self {
        Self { figure: Figure::Memory, ..self }
    }

    const fn of_latency(self) -> Self {
        Self { figure: Figure::Latency, ..self }
    }

    const fn apart(self) -> Self {
        Self { apart: true, ..self }
    }
}

/// Every comparison, in the order of the report.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "connect",
        "connect to a literal address, one after another",
        Work::Connect,
        Work::Accept,
        1,
    ),
    Scenario::new(
        "connect-name",
        "connect to `localhost`, one after another",
        Work::Connect,
        Work::Accept,
        1,
    )
    .by_name("localhost"),
    Scenario::new(
        "connect-64",
        "connect to another host than loopback, 64 in flight",
        Work::Connect,
        Work::Accept,
        64,
    )
    .apart(),
    Scenario::new(
        "churn-client",
        "connect, one message there and back, drop: 64 clients",
        Work::Churn,
        Work::Echo,
        64,
    ),
    Scenario::new("ping", "one client's round trips", Work::Ping, Work::Echo, 1),
    Scenario::new("ping-256", "round trips of 256 clients", Work::Ping, Work::Echo, 256),
    Scenario::new("send", "one stream out, as fast as it goes", Work::Send, Work::Drain, 1),
    Scenario::new("receive", "one stream in, as fast as it comes", Work::Receive, Work::Fill, 1),
    Scenario::new("accept", "accept and drop", Work::Accept, Work::Connect, 1),
    Scenario::new(
        "churn-server",
        "accept, one message there and back, close: 64 clients",
        Work::EchoOnce,
        Work::Churn,
        64,
    ),
    Scenario::new("echo-256", "echo to 256 clients", Work::Echo, Work::Ping, 256),
    Scenario::new("idle", "10,000 connections that say nothing", Work::Idle, Work::Hold, 10_000)
        .of_memory(),
    Scenario::new(
        "tls-client",
        "full handshake, one message there and back, drop: 8 clients",
        Work::Churn,
        Work::Echo,
        8,
    )
    .over(Layer::Tls),
    Scenario::new(
        "tls-client-resumed",
        "resume, one message there and back, drop: 8 clients",
        Work::Churn,
        Work::Echo,
        8,
    )
    .over(Layer::TlsResumed),
    Scenario::new(
        "tls-server",
        "full handshake, one message there and back, close: 8 clients",
        Work::EchoOnce,
        Work::Churn,
        8,
    )
    .over(Layer::Tls),
    Scenario::new(
        "tls-server-resumed",
        "resume, one message there and back, close: 8 clients",
        Work::EchoOnce,
        Work::Churn,
        8,
    )
    .over(Layer::TlsResumed),
    Scenario::new("tls-send", "TLS: a client's stream out", Work::Send, Work::Drain, 1)
        .over(Layer::Tls),
    Scenario::new("tls-receive", "TLS: a client's stream in", Work::Receive, Work::Fill, 1)
        .over(Layer::Tls),
    Scenario::new("tls-fill", "TLS: a server's stream out", Work::Fill, Work::Receive, 1)
        .over(Layer::Tls),
    Scenario::new("tls-drain", "TLS: a server's stream in", Work::Drain, Work::Send, 1)
        .over(Layer::Tls),
    Scenario::new(
        "tls-idle",
        "TLS: 10,000 connections to a server that say nothing",
        Work::Idle,
        Work::Hold,
        10_000,
    )
    .over(Layer::Tls)
    .of_memory(),
    Scenario::new(
        "eyeballs",
        "connect by name, to a dead IPv6 address and a live IPv4 one",
        Work::Race,
        Work::Accept,
        1,
    )
    .by_name(space::NAME)
    .of_latency()
    .apart(),
    Scenario::new(
        "eyeballs-again",
        "the same, the second time with the same connector",
        Work::RaceAgain,
        Work::Accept,
        1,
    )
    .by_name(space::NAME)
    .of_latency()
    .apart(),
    Scenario::new(
        "broadcast",
        "each message to 1,000 clients",
        Work::Broadcast,
        Work::Receive,
        1_000,
    ),
    Scenario::new(
        "limiting",
        "echo to 256 clients, with gate and list, and without",
        Work::Echo,
        Work::Ping,
        256,
    )
    .only(LIMITED),
    Scenario::new(
        "churn-limited",
        "echo once to 64 clients, with gate and list, and without",
        Work::EchoOnce,
        Work::Churn,
        64,
    )
    .only(LIMITED),
    Scenario::new(
        "facade",
        "connect to a literal address, by facade and by hand",
        Work::Connect,
        Work::Accept,
        1,
    )
    .only(FACADE),
    Scenario::new(
        "facade-name",
        "connect to a name that is kept, by facade and by hand",
        Work::Connect,
        Work::Accept,
        1,
    )
    .by_name("kept.example")
    .only(&[Library::OursByHand, Library::OursFacade]),
];

const LIMITED: &[Library] = &[Library::Raw, Library::Ours, Library::OursLimited];
const FACADE: &[Library] = &[Library::Raw, Library::Ours, Library::OursByHand, Library::OursFacade];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_compared_only_where_they_are_named() {
        let scenario = Scenario::new("any", "any", Work::Echo, Work::Ping, 1);
        assert!(scenario.has(Library::Tokio) && !scenario.has(Library::OursLimited));
        let scenario = scenario.only(LIMITED);
        assert!(!scenario.has(Library::Tokio) && scenario.has(Library::OursLimited));
    }

    #[test]
    fn whoever_is_named_does_what_it_is_named_for() {
        for scenario in SCENARIOS {
            let does = |library: &&Library| library.does(scenario.work, scenario.layer);
            assert!(scenario.only.iter().all(|library| does(&library)), "{}", scenario.name);
        }
    }
}
