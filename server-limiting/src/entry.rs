//! What the list and the owner of a connection share.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Wake, Waker},
};

use event_listener::EventListener;
use socketry_connection::{AbortHandle, Address};

use crate::{
    EndReason,
    carried::{Carried, Message},
    flags::Flags,
    mail::{Dropped, Mail},
    settings::Settings,
};

/// One connection in the list.
///
/// There are as many of these as connections: what few of them need is in boxes.
pub(crate) struct Entry {
    pub(crate) serial: u64,
    /// Its place in the list.
    pub(crate) index: u32,
    pub(crate) flags: Flags,
    pub(crate) remote: Option<Address>,
    abort: Option<AbortHandle>,
    pub(crate) opened: u64,
    /// These three are changed by the owner alone.
    active: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
    mail: Mutex<Mail>,
}

/// What is known of a connection when it comes.
pub(crate) struct Newcomer {
    pub(crate) remote: Option<Address>,
    pub(crate) local: Option<Arc<Address>>,
    pub(crate) abort: Option<AbortHandle>,
}

/// What has become of a message.
pub(crate) enum Posted {
    /// It leaves when the owner of the connection carries it.
    Queued,
    /// There is no room.
    Full,
    /// The connection takes nothing any more.
    Gone,
}

impl Entry {
    pub(crate) fn new(serial: u64, index: u32, newcomer: Newcomer, now: u64) -> Self {
        Self {
            serial,
            index,
            flags: Flags::default(),
            remote: newcomer.remote,
            abort: newcomer.abort,
            opened: now,
            active: AtomicU64::new(now),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            mail: Mutex::new(Mail::new(newcomer.local)),
        }
    }

    pub(crate) fn local(&self) -> Option<Arc<Address>> {
        self.mail().local().cloned()
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    pub(crate) fn active(&self) -> u64 {
        self.active.load(Ordering::Relaxed)
    }

    /// How many bytes of others' have not left.
    pub(crate) fn bytes_behind(&self) -> usize {
        self.mail().bytes()
    }

    // What its owner does.

    #[inline]
    pub(crate) fn has_read(&self, count: usize, settings: &Settings) {
        self.has_moved(&self.read, count, settings);
    }

    #[inline]
    pub(crate) fn has_written(&self, count: usize, settings: &Settings) {
        self.has_moved(&self.written, count, settings);
    }

    /// Nobody else changes these, so they need not be changed in one step.
    #[inline]
    fn has_moved(&self, sum: &AtomicU64, count: usize, settings: &Settings) {
        if count > 0 {
            sum.store(sum.load(Ordering::Relaxed).wrapping_add(count as u64), Ordering::Relaxed);
            self.active.store(settings.time().about_now(), Ordering::Relaxed);
        }
    }

    /// The owner waits for something to read, and is woken by a message that comes from now on.
    /// `false` if one is there already that nobody carries.
    pub(crate) fn reader_waits(&self, cx: &Context<'_>) -> bool {
        let mut mail = self.mail();
        let replaced = mail.reader_waits(cx);
        let is_empty = mail.is_empty();
        drop(mail);
        drop(replaced);
        is_empty
    }

    pub(crate) fn writer_waits(&self, cx: &Context<'_>) {
        let replaced = self.mail().writer_waits(cx);
        drop(replaced);
    }

    /// Takes out what is to be carried.
    pub(crate) fn take_mail(&self) -> Carried {
        self.mail().take()
    }

    /// Keeps what has not left until the next time.
    pub(crate) fn put_back(&self, carried: Carried) {
        self.mail().put_back(carried);
    }

    /// So many bytes of messages have left.
    pub(crate) fn has_carried(&self, count: usize, settings: &Settings) {
        self.has_written(count, settings);
        let room = self.mail().sent(count, settings.most_behind());
        if let Some(room) = room {
            room.notify(usize::MAX);
        }
    }

    /// Everything was carried; `false` if something has come meanwhile.
    pub(crate) fn is_done(&self) -> bool {
        let mail = self.mail();
        let is_empty = mail.is_empty();
        if is_empty {
            self.flags.set_mail(false); // under the lock, as it is set
        }
        is_empty
    }

    /// Takes nothing more from others. What was taken before may still be carried.
    pub(crate) fn refuse(&self) {
        let mail = self.mail();
        self.flags.refuse(); // under the lock: nothing slips in after this
        drop(mail);
    }

    /// Takes nothing more from others, and throws away what they have written.
    pub(crate) fn lose_mail(&self) {
        let mut mail = self.mail();
        self.flags.refuse();
        self.flags.set_mail(false);
        let (messages, room) = mail.empty();
        drop(mail);
        drop(messages);
        if let Some(room) = room {
            room.notify(usize::MAX); // those who wait for room learn that there will be none
        }
    }

    // What others do.

    /// Leaves a message for the owner to carry.
    pub(crate) fn post(&self, message: &Message, settings: &Settings) -> Posted {
        let mut mail = self.mail();
        if self.flags.now().is_refusing() {
            return Posted::Gone;
        }
        if message.is_empty() {
            return Posted::Queued;
        }
        match mail.drop_in(message, settings.most_behind()) {
            Dropped::Full => Posted::Full,
            Dropped::In(reader) => {
                self.flags.set_mail(true);
                drop(mail);
                if let Some(reader) = reader {
                    reader.wake();
                }
                Posted::Queued
            }
        }
    }

    pub(crate) fn listen_for_room(&self) -> EventListener {
        self.mail().listen_for_room()
    }

    /// Ends the connection both ways, whether its owner polls it or not.
    pub(crate) fn end(&self, reason: EndReason) -> bool {
        if !self.flags.end(reason) {
            return false;
        }
        self.lose_mail();
        if let Some(abort) = &self.abort {
            abort.abort();
        }
        self.wake_owner(); // who learns of it by itself if there was no handle
        true
    }

    /// The owner has left and is not to be woken any more.
    pub(crate) fn forget_owner(&self) {
        let waiting = self.mail().take_waiting();
        drop(waiting);
    }

    fn wake_owner(&self) {
        let waiting = self.mail().take_waiting();
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        // Nothing in there can panic half way through a change.
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection waits with this for room for messages, whichever of its tasks carries them: a
/// transport remembers one waker a direction, and two of them would forget or wake each other.
impl Wake for Entry {
    fn wake(self: Arc<Self>) {
        self.wake_owner();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_owner();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn it_is_no_larger_than_what_is_promised_of_a_connection_allows() {
        assert!(size_of::<Entry>() <= 136, "{}", size_of::<Entry>());
    }
}
