//! One session, as those see it who do not own it.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    task::Waker,
    time::Instant,
};

use atomic_waker::AtomicWaker;
use socketry_connection::Address;

use crate::loss::{LossCause, SessionLost};

/// What a session shares with those who count it and may end it.
#[derive(Debug)]
pub(crate) struct Life {
    generation: u64,
    /// Of which start it is.
    epoch: u64,
    began: Instant,
    local: Option<Address>,
    remote: Option<Address>,
    attempts: u32,
    /// How often something has happened to the session that it has to look at: it is lost, or is to end.
    disturbances: AtomicU32,
    should_end: AtomicBool,
    is_aborted: AtomicBool,
    /// Its loss is nobody's fault.
    is_excused: AtomicBool,
    /// Nothing more will be read or written.
    is_over: AtomicBool,
    lost: OnceLock<SessionLost>,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Life {
    pub(crate) fn new(
        generation: u64,
        epoch: u64,
        attempts: u32,
        began: Instant,
        local: Option<Address>,
        remote: Option<Address>,
    ) -> Self {
        Self {
            generation,
            epoch,
            began,
            local,
            remote,
            attempts,
            disturbances: AtomicU32::new(0),
            should_end: AtomicBool::new(false),
            is_aborted: AtomicBool::new(false),
            is_excused: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            lost: OnceLock::new(),
            bytes_read: AtomicU64::new(0),
            bytes_written: AtomicU64::new(0),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    pub(crate) fn local_address(&self) -> Option<&Address> {
        self.local.as_ref()
    }

    pub(crate) fn remote_address(&self) -> Option<&Address> {
        self.remote.as_ref()
    }

    /// How often something has happened that the session has to look at. All that a read or write costs
    /// that goes well.
    pub(crate) fn disturbances(&self) -> u32 {
        self.disturbances.load(Ordering::Acquire)
    }

    /// Asks the session to look, and wakes whoever waits in it.
    pub(crate) fn disturb(&self) {
        self.disturbances.fetch_add(1, Ordering::AcqRel);
        self.wake_reader();
        self.wake_writer();
    }

    /// Asks the session to end, politely.
    pub(crate) fn ask_to_end(&self) {
        self.should_end.store(true, Ordering::Release);
        self.disturb();
    }

    pub(crate) fn should_end(&self) -> bool {
        self.should_end.load(Ordering::Acquire)
    }

    /// Ends the session, whatever its user does.
    pub(crate) fn abort(&self) {
        self.is_aborted.store(true, Ordering::Release);
        self.end();
        self.disturb();
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.is_aborted.load(Ordering::Acquire)
    }

    /// Whoever closes it does so for reasons of its own.
    pub(crate) fn excuse(&self) {
        self.is_excused.store(true, Ordering::Release);
    }

    pub(crate) fn is_excused(&self) -> bool {
        self.is_excused.load(Ordering::Acquire)
    }

    /// Why it is lost, if it is.
    pub(crate) fn lost(&self) -> Option<&SessionLost> {
        self.lost.get()
    }

    /// Notes that it is lost; whether this was the first to say so.
    pub(crate) fn lose(&self, cause: LossCause, now: Instant) -> bool {
        let uptime = now.saturating_duration_since(self.began);
        let lost = SessionLost::new(self.generation, self.remote.clone(), uptime, cause);
        self.lost.set(lost).is_ok()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes_written(&self) -> u64 {
        self.bytes_written.load(Ordering::Relaxed)
    }

    /// Only the one who reads calls this, so that nothing need be locked.
    pub(crate) fn has_read(&self, count: usize) {
        add(&self.bytes_read, count);
    }

    /// Only the one who writes calls this.
    pub(crate) fn has_written(&self, count: usize) {
        add(&self.bytes_written, count);
    }

    pub(crate) fn reader_waits(&self, waker: &Waker) {
        self.reader.register(waker);
    }

    pub(crate) fn wake_reader(&self) {
        self.reader.wake();
    }

    pub(crate) fn wake_writer(&self) {
        self.writer.wake();
    }

    pub(crate) fn writer_waits(&self, waker: &Waker) {
        self.writer.register(waker);
    }
}

/// Adds where nobody else adds.
fn add(sum: &AtomicU64, count: usize) {
    sum.store(sum.load(Ordering::Relaxed).wrapping_add(count as u64), Ordering::Relaxed);
}
