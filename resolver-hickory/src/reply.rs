//! What nameservers say to a question.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use hickory_resolver::{
    net::{DnsError, NetError, NoRecords},
    proto::{
        op::{DnsResponse, Message, Query, ResponseCode},
        rr::{Name, RData, Record, RecordType},
    },
};
use socketry_resolver::{Answer, Family};

/// So many aliases in one message are followed.
const MOST_ALIASES: usize = 16;

/// What one question was answered, in the form in which it is kept.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// There are addresses in it, or an alias of a name that it says nothing about.
    Records(Message),
    /// There is no such name, or no such address.
    Nothing(NoRecords),
}

/// What a reply means, and until when.
#[derive(Debug)]
pub(crate) enum Meaning {
    Addresses(Answer),
    /// The name is another one's, which is to be asked for.
    Alias(Name, Instant),
    /// The end is not known if the zone does not tell.
    Nothing {
        exists: bool,
        expires: Option<Instant>,
    },
}

/// The question for the addresses of `name` in one family.
pub(crate) fn question(name: Name, family: Family) -> Query {
    let record_type = match family {
        Family::V4 => RecordType::A,
        Family::V6 => RecordType::AAAA,
    };
    Query::query(name, record_type)
}

impl Reply {
    /// Reads a message that answers `query`; an error if it says that the nameserver cannot.
    pub(crate) fn read(response: DnsResponse, query: &Query) -> Result<Self, DnsError> {
        let (code, negative_ttl) = (response.response_code, response.negative_ttl());
        let message = match DnsError::from_response(response) {
            Ok(response) => response.into_message(),
            Err(DnsError::NoRecordsFound(none)) => return Ok(Self::Nothing(none)),
            Err(error) => return Err(error),
        };
        if !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
            return Err(DnsError::ResponseCode(code));
        }
        let end = End::of(query, &message);
        // The code, and how long a no is good, are about the last name (RFC 2308, section 2).
        let is_known = code == ResponseCode::NXDomain || negative_ttl.is_some();
        if end.addresses(query, &message).next().is_some() || (end.is_alias && !is_known) {
            return Ok(Self::Records(message));
        }
        let mut none = NoRecords::new(query.clone(), code);
        none.negative_ttl = negative_ttl.map(|ttl| ttl.min(end.ttl));
        Ok(Self::Nothing(none))
    }

    /// Makes it be good at least and at most for so many seconds.
    pub(crate) fn bound(&mut self, least: u32, most: u32) {
        match self {
            Self::Records(message) => {
                message.answers.iter_mut().for_each(|it| it.ttl = it.ttl.clamp(least, most));
            }
            Self::Nothing(none) => {
                none.negative_ttl = none.negative_ttl.map(|ttl| ttl.clamp(least, most));
            }
        }
    }

    /// What it means, if the times in it begin at `since`.
    pub(crate) fn meaning(&self, query: &Query, since: Instant) -> Meaning {
        let after = |ttl: u32| since + Duration::from_secs(ttl.into());
        let message = match self {
            Self::Records(message) => message,
            Self::Nothing(none) => {
                let exists = none.response_code != ResponseCode::NXDomain;
                return Meaning::Nothing { exists, expires: none.negative_ttl.map(after) };
            }
        };
        let end = End::of(query, message);
        let ttl = end.addresses(query, message).map(|(_, ttl)| ttl).min();
        let Some(ttl) = ttl else {
            return Meaning::Alias(end.name.clone(), after(end.ttl));
        };
        let addresses = end.addresses(query, message).map(|(ip, _)| SocketAddr::new(ip, 0));
        Meaning::Addresses(addresses.collect::<Answer>().expiring(after(ttl.min(end.ttl))))
    }

    /// As hickory's cache has it.
    pub(crate) fn into_result(self) -> Result<Message, NetError> {
        match self {
            Self::Records(message) => Ok(message),
            Self::Nothing(none) => Err(none.into()),
        }
    }

    pub(crate) fn from_result(result: Result<Message, NetError>) -> Option<Self> {
        match result {
            Ok(message) => Some(Self::Records(message)),
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => Some(Self::Nothing(none)),
            Err(_) => None,
        }
    }
}

/// Where the aliases in a message lead.
struct End<'a> {
    name: &'a Name,
    is_alias: bool,
    /// For how many seconds the aliases on the way are good.
    ttl: u32,
}

