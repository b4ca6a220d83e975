//! The nameserver with a script.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use futures_lite::future::block_on;
use simple_dns::{
    CLASS, Name, Packet, PacketFlag, QTYPE, Question, RCODE, TYPE,
    rdata::{OPT, RData},
};
use socketry_connection::Family;
use socketry_testing::{DnsQuery, DnsReply, DnsServer, DnsTransport, HeldQuery};

const V4: [u8; 4] = [192, 0, 2, 1];

/// A client that sends one query after the other, by hand.
struct Client {
    socket: UdpSocket,
}

/// What came back.
#[derive(Debug, PartialEq)]
struct Heard {
    id: u16,
    question: String,
    code: RCODE,
    truncated: bool,
    addresses: Vec<IpAddr>,
    aliases: Vec<String>,
    ttls: Vec<u32>,
    size: usize,
}

impl Client {
    fn of(server: &DnsServer) -> Self {
        let socket = UdpSocket::bind((server.address().ip(), 0)).unwrap();
        socket.connect(server.address()).unwrap();
        Self { socket }
    }

    fn send(&self, id: u16, name: &str, family: Family) {
        self.socket.send(&query(id, name, family, None)).unwrap();
    }

    fn hear(&self) -> Heard {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).unwrap();
        read(&buffer[..length])
    }

    fn ask(&self, name: &str, family: Family) -> Heard {
        self.send(7, name, family);
        self.hear()
    }
}

fn query(id: u16, name: &str, family: Family, payload: Option<u16>) -> Vec<u8> {
    let record_type = match family {
        Family::V4 => TYPE::A,
        Family::V6 => TYPE::AAAA,
    };
    let mut packet = Packet::new_query(id);
    let name = Name::new(name).unwrap();
    packet.questions.push(Question::new(name, QTYPE::TYPE(record_type), CLASS::IN.into(), false));
    if let Some(udp_packet_size) = payload {
        *packet.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size, version: 0 });
    }
    packet.build_bytes_vec().unwrap()
}

fn read(bytes: &[u8]) -> Heard {
    let packet = Packet::parse(bytes).unwrap();
    assert!(packet.has_flags(PacketFlag::RESPONSE));
    let (mut addresses, mut aliases) = (Vec::new(), Vec::new());
    for record in &packet.answers {
        match &record.rdata {
            RData::A(a) => addresses.push(IpAddr::V4(a.address.into())),
            RData::AAAA(aaaa) => addresses.push(IpAddr::V6(aaaa.address.into())),
            RData::CNAME(alias) => aliases.push(alias.0.to_string()),
            other => panic!("{other:?}"),
        }
    }
    let records = packet.answers.iter().chain(&packet.name_servers);
    Heard {
        id: packet.id(),
        question: packet.questions[0].qname.to_string(),
        code: packet.rcode(),
        truncated: packet.has_flags(PacketFlag::TRUNCATION),
        addresses,
        aliases,
        ttls: records.map(|record| record.ttl).collect(),
        size: bytes.len(),
    }
}

/// Asks over a connection; nothing if the server hangs up.
fn ask_stream(server: &DnsServer, name: &str, family: Family) -> Option<Heard> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let query = query(9, name, family, None);
    // In two pieces, as it may come.
    stream.write_all(&u16::try_from(query.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(&query).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).unwrap();
    Some(read(&answer))
}

fn server() -> (DnsServer, Client) {
    let server = DnsServer::start().unwrap();
    let client = Client::of(&server);
    (server, client)
}

fn many(count: u8) -> Vec<IpAddr> {
    (0..count).map(|last| [192, 0, 2, last].into()).collect()
}

#[test]
fn each_family_gets_its_own_addresses() {
    let (server, client) = server();
    let v6: IpAddr = "2001:db8::1".parse().unwrap();
    server.answer("a.example", [V4.into(), v6]);
    assert_eq!(client.ask("a.example", Family::V4).addresses, [IpAddr::from(V4)]);
    assert_eq!(client.ask("a.example", Family::V6).addresses, [v6]);
}

