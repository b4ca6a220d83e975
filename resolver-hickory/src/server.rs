//! One nameserver, over UDP and TCP.

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::{FutureExt, Shared, WeakShared};
use hickory_resolver::{
    net::{
        DnsError, NetError,
        tcp::TcpClientStream,
        udp::UdpClientStream,
        xfer::{DnsExchange, DnsHandle, DnsRequestSender, FirstAnswer},
    },
    proto::op::{DnsRequest, DnsResponse, ResponseCode},
};

use crate::{Nameserver, runtime::SmolRuntime};

/// The most questions under way on one TCP connection, of 65536 that DNS could tell apart.
const MOST_QUESTIONS: usize = 8192;

/// A nameserver: a UDP socket for each question, and one TCP connection for all that need it.
#[derive(Clone)]
pub(crate) struct Server {
    nameserver: Nameserver,
    patience: Duration,
    runtime: SmolRuntime,
    tcp: Arc<Mutex<Tcp>>,
}

/// The one TCP connection: being made, made, or neither.
#[derive(Default)]
struct Tcp {
    /// Held by those who wait for it, so that it ends with the last of them.
    connecting: Option<WeakShared<Connecting>>,
    connection: Option<Connection>,
    /// How many have been made.
    made: u64,
}

type Connecting = Pin<Box<dyn Future<Output = Result<Connection, NetError>> + Send>>;

#[derive(Clone)]
struct Connection {
    number: u64,
    exchange: DnsExchange<SmolRuntime>,
}

impl Server {
    pub(crate) fn new(nameserver: Nameserver, patience: Duration, runtime: SmolRuntime) -> Self {
        let runtime = match nameserver.address() {
            SocketAddr::V6(address) => runtime.with_scope(address.scope_id()),
            SocketAddr::V4(_) => runtime,
        };
        Self { nameserver, patience, runtime, tcp: Arc::default() }
    }

    pub(crate) fn nameserver(&self) -> Nameserver {
        self.nameserver
    }

    /// Asks for an answer of any length; one that does not know of EDNS (RFC 6891) is asked again
    /// without it.
    pub(crate) async fn ask(self, mut request: DnsRequest) -> Result<DnsResponse, NetError> {
        match self.ask_as_it_is(request.clone()).await {
            Err(NetError::Dns(DnsError::ResponseCode(
                ResponseCode::FormErr | ResponseCode::NotImp,
            ))) if request.edns.take().is_some() => self.ask_as_it_is(request).await,
            answered => answered,
        }
    }

    /// Asks over UDP, and again over TCP if the answer does not fit.
    async fn ask_as_it_is(&self, request: DnsRequest) -> Result<DnsResponse, NetError> {
        if !self.nameserver.is_tcp_only() {
            let response = self.ask_over_udp(request.clone()).await?;
            if !response.truncation {
                return Ok(DnsError::from_response(response)?);
            }
        }
        Ok(DnsError::from_response(self.ask_over_tcp(request).await?)?)
    }

    async fn ask_over_udp(&self, request: DnsRequest) -> Result<DnsResponse, NetError> {
        let address = self.nameserver.address();
        let mut udp = UdpClientStream::builder(address, self.runtime.clone())
            .with_timeout(Some(self.patience))
            .build();
        udp.send_message(request).first_answer().await
    }

    async fn ask_over_tcp(&self, request: DnsRequest) -> Result<DnsResponse, NetError> {
        let kept = self.lock().connection.clone();
        if let Some(connection) = kept {
            match connection.ask(&request).await {
                Err(NetError::Timeout) => return Err(NetError::Timeout),
                Err(_) => self.forget(connection.number), // most likely it was closed since
                answered => return answered,
            }
        }
        let connection = self.connect().await?;
        let answered = connection.ask(&request).await;
        if answered.is_err() {
            self.forget(connection.number);
        }
        answered
    }

    /// Waits for the connection, together with everybody else who does.
    async fn connect(&self) -> Result<Connection, NetError> {
        let connecting = {
            let mut tcp = self.lock();
            match tcp.connecting.as_ref().and_then(WeakShared::upgrade) {
                Some(connecting) => connecting,
                None => self.start_connecting(&mut tcp),
            }
        };
        connecting.await
    }

    fn start_connecting(&self, tcp: &mut Tcp) -> Shared<Connecting> {
        tcp.made += 1;
        let (server, number) = (self.clone(), tcp.made);
        let connecting: Connecting = Box::pin(async move {
            let result = server.open_connection(number).await;
            let mut tcp = server.lock();
            tcp.connecting = None; // whoever comes now does not want this one, should it have failed
            let connection = result.as_ref().ok().cloned();
            let replaced = connection.and_then(|connection| tcp.connection.replace(connection));
            drop(tcp);
            drop(replaced);
            result
        });
        let connecting = connecting.shared();
        tcp.connecting = connecting.downgrade();
        connecting
    }

    async fn open_connection(&self, number: u64) -> Result<Connection, NetError> {
        let (address, runtime) = (self.nameserver.address(), self.runtime.clone());
        let most = Some(MOST_QUESTIONS);
        let exchange = TcpClientStream::exchange(address, None, self.patience, most, runtime);
        Ok(Connection { number, exchange: exchange.await? })
    }

    /// Makes the next question open another connection: on this one the nameserver keeps silent,
    /// and it may have been lost without a word.
    pub(crate) fn has_kept_silent(&self) {
        let forgotten = self.lock().connection.take();
        drop(forgotten);
    }

    /// The connection is of no use any more. It ends when those who wait for its answers have them.
    fn forget(&self, number: u64) {
        let mut tcp = self.lock();
        let is_kept = tcp.connection.as_ref().is_some_and(|kept| kept.number == number);
        let forgotten = if is_kept { tcp.connection.take() } else { None };
        drop(tcp);
        drop(forgotten);
    }

    fn lock(&self) -> MutexGuard<'_, Tcp> {
        // Nothing in here can panic half way through a change.
        self.tcp.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    async fn ask(&self, request: &DnsRequest) -> Result<DnsResponse, NetError> {
        let response = self.exchange.send(request.clone()).first_answer().await?;
        match response.queries == request.queries {
            true => Ok(response),
            false => Err(NetError::Message("the answer is to another question")),
        }
    }
}
