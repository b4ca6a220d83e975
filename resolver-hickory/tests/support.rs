//! A nameserver on loopback whose answers the test writes, and what else the tests share.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    str::FromStr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use async_io::Async;
use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{self, block_on},
};
use hickory_resolver::proto::{
    op::{Message, OpCode, Query, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, AAAA, CNAME, SOA},
    },
};
use smol::{LocalExecutor, channel};
use socketry_resolver::{Answer, Family, LookupFailed, LookupFailure, Resolve};
use socketry_resolver_hickory::{HickoryResolver, Nameserver};

/// What a client has asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    id: u16,
    query: Query,
    pub(crate) client: SocketAddr,
    pub(crate) over_tcp: bool,
    /// Whether it says that it takes long answers (RFC 6891).
    pub(crate) has_edns: bool,
}

impl Question {
    /// In small letters, with the dot at its end.
    pub(crate) fn name(&self) -> String {
        self.query.name().to_lowercase().to_ascii()
    }

    pub(crate) fn family(&self) -> Family {
        match self.query.query_type() {
            RecordType::A => Family::V4,
            RecordType::AAAA => Family::V6,
            other => panic!("nobody asks for {other} here"),
        }
    }

    /// An answer without records, to be filled.
    pub(crate) fn reply(&self) -> Message {
        let mut reply = Message::response(self.id, OpCode::Query);
        reply.add_query(self.query.clone());
        reply
    }

    /// These of the addresses that were asked for, good for a minute.
    pub(crate) fn addresses(&self, ips: &[&str]) -> Message {
        self.addresses_for(ips, 60)
    }

    pub(crate) fn addresses_for(&self, ips: &[&str], ttl: u32) -> Message {
        let mut reply = self.reply();
        for ip in
            ips.iter().map(|ip| ip.parse().unwrap()).filter(|ip| Family::of(ip) == self.family())
        {
            reply.add_answer(Record::from_rdata(self.query.name().clone(), ttl, data(ip)));
        }
        reply
    }

    pub(crate) fn code(&self, code: ResponseCode) -> Message {
        let mut reply = self.reply();
        reply.metadata.response_code = code;
        reply
    }

    /// An answer that says no, with how long that is good for.
    pub(crate) fn no(&self, code: ResponseCode, ttl: u32) -> Message {
        let mut reply = self.code(code);
        let name = Name::from_str("example.").unwrap();
        let soa = SOA::new(name.clone(), name.clone(), 1, 1, 1, 1, ttl);
        reply.add_authority(Record::from_rdata(name, ttl, RData::SOA(soa)));
        reply
    }

    pub(crate) fn truncated(&self) -> Message {
        let mut reply = self.reply();
        reply.metadata.truncation = true;
        reply
    }
}

pub(crate) fn data(ip: IpAddr) -> RData {
    match ip {
        IpAddr::V4(ip) => RData::A(A(ip)),
        IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
    }
}

pub(crate) fn alias(of: &str, target: &str) -> Record {
    let name = |text| Name::from_str(text).unwrap();
    Record::from_rdata(name(of), 60, RData::CNAME(CNAME(name(target))))
}

/// What the server does about a question.
pub(crate) enum Reply {
    Message(Message),
    Messages(Vec<Message>),
    /// Says nothing.
    Silence,
    /// Sends these bytes.
    Bytes(Vec<u8>),
    /// Answers and then closes the connection, which is TCP.
    AndClose(Message),
}

impl From<Message> for Reply {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

/// A nameserver in a thread of its own, at UDP and TCP, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Question>>>,
    news: channel::Receiver<()>,
    connections: Arc<AtomicUsize>,
    stop: channel::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn new<R: Into<Reply>>(
        answer: impl Fn(&Question) -> R + Send + Sync + 'static,
    ) -> Self {
        let (udp, tcp) = sockets();
        let address = udp.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Question>>>::default();
        let connections = Arc::new(AtomicUsize::new(0));
        let (tell, news) = channel::unbounded();
        let (stop, stopped) = channel::bounded::<()>(1);
        let noted = asked.clone();
        let behaviour = Behaviour {
            answer: Box::new(move |question| {
                noted.lock().unwrap().push(question.clone());
                let reply = answer(question).into();
                let _ = tell.try_send(());
                reply
            }),
            connections: connections.clone(),
        };
        let thread = std::thread::spawn(move || {
            let executor = LocalExecutor::new();
            let serve = behaviour.serve(udp, tcp, &executor);
            let stopped = async {
                let _ = stopped.recv().await;
                Ok(())
            };
            block_on(executor.run(future::or(stopped, serve))).unwrap();
        });
        Self { address, asked, news, connections, stop, thread: Some(thread) }
    }