#[test]
fn a_name_is_known_in_any_case_and_echoed_in_its_own() {
    let (server, client) = server();
    server.answer("a.example.", [V4.into()]);
    let heard = client.ask("A.eXample", Family::V4);
    assert_eq!((heard.addresses.len(), &*heard.question), (1, "A.eXample"));
}

#[test]
fn an_unknown_name_does_not_exist_unless_the_test_says_otherwise() {
    let (server, client) = server();
    assert_eq!(client.ask("b.example", Family::V4).code, RCODE::NameError);
    server.otherwise(DnsReply::refused());
    assert_eq!(client.ask("b.example", Family::V4).code, RCODE::Refused);
}

#[test]
fn a_family_without_addresses_has_no_data_and_says_how_long() {
    let (server, client) = server();
    server.answer("a.example", [V4.into()]);
    let heard = client.ask("a.example", Family::V6);
    assert_eq!((heard.code, &heard.ttls[..]), (RCODE::NoError, &[60][..]));
    assert!(heard.addresses.is_empty());
}

#[test]
fn failures_are_sent_as_they_are_scripted() {
    let (server, client) = server();
    for (reply, code) in [
        (DnsReply::server_failure(), RCODE::ServerFailure),
        (DnsReply::refused(), RCODE::Refused),
        (DnsReply::no_such_name(), RCODE::NameError),
        (DnsReply::no_data(), RCODE::NoError),
    ] {
        server.reply("a.example", None, reply);
        assert_eq!(client.ask("a.example", Family::V6).code, code);
    }
}

#[test]
fn a_time_to_live_concerns_every_record() {
    let (server, client) = server();
    let reply = DnsReply::addresses(many(2)).ttl(Duration::from_secs(5)).through(["b.example"]);
    server.reply("a.example", Family::V4, reply);
    assert_eq!(client.ask("a.example", Family::V4).ttls, [5, 5, 5]);
}

#[test]
fn aliases_come_in_order_before_the_addresses() {
    let (server, client) = server();
    let reply = DnsReply::addresses([V4.into()]).through(["b.example", "c.example"]);
    server.reply("a.example", Family::V4, reply);
    let heard = client.ask("a.example", Family::V4);
    assert_eq!(heard.aliases, ["b.example", "c.example"]);
    assert_eq!(heard.addresses.len(), 1);
}

#[test]
fn what_is_truncated_comes_whole_over_a_connection() {
    let (server, client) = server();
    server.reply("a.example", Family::V4, DnsReply::addresses(many(3)).truncated());
    let heard = client.ask("a.example", Family::V4);
    assert_eq!((heard.truncated, heard.addresses.len()), (true, 0));
    let heard = ask_stream(&server, "a.example", Family::V4).unwrap();
    assert_eq!((heard.truncated, heard.addresses.len()), (false, 3));
    let transports = server.queries().iter().map(DnsQuery::transport).collect::<Vec<_>>();
    assert_eq!(transports, [DnsTransport::Udp, DnsTransport::Tcp]);
}

#[test]
fn what_a_client_cannot_take_is_truncated() {
    let (server, client) = server();
    server.answer("a.example", many(200));
    assert!(client.ask("a.example", Family::V4).truncated);
    client.socket.send(&query(1, "a.example", Family::V4, Some(4096))).unwrap();
    let heard = client.hear();
    assert!(!heard.truncated && heard.size > 512, "{heard:?}");
}

#[test]
fn a_forged_answer_may_come_before_the_right_one() {
    let (server, client) = server();
    let right = DnsReply::addresses([V4.into()]);
    let forged = right.clone().with_wrong_id().then(right.clone().with_wrong_question());
    server.reply("a.example", Family::V4, forged.then(right));
    let (first, second) = (client.ask("a.example", Family::V4), client.hear());
    assert_ne!(first.id, 7);
    assert_eq!((second.id, &*second.question), (7, "wrong.question.example"));
    let third = client.hear();
    assert_eq!((third.id, &*third.question), (7, "a.example"));
}

#[test]
fn silence_answers_nothing() {
    let (server, client) = server();
    server.reply("a.example", Family::V4, DnsReply::silence());
    client.send(1, "a.example", Family::V4);
    client.send(2, "b.example", Family::V4);
    assert_eq!(client.hear().id, 2);
}

