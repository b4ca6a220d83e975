//! Workers that are processes of their own.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use socketry_connection::Clock;

use self::{command::CommandWords, relay_server::RelayServer, settings::Settings};
pub use self::{record::ProcessRecord, worker::ProcessWorker, working::run_worker};
use crate::{AnswerMode, AskFailed, Employ, Event, Notices, Relay, RemoteAddr, Reply, WorkerId};

mod child;
mod command;
mod context;
mod failed;
mod handshake;
mod hire;
mod launch;
mod link;
mod log;
#[cfg(target_os = "linux")]
mod parent_death;
mod record;
mod relay_server;
mod said;
mod settings;
mod text;
mod threads;
mod worker;
mod working;

/// Workers that are processes: in PHP, or in whatever speaks goridge frames in the mode `tcp`.
///
/// Each is started in a process group of its own, with the environment of this process and besides
///
/// | variable | value |
/// |---|---|
/// | `RR_RELAY` | where it finds its server, see [`Relay`] |
/// | `RR_MODE` | `tcp` |
/// | `RR_VERSION` | the version of this crate |
///
/// Its standard input and output belong to the protocol. Its standard error is its log, and told line by
/// line as [`Notice::WorkerSays`](crate::Notice::WorkerSays); with a relay that is a socket its standard
/// output is, too.
///
/// # How they end
///
/// A worker is told to stop first; if it does not within [`stop_timeout`](Self::stop_timeout), its process
/// group gets a SIGTERM, and two seconds later a SIGKILL. One to which a part of an event is on its way would
/// not understand that word, and gets the SIGTERM at once; one that has broken the protocol, takes too long or
/// was asked by somebody who has gone gets the SIGKILL. Whatever it has started ends with it, at the latest by
/// SIGKILL, unless it has left the group. On Linux the system kills workers also when their server is killed
/// itself; but not what they have started, which is then only told by the end of its pipes. So let the command
/// be the worker, and no shell that starts it (or one that ends with `exec`).
///
/// # What they answer
///
/// | context | answer |
/// |---|---|
/// | `CONTINUE` | [`Read`](crate::Answer::Read) |
/// | `WRITE` | [`Respond`](crate::Answer::Respond) |
/// | `WRITECLOSE` | [`RespondClose`](crate::Answer::RespondClose) |
/// | any other | [`Close`](crate::Answer::Close) |
/// | `{"stop":true}` | the worker wants to be replaced, and another one is asked; after an answer that counts the next event is another's |
///
/// An error frame makes the event fail ([`Refused`](AskFailed::Refused)). One beside answers to the same
/// event (with [`Barrier`](AnswerMode::Barrier)) does not: the answers are written, the connection is closed
/// after them, and the error is told as [`Notice::Dropped`](crate::Notice::Dropped). So a worker can say
/// something friendly to its client, and what went wrong to us.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_server_workers::{Processes, Relay};
///
/// let workers = Processes::new("php worker.php")?
///     .env("app_env", "production") // APP_ENV
///     .working_directory("/srv/app")
///     .relay("unix:///run/app/workers.sock".parse()?)
///     .stop_timeout(Duration::from_secs(5));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Processes {
    settings: Arc<Settings>,
    relay_server: Mutex<Option<Arc<RelayServer>>>,
}

impl Processes {
    /// Processes of this command, which is split at whitespace and looked up in `PATH`. No shell is
    /// involved: nothing is expanded.
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no word in it, or there are
    /// quotes: [`from_words`](Self::from_words) takes words with whatever in them.
    pub fn new(command: impl AsRef<str>) -> io::Result<Self> {
        CommandWords::split(command.as_ref()).map(Self::of)
    }

    /// Processes of the command that consists of these words: the program, and what is given to it.
    ///
    /// # Errors
    ///
    /// Of kind [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no word, or the first is empty.
    pub fn from_words<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> io::Result<Self> {
        CommandWords::from_words(words.into_iter().map(Into::into)).map(Self::of)
    }

    fn of(command: CommandWords) -> Self {
        Self { settings: Arc::new(Settings::new(command)), relay_server: Mutex::new(None) }
    }

    /// A variable of their environment, beside or in place of what this process has. The name is put into
    /// upper case.
    pub fn env(self, name: impl AsRef<str>, value: impl Into<OsString>) -> Self {
        let variable = (name.as_ref().to_uppercase(), value.into());
        self.with(|settings| settings.variables.push(variable))
    }

    /// Where they run. By default where this process does.
    pub fn working_directory(self, path: impl Into<PathBuf>) -> Self {
        self.with(|settings| settings.working_directory = Some(path.into()))
    }

    /// The way on which frames go. By default [`Relay::Pipes`].
    ///
    /// For a socket this listens when the first worker is hired, and until it is dropped. Each worker is
    /// known by the pid that it says, which has to be its own, or on Linux that of a process which it has
    /// started: it may stand behind a shell.
    pub fn relay(self, relay: Relay) -> Self {
        self.with(|settings| settings.relay = relay)
    }

    /// Which answers belong to an event. By default [`AnswerMode::Barrier`].
    pub fn answers(self, answers: AnswerMode) -> Self {
        self.with(|settings| settings.answers = answers)
    }

    /// How workers are told where a client is. By default [`RemoteAddr::IpPort`].
    pub fn remote_addr(self, remote_addr: RemoteAddr) -> Self {
        self.with(|settings| settings.remote_addr = remote_addr)
    }

    /// With [`AnswerMode::Strict`], how long an answer to [`Event::Closed`] is waited for before the worker
    /// is replaced. By default 1 second; zero means any time.
    pub fn closed_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.closed_timeout = timeout)
    }

    /// How long a worker that was told to stop may take before it gets a signal. By default 10 seconds;
    /// with zero it gets the signal at once.
    pub fn stop_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.stop_timeout = timeout)
    }

    /// The most bytes of an answer, and of all answers to one event. By default 64 MiB; a worker that says
    /// more is replaced.
    pub fn max_answer_size(self, size: usize) -> Self {
        self.with(|settings| settings.max_answer_size = size)
    }

    /// Waits on this clock. By default on the system's.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        self.with(|settings| settings.clock = Some(clock))
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self
    }

    /// The server to which workers connect, if they do.
    fn relay_server(&self) -> io::Result<Option<Arc<RelayServer>>> {
        if self.settings.relay == Relay::Pipes {
            return Ok(None);
        }
        let mut server = self.relay_server.lock().unwrap_or_else(PoisonError::into_inner);
        if server.is_none() {
            let limit = self.settings.max_answer_size;
            *server = Some(Arc::new(RelayServer::listen(&self.settings.relay, limit)?));
        }
        Ok(server.clone())
    }
}

impl Employ for Processes {
    type Worker = ProcessWorker;
    type Record = ProcessRecord;

    async fn hire(
        &self,
        id: WorkerId,
        notices: &Notices,
    ) -> io::Result<(ProcessWorker, ProcessRecord)> {
        hire::hire(&self.settings, self.relay_server()?, id, notices).await
    }

    async fn ask(&self, worker: &mut ProcessWorker, event: Event<'_>) -> Result<Reply, AskFailed> {
        worker.ask(event, &self.settings).await
    }

    async fn ended(&self, record: &mut ProcessRecord) -> String {
        record.ended().await
    }

    async fn dismiss(&self, worker: ProcessWorker, record: ProcessRecord) {
        record.dismiss(worker, &self.settings).await;
    }

    fn pid(&self, record: &ProcessRecord) -> Option<u32> {
        Some(record.pid())
    }

    fn memory(&self, record: &ProcessRecord) -> Option<u64> {
        record.memory()
    }
}
