//! A connection, as those see it who do not own it.

use std::{
    collections::VecDeque,
    error, fmt, io, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use socketry_connection::AbortHandle;

use crate::Peer;

/// A connection in the list of all: what others want of it waits here for whoever drives it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(super) peer: Peer,
    most_unsent: usize,
    abort: Option<AbortHandle>,
    mail: Mutex<Mail>,
}

#[derive(Debug, Default)]
struct Mail {
    queue: VecDeque<Arc<[u8]>>,
    unsent: usize,
    order: Option<Order>,
    /// Nothing more is written for others.
    has_left: bool,
    /// Wakes whoever drives the connection.
    driver: Option<Waker>,
}

/// That a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    /// After the event that is being answered.
    Close,
    /// At once.
    Cut,
}

impl Entry {
    pub(super) fn new(peer: Peer, most_unsent: usize, abort: Option<AbortHandle>) -> Self {
        Self { peer, most_unsent, abort, mail: Mutex::default() }
    }

    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a message wait for whoever drives the connection.
    pub(super) fn send(&self, message: Arc<[u8]>) -> Result<(), NotSent> {
        let mut mail = self.mail();
        if mail.order.is_some() || mail.has_left {
            return Err(NotSent::Unknown);
        }
        if mail.unsent > 0 && mail.unsent.saturating_add(message.len()) > self.most_unsent {
            return Err(NotSent::Behind { unsent: mail.unsent });
        }
        if message.is_empty() {
            return Ok(());
        }
        mail.unsent += message.len();
        mail.queue.push_back(message);
        let driver = mail.driver.take();
        drop(mail);
        if let Some(driver) = driver {
            driver.wake();
        }
        Ok(())
    }

    /// Tells whoever drives the connection to end it; `false` if it ends already.
    pub(super) fn order(&self, order: Order) -> bool {
        let mut mail = self.mail();
        let (is_new, has_left) = (mail.order.is_none() && !mail.has_left, mail.has_left);
        mail.order = mail.order.max(Some(order));
        let driver = mail.driver.take();
        drop(mail);
        match &self.abort {
            // What was written to who has left is on its way, and is not to be taken back.
            Some(abort) if order == Order::Cut && !has_left => drop(abort.abort()),
            _ => {}
        }
        if let Some(driver) = driver {
            driver.wake();
        }
        is_new
    }

    /// Whether the connection is to end. The task of `cx` is woken by the next order and the next message.
    pub(super) fn order_for(&self, cx: &Context<'_>) -> Option<Order> {
        let mail = self.mail();
        if mail.driver.as_ref().is_some_and(|driver| driver.will_wake(cx.waker())) {
            return mail.order;
        }
        drop(mail);
        let waker = cx.waker().clone(); // not under the lock, since it is the code of others
        let mut mail = self.mail();
        let replaced = mail.driver.replace(waker);
        let order = mail.order;
        drop(mail);
        drop(replaced);
        order
    }

    pub(super) fn is_cut(&self) -> bool {
        self.mail().order == Some(Order::Cut)
    }

    /// How many messages others have left.
    pub(super) fn waiting(&self) -> usize {
        self.mail().queue.len()
    }

    /// The next message that others have left.
    pub(super) fn take(&self) -> Option<Arc<[u8]>> {
        self.mail().queue.pop_front()
    }

    /// So many bytes are written.
    pub(super) fn sent(&self, bytes: usize) {
        let mut mail = self.mail();
        mail.unsent -= bytes.min(mail.unsent);
    }

    /// Nothing more is written for others.
    pub(super) fn leave(&self) {
        let mut mail = self.mail();
        mail.has_left = true;
        let left = mem::take(&mut mail.queue);
        drop(mail);
        drop(left);
    }
}

/// Why nothing was sent to a connection: [`Handle::send`](crate::Handle::send).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSent {
    /// There is no such connection, or it is being closed.
    Unknown,
    /// The client does not take what is written to it.
    #[non_exhaustive]
    Behind {
        /// How many bytes wait for it.
        unsent: usize,
    },
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not sent: there is no such connection, or it is closing"),
            Self::Behind { unsent } => {
                write!(f, "not sent: the client has not taken {unsent} bytes (max_unsent)")
            }
        }
    }
}

impl error::Error for NotSent {}

impl From<NotSent> for io::Error {
    fn from(not_sent: NotSent) -> Self {
        let kind = match not_sent {
            NotSent::Unknown => io::ErrorKind::NotConnected,
            NotSent::Behind { .. } => io::ErrorKind::QuotaExceeded,
        };
        Self::new(kind, not_sent)
    }
}
