//! The grammar of endpoints, row by row, and what holds for every text.
//!
//! What a client and a server make of an endpoint is tested where it is decided, in
//! `src/endpoint/sides.rs`. No text travels between layers here: the name of a TLS peer is read
//! into a type, so that there is nothing to pass on, to strip or to escape on the way.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    panic::catch_unwind,
};

use socketry::{Address, Endpoint, Host, HostPort, InvalidEndpoint, PeerNamed, UnixAddress};

/// Texts that are endpoints, and what they print as.
const ACCEPTED: &[(&str, &str)] = &[
    ("127.0.0.1:80", "tcp://127.0.0.1:80"),
    ("127.0.0.1:65535", "tcp://127.0.0.1:65535"),
    ("tcp://127.0.0.1:80", "tcp://127.0.0.1:80"),
    ("tls://127.0.0.1:80", "tls://127.0.0.1:80"),
    // A scheme in any case.
    ("TCP://127.0.0.1:80", "tcp://127.0.0.1:80"),
    ("tLs://127.0.0.1:80", "tls://127.0.0.1:80"),
    ("UNIX://Demo.sock", "unix://Demo.sock"),
    ("SystemD://Web", "systemd://Web"),
    ("PHP://fd/3", "fd://3"),
    // A port alone, for servers.
    ("80", "tcp://80"),
    ("0", "tcp://0"),
    ("tcp://0", "tcp://0"),
    ("tcp://8080", "tcp://8080"),
    ("tls://8080", "tls://8080"),
    // Port 0, for servers.
    ("[::1]:0", "tcp://[::1]:0"),
    ("[::]:0", "tcp://[::]:0"),
    ("0.0.0.0:0", "tcp://0.0.0.0:0"),
    // IPv6 in brackets, with a zone.
    ("[::1]:80", "tcp://[::1]:80"),
    ("tcp://[::1]:80", "tcp://[::1]:80"),
    ("[0:0::1]:80", "tcp://[::1]:80"),
    ("[::ffff:127.0.0.1]:80", "tcp://[::ffff:127.0.0.1]:80"),
    ("[fe80::1%25lo]:80", "tcp://[fe80::1%lo]:80"),
    ("[fe80::1%eth0]:80", "tcp://[fe80::1%eth0]:80"),
    ("[fe80::1%2525x]:80", "tcp://[fe80::1%2525x]:80"),
    ("tls://[fe80::1%3]:443", "tls://[fe80::1%3]:443"),
    // Names; whether they exist is not asked here.
    ("localhost:80", "tcp://localhost:80"),
    ("www.google.com:80", "tcp://www.google.com:80"),
    ("tcp://WWW.Google.com:80", "tcp://www.google.com:80"),
    ("example.com.:80", "tcp://example.com.:80"),
    ("münchen.de:80", "tcp://münchen.de:80"),
    ("-bad-.com:80", "tcp://-bad-.com:80"),
    ("tcp:80", "tcp://tcp:80"),
    // Path, query and fragment are read and ignored.
    ("tcp://127.0.0.1:80/", "tcp://127.0.0.1:80"),
    ("tcp://127.0.0.1:80/path?q=1#frag", "tcp://127.0.0.1:80"),
    ("127.0.0.1:80#x", "tcp://127.0.0.1:80"),
    ("127.0.0.1:80?to=tcp://a@b", "tcp://127.0.0.1:80"),
    ("tls://127.0.0.1:80#?hostname=x", "tls://127.0.0.1:80"),
    ("tls://127.0.0.1:80/?hostnames=x&Hostname=y", "tls://127.0.0.1:80"),
    // All but the name of a TLS peer.
    ("tcp://127.0.0.1:80?hostname=example.com", "tcp://127.0.0.1:80"),
    ("tls://127.0.0.1:80?hostname=Example.com", "tls://127.0.0.1:80?hostname=example.com"),
    ("tls://127.0.0.1:80/p?q=1&hostname=a&hostname=b#f", "tls://127.0.0.1:80?hostname=a"),
    ("tls://127.0.0.1:80?hostname=%61%2eb", "tls://127.0.0.1:80?hostname=a.b"),
    ("tls://127.0.0.1:80?hostname=fe80::1%25x", "tls://127.0.0.1:80?hostname=fe80::1%25x"),
    ("tls://Example.com:80?hostname=example.COM", "tls://example.com:80"),
    // Unix sockets: verbatim.
    ("unix://x.sock", "unix://x.sock"),
    ("unix:///tmp/x.sock", "unix:///tmp/x.sock"),
    ("unix://@abstract", "unix://@abstract"),
    ("unix://./@odd", "unix://./@odd"),
    ("unix://a b?c=d#e%20f:80@g", "unix://a b?c=d#e%20f:80@g"),
    ("unix://tcp://127.0.0.1:80", "unix://tcp://127.0.0.1:80"),
    ("unix:// ", "unix:// "),
    // Inherited sockets, for servers.
    ("fd://3", "fd://3"),
    ("fd://0", "fd://0"),
    ("fd://2147483647", "fd://2147483647"),
    ("php://fd/3", "fd://3"),
    ("systemd://", "systemd://"),
    ("systemd://web", "systemd://web"),
    ("systemd://echo@1.socket", "systemd://echo@1.socket"),
];

