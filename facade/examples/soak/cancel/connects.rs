//! Connects, each with a moment at which it is cancelled.

use std::{cell::Cell, fmt, future::Future, io, net::SocketAddr, pin::pin, time::Duration};

use futures_lite::future;
use smol::{LocalExecutor, Timer};
use socketry::{
    Connect, HostPort,
    connection::SocketOptions,
    connector::{DnsConnector, RaceConnector, TcpConnector, TimeoutConnector, UnixConnector},
    resolver::{CachingResolver, HickoryResolver},
};

use super::targets::Targets;
use crate::{
    nameserver::{BOTH, LOST_AAAA},
    random::Random,
};

/// How many are under way at the same time.
const AT_ONCE: u32 = 16;

/// One connect in so many is by name. The nameserver answers 65,536 queries.
const BY_NAME: u32 = 40;

/// Makes connects and cancels them.
pub(super) struct Connects {
    pub(super) tally: Tally,
    targets: Targets,
    tcp: TcpConnector,
    unix: UnixConnector,
    hosts: DnsConnector<RaceConnector<TcpConnector>, CachingResolver<HickoryResolver>>,
    random: Random,
}

impl Connects {
    pub(super) fn new(targets: Targets, nameserver: SocketAddr, seed: u64) -> Self {
        // Reset instead of closed, so that no port stays taken for a minute afterwards.
        let tcp = TcpConnector::new().options(SocketOptions::new().linger(Duration::ZERO));
        let resolver = CachingResolver::new(HickoryResolver::with_nameservers([nameserver]));
        Self {
            tally: Tally::default(),
            targets,
            hosts: DnsConnector::new(RaceConnector::new(tcp.clone()), resolver),
            tcp,
            unix: UnixConnector::new(),
            random: Random::new(seed),
        }
    }

    /// Starts `count` connects and cancels each of them.
    pub(super) async fn cancel(&self, count: u32) {
        let left = Cell::new(count);
        let tasks = LocalExecutor::new();
        let worker = |_| {
            tasks.spawn(async {
                while let Some(fewer) = left.get().checked_sub(1) {
                    left.set(fewer);
                    self.cancel_one().await;
                }
            })
        };
        let workers: Vec<_> = (0..AT_ONCE).map(worker).collect();
        tasks
            .run(async {
                for worker in workers {
                    worker.await;
                }
            })
            .await;
    }

    async fn cancel_one(&self) {
        let Self { tcp, unix, .. } = self;
        if self.random.below(BY_NAME) == 0 {
            return self.cancel_connect(&self.hosts, self.host()).await;
        }
        match self.random.below(4) {
            0 => self.cancel_connect(tcp, self.targets.accepting).await,
            1 => self.cancel_connect(tcp, self.targets.refusing).await,
            2 => self.cancel_connect(tcp, self.targets.full()).await,
            _ => self.cancel_connect(unix, self.targets.full_unix()).await,
        }
    }

    /// A name of the server that accepts.
    fn host(&self) -> HostPort {
        let name = if self.random.below(2) == 0 { BOTH } else { LOST_AAAA };
        let target = format!("{name}:{}", self.targets.accepting.port());
        target.parse().unwrap_or(self.targets.accepting.into())
    }

    /// With a timeout around it, or without.
    async fn cancel_connect<T: Send>(&self, connector: &impl Connect<T>, target: T) {
        let moment = Moment::any(&self.random);
        if self.random.below(2) == 0 {
            self.cut_off(connector.connect(target), moment).await;
        } else {
            let after = Duration::from_micros(self.random.below(3000).into());
            let timed = TimeoutConnector::new(connector, after);
            self.cut_off(timed.connect(target), moment).await;
        }
    }

    /// Polls until the moment has come, and drops.
    async fn cut_off<C>(&self, connect: impl Future<Output = io::Result<C>>, moment: Moment) {
        let mut connect = pin!(connect);
        let mut ended = None;
        match moment {
            Moment::BeforeTheFirstPoll => return Tally::add(&self.tally.unpolled),
            Moment::AfterPolls(count) => {
                for _ in 0..count {
                    ended = future::poll_once(&mut connect).await;
                    if ended.is_some() {
                        break;
                    }
                    future::yield_now().await;
                }
            }
            Moment::After(duration) => {
                let too_late = async {
                    Timer::after(duration).await;
                    None
                };
                ended = future::or(async { Some(connect.await) }, too_late).await;
            }
        }
        Tally::add(match ended {
            None => &self.tally.under_way,
            Some(Ok(_)) => &self.tally.connected,
            Some(Err(_)) => &self.tally.failed,
        });
    }
}

/// When a connect is cancelled.
enum Moment {
    BeforeTheFirstPoll,
    AfterPolls(u32),
    After(Duration),
}

impl Moment {
    fn any(random: &Random) -> Self {
        match random.below(4) {
            0 => Self::BeforeTheFirstPoll,
            1 => Self::AfterPolls(1),
            2 => Self::AfterPolls(2 + random.below(4)),
            _ => Self::After(Duration::from_micros(random.below(2000).into())),
        }
    }
}

/// How far the connects had come when they were dropped.
#[derive(Default)]
pub(super) struct Tally {
    unpolled: Cell<u32>,
    pub(super) under_way: Cell<u32>,
    connected: Cell<u32>,
    failed: Cell<u32>,
}

impl Tally {
    fn add(count: &Cell<u32>) {
        count.set(count.get() + 1);
    }

    pub(super) fn all(&self) -> u32 {
        let Self { unpolled, under_way, connected, failed } = self;
        [unpolled, under_way, connected, failed].map(Cell::get).iter().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unpolled, under_way, connected, failed } = self;
        let [unpolled, under_way] = [unpolled, under_way].map(Cell::get);
        let [connected, failed] = [connected, failed].map(Cell::get);
        write!(f, "cancelled before the first poll {unpolled}, while under way {under_way}; ")?;
        write!(f, "ended before that: {connected} connected, {failed} refused or timed out")
    }
}
