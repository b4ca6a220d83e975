//! The thread of a nameserver: its sockets, and what is still to be sent.

use std::{
    io,
    net::{TcpListener, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::sockopt::set_socket_recv_buffer_size,
};

use super::{
    message::{self, Outgoing},
    query::{Asked, Client},
    reply::{DnsReply, Message},
    script::Shared,
    streams::Streams,
};

/// How much may wait to be read, in bytes.
const RECEIVE_BUFFER: usize = 4 << 20;

/// A nameserver at work.
pub(super) struct Serving {
    shared: Arc<Shared>,
    listener: TcpListener,
    datagrams: UdpSocket,
    streams: Streams,
    later: Vec<Later>,
}

/// A message that is not due yet.
struct Later {
    due: Instant,
    asked: Asked,
    message: Message,
}

impl Serving {
    pub(super) fn new(
        shared: Arc<Shared>,
        listener: TcpListener,
        datagrams: UdpSocket,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        datagrams.set_nonblocking(true)?;
        // For a thousand queries at once; the system may give less.
        set_socket_recv_buffer_size(&datagrams, RECEIVE_BUFFER)?;
        let streams = Streams::default();
        Ok(Self { shared, listener, datagrams, streams, later: Vec::new() })
    }

    /// Serves until the test has had enough.
    pub(super) fn run(mut self) {
        while !self.shared.lock().stopped {
            self.wait();
            self.shared.bell().silence();
            self.read_datagrams();
            self.accept();
            self.read_streams();
            self.send_released();
            self.send_due();
        }
    }

    /// Waits until something has come, was released, or is due.
    fn wait(&self) {
        let mut sockets = vec![
            PollFd::new(self.shared.bell(), PollFlags::IN),
            PollFd::new(&self.datagrams, PollFlags::IN),
            PollFd::new(&self.listener, PollFlags::IN),
        ];
        let streams = self.streams.iter();
        sockets.extend(streams.map(|stream| PollFd::new(&stream.socket, PollFlags::IN)));
        let timeout = self.later.iter().map(|later| later.due).min().map(until);
        match poll(&mut sockets, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => panic!("the nameserver cannot wait for its sockets: {error}"),
        }
    }

    /// An error is that of one client, which has gone away (ICMP); the others wait for the next round.
    fn read_datagrams(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok((length, client)) = self.datagrams.recv_from(&mut buffer) {
            self.hear(&buffer[..length], Client::Datagram(client));
        }
    }

    fn accept(&mut self) {
        let before = self.streams.len();
        while let Ok((socket, _)) = self.listener.accept() {
            self.streams.add(socket);
        }
        self.tell_streams(before);
    }

    fn read_streams(&mut self) {
        let before = self.streams.len();
        for (id, message) in self.streams.read() {
            self.hear(&message, Client::Stream(id));
        }
        self.tell_streams(before);
    }

    fn tell_streams(&self, before: usize) {
        if self.streams.len() != before {
            self.shared.set_streams(self.streams.len());
        }
    }

    /// What is no query is as good as lost.
    fn hear(&mut self, bytes: &[u8], client: Client) {
        let Some(asked) = message::read(bytes, client) else { return };
        if let Some((asked, reply)) = self.shared.asked(asked) {
            self.answer(&asked, reply);
        }
    }

    fn send_released(&mut self) {
        let released = std::mem::take(&mut self.shared.lock().released);
        for (asked, reply) in released {
            self.answer(&asked, reply);
        }
    }

    fn answer(&mut self, asked: &Asked, reply: DnsReply) {
        for message in reply.messages {
            if message.delay.is_zero() {
                self.send(asked, &message);
            } else {
                let due = Instant::now() + message.delay;
                self.later.push(Later { due, asked: asked.clone(), message });
            }
        }
    }

    fn send_due(&mut self) {
        let now = Instant::now();
        let (mut due, later): (Vec<Later>, _) =
            std::mem::take(&mut self.later).into_iter().partition(|later| later.due <= now);
        self.later = later;
        due.sort_by_key(|later| later.due);
        for Later { asked, message, .. } in due {
            self.send(&asked, &message);
        }
    }

    fn send(&mut self, asked: &Asked, message: &Message) {
        let before = self.streams.len();
        match (message::write(asked, message), asked.client) {
            (Outgoing::Send(bytes), Client::Datagram(client)) => {
                let _ = self.datagrams.send_to(&bytes, client); // the client may have gone
            }
            (Outgoing::Send(bytes), Client::Stream(id)) => self.streams.send(id, &bytes),
            (Outgoing::HangUp, Client::Stream(id)) => self.streams.close(id),
            (Outgoing::HangUp, Client::Datagram(_)) | (Outgoing::Nothing, _) => {}
        }
        self.tell_streams(before);
    }
}

fn until(due: Instant) -> Timespec {
    let left = due.saturating_duration_since(Instant::now());
    // Longer than any test: what does not fit is not worth waiting for exactly.
    Timespec::try_from(left.min(Duration::from_secs(3600))).unwrap_or_default()
}
