//! `socketry serve`: serves what a configuration says, until a signal comes.

use std::{fmt, io, path::Path, pin::Pin, time::Duration};

use futures_lite::{FutureExt, future};
use socketry::{Server, server::AcceptExt};
use socketry_server_workers::{Handle, Pool, Processes, WorkerServer};

use crate::{
    check::{self, Configuration},
    failed::Failed,
    log::Log,
    signals::{Wish, Wishes},
};

/// Serves until it is told to end.
pub(crate) fn run(configuration: &Path, grace: Duration) -> Result<(), Failed> {
    let config = check::read(configuration)?;
    let processes = config.processes().map_err(|error| Failed::Configuration(error.to_string()))?;
    async_io::block_on(async {
        let log = Log::new();
        // Before anything is opened, so that no signal is missed.
        let mut wishes = Wishes::new()?;
        let servers = listen(&config, processes, log).await?;
        let handle = servers.handle();
        let serving = async {
            // With servers to serve, nothing else is an error.
            let not_started = |error| io_error("a worker could not be started", &error);
            servers.run().await.map_err(not_started)
        };
        let end = End { grace, then: config.pool().destroy_timeout };
        future::or(serving, obey(&mut wishes, &handle, &end, log)).await?;
        if wishes.is_draining() {
            log.line(handle.drain(grace).await); // it has ended, and says how
        }
        Ok(())
    })
}

/// Listens wherever the configuration says.
async fn listen(
    config: &Configuration,
    processes: Processes,
    log: Log,
) -> Result<WorkerServer<Processes>, Failed> {
    let pool = Pool::new(processes, config.pool_options().on_notice(move |it| log.line(it)));
    let mut servers = WorkerServer::new(pool);
    for server in config.servers() {
        let (name, options) = (&*server.name, server.listen.clone().unwrap_or_default());
        let bound = Server::builder().config(options).bind(&*server.addr).await;
        let listener = bound.map_err(|error| not_bound(config, name, &error))?;
        if let Some(address) = listener.local_address() {
            log.line(format_args!("server {name} listens on {address}"));
        }
        servers = servers.server(name, listener.boxed(), server.options())?;
    }
    Ok(servers)
}

/// How long the end takes.
struct End {
    /// So long clients may go on.
    grace: Duration,
    /// So long, then, workers may take for their last answers. Zero means for ever.
    then: Duration,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ending: clients may go on for {}, and then workers may answer ",
            humantime::format_duration(self.grace)
        )?;
        match self.then {
            Duration::ZERO => f.write_str("for as long as it takes")?,
            then => write!(f, "for {} (destroy_timeout)", humantime::format_duration(then))?,
        }
        f.write_str("; again to end at once")
    }
}

/// What makes no sense is said with its line.
fn not_bound(config: &Configuration, server: &str, error: &io::Error) -> Failed {
    match error.kind() {
        io::ErrorKind::InvalidInput => config.invalid(server, "listen", error.to_string()).into(),
        _ => Failed::Running(io_error(&format!("server {server}"), error)),
    }
}

fn io_error(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Does what signals say, until one says that it must end at once.
async fn obey(wishes: &mut Wishes, handle: &Handle, end: &End, log: Log) -> io::Result<()> {
    let mut reset: Option<Pin<Box<dyn Future<Output = io::Result<()>>>>> = None;
    loop {
        let ended = async {
            match &mut reset {
                Some(reset) => Turn::Reset(reset.await),
                None => future::pending().await,
            }
        };
        match async { Turn::Wish(wishes.next().await) }.or(ended).await {
            Turn::Reset(result) => {
                reset = None;
                match result {
                    Ok(()) => log.line("all workers are replaced"),
                    Err(error) => log.line(error),
                }
            }
            Turn::Wish(wish) => match wish? {
                Wish::Drain => {
                    log.line(end);
                    // It goes on without whoever waits for it.
                    let _ = future::poll_once(handle.drain(end.grace)).await;
                }
                Wish::Reset => reset = Some(Box::pin(handle.reset())),
                Wish::End => return Ok(()),
            },
        }
    }
}

enum Turn {
    Wish(io::Result<Wish>),
    Reset(io::Result<()>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_the_end_takes_is_said_as_it_is() {
        let end = |then| End { grace: Duration::from_secs(10), then }.to_string();
        let expected = "ending: clients may go on for 10s, and then workers may answer for 1m \
                        (destroy_timeout); again to end at once";
        assert_eq!(end(Duration::from_secs(60)), expected);
        assert!(end(Duration::ZERO).contains("answer for as long as it takes; again"));
    }
}
