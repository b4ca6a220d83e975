//! What happens while the owner is being polled, as other threads make it happen.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use futures_lite::{AsyncRead, AsyncWrite, future::block_on};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};
use socketry_server::AcceptExt;
use socketry_server_limiting::{ConnectionEnded, LimitingServer, Tracked};
use socketry_testing::{CountingWaker, MemoryConnection, pair, scripted_server};

use crate::support::{Accepted, accept, heard, poll_read, poll_read_with, poll_write};

/// What happens in the middle of a poll.
type Event = Box<dyn FnMut(&mut Context<'_>) + Send>;

/// A connection on which something happens while it is polled, and whose writes follow a script.
struct Eventful {
    inner: MemoryConnection,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    /// In the next read, before that looks.
    before_read: Option<Box<dyn FnMut() + Send>>,
    /// In the next read, before that waits.
    in_read: Option<Event>,
    /// When it is asked for its abort handle.
    in_abort_handle: Option<Box<dyn FnMut() + Send>>,
    /// Whether it has one.
    can_be_aborted: bool,
    /// In the next write that has to wait.
    in_write: Option<Event>,
    /// How many bytes each of the next writes takes; none has to wait. After that they take all.
    writes: Vec<Option<usize>>,
}

/// The peer, the server's end in the list, and the script.
fn eventful() -> (MemoryConnection, Accepted, Arc<Mutex<Script>>) {
    with_script(Script::default())
}

fn with_script(script: Script) -> (MemoryConnection, Accepted, Arc<Mutex<Script>>) {
    let (client, inner) = pair();
    let script = Arc::new(Mutex::new(script));
    let (server, handle) = scripted_server();
    handle.push(Eventful { inner, script: script.clone() });
    let accepted: Accepted = accept(&mut LimitingServer::new(server, None));
    (client, accepted, script)
}

#[test]
fn a_message_that_comes_just_before_the_owner_waits_is_carried() {
    let (mut client, mut accepted, script) = eventful();
    let tracked: Tracked = accepted.tracked().clone();
    script.lock().unwrap().in_read =
        Some(Box::new(move |_| block_on(tracked.write("Hi!")).unwrap()));
    assert!(poll_read(&mut accepted).is_pending());
    assert_eq!(heard(&mut client), "Hi!");
}

#[test]
fn room_that_comes_just_before_the_reader_waits_wakes_it() {
    let (_client, mut accepted, script) = eventful();
    script.lock().unwrap().writes = vec![None];
    script.lock().unwrap().in_write = Some(Box::new(|cx| cx.waker().wake_by_ref()));
    block_on(accepted.tracked().write("Hi!")).unwrap();
    let reader = CountingWaker::new();
    assert!(poll_read_with(&mut accepted, reader.waker()).is_pending());
    assert_eq!(reader.count(), 1);
}

#[test]
fn room_that_comes_in_the_middle_of_a_message_is_for_the_message() {
    let (mut client, mut accepted, script) = eventful();
    script.lock().unwrap().writes = vec![None, Some(4)];
    block_on(accepted.tracked().write("message")).unwrap();
    assert!(poll_write(&mut accepted, "own").is_pending());
    assert!(poll_write(&mut accepted, "own").is_ready());
    assert_eq!(heard(&mut client), "messageown");
}

#[test]
fn one_that_is_ended_just_before_its_owner_waits_is_known_to_have_ended() {
    let (_client, mut accepted, script) = eventful();
    let tracked = accepted.tracked().clone();
    script.lock().unwrap().in_read = Some(Box::new(move |_| assert!(tracked.close())));
    assert!(matches!(poll_read(&mut accepted), Poll::Ready(Err(_))));
}

#[test]
fn one_that_is_ended_while_its_owner_reads_says_why_and_not_only_that() {
    let script = Script { can_be_aborted: true, ..Script::default() };
    let (_client, mut accepted, script) = with_script(script);
    let tracked = accepted.tracked().clone();
    script.lock().unwrap().before_read = Some(Box::new(move || assert!(tracked.close())));
    let Poll::Ready(Err(error)) = poll_read(&mut accepted) else { panic!("it goes on") };
    assert!(error.get_ref().unwrap().is::<ConnectionEnded>(), "{error:?}");
}

#[test]
fn nobody_slips_in_while_a_drain_ends() {
    let (_client, inner) = pair();
    let (server, handle) = scripted_server();
    let mut server = LimitingServer::new(server, None);
    let connections = server.connections();
    let draining = connections.clone();
    let script = Arc::new(Mutex::new(Script::default()));
    script.lock().unwrap().in_abort_handle = Some(Box::new(move || {
        let draining = draining.clone();
        thread::spawn(move || block_on(draining.drain(Duration::ZERO))).join().unwrap();
    }));
    handle.push(Eventful { inner, script });
    assert!(block_on(server.accept()).unwrap().is_err());
    assert_eq!(connections.len(), 0);
}

impl AsyncRead for Eventful {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let event = self.script.lock().unwrap().before_read.take();
        if let Some(mut event) = event {
            event();
        }
        let event = self.script.lock().unwrap().in_read.take();
        if let Some(mut event) = event {
            event(cx);
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Eventful {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut script = self.script.lock().unwrap();
        let next =
            if script.writes.is_empty() { Some(usize::MAX) } else { script.writes.remove(0) };
        let event = if next.is_none() { script.in_write.take() } else { None };
        drop(script);
        if let Some(mut event) = event {
            event(cx);
        }
        match next {
            Some(most) => {
                let count = buffer.len().min(most);
                Pin::new(&mut self.inner).poll_write(cx, &buffer[..count])
            }
            None => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

impl Connection for Eventful {
    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }

    fn remote_address(&self) -> Option<Address> {
        self.inner.remote_address()
    }

    fn attributes(&self) -> &Attributes {
        self.inner.attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        self.inner.attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        let event = self.script.lock().unwrap().in_abort_handle.take();
        if let Some(mut event) = event {
            event();
        }
        let can_be_aborted = self.script.lock().unwrap().can_be_aborted;
        if can_be_aborted { self.inner.abort_handle() } else { None }
    }
}

impl std::fmt::Debug for Eventful {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Eventful")
    }
}