#[test]
fn bytes_are_sent_as_they_are() {
    let (server, client) = server();
    server.reply("a.example", Family::V4, DnsReply::bytes(*b"garbage"));
    client.send(1, "a.example", Family::V4);
    let mut buffer = [0; 16];
    assert_eq!(client.socket.recv(&mut buffer).unwrap(), 7);
}

#[test]
fn replies_come_in_turn_and_the_last_one_stays() {
    let (server, client) = server();
    let turns = [DnsReply::server_failure(), DnsReply::addresses([V4.into()])];
    server.reply_in_turn("a.example", Family::V4, turns);
    let codes = [(); 3].map(|()| client.ask("a.example", Family::V4).code);
    assert_eq!(codes, [RCODE::ServerFailure, RCODE::NoError, RCODE::NoError]);
}

#[test]
fn a_delayed_answer_takes_its_time() {
    let (server, client) = server();
    let delay = Duration::from_millis(20);
    server.reply("a.example", Family::V4, DnsReply::addresses([V4.into()]).after(delay));
    let asked = Instant::now();
    assert_eq!(client.ask("a.example", Family::V4).addresses.len(), 1);
    assert!(asked.elapsed() >= delay);
}

#[test]
fn a_connection_is_closed_instead_of_an_answer() {
    let (server, _client) = server();
    server.reply("a.example", Family::V4, DnsReply::hang_up());
    assert_eq!(ask_stream(&server, "a.example", Family::V4), None);
    block_on(server.hung_up());
}

#[test]
fn a_held_query_waits_for_the_test() {
    let (server, client) = server();
    let held = server.hold("a.example", Family::V6);
    client.send(1, "a.example", Family::V6);
    block_on(held.asked());
    client.send(2, "a.example", Family::V4);
    assert_eq!(client.hear().id, 2, "the other family is not held");
    held.answer(["::1".parse().unwrap()]);
    assert_eq!(client.hear().id, 1);
    assert_eq!(client.ask("a.example", Family::V6).addresses.len(), 1, "it stays answered");
}

#[test]
fn a_held_query_that_is_dropped_fails() {
    let (server, client) = server();
    let held = server.hold("a.example", Family::V6);
    client.send(1, "a.example", Family::V6);
    client.send(1, "a.example", Family::V6);
    block_on(held.asked_times(2));
    drop(held);
    assert_eq!([client.hear().code, client.hear().code], [RCODE::ServerFailure; 2]);
}

#[test]
fn queries_are_noted_in_order() {
    let (server, client) = server();
    client.send(3, "A.example", Family::V6);
    client.send(4, "b.example", Family::V4);
    let second = block_on(server.query(1));
    assert_eq!((second.id(), second.name(), second.record_type()), (4, "b.example", 1));
    assert_eq!(server.queries_for("a.example.")[0].family(), Some(Family::V6));
}

#[test]
fn what_is_no_query_is_ignored() {
    let (_server, client) = server();
    client.socket.send(b"").unwrap();
    client.socket.send(&[0xff; 40]).unwrap();
    assert_eq!(client.ask("a.example", Family::V4).code, RCODE::NameError);
}

#[test]
fn a_dropped_server_gives_its_port_back_at_once() {
    // An address of its own: nobody else takes the port meanwhile.
    let server = DnsServer::start_on("127.0.0.53:0".parse().unwrap()).unwrap();
    let stream = TcpStream::connect(server.address()).unwrap();
    Client::of(&server).ask("a.example", Family::V4);
    let address: SocketAddr = server.address();
    drop(server);
    drop(stream);
    assert_eq!(DnsServer::start_on(address).unwrap().address(), address);
}

#[test]
fn the_server_can_be_played_from_another_thread() {
    fn assert_send_sync<T: Send + Sync + Unpin>() {}
    assert_send_sync::<DnsServer>();
    assert_send_sync::<HeldQuery>();
    assert_send_sync::<DnsReply>();
    assert_send_sync::<DnsQuery>();
}
