//! Headers as bytes, of which those of version 2 are put together by hand.

use std::net::SocketAddr;

use crate::{
    ProxyCommand, ProxyFamily, ProxyHeader, ProxyTransport, ProxyVersion,
    parse::{LONGEST, parse},
};

/// The addresses 192.0.2.1:4711 and 192.0.2.2:443.
const V4: &[u8] = &[192, 0, 2, 1, 192, 0, 2, 2, 0x12, 0x67, 0x01, 0xbb];

/// A header of version 2 with these parts behind its length.
fn v2(version_and_command: u8, kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let block = parts.concat();
    let [high, low] = (block.len() as u16).to_be_bytes();
    let fixed = [version_and_command, kind, high, low];
    [b"\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a".as_slice(), &fixed, &block].concat()
}

fn tlv(of_type: u8, value: &[u8]) -> Vec<u8> {
    let [high, low] = (value.len() as u16).to_be_bytes();
    [&[of_type, high, low], value].concat()
}

/// A name of a Unix socket, filled up with zeros.
fn unix(name: &[u8]) -> Vec<u8> {
    let mut bytes = name.to_vec();
    bytes.resize(108, 0);
    bytes
}

fn whole(bytes: &[u8]) -> ProxyHeader {
    let (header, length) = ProxyHeader::parse(bytes).unwrap().unwrap();
    assert_eq!(length, bytes.len());
    header
}

fn refusal(bytes: &[u8]) -> String {
    ProxyHeader::parse(bytes).unwrap_err().to_string()
}

fn ends(header: &ProxyHeader) -> [Option<String>; 2] {
    [header.source(), header.destination()].map(|end| end.map(ToString::to_string))
}

fn some(texts: [&str; 2]) -> [Option<String>; 2] {
    texts.map(|text| Some(text.into()))
}

#[test]
fn version_2_tells_addresses_of_every_family() {
    let header = whole(&v2(0x21, 0x11, &[V4]));
    assert_eq!(ends(&header), some(["tcp://192.0.2.1:4711", "tcp://192.0.2.2:443"]));
    assert_eq!(
        (header.version(), header.command(), header.family(), header.transport()),
        (ProxyVersion::V2, ProxyCommand::Proxy, ProxyFamily::V4, ProxyTransport::Stream)
    );

    let mut block = [0; 36];
    (block[0], block[15], block[16], block[31]) = (0xfe, 1, 0xfd, 2);
    block[32..].copy_from_slice(&[0, 1, 0xff, 0xff]);
    let header = whole(&v2(0x21, 0x21, &[&block]));
    assert_eq!(ends(&header), some(["tcp://[fe00::1]:1", "tcp://[fd00::2]:65535"]));
    assert_eq!(header.family(), ProxyFamily::V6);

    let header = whole(&v2(0x21, 0x31, &[&unix(b"/run/a"), &unix(b"\0abstract")]));
    assert_eq!(ends(&header), some(["unix:///run/a", "unix://@abstract"]));
    assert_eq!(header.family(), ProxyFamily::Unix);
}

#[test]
fn a_unix_socket_without_a_name_has_no_address() {
    let header = whole(&v2(0x21, 0x31, &[&unix(b""), &unix(b"/run/b")]));
    assert_eq!(ends(&header), [None, Some("unix:///run/b".into())]);
    assert!(header.has_addresses());
}

#[test]
fn a_unix_name_is_as_long_as_this_system_has_it_or_refused() {
    let longest = "x".repeat(socketry_connection::UnixAddress::MAX_LEN);
    let header = whole(&v2(0x21, 0x31, &[&unix(longest.as_bytes()), &unix(b"")]));
    assert_eq!(ends(&header)[0], Some(format!("unix://{longest}")));
    let too_long = [b'x'; 108];
    assert!(refusal(&v2(0x21, 0x31, &[&too_long, &unix(b"")])).contains("Unix socket"));
}

#[test]
fn a_path_ends_with_its_first_zero() {
    let header = whole(&v2(0x21, 0x31, &[&unix(b"/run/a\0left over"), &unix(b"")]));
    assert_eq!(ends(&header)[0].as_deref(), Some("unix:///run/a"));
}

