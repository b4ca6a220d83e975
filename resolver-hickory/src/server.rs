//! One nameserver, over UDP and TCP.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use hickory_resolver::{
    net::{
        DnsError, NetError,
        tcp::TcpClientStream,
        xfer::{DnsExchange, DnsHandle, FirstAnswer},
    },
    proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Query, ResponseCode},
};
use socketry_connection::{Clock, now};
use socketry_resolver::sharing::{Flight, Passenger};

use crate::{Nameserver, reply::Reply, runtime::SmolRuntime, shortage::Shortage, udp};

/// The most questions under way on one TCP connection, of 65536 that DNS could tell apart.
const MOST_QUESTIONS: usize = 8192;

/// A nameserver: a UDP socket for each question, and one TCP connection for all that need it.
#[derive(Clone)]
pub(crate) struct Server {
    nameserver: Nameserver,
    patience: Duration,
    clock: Option<Arc<dyn Clock>>,
    runtime: SmolRuntime,
    tcp: Arc<Mutex<Tcp>>,
}

/// The one TCP connection: being made, made, or neither.
#[derive(Default)]
struct Tcp {
    connecting: Option<Connecting>,
    connection: Option<Connection>,
    /// How many have been begun.
    begun: u64,
}

/// A connection that is being made. Those who wait for it alone keep it alive.
struct Connecting {
    number: u64,
    flight: Weak<Flight<Result<Connection, NetError>>>,
    begun: Instant,
}

#[derive(Clone)]
struct Connection {
    number: u64,
    exchange: DnsExchange<SmolRuntime>,
}

impl Server {
    pub(crate) fn new(
        nameserver: Nameserver,
        patience: Duration,
        clock: Option<Arc<dyn Clock>>,
        runtime: SmolRuntime,
    ) -> Self {
        let runtime = match nameserver.address() {
            SocketAddr::V6(address) => runtime.with_scope(address.scope_id()),
            SocketAddr::V4(_) => runtime,
        };
        Self { nameserver, patience, clock, runtime, tcp: Arc::default() }
    }

    pub(crate) fn nameserver(&self) -> Nameserver {
        self.nameserver
    }

    /// Asks for an answer of any length; one that does not know of EDNS (RFC 6891) is asked again
    /// without it.
    pub(crate) async fn ask(self, query: Query) -> Result<Reply, NetError> {
        let mut options = DnsRequestOptions::default(); // answers of 1232 bytes over UDP
        let answered = self.ask_with(&query, options).await;
        match answered {
            Err(NetError::Dns(DnsError::ResponseCode(
                ResponseCode::FormErr | ResponseCode::NotImp,
            ))) => {
                options.use_edns = false;
                self.ask_with(&query, options).await
            }
            answered => answered,
        }
    }

    /// Asks over UDP, and again over TCP if the answer does not fit.
    async fn ask_with(&self, query: &Query, options: DnsRequestOptions) -> Result<Reply, NetError> {
        let request = DnsRequest::from_query(query.clone(), options);
        if !self.nameserver.is_tcp_only() {
            let response = self.ask_over_udp(&request).await?;
            if !response.truncation {
                return Ok(Reply::read(response, query)?);
            }
        }
        Ok(Reply::read(self.ask_over_tcp(&request).await?, query)?)
    }

    async fn ask_over_udp(&self, request: &DnsRequest) -> Result<DnsResponse, NetError> {
        let nameserver = self.nameserver.address();
        let shortage = self.shortage();
        let socket = loop {
            match udp::open(&self.runtime, nameserver).await {
                Ok(socket) => break socket,
                Err(error) => shortage.wait_out(error).await?,
            }
        };
        udp::ask(&socket, nameserver, request, self.clock.as_ref()).await
    }

    async fn ask_over_tcp(&self, request: &DnsRequest) -> Result<DnsResponse, NetError> {
        let kept = self.lock().connection.clone();
        if let Some(connection) = kept {
            match connection.ask(request).await {
                Err(NetError::Timeout) => return Err(NetError::Timeout),
                Err(_) => self.forget(connection.number), // most likely it was closed since
                answered => return answered,
            }
        }
        let connection = self.connect().await?;
        let answered = connection.ask(request).await;
        if answered.is_err() {
            self.forget(connection.number);
        }
        answered
    }

    /// Waits for the connection, together with everybody else who does.
    async fn connect(&self) -> Result<Connection, NetError> {
        let panicked = NetError::Message("the connect panicked in another lookup");
        Passenger::new(self.join_connecting()).await.unwrap_or(Err(panicked))
    }

    /// The connect that is under way, or else a new one. One that takes longer than a try may be
    /// that of a lookup which nobody polls, and its connection may have been closed since.
    fn join_connecting(&self) -> Arc<Flight<Result<Connection, NetError>>> {
        let now = now(self.clock.as_ref());
        let mut tcp = self.lock();
        let old =
            match tcp.connecting.as_ref().and_then(|it| Some((it.flight.upgrade()?, it.begun))) {
                Some((flight, begun)) if now < begun + self.patience => return flight,
                old => old,
            };
        tcp.begun += 1;
        let number = tcp.begun;
        let flight = Arc::new(Flight::new(self.clone().make_connection(number)));
        tcp.connecting = Some(Connecting { number, flight: Arc::downgrade(&flight), begun: now });
        drop(tcp);
        drop(old);
        flight
    }

    async fn make_connection(self, number: u64) -> Result<Connection, NetError> {
        let result = self.open_connection(number).await;
        let mut tcp = self.lock();
        let is_wanted = tcp.connecting.as_ref().is_some_and(|it| it.number == number);
        let replaced = if is_wanted {
            tcp.connecting = None; // whoever comes now does not want this one, should it have failed
            result.as_ref().ok().and_then(|connection| tcp.connection.replace(connection.clone()))
        } else {
            None
        };
        drop(tcp);
        drop(replaced);
        result
    }

    async fn open_connection(&self, number: u64) -> Result<Connection, NetError> {
        let shortage = self.shortage();
        loop {
            let (address, runtime) = (self.nameserver.address(), self.runtime.clone());
            let most = Some(MOST_QUESTIONS);
            match TcpClientStream::exchange(address, None, self.patience, most, runtime).await {
                Ok(exchange) => return Ok(Connection { number, exchange }),
                Err(error) => shortage.wait_out(error).await?,
            }
        }
    }

    /// Half of a try is left for asking.
    fn shortage(&self) -> Shortage<'_> {
        Shortage::new(self.patience / 2, self.clock.as_ref())
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
