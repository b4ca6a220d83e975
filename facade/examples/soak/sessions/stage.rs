//! What stands around the clients: the server, the proxies before it, and what this process holds.

use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use futures_lite::future;
use smol::{Executor, Timer, channel};
use socketry::{
    Address, Connector, Endpoint,
    connection::Family,
    resolver::{Answer, from_fn},
    tls::{ClientTls, Roots},
};
use socketry_testing::{Break, FaultProxy};

use super::{
    clock::CountedClock,
    frame::{Frame, Kind},
    server::NAME,
};
use crate::{
    handshakes::from_hex,
    helper::Helper,
    report::{Report, note},
    system::{descriptors, threads},
};

/// So many tasks run at the same time.
const THREADS: usize = 3;

/// How long anything may take to end that was told to.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The slowest answer of the nameserver, in milliseconds.
const SLOWEST_NAME: u64 = 30;

/// Runs tasks on several threads until `work` is done.
pub(super) fn on_threads<R>(work: impl AsyncFnOnce(&Arc<Executor<'static>>) -> R) -> R {
    let executor = Arc::new(Executor::new());
    let (until, over) = channel::bounded::<()>(1);
    thread::scope(|scope| {
        // An error says that it is over.
        let run = || smol::block_on(executor.run(over.recv())).is_err();
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
        let result = smol::block_on(work(&executor));
        drop(until);
        for thread in threads {
            // Waits until the system has it no more, which the end of the scope does not. What has
            // panicked was said by then.
            let _ = thread.join();
        }
        result
    })
}

/// What `work` comes to, or nothing after so long a time.
pub(super) async fn within<R>(time: Duration, work: impl Future<Output = R>) -> Option<R> {
    let too_late = async {
        Timer::after(time).await;
        None
    };
    future::or(async { Some(work.await) }, too_late).await
}

/// The server, and a proxy before each of its doors.
pub(super) struct Stage {
    helper: Helper,
    root: Vec<u8>,
    pub(super) plain: FaultProxy,
    pub(super) secure: FaultProxy,
    /// Where the certificate is right, and where it is wrong.
    pub(super) doors: [SocketAddr; 2],
}

impl Stage {
    pub(super) async fn start() -> io::Result<Self> {
        let mut helper = Helper::start("sessions")?;
        let mut doors = Vec::new();
        for _ in 0..3 {
            let address: Address = helper.hear("listening").await?;
            doors.push(address.socket_address().ok_or(io::ErrorKind::AddrNotAvailable)?);
        }
        let root = from_hex(&helper.hear::<String>("root").await?)?;
        let (plain, secure) = (FaultProxy::start(doors[0])?, FaultProxy::start(doors[1])?);
        Ok(Self { helper, root, plain, secure, doors: [doors[1], doors[2]] })
    }

    /// Looks names up slowly, and trusts the server.
    pub(super) fn connector(&self, clock: &CountedClock) -> io::Result<Connector> {
        let tls = ClientTls::builder().roots(Roots::none().with_der(self.root.clone())).build()?;
        let asked = AtomicU64::new(0);
        let slow = from_fn(move |_: String, family| {
            // All times from none to the slowest, in an order that looks random.
            let time = 7 * asked.fetch_add(1, Ordering::Relaxed) % (SLOWEST_NAME + 1);
            async move {
                Timer::after(Duration::from_millis(time)).await;
                let ips: Vec<IpAddr> = match family {
                    Family::V4 => vec![Ipv4Addr::LOCALHOST.into()],
                    Family::V6 => vec![],
                };
                Ok(Answer::from(ips))
            }
        });
        Connector::builder().resolver(slow).tls(tls).clock(Arc::new(clock.clone())).build()
    }

    /// By address, by name, and by name under TLS.
    pub(super) fn endpoints(&self) -> io::Result<[Endpoint; 3]> {
        let (plain, secure) = (self.plain.address(), self.secure.address());
        let tls = format!("tls://{NAME}:{}", secure.port());
        Ok([plain.into(), (NAME, plain.port()).try_into()?, tls.try_into()?])
    }

    /// Connects once to each, so that what is made once and stays is there.
    pub(super) async fn warm_up(&self, connector: &Connector) -> io::Result<()> {
        for endpoint in self.endpoints()? {
            let mut socket = connector.connect(endpoint).await?;
            match Frame::read(&mut socket).await?.kind {
                Kind::Greeting => {}
                kind => return Err(io::Error::other(format!("the server has said {kind:?}"))),
            }
        }
        self.settle().await;
        Ok(())
    }

    /// Tells those the end who have fallen silent, and waits until the proxies have no connection
    /// any more; how many they have all the same after a while. A client that still has its socket
    /// is one.
    pub(super) async fn settle(&self) -> usize {
        let mut open = 0;
        for proxy in [&self.plain, &self.secure] {
            proxy.break_all(Break::Close);
            within(PATIENCE, proxy.until(|counts| counts.open == 0)).await;
            open += proxy.counts().open;
        }
        open
    }

    /// How many connections the proxies have accepted so far.
    pub(super) fn accepted(&self) -> usize {
        self.plain.counts().accepted + self.secure.counts().accepted
    }

    /// What the server has to complain about, and what it holds when all have gone.
    pub(super) async fn ask_server(&mut self) -> io::Result<Answered> {
        let mut said = Answered::ask(&mut self.helper).await?;
        for _ in 0..100 {
            if said.open == 0 {
                break;
            }
            Timer::after(Duration::from_millis(50)).await;
            said = Answered::ask(&mut self.helper).await?;
        }
        Ok(said)
    }
}

/// What the server says.
pub(super) struct Answered {
    open: u64,
    accepted: u64,
    misframed: u64,
    strayed: u64,
    descriptors: u64,
}

impl Answered {
    async fn ask(helper: &mut Helper) -> io::Result<Self> {
        helper.say("report")?;
        Ok(Self {
            open: helper.hear("open").await?,
            accepted: helper.hear("accepted").await?,
            misframed: helper.hear("misframed").await?,
            strayed: helper.hear("strayed").await?,
            descriptors: helper.hear("descriptors").await?,
        })
    }

    /// Beside what it said when nobody had come yet.
    pub(super) fn tell(&self, before: &Self, report: &mut Report) {
        note(&format!("the server has greeted {}", self.accepted - before.accepted));
        let left = self.descriptors.abs_diff(before.descriptors);
        report.at_most(
            "connections that do not begin at a boundary",
            self.misframed as f64,
            0.0,
            "",
        );
        report.at_most("messages in the wrong session", self.strayed as f64, 0.0, "");
        report.at_most("connections left in the server", self.open as f64, 0.0, "");
        report.at_most("descriptors left in the server", left as f64, 0.0, "");
    }
}

/// What this process holds.
pub(super) struct Held {
    descriptors: usize,
    threads: usize,
    timers: usize,
}

impl Held {
    pub(super) fn now(clock: &CountedClock) -> io::Result<Self> {
        Ok(Self { descriptors: descriptors()?, threads: threads()?, timers: clock.timers() })
    }

    /// Beside what it held before. What a thread that was told to end still holds goes in a moment.
    pub(super) async fn tell(&self, clock: &CountedClock, report: &mut Report) -> io::Result<()> {
        let mut now = Self::now(clock)?;
        for _ in 0..20 {
            if now.descriptors <= self.descriptors && now.threads <= self.threads {
                break;
            }
            Timer::after(Duration::from_millis(50)).await;
            now = Self::now(clock)?;
        }
        note(&format!("before: {} descriptors, {} threads", self.descriptors, self.threads));
        let left = |now: usize, before| now as f64 - before as f64;
        report.at_most("descriptors left", left(now.descriptors, self.descriptors), 0.0, "");
        report.at_most("threads left", left(now.threads, self.threads), 0.0, "");
        report.at_most("timers left", left(now.timers, self.timers), 0.0, "");
        Ok(())
    }
}