#[test]
fn a_proxy_that_speaks_for_itself_is_taken_whatever_else_it_says() {
    let bad_kind = v2(0x20, 0xff, &[]);
    let cut_off = v2(0x20, 0x11, &[&V4[..5]]);
    let addresses = v2(0x20, 0x11, &[V4]);
    let garbage = v2(0x20, 0x00, &[b"\x01\xff"]);
    for bytes in [&v2(0x20, 0x00, &[]), &bad_kind, &cut_off, &addresses, &garbage] {
        let header = whole(bytes);
        assert_eq!(header.command(), ProxyCommand::Local, "{bytes:?}");
        assert!(!header.has_addresses() && header.tlvs().next().is_none(), "{bytes:?}");
        assert_eq!(ends(&header), [None, None], "{bytes:?}");
    }
}

#[test]
fn a_proxy_that_speaks_for_itself_may_say_more() {
    let id = tlv(ProxyHeader::UNIQUE_ID, b"4711");
    assert_eq!(whole(&v2(0x20, 0x00, &[&id])).unique_id(), Some(&b"4711"[..]));
    assert_eq!(whole(&v2(0x20, 0x11, &[V4, &id])).unique_id(), Some(&b"4711"[..]));
}

#[test]
fn what_is_no_stream_of_a_known_family_has_no_addresses() {
    let id = tlv(ProxyHeader::UNIQUE_ID, b"4711");
    for (kind, transport) in [(0x10, ProxyTransport::Unspecified), (0x12, ProxyTransport::Datagram)]
    {
        let header = whole(&v2(0x21, kind, &[V4, &id]));
        assert_eq!((ends(&header), header.transport()), ([None, None], transport), "{kind:#x}");
        assert!(!header.has_addresses() && header.unique_id().is_some(), "{kind:#x}");
    }
    for kind in [0x00, 0x01, 0x02] {
        assert!(whole(&v2(0x21, kind, &[&id])).unique_id().is_some(), "{kind:#x}");
        assert!(!whole(&v2(0x21, kind, &[b"whatever"])).has_addresses(), "{kind:#x}");
    }
}

#[test]
fn extensions_are_told_by_name_and_in_order() {
    let tlvs = [
        tlv(ProxyHeader::NOOP, b"\0\0"),
        tlv(ProxyHeader::ALPN, b"h2"),
        tlv(ProxyHeader::AUTHORITY, "b\u{fc}cher.example".as_bytes()),
        tlv(ProxyHeader::UNIQUE_ID, &[7; 128]),
        tlv(ProxyHeader::TLS, b"\x01\0\0\0\x01\x21\0\x07TLSv1.3"),
        tlv(ProxyHeader::NETWORK_NAMESPACE, b"blue"),
        tlv(0xe0, b""),
    ];
    let header = whole(&v2(0x21, 0x11, &[V4, &tlvs.concat()]));
    assert_eq!(header.alpn(), Some(&b"h2"[..]));
    assert_eq!(header.authority(), Some("b\u{fc}cher.example"));
    assert_eq!(header.unique_id(), Some(&[7; 128][..]));
    assert_eq!(header.tls().unwrap().version(), Some("TLSv1.3"));
    assert_eq!(header.network_namespace(), Some("blue"));
    assert_eq!((header.tlv(0xe0), header.tlv(0xe1)), (Some(&b""[..]), None));
    let types = Vec::from_iter(header.tlvs().map(|(of_type, _)| of_type));
    assert_eq!(types, [4, 1, 2, 5, 0x20, 0x30, 0xe0]);
    assert!(!header.has_checksum());
}

#[test]
fn extensions_that_do_not_fit_are_refused() {
    for (bad, words) in [
        (b"\x01".to_vec(), "longer than what is left"),
        (b"\x01\0\x03h2".to_vec(), "longer than what is left"),
        (tlv(ProxyHeader::UNIQUE_ID, &[7; 129]), "more than 128 bytes"),
        (tlv(ProxyHeader::CRC32C, &[0; 3]), "not 4 bytes long"),
        (tlv(ProxyHeader::TLS, &[0; 4]), "fewer than 5 bytes"),
        (tlv(ProxyHeader::TLS, b"\x01\0\0\0\0\x21\0\x02x"), "longer than what is left"),
    ] {
        let refusal = refusal(&v2(0x21, 0x11, &[V4, &bad]));
        assert!(refusal.contains(words), "{refusal}");
    }
}

/// A header with a checksum that was made elsewhere, by the bitwise definition.
fn with_checksum() -> Vec<u8> {
    let mut bytes = v2(0x21, 0x11, &[V4, &tlv(3, &[0; 4]), &tlv(5, b"4711")]);
    let mut crc = !0_u32;
    for byte in &bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    let at = 16 + 12 + 3;
    bytes[at..at + 4].copy_from_slice(&(!crc).to_be_bytes());
    bytes
}

