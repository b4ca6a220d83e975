//! The heartbeat of one session.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_io::AsyncWrite;
use socketry_connection::{Clock, Sleep};

use crate::heartbeat::Heartbeat;

/// What is said when, and whether an answer has come.
#[derive(Debug)]
pub(super) struct Heart {
    heartbeat: Heartbeat,
    /// How much of what is said is still to be written.
    unsaid: usize,
    is_flushed: bool,
    /// Something was heard since the timer was made.
    has_heard: bool,
    /// It was asked, and an answer is waited for.
    has_asked: bool,
    timer: Option<Sleep>,
}

impl Heart {
    pub(super) fn new(heartbeat: Heartbeat) -> Self {
        Self {
            heartbeat,
            unsaid: 0,
            is_flushed: true,
            has_heard: false,
            has_asked: false,
            timer: None,
        }
    }

    pub(super) fn heartbeat(&self) -> &Heartbeat {
        &self.heartbeat
    }

    /// Whether something was said, and nothing was heard since.
    pub(super) fn has_asked(&self) -> bool {
        self.has_asked && !self.has_heard
    }

    /// Nothing more will be said.
    pub(super) fn stops(&mut self) {
        self.timer = None;
    }

    /// The peer has said something.
    pub(super) fn hears(&mut self) {
        self.has_heard = true;
    }

    /// Writes what is left of what is to be said.
    pub(super) fn poll_say(
        &mut self,
        connection: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.unsaid > 0 {
            let says = self.heartbeat.says();
            let rest = &says[says.len() - self.unsaid..];
            match ready!(Pin::new(&mut *connection).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.unsaid -= count.min(self.unsaid),
            }
        }
        if !self.is_flushed {
            ready!(Pin::new(connection).poll_flush(cx))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Lets time pass; ready when nothing was heard in time. Whatever is to be said then is written by
    /// [`poll_say`](Self::poll_say), which has to be called before it waits.
    pub(super) fn poll_time(
        &mut self,
        clock: Option<&Arc<dyn Clock>>,
        cx: &mut Context<'_>,
    ) -> Poll<Beat> {
        if self.has_heard {
            (self.has_heard, self.has_asked, self.timer) = (false, false, None);
        }
        let (has_asked, heartbeat) = (self.has_asked, &self.heartbeat);
        let timer = self.timer.get_or_insert_with(|| {
            let time = if has_asked { heartbeat.within() } else { heartbeat.every() };
            Sleep::after(clock, time)
        });
        ready!(Pin::new(timer).poll(cx));
        self.timer = None;
        if self.has_asked {
            return Poll::Ready(Beat::Missed);
        }
        self.has_asked = true;
        if self.unsaid == 0 {
            // Otherwise the last one is not said yet, and will do.
            (self.unsaid, self.is_flushed) = (self.heartbeat.says().len(), false);
        }
        Poll::Ready(Beat::Due)
    }
}

/// What the time has come for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// To say something.
    Due,
    /// To give the session up.
    Missed,
}
