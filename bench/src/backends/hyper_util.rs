//! hyper-util: its connector for HTTP, as far as the connection. It only connects.

use std::{
    convert::Infallible,
    future::{Future, Ready, poll_fn, ready},
    io,
    net::SocketAddr,
    task::{Context, Poll},
    vec,
};

use ::hyper_util::{
    client::legacy::connect::{HttpConnector, dns::Name},
    rt::TokioIo,
};
use http::Uri;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::{
    backend::{Backend, Connects, ConnectsByName, Dial},
    backends::tokio::Tokio,
    tasks::race::{Races, Target},
};

/// As its examples use it, on tokio's runtime of one thread.
#[derive(Clone, Copy)]
pub(crate) struct HyperUtil;

impl Backend for HyperUtil {
    fn run(self, main: impl Future<Output = io::Result<()>> + Send + 'static) -> io::Result<()> {
        Tokio::OneThread.run(main)
    }

    fn spawn(self, task: impl Future<Output = io::Result<()>> + Send + 'static) {
        Tokio::OneThread.spawn(task);
    }
}

impl Connects for HyperUtil {
    fn dialer(self, address: SocketAddr) -> io::Result<impl Dial> {
        Http::new(HttpConnector::new(), &address.to_string())
    }
}

impl ConnectsByName for HyperUtil {
    fn named_dialer(self, name: &str, port: u16) -> io::Result<impl Dial> {
        Http::new(HttpConnector::new(), &format!("{name}:{port}"))
    }
}

impl Races for HyperUtil {
    fn novice(self, target: &Target) -> io::Result<impl Dial> {
        let addresses = Addresses(target.addresses.to_vec());
        let connector = HttpConnector::new_with_resolver(addresses);
        Http::new(connector, &format!("{}:{}", target.name, target.port))
    }
}

#[derive(Clone)]
struct Http<C> {
    connector: C,
    to: Uri,
}

impl<C> Http<C> {
    fn new(connector: C, host: &str) -> io::Result<Self> {
        let to = format!("http://{host}").parse().map_err(io::Error::other)?;
        Ok(Self { connector, to })
    }
}

impl<C> Dial for Http<C>
where
    C: Service<Uri, Response = TokioIo<TcpStream>> + Clone + Send + Sync + 'static,
    C::Error: std::error::Error + Send + Sync + 'static,
    C::Future: Send,
{
    type Stream = TcpStream;

    async fn dial(&self) -> io::Result<TcpStream> {
        // Its own clients take a clone for each connection, too.
        let mut connector = self.connector.clone();
        poll_fn(|cx| connector.poll_ready(cx)).await.map_err(io::Error::other)?;
        let connected = connector.call(self.to.clone()).await.map_err(io::Error::other)?;
        Ok(connected.into_inner())
    }
}

/// A resolver that knows the addresses already.
#[derive(Clone)]
struct Addresses(Vec<SocketAddr>);

impl Service<Name> for Addresses {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}