#[test]
fn headers_as_haproxy_and_amazon_send_them_are_read() {
    let haproxy = v2(0x21, 0x11, &[&[172, 19, 0, 1, 172, 19, 0, 3, 0xa6, 0x52, 0, 80]]);
    assert_eq!(ends(&whole(&haproxy)), some(["tcp://172.19.0.1:42578", "tcp://172.19.0.3:80"]));

    let addresses = [172, 31, 7, 113, 172, 31, 10, 31, 0xc8, 0xf2, 0, 80];
    let checksum = tlv(ProxyHeader::CRC32C, &[0xe8, 0xd6, 0x89, 0x2d]);
    let endpoint = tlv(0xea, b"\x01vpce-08d2bf15fac5001c9");
    let padding = tlv(ProxyHeader::NOOP, &[0; 36]);
    let header = whole(&v2(0x21, 0x11, &[&addresses, &checksum, &endpoint, &padding]));
    assert_eq!(ends(&header)[0].as_deref(), Some("tcp://172.31.7.113:51442"));
    assert!(header.has_checksum() && header.tlv(0xea).is_some());
}

#[test]
fn a_checksum_that_is_right_is_told() {
    assert!(whole(&with_checksum()).has_checksum());
}

#[test]
fn a_checksum_finds_every_bit_that_has_changed() {
    let good = with_checksum();
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        match parse(&bytes, LONGEST) {
            Err(_) => {}
            // It is longer now, and has not come yet.
            Ok(None) => assert!((14 * 8..16 * 8).contains(&bit), "{bit}"),
            // It is not seen that there is one, for its type or a length has changed, or all of
            // it is ignored.
            Ok(Some((header, _))) => {
                assert!(!header.has_checksum() || !header.has_addresses(), "{bit}");
            }
        }
    }
}

#[test]
fn a_wrong_checksum_is_refused_and_so_are_two() {
    let bad = tlv(ProxyHeader::CRC32C, &[1; 4]);
    assert!(refusal(&v2(0x21, 0x11, &[V4, &bad])).contains("checksum is wrong"));
    assert!(refusal(&v2(0x21, 0x11, &[V4, &bad, &bad])).contains("two checksums"));
}

/// It need not be what this version takes it for.
#[test]
fn what_is_to_be_ignored_is_not_checked() {
    let bytes = tlv(ProxyHeader::CRC32C, &[1; 4]);
    for (version_and_command, kind) in [(0x20, 0x00), (0x20, 0x41), (0x21, 0x00)] {
        let header = whole(&v2(version_and_command, kind, &[&bytes]));
        assert!(!header.has_addresses(), "{kind:#04x}");
    }
}

#[test]
fn unknown_versions_commands_families_and_transports_are_refused() {
    for (version_and_command, kind) in
        [(0x11, 0x11), (0x31, 0x11), (0x22, 0x11), (0x2f, 0x11), (0x21, 0x41), (0x21, 0x13)]
    {
        let refusal = refusal(&v2(version_and_command, kind, &[V4]));
        assert!(refusal.contains("0x"), "{refusal}");
    }
}

#[test]
fn addresses_that_are_cut_off_are_refused() {
    for (kind, length) in [(0x11, 11), (0x12, 11), (0x21, 35), (0x31, 215)] {
        let refusal = refusal(&v2(0x21, kind, &[&vec![1; length]]));
        assert!(refusal.contains("too short"), "{refusal}");
    }
}

#[test]
fn one_that_is_too_long_is_refused_before_it_has_come() {
    let bytes = v2(0x21, 0x11, &[V4, &tlv(0xe0, &[0; 4096])]);
    let refusal = refusal(&bytes[..16]);
    assert_eq!(refusal, "it has 4127 bytes, 4096 is the most");
    assert!(parse(&bytes, 4127).unwrap().is_some());
}

#[test]
fn each_beginning_waits_for_more_and_what_follows_is_not_of_it() {
    let bytes = v2(0x21, 0x11, &[V4, &tlv(ProxyHeader::ALPN, b"h2")]);
    for length in 0..bytes.len() {
        assert_eq!(ProxyHeader::parse(&bytes[..length]), Ok(None), "{length}");
    }
    let twice = bytes.repeat(2);
    assert_eq!(ProxyHeader::parse(&twice).unwrap().unwrap().1, bytes.len());
}