/// Texts that are none, and a part of the reason.
const REFUSED: &[(&str, &str)] = &[
    ("", "the host and port are missing"),
    ("tcp://", "the host and port are missing"),
    ("tcp:///", "the host and port are missing"),
    ("tls://?hostname=a", "the host and port are missing"),
    ("127.0.0.1", "the port is missing"),
    ("localhost", "the port is missing"),
    ("[::1]", "the port is missing"),
    ("[::1", "the port is missing"),
    ("[::1]80", "the port is missing"),
    (":80", "the host is missing; write example.org:80, or for a server 80"),
    ("tcp://:", "a port is a number"),
    ("127.0.0.1:", "a port is a number"),
    // Ports.
    ("127.0.0.1:65536", "the port \"65536\" is not a number from 0 to 65535"),
    ("255.255.255.255:12345678", "the port \"12345678\""),
    ("127.0.0.1:-1", "the port \"-1\""),
    ("127.0.0.1:+1", "the port \"+1\""),
    ("127.0.0.1:080", "the port \"080\""),
    ("127.0.0.1:80a", "the port \"80a\""),
    ("127.0.0.1:0x50", "the port \"0x50\""),
    ("127.0.0.1:８０", "the port \"８０\""),
    ("[::1]:http", "the port \"http\""),
    (":80a", "the port \"80a\""),
    ("65536", "the port \"65536\""),
    ("00", "the port \"00\""),
    ("tls://080", "the port \"080\""),
    ("8080/", "a port alone ends the text"),
    ("tls://8080?hostname=a", "write 127.0.0.1:8080"),
    ("-1", "it is neither a port nor host:port; write a port"),
    ("+80", "it is neither a port nor host:port; write a port"),
    ("80a", "it is neither a port nor host:port; write a port"),
    ("tls://0x50/", "it is neither a port nor host:port; write a port"),
    // White space and control characters.
    ("127.0.0.1: 80", "white space (' ')"),
    ("127.0.0.1:80 ", "white space (' ')"),
    (" 127.0.0.1:80", "white space (' ')"),
    ("invalid URI", "white space (' ')"),
    ("127.0.0.1:80/a b", "write %20 in a path"),
    ("127.0.0.1:80\n", "control character '\\n'"),
    ("127.0.0.1\0:80", "control character '\\0'"),
    ("127.0.0.1:80#\u{7f}", "control character '\\u{7f}'"),
    ("a\u{3000}b:80", "white space ('\\u{3000}')"),
    // Users and passwords.
    ("tcp://user:pass@127.0.0.1:80", "looks like a user and password"),
    ("user@127.0.0.1:80", "looks like a user and password"),
    ("tls://user@[::1]:80", "looks like a user and password"),
    // Hosts.
    ("::1:80", "brackets, as in [::1]:80"),
    ("::1]:80", "brackets, as in [::1]:80"),
    ("[1::2::3]:80", "no IPv6 address"),
    ("[127.0.0.1]:80", "no IPv6 address"),
    ("[fe80::1%]:80", "the zone"),
    ("[fe80::1%a/b]:80", "the port is missing"),
    ("1.2.3:80", "must be an IPv4 address"),
    ("0x7f000001:80", "must be an IPv4 address"),
    ("2130706433:80", "must be an IPv4 address"),
    ("127.0.0.1.:80", "must be an IPv4 address"),
    ("256.0.0.1:80", "must be an IPv4 address"),
    ("0177.0.0.1:80", "must be an IPv4 address"),
    ("a..b:80", "empty label"),
    ("a%20b:80", "none of"),
    // The name of a TLS peer.
    ("google.com:80?hostname=", "?hostname= is missing"),
    ("tls://google.com:80?hostname", "?hostname= is missing"),
    ("tls://google.com:80?hostname=&hostname=a", "?hostname= is missing"),
    ("tls://google.com:80?hostname=%zz", "hexadecimal"),
    ("tls://google.com:80?hostname=a%20b", "white space"),
    ("tcp://google.com:80?hostname=1.2.3", "must be an IPv4 address"),
    ("tls://google.com:80?hostname=a:443", "a host without a port"),
    // Schemes.
    ("udp://127.0.0.1:0", "the scheme \"udp\" is unknown; known are tcp, tls and unix"),
    ("unknown://google.com:80", "the scheme \"unknown\" is unknown"),
    ("://127.0.0.1:80", "the scheme \"\" is unknown"),
    (" tcp://127.0.0.1:80", "the scheme \" tcp\" is unknown"),
    ("tcp://tls://127.0.0.1:80", "a port is a number"),
    ("tcp:127.0.0.1:80", "write tcp:// before the rest"),
    ("Unix:/tmp/x.sock", "write unix:// before the rest"),
    ("tcp//127.0.0.1:80", "write tcp:// before the rest"),
    // Unix sockets.
    ("/tmp/x.sock", "write unix:// before the path"),
    ("./x.sock", "write unix:// before the path"),
    ("////", "write unix:// before the path"),
    ("tcp:////", "the host and port are missing"),
    ("unix://", "is not empty; write it, as in unix:///run/demo.sock"),
    ("unix://@", "is not empty; write it, as in unix:///run/demo.sock"),
    ("unix:///tmp/x\0.sock", "control character '\\0'"),
    ("unix://@x\n", "control character '\\n'"),
    // Inherited sockets.
    ("php://fd/", "the number of an inherited descriptor"),
    ("php://fd/-1", "the number of an inherited descriptor"),
    ("php://stdin", "only php://fd/3 is known"),
    ("fd://", "the number of an inherited descriptor"),
    ("fd://-1", "the number of an inherited descriptor"),
    ("fd://+3", "the number of an inherited descriptor"),
    ("fd://03", "the number of an inherited descriptor"),
    ("fd://3/", "the number of an inherited descriptor"),
    ("fd://2147483648", "the number of an inherited descriptor"),
    ("fd://tcp://127.0.0.1:8080", "the number of an inherited descriptor"),
    ("systemd://a:b", "FileDescriptorName="),
    ("systemd://a b", "FileDescriptorName="),
    ("systemd://ä", "FileDescriptorName="),
];

