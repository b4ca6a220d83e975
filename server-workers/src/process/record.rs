//! The half of a worker process that is kept.

use std::{future::pending, sync::Arc, time::Duration};

use futures_lite::future::{or, zip};
use rustix::process::Signal;
use socketry_connection::{Clock, Sleep};

use crate::process::{
    child::Child,
    launch::Launched,
    link::Channel,
    log::{Log, Teller},
    settings::Settings,
    worker::ProcessWorker,
};

/// How long a process that was told to end by a signal may take.
const SIGNAL_TIMEOUT: Duration = Duration::from_secs(2);

/// A process that runs, as [`Processes`](crate::Processes) hires it. Drop kills it, with whatever it has
/// started.
#[derive(Debug)]
pub struct ProcessRecord {
    child: Child,
    error: Log,
    output: Option<Log>,
    /// Kept open until the process has ended, whoever else drops it: one that finds its standard input
    /// closed may do nothing but look at it again.
    channel: Option<Channel>,
}

impl ProcessRecord {
    /// The record of a process, and the way on which frames go if that are its pipes.
    pub(crate) fn new(launched: Launched, teller: Teller) -> (Self, Option<Channel>) {
        let Launched { child, channel, output, error } = launched;
        let output = output.map(|output| Log::new(output, teller.clone()));
        let record = Self { child, error: Log::new(error, teller), output, channel };
        let channel = record.channel.clone();
        (record, channel)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ready when the process has ended, with how; tells its log meanwhile.
    pub(crate) async fn ended(&mut self) -> String {
        let Self { child, error, output, .. } = self;
        let logs = async {
            match output {
                Some(output) => drop(zip(error.tell(), output.tell()).await),
                None => error.tell().await,
            }
            pending().await
        };
        let how = or(child.ended(), logs).await;
        self.finish_logs();
        self.channel = None;
        how
    }

    /// Tells what is left of the log.
    fn finish_logs(&mut self) {
        self.error.finish();
        if let Some(output) = &mut self.output {
            output.finish();
        }
    }

    /// Like [`ended`](Self::ended), but does not wait longer than so: `None`.
    pub(crate) async fn ended_within(
        &mut self,
        timeout: Duration,
        clock: Option<&Arc<dyn Clock>>,
    ) -> Option<String> {
        let timeout = Sleep::after(clock, timeout);
        let too_late = async {
            timeout.await;
            None
        };
        or(async { Some(self.ended().await) }, too_late).await
    }

    /// The last words of its log, at most 1 KiB: of its standard output, if that is one and the standard
    /// error has none. PHP says there why it does not start.
    pub(crate) fn last_words(&self) -> &[u8] {
        match (&self.output, self.error.last().trim_ascii()) {
            (Some(output), []) => output.last(),
            _ => self.error.last(),
        }
    }

    /// Ends it: by a word, by a signal, and by force, one after the other.
    pub(crate) async fn dismiss(mut self, worker: ProcessWorker, settings: &Settings) {
        let clock = settings.clock.as_ref();
        // Dropped after the process has ended: its standard input stays open until then.
        let mut worker = Some(worker).filter(ProcessWorker::can_be_stopped);
        if let Some(worker) = &mut worker {
            let stop = async {
                worker.stop().await;
                None
            };
            if or(self.ended_within(settings.stop_timeout, clock), stop).await.is_some() {
                return;
            }
        }
        self.child.signal(Signal::TERM);
        if self.ended_within(SIGNAL_TIMEOUT, clock).await.is_some() {
            return;
        }
        self.child.signal(Signal::KILL);
        self.ended().await;
    }

    /// How many bytes of memory the process has in use.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.pid())).ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        let page_size = u64::try_from(rustix::param::page_size()).ok()?;
        Some(pages * page_size)
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn memory(&self) -> Option<u64> {
        None
    }
}

impl Drop for ProcessRecord {
    fn drop(&mut self) {
        self.child.signal(Signal::KILL);
        // It may say why this has to be.
        self.finish_logs();
    }
}
