//! Servers and their pool as a file: the YAML of RoadRunner.

use std::{env, fs, io, path::Path};

use serde::Deserialize;

use self::{document::Document, fault::Fault, places::Places, reader::Reader, tree::Node};
pub use self::{
    error::{InvalidConfig, Warning},
    pool::{PoolConfig, SupervisorConfig},
    server::{NoListener, ServerConfig},
};
use crate::Relay;

mod address;
mod applied;
mod document;
mod environment;
mod error;
mod fault;
mod key;
mod places;
mod pool;
mod reader;
mod relay;
mod server;
mod tree;
mod unneeded;
mod value;

/// Servers, the pool that answers their events, and the command of its workers, as a file says it: in the
/// YAML of RoadRunner, with some keys more.
///
/// ```yaml
/// server:
///   command: "php worker.php"   # or a list of words; text is split at white space
///   env: {APP_RUNTIME: prod}    # the names are put in capitals
///   relay: pipes                # or tcp://127.0.0.1:6001, or unix:///run/relay.sock
/// tcp:
///   servers:
///     smtp: {addr: "tcp://127.0.0.1:1025", delimiter: "\r\n"}
///     other:
///       addr: ":8889"           # any address: tcp://0.0.0.0:8889; also tls:// and unix://
///       # All below are the defaults.
///       framing: delimiter      # or raw, {fixed: 16}, {length_prefixed: {bytes: 4, order: big}}
///       together: false         # whether messages that come together are one event
///       max_message_size: 1MiB  # or a number of bytes
///       idle_timeout: 0s        # 0 means never, for these three
///       read_timeout: 0s
///       write_timeout: 60s
///       sticky: false           # whether a connection stays with one worker
///   pool:
///     num_workers: 0            # 0 means one for each processor
///     max_jobs: 0
///     max_queue_size: 0
///     allocate_timeout: 60s
///     destroy_timeout: 60s
///     reset_timeout: 60s
///     debug: false
///     supervisor: {watch_tick: 5s, ttl: 0s, idle_ttl: 0s, exec_ttl: 0s, max_worker_memory: 0}
///     answers: barrier          # or strict
///     remote_addr: "ip:port"    # or ip
///     closed_timeout: 1s
///     stop_timeout: 10s
///     max_answer_size: 64MiB
/// ```
///
/// Durations are written as in Go (`60s`, `1m30s`, `1.5h`, `250ms`). Values may name variables of the
/// environment: `$NAME`, `${NAME}`, and `${NAME:-default}` for one that is not set or empty. One without
/// a value is empty, with a warning. A variable can put text into a value and never keys or values of
/// their own. (Where RoadRunner empties a value that has two variables and one default, each has its own
/// here, and where it leaves out a brace without its other one, that is an error.)
///
/// What RoadRunner knows and is not needed here is a [`Warning`]; what neither knows is an error. Names of
/// servers stay as they are written; RoadRunner puts them in small letters, so there is a warning if that
/// is a difference. Aliases and merges (`&name`, `*name`, `<<`) are those of YAML.
///
/// `L` is the type of one more key under each server, `listen`, for programs that have options there. By
/// default the key is refused.
///
/// # Examples
///
/// ```
/// use socketry_server_workers::Config;
///
/// let text = r#"
/// server: {command: php worker.php}
/// tcp:
///   servers:
///     smtp: {addr: "tcp://127.0.0.1:1025"}
///     server2: {addr: ":8889", delimiter: "\n"}
///   pool: {num_workers: 2}
/// "#;
/// let config = <Config>::parse(text, "workers.yaml")?;
/// let addresses: Vec<&str> = config.servers().map(|server| server.addr.as_str()).collect();
/// assert_eq!(addresses, ["tcp://127.0.0.1:1025", "tcp://0.0.0.0:8889"]);
/// assert_eq!(config.command(), ["php", "worker.php"]);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Config<L = NoListener> {
    servers: Vec<ServerConfig<L>>,
    pool: PoolConfig,
    command: Vec<String>,
    env: Vec<(String, String)>,
    relay: Relay,
    warnings: Vec<Warning>,
    places: Places,
}

