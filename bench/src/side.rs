//! A process under test, and the one on the other side: it does its work until its standard input
//! ends, and answers each line there with its totals.

use std::{
    fmt,
    io::{self, BufRead, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    ops::Range,
    os::fd::AsFd,
    process, thread,
    time::Duration,
};

use clap::{Args, ValueEnum};
use rustix::{
    net::sockopt::set_socket_linger,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use socket2::{Domain, Socket, Type};

use crate::{backends::Library, tls::Layer, totals, work::Work};

pub(crate) mod client;
pub(crate) mod race;
pub(crate) mod server;

/// The most clients that may wait to be accepted. What listens with less loses some of a thousand
/// that come at once, and those come again after a second.
const BACKLOG: i32 = 4096;

/// The ports that are tried, one after the other.
const PORTS: Range<u16> = 20_000..32_000;

/// What a process is to do.
#[derive(Args, Clone, Debug)]
pub(crate) struct Job {
    pub(crate) library: Library,
    pub(crate) work: Work,
    /// How many connections there are at a time.
    #[arg(long, default_value_t = 1)]
    pub(crate) connections: usize,
    /// How many more there are that have said one message and then nothing, for clients that ping.
    #[arg(long, default_value_t = 0)]
    pub(crate) idle: usize,
    /// Where to connect to; for work that listens, the host to listen on if not loopback.
    #[arg(long)]
    pub(crate) address: Option<SocketAddr>,
    /// The name to connect by, with the port of the address.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What is between the streams and their sockets.
    #[arg(long, default_value = "plain")]
    pub(crate) layer: Layer,
    /// The other address of the name, at which nobody answers.
    #[arg(long)]
    pub(crate) dead: Option<Ipv6Addr>,
    /// Who knows the addresses of the name.
    #[arg(long)]
    pub(crate) nameserver: Option<SocketAddr>,
}

impl Job {
    /// The words that say it on the command line.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let word = |value: &dyn fmt::Display| value.to_string();
        let mut words = vec![
            value_name(&self.library),
            value_name(&self.work),
            "--connections".into(),
            word(&self.connections),
            "--layer".into(),
            value_name(&self.layer),
        ];
        if self.idle > 0 {
            words.extend(["--idle".into(), word(&self.idle)]);
        }
        if let Some(address) = &self.address {
            words.extend(["--address".into(), word(address)]);
        }
        if let Some(name) = &self.name {
            words.extend(["--name".into(), name.clone()]);
        }
        if let Some(dead) = &self.dead {
            words.extend(["--dead".into(), word(dead)]);
        }
        if let Some(nameserver) = &self.nameserver {
            words.extend(["--nameserver".into(), word(nameserver)]);
        }
        words
    }
}

fn value_name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
}

/// Does the work; never returns but with an error.
pub(crate) fn run(job: &Job) -> io::Result<()> {
    allow_many_descriptors()?;
    let host = job.address.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
    let listener = if job.work.listens() { Some(listen(host)?) } else { None };
    match &listener {
        Some(listener) => say(&listener.local_addr()?.to_string())?,
        None => say("ready")?,
    }
    thread::spawn(answer);
    job.library.run(job, listener)
}

/// As many as the machine allows.
fn allow_many_descriptors() -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

/// Lines in, totals out.
fn answer() {
    for line in io::stdin().lock().lines() {
        if line.is_err() {
            break;
        }
        // In a trace of the system calls it stands where the totals were taken.
        let _ = rustix::process::getppid();
        // A structure of numbers can always be written.
        let totals = serde_json::to_string(&totals::now()).expect("numbers can be written");
        if say(&totals).is_err() {
            break;
        }
    }
    process::exit(0);
}

pub(crate) fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Every library accepts from a socket that was made here, with the options that ours would set.
///
/// The port is one of those that services have: to one that the system may choose for a client, a
/// connect of ours asks whether it has reached itself.
fn listen(host: IpAddr) -> io::Result<TcpListener> {
    let listeners = PORTS.map(|port| listen_on(SocketAddr::new(host, port)));
    let mut last = io::Error::other("there are no ports");
    for listener in listeners {
        match listener {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

pub(crate) fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Makes the drop of a socket reset its connection.
pub(crate) fn reset_when_dropped(socket: &impl AsFd) -> io::Result<()> {
    Ok(set_socket_linger(socket, Some(Duration::ZERO))?)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        job: Job,
    }

    #[test]
    fn a_job_is_understood_as_it_is_said() {
        let words = [
            "hyper-util",
            "race-again",
            "--connections",
            "2",
            "--layer",
            "tls-resumed",
            "--idle",
            "3",
            "--address",
            "10.77.0.1:80",
            "--name",
            "a.example",
            "--dead",
            "2001:db8::1",
            "--nameserver",
            "127.0.0.1:53",
        ];
        let job = Words::parse_from(["side"].iter().chain(&words)).job;
        assert_eq!(job.arguments(), words);
    }
}
