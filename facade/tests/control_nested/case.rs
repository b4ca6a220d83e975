//! Which nestings there are, around what.

use std::{
    fmt,
    net::{SocketAddr, TcpListener},
    os::fd::AsRawFd,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use futures_lite::future::block_on;
use socketry::{AcceptExt, Address, Server, ServerGroup};
use socketry_testing::TestDir;

use crate::layers::{Layer, Means, Room};

/// Decorators around each other, the innermost first.
#[derive(Clone, Debug)]
pub(crate) struct Nesting(Vec<Layer>);

/// What stands inside of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bottom {
    Tcp,
    Unix,
    Inherited,
    Group,
}

/// A nesting around a kind of server.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) nesting: Nesting,
    pub(crate) bottom: Bottom,
}

/// A server, all addresses at which it listens, and the directory that this needs.
pub(crate) struct Listening {
    pub(crate) server: Server,
    pub(crate) addresses: Vec<Address>,
    pub(crate) directory: Option<TestDir>,
}

/// Runs `check` in every case, and tells in which of them it has failed.
pub(crate) fn in_every_case(check: impl Fn(&Case)) {
    let all = Case::all();
    let fails = |case: &&Case| {
        let failed = catch_unwind(AssertUnwindSafe(|| check(case))).is_err();
        if failed {
            eprintln!("(this was in {case})");
        }
        failed
    };
    let failed: Vec<String> = all.iter().filter(fails).map(Case::to_string).collect();
    let (count, of) = (failed.len(), all.len());
    assert!(failed.is_empty(), "failed in {count} of {of} cases:\n{}", failed.join("\n"));
}

/// The same in those cases that have the decorator `layer`.
pub(crate) fn in_every_case_with(layer: Layer, check: impl Fn(&Case)) {
    in_every_case(|case| {
        if case.nesting.has(layer) {
            check(case);
        }
    });
}

impl Nesting {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        Self(Vec::new()).add_with_all_around(&mut all);
        all
    }

    /// Adds this one, and all that are this one with more around it.
    fn add_with_all_around(self, all: &mut Vec<Self>) {
        for layer in Layer::ALL {
            if !self.has(layer) {
                let mut wider = self.clone();
                wider.0.push(layer);
                wider.add_with_all_around(all);
            }
        }
        all.push(self);
    }

    pub(crate) fn has(&self, layer: Layer) -> bool {
        self.0.contains(&layer)
    }

    /// After which time nobody is half way in any more; `None` if nobody ever is, because whoever
    /// comes is handed out at once.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.0.iter().filter_map(|layer| layer.deadline()).max()
    }

    /// In which kinds of room it behaves differently.
    pub(crate) fn rooms(&self) -> Vec<Room> {
        let differs = |room: &Room| match room {
            Room::Plenty => true,
            Room::OneWaits => !self.0.is_empty(),
            Room::OneIsRefused => self.0.iter().any(|layer| *layer != Layer::Proxy),
            Room::OneHandshakePerAddress => self.has(Layer::Tls),
        };
        Room::ALL.into_iter().filter(differs).collect()
    }

    pub(crate) fn around(&self, bottom: Server, means: &Means) -> Server {
        self.0.iter().fold(bottom, |inner, layer| layer.around(inner, means))
    }
}

impl Bottom {
    const ALL: [Self; 4] = [Self::Tcp, Self::Unix, Self::Inherited, Self::Group];

    pub(crate) fn listen(self) -> Listening {
        match self {
            Self::Tcp => Listening::at(bind(&format!("tcp://{}", loopback()))),
            Self::Unix => unix(),
            Self::Inherited => {
                // It is closed here, so that the end of its duplicate is the end of listening.
                let original = TcpListener::bind(loopback()).unwrap();
                Listening::at(bind(&format!("fd://{}", original.as_raw_fd())))
            }
            Self::Group => {
                let (tcp, unix) = (Self::Tcp.listen(), unix());
                let group = ServerGroup::new([tcp.server, unix.server]);
                let addresses = group.local_addresses().collect();
                Listening { server: group.boxed().into(), addresses, ..unix }
            }
        }
    }
}

impl Listening {
    fn at(server: Server) -> Self {
        let addresses = server.local_address().into_iter().collect();
        Self { server, addresses, directory: None }
    }
}

impl Case {
    fn all() -> Vec<Self> {
        let around_each =
            |nesting: Nesting| Bottom::ALL.map(|bottom| Self { nesting: nesting.clone(), bottom });
        Nesting::all().into_iter().flat_map(around_each).collect()
    }
}

fn unix() -> Listening {
    let directory = TestDir::new();
    let server = bind(&format!("unix://{}", directory.path().join("s").display()));
    Listening { directory: Some(directory), ..Listening::at(server) }
}

fn bind(endpoint: &str) -> Server {
    block_on(socketry::bind(endpoint)).unwrap()
}

/// Any port of an address where nobody else listens, if the system has so many.
///
/// Of the thousands of ports in here some would be taken by somebody else as soon as they are free,
/// and a client could even connect to itself: a server that is closed would seem to be open.
fn loopback() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);

    let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let process = 1 + (process::id() % 250) as u8;
    match cfg!(target_os = "linux") {
        true => ([127, process, high, low], 0).into(),
        false => ([127, 0, 0, 1], 0).into(),
    }
}

/// As in `tcp -> gate -> tls`.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nesting, bottom } = self;
        write!(f, "{}{nesting}", format!("{bottom:?}").to_lowercase())
    }
}

/// As in ` -> gate -> tls`.
impl fmt::Display for Nesting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write = |layer: &Layer| write!(f, " -> {}", format!("{layer:?}").to_lowercase());
        self.0.iter().try_for_each(write)
    }
}

#[test]
fn there_are_65_nestings_and_no_two_are_the_same() {
    let mut all: Vec<String> = Nesting::all().iter().map(Nesting::to_string).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 1 + 4 + 4 * 3 + 4 * 3 * 2 + 4 * 3 * 2);
}
