//! Servers whose type was erased.

use std::{
    convert::Infallible,
    io,
    task::{Context, Poll},
};

use socketry_connection::{Address, BoxConnection};

use crate::{Accept, Control};

/// A server whose type was erased, and its connections' with it.
///
/// Made by [`AcceptExt::boxed`](crate::AcceptExt::boxed). Costs one box a connection.
///
/// ```
/// use socketry_server::{Accept, AcceptExt, BoxServer};
///
/// fn all(servers: Vec<BoxServer>, one_more: impl Accept + 'static) -> Vec<BoxServer> {
///     servers.into_iter().chain([one_more.boxed()]).collect()
/// }
/// ```
pub type BoxServer = Box<dyn Accept<Connection = BoxConnection>>;

/// A server whose connections come in boxes.
#[derive(Clone, Debug)]
pub struct BoxedConnections<A> {
    inner: A,
}

impl<A: Accept> BoxedConnections<A> {
    /// Puts each connection of `inner` into a box.
    pub fn new(inner: A) -> Self {
        Self { inner }
    }

    /// The server inside.
    pub fn get_ref(&self) -> &A {
        &self.inner
    }

    /// The server inside, to change it.
    pub fn get_mut(&mut self) -> &mut A {
        &mut self.inner
    }

    /// Takes the server out.
    pub fn into_inner(self) -> A {
        self.inner
    }
}

impl<A: Accept> Accept for BoxedConnections<A> {
    type Connection = BoxConnection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<BoxConnection>>> {
        self.inner
            .poll_accept(cx)
            .map(|next| next.map(|result| result.map(|connection| Box::new(connection) as _)))
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        self.inner.poll_progress(cx)
    }

    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }

    fn control(&self) -> Control {
        self.inner.control()
    }
}
