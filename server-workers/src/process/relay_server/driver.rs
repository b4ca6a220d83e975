//! Accepting workers and greeting them, one beside the other.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_io::Async;
use rustix::fd::OwnedFd;

use crate::process::{
    handshake::{Greeting, greet},
    link::{Channel, Link},
    relay_server::socket::Listening,
};

/// How many may be greeted at once besides those who are expected; when more come, those who have been
/// silent longest are let go.
const MOST_GREETINGS: usize = 64;

/// The most bytes of a first answer, which has a few. Whoever has connected may be a stranger.
const MOST_GREETED: usize = 1024;

type Greet = Pin<Box<dyn Future<Output = Option<(Link, Greeting)>> + Send>>;

/// The listening socket, and those who have not said their pid yet.
pub(crate) struct Driver {
    greetings: VecDeque<Greet>,
    listening: Listening,
}

impl Driver {
    pub(crate) fn new(listening: Listening) -> Self {
        Self { greetings: VecDeque::new(), listening }
    }

    /// Gives whoever says its pid to `arrive`; ready when accepting has failed. So many are expected.
    pub(crate) fn poll(
        &mut self,
        expected: usize,
        cx: &mut Context<'_>,
        arrive: impl Fn(Link, Greeting),
    ) -> Poll<io::Error> {
        let failed = self.poll_accept(expected, cx);
        self.greetings.retain_mut(|greeting| match greeting.as_mut().poll(cx) {
            Poll::Ready(Some((link, greeting))) => {
                arrive(link, greeting);
                false
            }
            // It said something else, or has gone.
            Poll::Ready(None) => false,
            Poll::Pending => true,
        });
        failed
    }

    /// Lets those go who have not said who they are.
    pub(crate) fn forget_strangers(&mut self) {
        self.greetings.clear();
    }

    fn poll_accept(&mut self, expected: usize, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            match self.listening.poll_accept(cx) {
                Poll::Ready(Ok(socket)) => {
                    if self.greetings.len() >= MOST_GREETINGS + expected {
                        self.greetings.pop_front();
                    }
                    let link = link(socket, self.listening.is_tcp());
                    self.greetings.push_back(Box::pin(greeting(link)));
                }
                Poll::Ready(Err(error)) => {
                    let reason = format!("accepting a worker failed: {error}");
                    return Poll::Ready(io::Error::new(error.kind(), reason));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

fn link(socket: Async<OwnedFd>, is_tcp: bool) -> Link {
    let socket = Arc::new(socket);
    let link = Link::new(Channel { from: socket.clone(), to: socket }, MOST_GREETED);
    if is_tcp { link.acknowledging() } else { link }
}

/// Asks whoever has connected for its pid.
async fn greeting(mut link: Link) -> Option<(Link, Greeting)> {
    let greeting = greet(&mut link).await.ok()?;
    Some((link, greeting))
}
