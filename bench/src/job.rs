//! What a process is to do.

use std::{
    fmt,
    net::{Ipv6Addr, SocketAddr},
};

use clap::{Args, ValueEnum};

use crate::{library::Library, tls::Layer, work::Work};

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
    /// Whether the bare side spares whoever is under test what it would cost to wait for it, and to wake
    /// it: it looks for something to do all the time, fills a stream over TLS by many chunks at once, and where it
    /// only accepts it closes late.
    #[arg(long)]
    pub(crate) eager: bool,
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
        if self.eager {
            words.push("--eager".into());
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        job: Job,
    }

    impl Job {
        /// As the command line `side` understands these words.
        pub(crate) fn of_words(words: &[&str]) -> Self {
            Words::parse_from(["side"].iter().chain(words)).job
        }
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
            "--eager",
            "--address",
            "10.77.0.1:80",
            "--name",
            "a.example",
            "--dead",
            "2001:db8::1",
            "--nameserver",
            "127.0.0.1:53",
        ];
        assert_eq!(Job::of_words(&words).arguments(), words);
    }
}
