//! What a worker process is told of an event besides the message.

use std::io::Write;

use socketry_connection::Address;

use crate::{Event, Peer, RemoteAddr};

/// Appends the context of an event, as JSON.
pub(crate) fn write_context(to: &mut Vec<u8>, event: Event<'_>, remote_addr: RemoteAddr) {
    let begin = |peer: &Peer| {
        let mut begin = Vec::new();
        write_peer(&mut begin, peer, remote_addr);
        begin
    };
    let peer = event.peer();
    match peer.context(remote_addr, begin) {
        Some(begin) => to.extend_from_slice(begin),
        None => write_peer(to, peer, remote_addr),
    }
    to.extend_from_slice(name(event));
    to.extend_from_slice(br#""}"#);
}

/// What is the same in all events of a client.
fn write_peer(to: &mut Vec<u8>, peer: &Peer, remote_addr: RemoteAddr) {
    to.extend_from_slice(br#"{"remote_addr":"#);
    write_remote_addr(to, peer.remote_address(), remote_addr);
    to.extend_from_slice(br#","server":"#);
    write_text(to, peer.server());
    // Writing into memory cannot fail, here and below.
    let _ = write!(to, r#","uuid":"{}","event":""#, peer.id());
}

fn write_remote_addr(to: &mut Vec<u8>, address: Option<&Address>, remote_addr: RemoteAddr) {
    let Some(socket_address) = address.and_then(Address::socket_address) else {
        let path = address.and_then(Address::path);
        return write_text(to, &path.map_or_else(Default::default, |path| path.to_string_lossy()));
    };
    let _ = match remote_addr {
        RemoteAddr::IpPort => write!(to, r#""{socket_address}""#),
        RemoteAddr::Ip => write!(to, r#""{}""#, socket_address.ip()),
    };
}

fn write_text(to: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(to, text);
}

/// The name of an event in the protocol: the documents of the field say `CLOSED`, its programs do not.
fn name(event: Event<'_>) -> &'static [u8] {
    match event {
        Event::Connected(_) => b"CONNECTED",
        Event::Data(..) => b"DATA",
        Event::Closed(_) => b"CLOSE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(event: Event<'_>, remote_addr: RemoteAddr) -> String {
        let mut context = Vec::new();
        write_context(&mut context, event, remote_addr);
        String::from_utf8(context).unwrap()
    }

    /// Where a client at this address is said to be.
    fn remote_addr(address: Option<&str>, how: RemoteAddr) -> String {
        let peer = Peer::new("s", address.map(|address| address.parse().unwrap()));
        let context = context(Event::Connected(&peer), how);
        let context: serde_json::Value = serde_json::from_str(&context).unwrap();
        context["remote_addr"].as_str().unwrap().to_string()
    }

    #[test]
    fn the_fields_have_their_order() {
        let peer = Peer::new("echo", Some("tcp://127.0.0.1:40000".parse().unwrap()));
        let expected = format!(
            r#"{{"remote_addr":"127.0.0.1:40000","server":"echo","uuid":"{}","event":"DATA"}}"#,
            peer.id()
        );
        assert_eq!(context(Event::Data(&peer, b"hi"), RemoteAddr::IpPort), expected);
    }

    #[test]
    fn a_client_that_is_gone_has_closed() {
        let peer = Peer::new("echo", None);
        let said = context(Event::Closed(&peer), RemoteAddr::IpPort);
        assert!(said.ends_with(r#""event":"CLOSE"}"#), "{said}");
    }

    #[test]
    fn an_ipv6_address_with_a_port_stands_in_brackets() {
        assert_eq!(remote_addr(Some("tls://[::1]:5"), RemoteAddr::IpPort), "[::1]:5");
    }

    #[test]
    fn each_form_is_told_whichever_was_first() {
        let peer = Peer::new("s", Some("tcp://127.0.0.1:5".parse().unwrap()));
        let said = [RemoteAddr::IpPort, RemoteAddr::Ip, RemoteAddr::IpPort]
            .map(|form| context(Event::Connected(&peer), form).contains("127.0.0.1:5"));
        assert_eq!(said, [true, false, true]);
    }

    #[test]
    fn the_port_can_be_left_out() {
        assert_eq!(remote_addr(Some("tcp://[::1]:5"), RemoteAddr::Ip), "::1");
    }

    #[test]
    fn a_unix_client_is_where_its_path_is() {
        assert_eq!(remote_addr(Some("unix:///run/c.sock"), RemoteAddr::IpPort), "/run/c.sock");
    }

    #[test]
    fn a_client_without_an_address_is_nowhere() {
        assert_eq!(remote_addr(None, RemoteAddr::Ip), "");
    }

    #[test]
    fn the_name_of_a_server_may_have_any_characters() {
        let peer = Peer::new("a\"b\\c", None);
        let said = context(Event::Connected(&peer), RemoteAddr::IpPort);
        assert!(said.contains(r#""server":"a\"b\\c""#), "{said}");
    }
}
