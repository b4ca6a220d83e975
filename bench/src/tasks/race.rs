//! What connects to a name of which one address is dead and the other one lives.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    backend::{Backend, Dial, Stream},
    job::Job,
    totals::count_wait,
    work::Work,
};

/// Who tries one address after the other may give up after this long, and is counted with it: the
/// system itself would try for minutes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// A backend that connects to the addresses of a name.
pub(crate) trait Races: Backend {
    /// What has connected to nothing yet.
    fn novice(self, target: &Target) -> io::Result<impl Dial>;
}

/// What is connected to.
pub(crate) struct Target {
    pub(crate) name: Arc<str>,
    pub(crate) port: u16,
    /// Those of the name, the dead one first.
    pub(crate) addresses: Arc<[SocketAddr]>,
    /// Who knows them.
    pub(crate) nameserver: SocketAddr,
    /// Whether what can remember the good address is to do so.
    pub(crate) remembers: bool,
}

impl Target {
    fn of(job: &Job) -> io::Result<Self> {
        match (&job.name, job.address, job.dead, job.nameserver) {
            (Some(name), Some(live), Some(dead), Some(nameserver)) => Ok(Self {
                name: name.as_str().into(),
                port: live.port(),
                addresses: [SocketAddr::new(IpAddr::V6(dead), live.port()), live].into(),
                nameserver,
                remembers: job.work == Work::RaceAgain,
            }),
            _ => Err(io::Error::other(
                "a race takes `--name`, `--address`, `--dead` and `--nameserver`",
            )),
        }
    }
}

/// Connects one after another, each with a connector that is new.
pub(crate) fn run(backend: impl Races, job: &Job) -> io::Result<()> {
    let target = Target::of(job)?;
    backend.run(async move {
        loop {
            let dial = backend.novice(&target)?;
            if target.remembers {
                let _ = connect(&dial).await?;
            }
            count_wait(connect(&dial).await?);
        }
    })
}

/// How long a connect takes, or how long it was until patience ran out.
async fn connect(dial: &impl Dial) -> io::Result<Duration> {
    let begun = Instant::now();
    match dial.dial().await {
        Ok(stream) => {
            let taken = begun.elapsed();
            stream.reset_when_dropped()?;
            Ok(taken)
        }
        Err(error) if error.kind() == ErrorKind::TimedOut => Ok(begun.elapsed()),
        Err(error) => Err(error),
    }
}
