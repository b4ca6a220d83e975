//! The sessions of one [`Reconnecting`](crate::Reconnecting), from their beginning to their end.

use std::{ptr, sync::Arc};

use socketry_connection::AbortHandle;

use crate::{
    life::Life,
    loss::LossCause,
    shared::{Entry, Replaced, Shared},
    state::{Reason, State},
};

impl Shared {
    /// The session that is up.
    pub(crate) fn newest(&self) -> Option<Arc<Life>> {
        let inner = self.lock();
        let entry = inner.sessions.last()?;
        entry.life.lost().is_none().then(|| entry.life.clone())
    }

    /// A session is established; `false` if it is not wanted any more.
    pub(crate) fn session_begins(&self, life: Arc<Life>, abort: Option<AbortHandle>) -> bool {
        let begins = self.update(|inner| {
            if !inner.is_current(life.epoch()) {
                return false;
            }
            let (loss, error) = (inner.loss.take(), inner.last_error.take());
            inner.replaced.extend(loss.map(Replaced::Life));
            inner.replaced.extend(error.map(Replaced::Error));
            inner.hint = None;
            inner.change(State::Up { generation: life.generation() });
            inner.statistics.sessions += 1;
            inner.sessions.push(Entry { life, abort });
            true
        });
        self.tell();
        begins
    }

    /// A session is lost; nothing happens if it was before.
    pub(crate) fn session_lost(&self, life: &Arc<Life>, cause: LossCause) {
        let (now, is_disconnect) = (self.now(), matches!(cause, LossCause::Disconnected));
        if !life.lose(cause.clone(), now) {
            return;
        }
        self.update(|inner| {
            inner.statistics.lost_sessions += 1;
            inner.statistics.uptime += now.saturating_duration_since(life.began());
            let is_current = inner.is_current(life.epoch()) && !life.should_end();
            // One that came before a disconnect, which may have been noted first, is told yet.
            if !is_disconnect && inner.epoch == life.epoch() {
                let before = inner.loss.replace(life.clone());
                inner.replaced.extend(before.map(Replaced::Life));
            }
            if is_current {
                let reason = Reason::Lost(cause);
                inner.change(State::Waiting { until: now, attempt: 1, reason });
            } else if inner.is_abandoned && inner.state.is_up() && inner.are_lost() {
                inner.change(State::Closed { error: None });
            }
        });
        life.disturb();
        self.tell();
        self.driver.wake();
    }

    /// Nothing more is read or written in a session.
    pub(crate) fn session_over(&self, life: &Life) {
        life.end();
        self.close_if_over();
    }

    /// The value of a session is gone.
    pub(crate) fn session_gone(&self, life: &Life) {
        life.end();
        self.update(|inner| {
            let index = inner.sessions.iter().position(|entry| ptr::eq(&*entry.life, life));
            let entry = index.map(|index| inner.sessions.remove(index));
            inner.replaced.extend(entry.map(Replaced::Entry));
            inner.statistics.bytes_read += life.bytes_read();
            inner.statistics.bytes_written += life.bytes_written();
        });
        self.close_if_over();
    }

    /// The loss of a session, once.
    pub(crate) fn take_loss(&self) -> Option<Arc<Life>> {
        self.lock().loss.take()
    }
}
