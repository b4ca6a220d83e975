//! Queries and replies on the wire.

use std::net::IpAddr;

use simple_dns::{
    CLASS, Name, OPCODE, Packet, PacketFlag, QTYPE, Question, RCODE, ResourceRecord,
    rdata::{A, AAAA, CNAME, OPT, RData, SOA},
};
use socketry_connection::Family;

use super::{
    query::{Asked, Client, DnsQuery, DnsTransport},
    reply::{Body, Message},
};

/// What a client can take in a datagram that has not said so (RFC 1035, 2.3.4).
const SMALLEST_PAYLOAD: u16 = 512;

/// What this side can take, if it is asked (EDNS).
const OWN_PAYLOAD: u16 = 1232;

/// The question in the answers to the wrong question.
const WRONG_QUESTION: &str = "wrong.question.example";

/// What to do when a message is due.
pub(super) enum Outgoing {
    Send(Vec<u8>),
    HangUp,
    Nothing,
}

/// Reads a query. What is none, or asks for other than one thing, is nothing to be answered.
pub(super) fn read(bytes: &[u8], client: Client) -> Option<Asked> {
    let packet = Packet::parse(bytes).ok()?;
    let is_query = !packet.has_flags(PacketFlag::RESPONSE);
    let [question] = &packet.questions[..] else { return None };
    (is_query && packet.opcode() == OPCODE::StandardQuery).then(|| Asked {
        query: DnsQuery {
            id: packet.id(),
            name: question.qname.to_string(),
            record_type: question.qtype.into(),
            transport: client.transport(),
        },
        recursion_desired: packet.has_flags(PacketFlag::RECURSION_DESIRED),
        payload: packet.opt().map(|opt| opt.udp_packet_size),
        client,
    })
}

/// The bytes of a message that answers this query.
pub(super) fn write(asked: &Asked, message: &Message) -> Outgoing {
    let truncates = asked.query.transport == DnsTransport::Udp;
    match &message.body {
        Body::Silence => Outgoing::Nothing,
        Body::HangUp => Outgoing::HangUp,
        Body::Bytes(bytes) => Outgoing::Send(bytes.clone()),
        _ if truncates && message.truncated => Outgoing::Send(encode(asked, message, true)),
        _ => {
            let bytes = encode(asked, message, false);
            let most = asked.payload.unwrap_or_default().max(SMALLEST_PAYLOAD);
            if truncates && bytes.len() > usize::from(most) {
                return Outgoing::Send(encode(asked, message, true));
            }
            Outgoing::Send(bytes)
        }
    }
}

fn encode(asked: &Asked, message: &Message, truncated: bool) -> Vec<u8> {
    let id = asked.query.id.wrapping_add(u16::from(message.wrong_id));
    let mut packet = Packet::new_reply(id);
    packet.set_flags(PacketFlag::RECURSION_AVAILABLE);
    if asked.recursion_desired {
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    if asked.payload.is_some() {
        let opt = OPT { opt_codes: Vec::new(), udp_packet_size: OWN_PAYLOAD, version: 0 };
        *packet.opt_mut() = Some(opt);
    }
    *packet.rcode_mut() = code(&message.body);
    packet.questions.push(question(asked, message));
    if truncated {
        packet.set_flags(PacketFlag::TRUNCATION);
    } else {
        fill(&mut packet, asked, message);
    }
    packet.build_bytes_vec_compressed().expect("what the test scripts fits into a message")
}

fn question<'a>(asked: &'a Asked, message: &Message) -> Question<'a> {
    let name = if message.wrong_question { WRONG_QUESTION } else { &asked.query.name };
    let record_type = QTYPE::try_from(asked.query.record_type).expect("it was read from a query");
    Question::new(self::name(name), record_type, CLASS::IN.into(), false)
}

fn fill<'a>(packet: &mut Packet<'a>, asked: &'a Asked, message: &'a Message) {
    let mut owner: &str = &asked.query.name;
    for alias in &message.aliases {
        let record = RData::CNAME(CNAME(name(alias)));
        packet.answers.push(ResourceRecord::new(name(owner), CLASS::IN, message.ttl, record));
        owner = alias;
    }
    let addresses = addresses(asked, message);
    if addresses.is_empty() && matches!(message.body, Body::Addresses(_) | Body::NoSuchName) {
        packet.name_servers.push(authority(message.ttl));
    }
    let records = addresses
        .into_iter()
        .map(|data| ResourceRecord::new(name(owner), CLASS::IN, message.ttl, data));
    packet.answers.extend(records);
}

/// The addresses of the family that is asked for.
fn addresses<'a>(asked: &Asked, message: &Message) -> Vec<RData<'a>> {
    let Body::Addresses(ips) = &message.body else { return Vec::new() };
    let of_family = ips.iter().filter(|ip| asked.query.family() == Some(Family::of(ip)));
    of_family
        .map(|ip| match ip {
            IpAddr::V4(ip) => RData::A(A { address: (*ip).into() }),
            IpAddr::V6(ip) => RData::AAAA(AAAA { address: (*ip).into() }),
        })
        .collect()
}

/// Says of an answer without records how long it is good (RFC 2308).
fn authority<'a>(ttl: u32) -> ResourceRecord<'a> {
    let soa = SOA {
        mname: name("ns.example"),
        rname: name("hostmaster.example"),
        serial: 1,
        refresh: 3600,
        retry: 600,
        expire: 86_400,
        minimum: ttl,
    };
    ResourceRecord::new(name("example"), CLASS::IN, ttl, RData::SOA(soa))
}

fn code(body: &Body) -> RCODE {
    match body {
        Body::NoSuchName => RCODE::NameError,
        Body::ServerFailure => RCODE::ServerFailure,
        Body::Refused => RCODE::Refused,
        _ => RCODE::NoError,
    }
}

fn name(text: &str) -> Name<'_> {
    Name::new(text).unwrap_or_else(|error| panic!("{text:?} can be no name: {error}"))
}