impl<'a> End<'a> {
    /// Follows the aliases, in whatever order they are.
    fn of(query: &'a Query, message: &'a Message) -> Self {
        let mut end = Self { name: query.name(), is_alias: false, ttl: u32::MAX };
        for _ in 0..MOST_ALIASES {
            let target = |record: &'a Record| match &record.data {
                RData::CNAME(target) if is_about(record, end.name, query) => {
                    Some((&target.0, record.ttl))
                }
                _ => None,
            };
            let Some((name, ttl)) = message.answers.iter().find_map(target) else {
                break;
            };
            end = Self { name, is_alias: true, ttl: end.ttl.min(ttl) };
        }
        end
    }

    /// The addresses of the last name, with their times to live.
    fn addresses(
        &self,
        query: &'a Query,
        message: &'a Message,
    ) -> impl Iterator<Item = (IpAddr, u32)> {
        let address = |record: &'a Record| {
            let ip = match (&record.data, query.query_type()) {
                (RData::A(ip), RecordType::A) => ip.0.into(),
                (RData::AAAA(ip), RecordType::AAAA) => ip.0.into(),
                _ => return None,
            };
            is_about(record, self.name, query).then_some((ip, record.ttl))
        };
        message.answers.iter().filter_map(address)
    }
}

fn is_about(record: &Record, name: &Name, query: &Query) -> bool {
    record.name == *name && record.dns_class == query.query_class()
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::{
        op::OpCode,
        rr::rdata::{A, CNAME, SOA},
    };

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn alias(of: &str, target: &str, ttl: u32) -> Record {
        Record::from_rdata(name(of), ttl, RData::CNAME(CNAME(name(target))))
    }

    fn address(of: &str, last: u8, ttl: u32) -> Record {
        Record::from_rdata(name(of), ttl, RData::A(A::new(192, 0, 2, last)))
    }

    fn soa(ttl: u32) -> Record {
        let soa = SOA::new(name("example."), name("example."), 1, 1, 1, 1, ttl);
        Record::from_rdata(name("example."), ttl, RData::SOA(soa))
    }

    /// What is understood of these records as the answer for `a.example.`: what was found or which
    /// name is to be asked for, and for how many seconds that is good.
    fn understood(
        code: ResponseCode,
        answers: &[Record],
        authority: Option<Record>,
    ) -> (String, Option<u64>) {
        let query = question(name("a.example."), Family::V4);
        let mut message = Message::response(1, OpCode::Query);
        message.metadata.response_code = code;
        message.add_query(query.clone());
        message.add_answers(answers.iter().cloned());
        message.add_authorities(authority);
        let reply = Reply::read(DnsResponse::from_message(message).unwrap(), &query).unwrap();
        let since = Instant::now();
        let (text, expires) = match reply.meaning(&query, since) {
            Meaning::Addresses(answer) => {
                let ips: Vec<_> = answer.ips().map(|ip| ip.to_string()).collect();
                (ips.join(" "), answer.expires())
            }
            Meaning::Alias(name, until) => (name.to_string(), Some(until)),
            Meaning::Nothing { exists, expires } => {
                (if exists { "no address" } else { "no name" }.to_string(), expires)
            }
        };
        (text, expires.map(|at| (at - since).as_secs()))
    }

    #[test]
    fn aliases_lead_to_the_addresses_in_whatever_order_they_are() {
        let records = [
            address("c.example.", 1, 60),
            alias("b.example.", "c.example.", 30),
            address("c.example.", 2, 50),
            alias("A.example.", "b.example.", 40),
            address("d.example.", 66, 1),
        ];
        let found = understood(ResponseCode::NoError, &records, None);
        assert_eq!(found, ("192.0.2.1 192.0.2.2".to_string(), Some(30)));
    }

    #[test]
    fn an_alias_of_what_the_message_says_nothing_about_is_to_be_asked_for() {
        let records = [alias("a.example.", "b.example.", 40), address("a.example.", 66, 1)];
        let found = understood(ResponseCode::NoError, &records, None);
        assert_eq!(found, ("b.example.".to_string(), Some(40)));
    }

    #[test]
    fn an_alias_of_what_is_said_not_to_exist_is_nothing_for_the_shorter_time() {
        let records = [alias("a.example.", "b.example.", 40)];
        for (code, ttl, text) in
            [(ResponseCode::NXDomain, 30, "no name"), (ResponseCode::NoError, 60, "no address")]
        {
            let found = understood(code, &records, Some(soa(ttl)));
            assert_eq!(found, (text.to_string(), Some(u64::from(ttl.min(40)))));
        }
        let untold = understood(ResponseCode::NXDomain, &records, None);
        assert_eq!(untold, ("no name".to_string(), None));
    }

    #[test]
    fn records_of_another_name_are_no_answer() {
        let records = [address("b.example.", 66, 60)];
        let found = understood(ResponseCode::NoError, &records, None);
        assert_eq!(found, ("no address".to_string(), None));
    }

    #[test]
    fn aliases_in_a_circle_end() {
        let records =
            [alias("a.example.", "b.example.", 40), alias("b.example.", "a.example.", 40)];
        let found = understood(ResponseCode::NoError, &records, None);
        assert_eq!(found, ("a.example.".to_string(), Some(40)));
    }
}