#[test]
fn every_text_that_is_an_endpoint_means_what_it_prints() {
    for (text, printed) in ACCEPTED {
        match text.parse::<Endpoint>() {
            Ok(endpoint) => assert_eq!(endpoint.to_string(), *printed, "{text:?}"),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn every_text_that_is_none_is_refused_with_its_input_and_the_reason() {
    for (text, fragment) in REFUSED {
        let Err(error) = text.parse::<Endpoint>() else { panic!("{text:?} was accepted") };
        let shown = text.replace(":pass@", ":***@");
        let message = error.to_string();
        assert!(message.starts_with(&format!("invalid endpoint {shown:?}: ")), "{message}");
        assert!(error.reason().contains(fragment), "{message}");
    }
}

#[test]
fn a_unix_path_that_is_too_long_is_refused_and_never_cut() {
    let longest = format!("unix://{}", "x".repeat(UnixAddress::MAX_LEN));
    assert_eq!(longest.parse::<Endpoint>().unwrap().to_string(), longest);
    let error = format!("{longest}x").parse::<Endpoint>().unwrap_err();
    assert!(error.reason().contains("choose a shorter one"), "{error}");
}

#[test]
fn a_systemd_name_has_at_most_255_characters() {
    let longest = format!("systemd://{}", "x".repeat(255));
    assert_eq!(longest.parse::<Endpoint>().unwrap().to_string(), longest);
    assert!(format!("{longest}x").parse::<Endpoint>().is_err());
}

#[test]
fn whatever_may_be_an_endpoint_is_taken_by_one_bound() {
    fn read<E>(endpoint: E) -> String
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        match endpoint.try_into().map_err(Into::into) {
            Ok(endpoint) => endpoint.to_string(),
            Err(InvalidEndpoint { .. }) => "invalid".into(),
        }
    }

    let text = "127.0.0.1:80".to_string();
    let target: HostPort = text.parse().unwrap();
    let socket_address: SocketAddr = text.parse().unwrap();
    let borrowed: &SocketAddr = &socket_address;
    let address = Address::Tcp(socket_address);
    let host: Host = "127.0.0.1".parse().unwrap();
    let v4 = Ipv4Addr::LOCALHOST;
    let endpoint: Endpoint = text.parse().unwrap();
    for read in [
        read("127.0.0.1:80"),
        read(&text),
        read(text),
        read(("127.0.0.1", 80)),
        read(("127.0.0.1".to_string(), 80)),
        read(socket_address),
        read(borrowed),
        read(&address),
        read(address),
        read(target.clone()),
        read((host, 80)),
        read((IpAddr::V4(v4), 80)),
        read((v4, 80)),
        read(&endpoint),
        read(endpoint),
    ] {
        assert_eq!(read, "tcp://127.0.0.1:80");
    }
    let named = PeerNamed::new(target, "a".parse().unwrap());
    assert_eq!(read(named), "tls://127.0.0.1:80?hostname=a");
    assert_eq!(read(UnixAddress::from_path("/x").unwrap()), "unix:///x");
    assert_eq!(read((Ipv6Addr::LOCALHOST, 80)), "tcp://[::1]:80");
    assert_eq!(read(8080), "tcp://8080");
    assert_eq!(read(("a b", 80)), "invalid");
}

#[test]
fn every_kind_of_address_is_the_endpoint_of_its_text() {
    for text in
        ["tcp://[fe80::1%2]:80", "tls://127.0.0.1:443", "unix:///run/demo.sock", "unix://@demo"]
    {
        let address: Address = text.parse().unwrap();
        assert_eq!(Endpoint::from(&address), text.parse().unwrap());
    }
}

#[test]
fn a_pair_takes_a_host_by_name_or_address_and_nothing_else() {
    let read = |host: &str| match Endpoint::try_from((host, 80)) {
        Ok(endpoint) => endpoint.to_string(),
        Err(error) => error.reason().to_string(),
    };
    assert_eq!(read("Example.org"), "tcp://example.org:80");
    assert_eq!((read("::1"), read("[::1]")), ("tcp://[::1]:80".into(), "tcp://[::1]:80".into()));
    assert!(read("tls://example.org").contains("beside a port stands a host alone"));
    assert!(read("").contains("the host is missing"));
}

#[test]
fn what_an_endpoint_prints_reads_back_as_the_same_value() {
    let mut random = Random(0x5eed);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let text = random.endpoint();
        if let Ok(endpoint) = text.parse::<Endpoint>() {
            accepted += 1;
            assert_eq!(endpoint.to_string().parse(), Ok(endpoint), "{text:?}");
        }
    }
    assert!(accepted > 5_000, "only {accepted} texts were endpoints: the generator is off");
}

#[test]
fn no_text_makes_the_parser_panic_or_its_message_leave_the_line() {
    let mut random = Random(0xbad);
    let valid: Vec<_> = ACCEPTED.iter().map(|(text, _)| *text).collect();
    for _ in 0..20_000 {
        let mut text = random.one_of(&valid).to_string();
        for _ in 0..=random.below(3) {
            text = random.mutated(&text);
        }
        match catch_unwind(|| text.parse::<Endpoint>()) {
            Ok(Ok(endpoint)) => assert_eq!(endpoint.to_string().parse(), Ok(endpoint), "{text:?}"),
            Ok(Err(error)) => {
                let message = error.to_string();
                assert!(!message.contains(char::is_control), "{message:?}");
            }
            Err(_) => panic!("{text:?} makes the parser panic"),
        }
    }
}

/// A small generator of numbers (xorshift), the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// A text that is often an endpoint, put together from parts.
    fn endpoint(&mut self) -> String {
        let schemes = ["", "tcp://", "TLS://", "tls://", "unix://", "fd://", "systemd://"];
        let scheme = self.one_of(&schemes);
        let rest = match scheme {
            "unix://" | "systemd://" => format!("{}{}", self.part(), self.part()),
            "fd://" => self.below(1 << 30).to_string(),
            _ if self.below(8) == 0 => self.below(70_000).to_string(),
            _ => {
                let zone =
                    self.one_of(&["", "%eth0", "%25eth0", "%2525", "%25", "%a@b", "%&", "%7"]);
                let hosts = ["localhost", "a&b=c", "münchen.de", "127.0.0.1", "0.0.0.0", "A.b."];
                let host = match self.below(2) {
                    0 => self.one_of(&hosts).to_string(),
                    _ => format!(
                        "[{}{zone}]",
                        self.one_of(&["::", "::1", "::ffff:1.2.3.4", "fe80::1"])
                    ),
                };
                let tail = match self.below(3) {
                    0 => String::new(),
                    1 => format!("/{}?hostname={}", self.part(), self.part()),
                    _ => {
                        format!("?hostname=fe80::1{}", zone.replace('%', "%25").replace('&', "%26"))
                    }
                };
                format!("{host}:{}{tail}", self.below(70_000))
            }
        };
        format!("{scheme}{rest}")
    }

    fn part(&mut self) -> &'static str {
        self.one_of(&["a", "/run/x", "@", "./@b", "%41", "web-1", "ü", "a b", "c%26d", "e.f", "%"])
    }

    /// The text with a few characters put in, taken out, doubled or exchanged.
    fn mutated(&mut self, text: &str) -> String {
        const HOSTILE: &str =
            "\0\n\r\t :/?#@[]%&=.-+0123456789aFxX\u{85}\u{2028}\u{202e}é８🦀\u{301}";
        let mut chars: Vec<char> = text.chars().collect();
        let hostile = HOSTILE.chars().nth(self.below(HOSTILE.chars().count())).unwrap();
        let at = self.below(chars.len() + 1);
        match self.below(5) {
            0 => chars.insert(at, hostile),
            1 => chars.truncate(at),
            2 => drop(chars.drain(..at)),
            3 => chars.extend_from_within(at..),
            _ => match chars.get_mut(at) {
                Some(c) => *c = hostile,
                None => chars.push(hostile),
            },
        }
        chars.into_iter().collect()
    }
}
