//! What the clients have seen, all of them together.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use socketry::reconnecting::LossCause;

use crate::report::{Report, note};

/// Counts, from any task.
#[derive(Default)]
pub(super) struct Tally {
    /// Sessions that were handed out.
    pub(super) sessions: Count,
    /// Messages that were answered.
    pub(super) answered: Count,
    /// Attempts that have failed.
    pub(super) failed: Count,
    /// Bytes that belong somewhere else.
    pub(super) strange: Count,
    /// Ends that were read as if they were in order.
    pub(super) orderly: Count,
    /// Reads and writes that have worked after the break.
    pub(super) after: Count,
    /// Errors that do not say that this session was lost.
    pub(super) mistold: Count,
    /// Sessions whose number does not follow that of the one before.
    pub(super) gaps: Count,
    /// Losses that were told not at all, twice, or in the wrong order.
    pub(super) mistimed: Count,
    /// Losses that were told with another cause than their user was.
    pub(super) miscaused: Count,
    /// Sessions whose loss was not told because of a disconnect right after it.
    pub(super) unheard: Count,
    /// Clients whose statistics say something else than what has come to pass.
    pub(super) miscounted: Count,
    /// Clients that gave up, which nobody has asked for.
    pub(super) gave_up: Count,
    /// How sessions have ended, by cause.
    causes: Mutex<BTreeMap<&'static str, u64>>,
    /// The first things that went wrong.
    wrongs: Mutex<Vec<String>>,
}

/// One of them.
#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    /// Something that must not happen has happened.
    pub(super) fn wrong(&self, count: &Count, what: impl FnOnce() -> String) {
        count.add();
        let mut wrongs = self.wrongs.lock().unwrap_or_else(PoisonError::into_inner);
        if wrongs.len() < 5 {
            wrongs.push(what());
        }
    }

    pub(super) fn ended(&self, cause: &'static str) {
        let mut causes = self.causes.lock().unwrap_or_else(PoisonError::into_inner);
        *causes.entry(cause).or_default() += 1;
    }

    /// There were so many disconnects.
    pub(super) fn tell(&self, disconnects: u64, report: &mut Report) {
        let causes = self.causes.lock().unwrap_or_else(PoisonError::into_inner);
        note(&format!(
            "{} sessions, {} answers, {} attempts failed; ended by {causes:?}",
            self.sessions.get(),
            self.answered.get(),
            self.failed.get()
        ));
        let unheard = self.unheard.get() as f64;
        report.at_most("losses not told because of a disconnect", unheard, disconnects as f64, "");
        let mut none = |what: &str, count: &Count| {
            report.at_most(what, count.get() as f64, 0.0, "");
        };
        none("messages of another session, or broken ones", &self.strange);
        none("breaks that looked like an end in order", &self.orderly);
        none("reads and writes that worked after the break", &self.after);
        none("errors that do not say which session was lost", &self.mistold);
        none("gaps in the numbers of the sessions", &self.gaps);
        none("losses not told once", &self.mistimed);
        none("losses told with another cause", &self.miscaused);
        none("clients whose statistics do not add up", &self.miscounted);
        none("clients that gave up", &self.gave_up);
        let wrongs = self.wrongs.lock().unwrap_or_else(PoisonError::into_inner);
        wrongs.iter().for_each(|wrong| note(wrong));
    }
}

/// The cause in one word.
pub(super) fn word(cause: &LossCause) -> &'static str {
    match cause {
        LossCause::PeerClosed => "close",
        LossCause::Failed(error) => match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => "reset",
            io::ErrorKind::TimedOut => "given up",
            io::ErrorKind::UnexpectedEof => "cut off under TLS",
            _ => "another failure",
        },
        LossCause::NoHeartbeat { .. } => "no heartbeat",
        LossCause::ClosedByUser => "user",
        LossCause::Disconnected => "disconnect",
        _ => "unknown",
    }
}