    /// One that never says a word.
    pub(crate) fn silent() -> Self {
        Self::new(|_| Reply::Silence)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn over_udp(&self) -> Nameserver {
        Nameserver::udp(self.address)
    }

    pub(crate) fn over_tcp(&self) -> Nameserver {
        Nameserver::tcp(self.address)
    }

    /// The questions so far.
    pub(crate) fn asked(&self) -> Vec<Question> {
        self.asked.lock().unwrap().clone()
    }

    /// The names of the questions so far.
    pub(crate) fn names(&self) -> Vec<String> {
        self.asked().iter().map(Question::name).collect()
    }

    /// Waits for the next question.
    pub(crate) async fn is_asked(&self) {
        self.news.recv().await.unwrap();
    }

    /// Waits for the next question, and polls `lookup` meanwhile, which must not end.
    pub(crate) async fn is_asked_by<T>(&self, lookup: &mut (impl Future<Output = T> + Unpin)) {
        let ended = async {
            lookup.await;
            panic!("the lookup has ended")
        };
        future::or(self.is_asked(), ended).await;
    }

    /// How many TCP connections have been made so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.try_send(());
        self.thread.take().map(JoinHandle::join);
    }
}

/// Sockets for UDP and TCP at one port.
fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()) {
            return (udp, tcp);
        }
    }
}

struct Behaviour {
    answer: Box<dyn Fn(&Question) -> Reply + Send + Sync>,
    connections: Arc<AtomicUsize>,
}

impl Behaviour {
    fn reply(&self, bytes: &[u8], client: SocketAddr, over_tcp: bool) -> (Vec<Vec<u8>>, bool) {
        let message = Message::from_vec(bytes).unwrap();
        let question = Question {
            id: message.id,
            query: message.queries[0].clone(),
            client,
            over_tcp,
            has_edns: message.edns.is_some(),
        };
        match (self.answer)(&question) {
            Reply::Message(message) => (vec![message.to_vec().unwrap()], true),
            Reply::Messages(messages) => {
                (messages.iter().map(|message| message.to_vec().unwrap()).collect(), true)
            }
            Reply::Silence => (Vec::new(), true),
            Reply::Bytes(bytes) => (vec![bytes], true),
            Reply::AndClose(message) => (vec![message.to_vec().unwrap()], false),
        }
    }

    async fn serve(
        self,
        udp: UdpSocket,
        tcp: TcpListener,
        executor: &LocalExecutor<'_>,
    ) -> io::Result<()> {
        let (udp, tcp) = (Async::new(udp)?, Async::new(tcp)?);
        let this = Arc::new(self);
        let over_udp = async {
            let mut buffer = [0; 4096];
            loop {
                let (length, client) = udp.recv_from(&mut buffer).await?;
                for reply in this.reply(&buffer[..length], client, false).0 {
                    udp.send_to(&reply, client).await?;
                }
            }
        };
        let over_tcp = async {
            loop {
                let Ok((client, address)) = tcp.accept().await else {
                    tcp.readable().await?; // without descriptors it fails before anybody comes
                    continue;
                };
                this.connections.fetch_add(1, Ordering::SeqCst);
                let this = this.clone();
                executor.spawn(async move { this.serve_client(client, address).await }).detach();
            }
        };
        future::or(over_udp, over_tcp).await
    }

    async fn serve_client(
        &self,
        mut client: Async<TcpStream>,
        address: SocketAddr,
    ) -> io::Result<()> {
        loop {
            let mut length = [0; 2];
            client.read_exact(&mut length).await?;
            let mut question = vec![0; u16::from_be_bytes(length).into()];
            client.read_exact(&mut question).await?;
            let (replies, goes_on) = self.reply(&question, address, true);
            for reply in replies {
                let length = (reply.len() as u16).to_be_bytes();
                client.write_all(&[&length[..], &reply].concat()).await?;
            }
            if !goes_on {
                return Ok(());
            }
        }
    }
}

/// A resolver that asks these and reads no file.
pub(crate) fn resolver(nameservers: impl IntoIterator<Item = Nameserver>) -> HickoryResolver {
    HickoryResolver::builder().nameservers(nameservers).use_hosts(false).build().unwrap()
}

/// The addresses that a lookup has found, as text.
pub(crate) fn found(result: io::Result<Answer>) -> Vec<String> {
    result.unwrap().ips().map(|ip| ip.to_string()).collect()
}

pub(crate) fn lookup(resolver: &HickoryResolver, name: &str, family: Family) -> io::Result<Answer> {
    block_on(resolver.resolve(name, family))
}

/// The addresses of `name` in IPv4.
pub(crate) fn v4(resolver: &HickoryResolver, name: &str) -> Vec<String> {
    found(lookup(resolver, name, Family::V4))
}

/// Why `name` could not be looked up in IPv4.
pub(crate) fn failure(resolver: &HickoryResolver, name: &str) -> LookupFailure {
    failure_of(&lookup(resolver, name, Family::V4).unwrap_err())
}

pub(crate) fn failure_of(error: &io::Error) -> LookupFailure {
    error.get_ref().unwrap().downcast_ref::<LookupFailed>().unwrap().failure()
}

/// An address at which nobody listens, for as long as the socket lives: it is connected elsewhere,
/// so that whatever comes to it is refused.
pub(crate) fn nobody() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect("127.0.0.1:9").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}
