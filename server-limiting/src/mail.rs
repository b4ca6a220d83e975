//! What others have written to a connection, until its owner carries it.

use std::{
    collections::VecDeque,
    mem,
    sync::Arc,
    task::{Context, Waker},
};

use event_listener::{Event, EventListener};
use socketry_connection::Address;

use crate::carried::{Carried, Message};

/// The letter box of one connection. Empty, as most are most of the time, it owns no memory.
pub(crate) struct Mail {
    /// The task that waits for something to read: whoever drops a message wakes it.
    reader: Option<Waker>,
    rest: Option<Box<Rest>>,
}

/// What a letter box needs only if it is used, or if its owner had to wait for room; and what few
/// connections are asked for.
#[derive(Default)]
struct Rest {
    /// Where this end of the connection is, if that was asked. Those of most are one.
    local: Option<Arc<Address>>,
    /// The task that waits for room to write.
    writer: Option<Waker>,
    messages: VecDeque<Message>,
    carried: Carried,
    /// Of all messages that have not left, those that are being carried among them.
    bytes: usize,
    /// Told when there is room. Made when somebody first waits for that.
    room: Option<Arc<Event>>,
}

/// What has become of a message.
pub(crate) enum Dropped {
    /// It is in the box; this task has to look.
    In(Option<Waker>),
    /// There is no room.
    Full,
}

impl Mail {
    /// The letter box of a connection whose own end is at `local`, if that is to be known.
    pub(crate) fn new(local: Option<Arc<Address>>) -> Self {
        let rest = local.map(|local| Box::new(Rest { local: Some(local), ..Rest::default() }));
        Self { reader: None, rest }
    }

    pub(crate) fn local(&self) -> Option<&Arc<Address>> {
        self.rest.as_ref()?.local.as_ref()
    }

    /// Drops a message into the box, unless there are `limit` bytes or more in it.
    pub(crate) fn drop_in(&mut self, message: &Message, limit: usize) -> Dropped {
        let rest = self.rest.get_or_insert_default();
        if rest.bytes >= limit {
            return Dropped::Full;
        }
        rest.bytes += message.len();
        rest.messages.push_back(message.clone());
        Dropped::In(self.reader.take())
    }

    /// Waits until there is room.
    pub(crate) fn listen_for_room(&mut self) -> EventListener {
        let rest = self.rest.get_or_insert_default();
        rest.room.get_or_insert_default().listen()
    }

    /// Takes out what is being carried or, if nothing is, all messages.
    pub(crate) fn take(&mut self) -> Carried {
        let Some(rest) = &mut self.rest else {
            return Carried::default();
        };
        let mut carried = mem::take(&mut rest.carried);
        if carried.messages.is_empty() {
            mem::swap(&mut rest.messages, &mut carried.messages);
        }
        carried
    }

    /// What has not left yet waits in here.
    pub(crate) fn put_back(&mut self, carried: Carried) {
        if let Some(rest) = &mut self.rest {
            rest.carried = carried;
        }
    }

    /// Whether no message waits to be taken out.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest.messages.is_empty())
    }

    /// How many bytes have not left.
    pub(crate) fn bytes(&self) -> usize {
        self.rest.as_ref().map_or(0, |rest| rest.bytes)
    }

    /// So many bytes have left. If that makes room, returns who has to be told.
    #[must_use]
    pub(crate) fn sent(&mut self, bytes: usize, limit: usize) -> Option<Arc<Event>> {
        let rest = self.rest.as_mut()?;
        let was_full = rest.bytes >= limit;
        rest.bytes -= bytes.min(rest.bytes);
        if was_full && rest.bytes < limit { rest.room.clone() } else { None }
    }

    /// Throws away what is in the box. Returns it, and who has to be told that no more room will
    /// come; both are to be dropped and told when no lock is held.
    #[must_use]
    pub(crate) fn empty(&mut self) -> ([VecDeque<Message>; 2], Option<Arc<Event>>) {
        match &mut self.rest {
            Some(rest) => {
                rest.bytes = 0;
                let carried = mem::take(&mut rest.carried).messages;
                ([mem::take(&mut rest.messages), carried], rest.room.clone())
            }
            None => Default::default(),
        }
    }

    /// The owner waits for something to read. Returns a waker that was replaced, which is not to be
    /// dropped under a lock.
    #[must_use]
    pub(crate) fn reader_waits(&mut self, cx: &Context<'_>) -> Option<Waker> {
        remember(&mut self.reader, cx)
    }

    /// The owner waits for room to write.
    #[must_use]
    pub(crate) fn writer_waits(&mut self, cx: &Context<'_>) -> Option<Waker> {
        remember(&mut self.rest.get_or_insert_default().writer, cx)
    }

    /// Whoever waits.
    #[must_use]
    pub(crate) fn take_waiting(&mut self) -> [Option<Waker>; 2] {
        let reader = self.reader.take();
        let writer = self.rest.as_mut().and_then(|rest| rest.writer.take());
        match (&reader, &writer) {
            (Some(one), Some(other)) if one.will_wake(other) => [reader, None],
            _ => [reader, writer],
        }
    }
}

fn remember(place: &mut Option<Waker>, cx: &Context<'_>) -> Option<Waker> {
    match place {
        Some(waker) if waker.will_wake(cx.waker()) => None,
        _ => place.replace(cx.waker().clone()),
    }
}
