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

/// What a message counts for beside its bytes, so that short ones do not take more memory than long
/// ones.
const OVERHEAD: usize = 48;

/// The letter box of one connection. Empty, as most are most of the time, it owns no memory.
pub(crate) struct Mail {
    /// The task that waits for something to read: whoever drops a message wakes it.
    reader: Option<Waker>,
    rest: Option<Box<Rest>>,
}

/// What a letter box needs only while there is something in it, or its owner waits for room; and what
/// few connections are asked for.
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
    count: usize,
    /// Whether the peer is known not to make room.
    is_stuck: bool,
    /// How many wait for room, in the order of the event.
    waiting: usize,
    /// How often the owner has come to carry.
    carries: u32,
    /// Told when there is room, and when there will be none.
    room: Option<Arc<Event>>,
}

/// What has become of a message.
pub(crate) enum Dropped {
    /// It is in the box; this task has to look.
    In(Option<Waker>),
    /// There is no room.
    Full { is_stuck: bool },
}

/// What is to be dropped when no lock is held.
#[must_use]
#[derive(Default)]
pub(crate) struct Leftovers {
    _rest: Option<Box<Rest>>,
    _messages: [VecDeque<Message>; 2],
    _waker: Option<Waker>,
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

    /// Drops a message into the box, unless there is as much in it as may be, or others wait for room
    /// and it is not this one's turn.
    pub(crate) fn drop_in(&mut self, message: &Message, limit: usize, is_turn: bool) -> Dropped {
        let rest = self.rest.get_or_insert_default();
        if rest.is_full(limit) || (rest.waiting > 0 && !is_turn) {
            return Dropped::Full { is_stuck: rest.is_stuck };
        }
        rest.bytes += message.len();
        rest.count += 1;
        rest.messages.push_back(message.clone());
        Dropped::In(self.reader.take())
    }

    /// Waits behind those who wait already; `None` if there is room by now.
    pub(crate) fn wait_for_room(&mut self, limit: usize) -> Option<EventListener> {
        let rest = self.rest.as_mut()?;
        if !rest.is_full(limit) && rest.waiting == 0 {
            return None;
        }
        rest.waiting += 1;
        Some(rest.room.get_or_insert_default().listen())
    }

    /// One waits no more. If there is room, the next one has to be told.
    pub(crate) fn waits_no_more(&mut self, limit: usize) -> (Leftovers, Option<Arc<Event>>) {
        let Some(rest) = &mut self.rest else {
            return Default::default();
        };
        rest.waiting = rest.waiting.saturating_sub(1);
        let next = rest.next_in_line(limit);
        (self.tidy(), next)
    }

    /// Whoever waits for room.
    pub(crate) fn line(&self) -> Option<Arc<Event>> {
        self.rest.as_ref()?.room.clone()
    }

    /// How often the owner has come to carry.
    pub(crate) fn carries(&self) -> u32 {
        self.rest.as_ref().map_or(0, |rest| rest.carries)
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

    /// What has not left yet waits in here. `true` if it is known from now on that the peer makes no
    /// room.
    pub(crate) fn put_back(&mut self, carried: Carried, is_stuck: bool) -> bool {
        let Some(rest) = &mut self.rest else {
            return false;
        };
        rest.carried = carried;
        rest.carries = rest.carries.wrapping_add(1);
        let was_stuck = mem::replace(&mut rest.is_stuck, is_stuck);
        is_stuck && !was_stuck
    }

    /// The owner has not come to carry anything for a while. Whether that matters: if there is room, it
    /// does not.
    pub(crate) fn set_stuck(&mut self, limit: usize) -> bool {
        match &mut self.rest {
            Some(rest) if rest.is_full(limit) => {
                rest.is_stuck = true;
                true
            }
            _ => false,
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

    /// So many bytes, and with them so many whole messages, have left. If that makes room, returns who
    /// has to be told.
    #[must_use]
    pub(crate) fn sent(&mut self, bytes: usize, count: usize, limit: usize) -> Option<Arc<Event>> {
        let rest = self.rest.as_mut()?;
        rest.bytes = rest.bytes.saturating_sub(bytes);
        rest.count = rest.count.saturating_sub(count);
        rest.next_in_line(limit)
    }

    /// Throws away what is in the box. Returns it, and who has to be told that no more room will come.
    pub(crate) fn empty(&mut self) -> (Leftovers, Option<Arc<Event>>) {
        let Some(rest) = &mut self.rest else {
            return Default::default();
        };
        (rest.bytes, rest.count, rest.is_stuck) = (0, 0, false);
        let carried = mem::take(&mut rest.carried).messages;
        let messages = [mem::take(&mut rest.messages), carried];
        let room = rest.room.clone();
        (Leftovers { _messages: messages, ..self.tidy() }, room)
    }

    /// Gives back the memory that is not needed any more.
    pub(crate) fn tidy(&mut self) -> Leftovers {
        match &mut self.rest {
            Some(rest) if rest.is_in_use() => Leftovers::default(),
            Some(rest) if rest.local.is_some() => {
                let carried = mem::take(&mut rest.carried).messages;
                let messages = [mem::take(&mut rest.messages), carried];
                Leftovers { _messages: messages, ..Leftovers::default() }
            }
            rest => Leftovers { _rest: rest.take(), ..Leftovers::default() },
        }
    }

    /// The owner waits for something to read.
    pub(crate) fn reader_waits(&mut self, cx: &Context<'_>) -> Leftovers {
        Leftovers { _waker: remember(&mut self.reader, cx), ..Leftovers::default() }
    }

    /// The owner waits for room to write.
    pub(crate) fn writer_waits(&mut self, cx: &Context<'_>) -> Leftovers {
        let rest = self.rest.get_or_insert_default();
        Leftovers { _waker: remember(&mut rest.writer, cx), ..Leftovers::default() }
    }

    /// The owner waits for room no more.
    pub(crate) fn writer_goes_on(&mut self) -> Leftovers {
        let waker = self.rest.as_mut().and_then(|rest| rest.writer.take());
        Leftovers { _waker: waker, ..self.tidy() }
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

impl Rest {
    fn is_full(&self, limit: usize) -> bool {
        self.bytes.saturating_add(self.count.saturating_mul(OVERHEAD)) >= limit
    }

    fn is_in_use(&self) -> bool {
        self.writer.is_some() || self.count > 0 || self.waiting > 0
    }

    fn next_in_line(&self, limit: usize) -> Option<Arc<Event>> {
        if self.waiting > 0 && !self.is_full(limit) { self.room.clone() } else { None }
    }
}

fn remember(place: &mut Option<Waker>, cx: &Context<'_>) -> Option<Waker> {
    match place {
        Some(waker) if waker.will_wake(cx.waker()) => None,
        _ => place.replace(cx.waker().clone()),
    }
}
