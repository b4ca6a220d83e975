//! One session, as those see it who do not own it.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
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
    began: Instant,
    local: Option<Address>,
    remote: Option<Address>,
    attempts: u32,
    /// The session has to look: it is lost, or is to end.
    is_disturbed: AtomicBool,
    should_end: AtomicBool,
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
        attempts: u32,
        began: Instant,
        local: Option<Address>,
        remote: Option<Address>,
    ) -> Self {
        Self {
            generation,
            began,
            local,
            remote,
            attempts,
            is_disturbed: AtomicBool::new(false),
            should_end: AtomicBool::new(false),
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

    /// Whether the session has to look whether it is lost or is to end. All that a read or write costs
    /// that goes well.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.is_disturbed.load(Ordering::Acquire)
    }

    /// Asks the session to look, and wakes whoever waits in it.
    pub(crate) fn disturb(&self) {
        self.is_disturbed.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }

    /// Asks the session to end, politely.
    pub(crate) fn ask_to_end(&self) {
        self.should_end.store(true, Ordering::Release);
        self.disturb();
    }

    pub(crate) fn should_end(&self) -> bool {
        self.should_end.load(Ordering::Acquire)
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

    pub(crate) fn writer_waits(&self, waker: &Waker) {
        self.writer.register(waker);
    }
}

/// Adds where nobody else adds.
fn add(sum: &AtomicU64, count: usize) {
    sum.store(sum.load(Ordering::Relaxed).wrapping_add(count as u64), Ordering::Relaxed);
}
