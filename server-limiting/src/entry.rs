//! What the list and the owner of a connection share.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Wake, Waker},
};

use event_listener::{Event, EventListener};
use socketry_connection::{AbortHandle, Address};

use crate::{
    EndReason, WhenBehind,
    carried::{Carried, Message},
    flags::Flags,
    mail::{Dropped, Mail},
    settings::Settings,
    traffic::Traffic,
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
    pub(crate) traffic: Traffic,
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
    /// There is no room, and perhaps there will be none soon.
    Full { is_stuck: bool },
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
            traffic: Traffic::new(now),
            mail: Mutex::new(Mail::new(newcomer.local)),
        }
    }

    pub(crate) fn local(&self) -> Option<Arc<Address>> {
        self.mail().local().cloned()
    }

    /// How many bytes of others' have not left.
    pub(crate) fn bytes_behind(&self) -> usize {
        self.mail().bytes()
    }

    // What its owner does.

    /// The owner waits for something to read, and is woken by a message that comes from now on.
    /// `false` if one is there already that nobody carries.
    pub(crate) fn reader_waits(&self, cx: &Context<'_>) -> bool {
        let mut mail = self.mail();
        let leftovers = mail.reader_waits(cx);
        let is_empty = mail.is_empty();
        drop(mail);
        drop(leftovers);
        is_empty
    }

    pub(crate) fn writer_waits(&self, cx: &Context<'_>) {
        let mut mail = self.mail();
        let leftovers = mail.writer_waits(cx);
        self.flags.set_writer(true);
        drop(mail);
        drop(leftovers);
    }

    /// The owner has written, and waits no more.
    pub(crate) fn writer_goes_on(&self) {
        let mut mail = self.mail();
        self.flags.set_writer(false);
        let leftovers = mail.writer_goes_on();
        drop(mail);
        drop(leftovers);
    }

    /// Takes out what is to be carried.
    pub(crate) fn take_mail(&self) -> Carried {
        self.mail().take()
    }

    /// Keeps what has not left until the next time, and whether it waits for the peer.
    pub(crate) fn put_back(&self, carried: Carried, is_stuck: bool, settings: &Settings) {
        let mut mail = self.mail();
        if self.flags.now().ended().is_some() {
            drop(mail);
            drop(carried); // it was thrown away meanwhile
            return;
        }
        let has_become_stuck = mail.put_back(carried, is_stuck);
        let line = if has_become_stuck { mail.line() } else { None };
        drop(mail);
        if settings.when_behind() != WhenBehind::Wait {
            tell(line, usize::MAX); // to the others that is no news
        }
    }

    /// So many bytes, and with them so many messages, have left.
    pub(crate) fn has_carried(&self, bytes: usize, count: usize, settings: &Settings) {
        self.traffic.has_written(bytes, settings);
        let waiting = self.mail().sent(bytes, count, settings.most_behind());
        tell(waiting, 1);
    }

    /// Everything was carried; `false` if something has come meanwhile.
    pub(crate) fn is_done(&self) -> bool {
        let mut mail = self.mail();
        let is_empty = mail.is_empty();
        if is_empty {
            self.flags.set_mail(false); // under the lock, as it is set
        }
        let leftovers = mail.tidy();
        drop(mail);
        drop(leftovers);
        is_empty
    }

    /// Takes nothing more from others. What was taken before may still be carried.
    pub(crate) fn refuse(&self) {
        let mail = self.mail();
        let was_refusing = self.flags.now().is_refusing();
        self.flags.refuse(); // under the lock: nothing slips in after this
        let line = if was_refusing { None } else { mail.line() };
        drop(mail);
        tell(line, usize::MAX); // those who wait for room learn that there will be none
    }

    /// Takes nothing more from others, and throws away what they have written.
    pub(crate) fn lose_mail(&self) {
        let mut mail = self.mail();
        self.flags.refuse();
        self.flags.set_mail(false);
        let (leftovers, waiting) = mail.empty();
        drop(mail);
        drop(leftovers);
        tell(waiting, usize::MAX); // those who wait for room learn that there will be none
    }

    /// The owner has left and is not to be woken any more.
    pub(crate) fn leave(&self) {
        self.flags.leave();
        self.lose_mail();
        let waiting = self.mail().take_waiting();
        drop(waiting);
    }

    // What others do.

    /// Leaves a message for the owner to carry. Whoever has waited for room has its turn.
    pub(crate) fn post(&self, message: &Message, settings: &Settings, is_turn: bool) -> Posted {
        let mut mail = self.mail();
        if self.flags.now().is_refusing() {
            return Posted::Gone;
        }
        if message.is_empty() {
            return Posted::Queued;
        }
        match mail.drop_in(message, settings.most_behind(), is_turn) {
            Dropped::Full { is_stuck } => Posted::Full { is_stuck },
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

    /// Waits in line for room; `None` if there is some by now.
    pub(crate) fn wait_for_room(&self, settings: &Settings) -> Option<EventListener> {
        self.mail().wait_for_room(settings.most_behind())
    }

    /// One who was in line is no more.
    pub(crate) fn waits_no_more(&self, settings: &Settings) {
        let mut mail = self.mail();
        let (leftovers, next) = mail.waits_no_more(settings.most_behind());
        drop(mail);
        drop(leftovers);
        tell(next, 1);
    }

    /// How often the owner has come to carry.
    pub(crate) fn carries(&self) -> u32 {
        self.mail().carries()
    }

    /// The owner has not come since `carries` was told. `false` if it has, or there is room.
    pub(crate) fn set_stuck(&self, carries: u32, settings: &Settings) -> bool {
        let mut mail = self.mail();
        mail.carries() == carries && mail.set_stuck(settings.most_behind())
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

    fn wake_owner(&self) {
        let waiting = self.mail().take_waiting();
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        // Nothing in there can panic half way through a change.
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells so many of those who wait, when no lock is held.
fn tell(waiting: Option<Arc<Event>>, count: usize) {
    if let Some(waiting) = waiting {
        waiting.notify(count);
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