impl<L: for<'de> Deserialize<'de>> Config<L> {
    /// Reads a file, with the environment of this process. This blocks.
    ///
    /// # Errors
    ///
    /// Those of [`parse`](Self::parse); of the kind that the system says if the file cannot be read.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display()))
        })?;
        Self::parse(&text, &path.to_string_lossy())
    }

    /// Reads a text, with the environment of this process. Errors and warnings give it this name.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) with an [`InvalidConfig`], the first that is found.
    pub fn parse(text: &str, file_name: &str) -> io::Result<Self> {
        Self::parse_with(text, file_name, |name| env::var_os(name)?.into_string().ok())
    }

    /// Reads a text, with the variables that this function knows.
    ///
    /// # Errors
    ///
    /// Those of [`parse`](Self::parse).
    pub fn parse_with(
        text: &str,
        file_name: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> io::Result<Self> {
        let (mut warnings, mut unset) = (Vec::new(), Vec::new());
        let config = Node::parse(text).and_then(|mut tree| {
            warnings.extend(unneeded::take(&mut tree));
            environment::expand(&mut tree, &variable, &mut unset)?;
            Self::from_tree(&tree, Places::of(file_name, &tree), &mut warnings)
        });
        let mut config =
            config.map_err(|fault| InvalidConfig::new(file_name, fault.because_of(&unset)))?;
        warnings.extend(unset);
        config.warnings =
            warnings.into_iter().map(|fault| Warning::new(file_name, fault)).collect();
        config.warnings.sort_by_key(Warning::line);
        Ok(config)
    }

    fn from_tree(tree: &Node, places: Places, warnings: &mut Vec<Fault>) -> Result<Self, Fault> {
        let document: Document<L> =
            Document::deserialize(Reader(tree)).map_err(|fault| fault.at(tree.location))?;
        let server = document.server;
        let relay =
            relay::read(&server.relay).map_err(|why| tree.fault(&["server", "relay"], why))?;
        let command = document.tcp.pool.command.clone().unwrap_or(server.command.0);
        let servers = servers(tree, document.tcp.servers.0, warnings)?;
        if command.is_empty() {
            let reason = "no command for workers: write one, such as command: \"php worker.php\"";
            return Err(tree.fault(&["server", "command"], reason));
        }
        let pool = document.tcp.pool;
        let (env, warnings) = (server.env.0, Vec::new());
        Ok(Self { servers, pool, command, env, relay, warnings, places })
    }
}

impl<L> Config<L> {
    /// The servers, in the order of the file. There is at least one, and no two have the same address.
    pub fn servers(&self) -> impl ExactSizeIterator<Item = &ServerConfig<L>> {
        self.servers.iter()
    }

    /// The pool.
    pub fn pool(&self) -> &PoolConfig {
        &self.pool
    }

    /// The words of the command of a worker, the program first: that of the pool, or of the server. There
    /// is at least one.
    pub fn command(&self) -> &[String] {
        &self.command
    }

    /// The variables of the environment that workers have besides those of this process, names first.
    pub fn env(&self) -> &[(String, String)] {
        &self.env
    }

    /// The way between this process and its workers.
    pub fn relay(&self) -> &Relay {
        &self.relay
    }

    /// What has not the effect that somebody may expect, in the order of the file.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// That what stands under a key of one of the servers cannot be used, for programs that find out more
    /// about it than is known here: whether something can listen at its `addr`, for example.
    ///
    /// # Examples
    ///
    /// ```
    /// # use socketry_server_workers::Config;
    /// let text = "server: {command: php worker.php}\ntcp: {servers: {a: {addr: 'fd://3'}}}";
    /// let config = <Config>::parse(text, "w.yaml")?;
    /// let error = config.invalid("a", "addr", "nobody has handed a socket on");
    /// assert_eq!(error.to_string(), "w.yaml:2:21: tcp.servers.a.addr: nobody has handed a socket on");
    /// # std::io::Result::Ok(())
    /// ```
    pub fn invalid(&self, server: &str, key: &str, reason: impl Into<String>) -> InvalidConfig {
        self.places.invalid(server, key, reason.into())
    }
}

fn servers<L>(
    tree: &Node,
    named: Vec<(String, document::OneKeys<L>)>,
    warnings: &mut Vec<Fault>,
) -> Result<Vec<ServerConfig<L>>, Fault> {
    if named.is_empty() {
        let reason = "no servers registered: write one, such as servers: {name: {addr: \":7777\"}}";
        return Err(tree.fault(&["tcp", "servers"], reason));
    }
    let mut servers: Vec<ServerConfig<L>> = Vec::new();
    for (name, keys) in named {
        let fault = |key, reason| tree.fault(&["tcp", "servers", &name, key], reason);
        let server = ServerConfig::new(&name, keys).map_err(|(key, reason)| fault(key, reason))?;
        let mut same = servers.iter().filter(|other| other.addr == server.addr);
        if let Some(other) = same.find(|other| !address::is_chosen(&other.addr)) {
            let reason =
                format!("the server `{}` has this address already: {}", other.name, other.addr);
            return Err(fault("addr", reason));
        }
        if name.chars().any(char::is_uppercase) {
            let reason =
                "it stays as it is written; RoadRunner says it in small letters to workers";
            warnings.push(tree.fault(&["tcp", "servers", &name], reason));
        }
        servers.push(server);
    }
    Ok(servers)
}