#[test]
fn bytes_that_begin_no_header_are_refused_at_the_first_that_does_not_fit() {
    for (bytes, fit) in [
        (&b"GET /"[..], 0),
        (b"\x16\x03\x01", 0),
        (b"PROXYTCP4", 5),
        (b"PROXY\r\n", 5),
        (b"PROXX", 4),
        (b"\r\n\r\n\0\r\nQUIX", 10),
    ] {
        assert_eq!(ProxyHeader::parse(&bytes[..fit]), Ok(None), "{bytes:?}");
        assert!(refusal(&bytes[..=fit]).contains("begins no PROXY header"), "{bytes:?}");
    }
    assert_eq!(refusal(b"\x16\x03"), r#"it begins with "\x16\x03", which begins no PROXY header"#);
}

#[test]
fn what_is_written_is_read_back() {
    let socket = |text: &str| text.parse::<SocketAddr>().unwrap();
    let relaying = |one: &str, other: &str| ProxyHeader::relaying(socket(one), socket(other));
    let unix = |text: &str| text.parse::<socketry_connection::Address>().unwrap();
    for header in [
        relaying("192.0.2.1:4711", "192.0.2.2:443"),
        relaying("[2001:db8::1]:1", "192.0.2.2:443"),
        ProxyHeader::relaying(unix("unix:///run/a"), unix("unix://@b")),
        ProxyHeader::relaying(unix("unix:///run/a"), socket("192.0.2.2:443")),
        ProxyHeader::local(),
    ] {
        assert_eq!(whole(&header.to_v2()), header);
        let text = whole(header.to_v1().as_bytes());
        let is_tcp = matches!(header.family(), ProxyFamily::V4 | ProxyFamily::V6);
        assert_eq!(ends(&text), if is_tcp { ends(&header) } else { [None, None] });
    }
}

#[test]
fn a_checksum_that_is_written_is_that_of_the_definition() {
    let socket = |text: &str| text.parse::<SocketAddr>().unwrap();
    let header = ProxyHeader::relaying(socket("192.0.2.1:4711"), socket("192.0.2.2:443"));
    let header = header.with_checksum().with_checksum();
    let header = header.with_tlv(ProxyHeader::UNIQUE_ID, "4711").unwrap();
    assert_eq!(header.to_v2(), with_checksum());
}

#[test]
fn extensions_that_cannot_be_written_are_refused() {
    for (of_type, length) in [(0xe0, 65_536), (0xe0, 65_310), (3, 4), (5, 129), (0x20, 4)] {
        let error = ProxyHeader::local().with_tlv(of_type, vec![0; length]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{of_type} {length}");
    }
    let longest = ProxyHeader::local().with_tlv(0xe0, vec![0; 65_309]).unwrap().with_checksum();
    let bytes = longest.to_v2();
    assert!(parse(&bytes, bytes.len()).unwrap().unwrap().0.has_checksum());
}

/// The next of a row of numbers that look random and are the same each time.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn headers_that_are_changed_in_any_way_never_do_harm() {
    let good = [
        b"PROXY TCP4 192.0.2.1 192.0.2.2 5678 80\r\n".to_vec(),
        b"PROXY TCP6 2001:db8::1 2001:db8::2 5678 80\r\n".to_vec(),
        with_checksum(),
        v2(0x21, 0x31, &[&unix(b"/run/a"), &unix(b"\0b"), &tlv(0x20, b"\x01\0\0\0\0\x21\0\x01x")]),
        v2(0x20, 0x00, &[&tlv(2, b"example.org")]),
    ];
    let mut state = 0x5eed;
    for round in 0..100_000 {
        let mut bytes = good[round % good.len()].clone();
        for _ in 0..=next(&mut state) % 4 {
            let at = next(&mut state) as usize % bytes.len();
            match next(&mut state) % 4 {
                0 => bytes[at] = next(&mut state) as u8,
                1 => bytes.insert(at, next(&mut state) as u8),
                2 => bytes[at] ^= 1 << (next(&mut state) % 8),
                _ => bytes.truncate(at.max(1)),
            }
        }
        if let Ok(Some((header, length))) = ProxyHeader::parse(&bytes) {
            assert!(length <= bytes.len());
            // What was read can be told and written, and then is read as the same.
            let told = format!("{header:?} {:?} {:?}", header.tlvs(), header.tls());
            assert!(!told.is_empty());
            if header.version() == ProxyVersion::V2 && header.has_addresses() {
                assert_eq!(ends(&whole(&header.to_v2())), ends(&header));
            }
        }
    }
}
