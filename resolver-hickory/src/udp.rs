//! One question over UDP.

use std::{
    future::pending,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_lite::future::{or, yield_now};
use hickory_resolver::{
    net::{
        NetError,
        runtime::{DnsUdpSocket, RuntimeProvider},
    },
    proto::op::{DnsRequest, DnsResponse},
};
use socketry_connection::{Clock, Sleep};

use crate::runtime::{SmolRuntime, SmolUdpSocket};

/// A question without an answer is repeated after this time, for packets get lost.
const REPEAT_AFTER: Duration = Duration::from_millis(333);

const MOST_REPEATS: usize = 2;

/// So many packets in a row that are no answer, and others get a turn.
const IN_A_ROW: usize = 32;

/// A socket for one question, which hears only what `nameserver` sends, and nothing that is meant
/// for another question: its port is chosen by the system, at random (RFC 6056).
pub(crate) async fn open(
    runtime: &SmolRuntime,
    nameserver: SocketAddr,
) -> Result<SmolUdpSocket, NetError> {
    let any: IpAddr = match nameserver {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    Ok(runtime.bind_udp((any, 0).into(), nameserver).await?)
}

/// Asks until there is an answer, however long that takes. A repeated question is the same message
/// on the same socket: so an answer to the first one still counts, and there is one number and one
/// port to be guessed, no matter how often it is asked (RFC 5452, section 5).
pub(crate) async fn ask(
    socket: &SmolUdpSocket,
    nameserver: SocketAddr,
    request: &DnsRequest,
    clock: Option<&Arc<dyn Clock>>,
) -> Result<DnsResponse, NetError> {
    let message = request.to_vec()?;
    let asking = async {
        socket.send_to(&message, nameserver).await?;
        for _ in 0..MOST_REPEATS {
            Sleep::after(clock, REPEAT_AFTER).await;
            socket.send_to(&message, nameserver).await?;
        }
        pending().await
    };
    or(asking, receive(socket, request)).await
}

async fn receive(socket: &SmolUdpSocket, request: &DnsRequest) -> Result<DnsResponse, NetError> {
    let mut buffer = vec![0; request.max_payload().into()];
    loop {
        for _ in 0..IN_A_ROW {
            let (length, _) = socket.recv_from(&mut buffer).await?;
            if let Some(answer) = answer_in(&buffer[..length], request) {
                return answer;
            }
        }
        yield_now().await;
    }
}

/// The answer to a question, if that is what has come. What has another number or is about another
/// question may be forged, or late, and is passed over.
fn answer_in(packet: &[u8], request: &DnsRequest) -> Option<Result<DnsResponse, NetError>> {
    if u16::from_be_bytes(*packet.first_chunk()?) != request.id {
        return None;
    }
    match DnsResponse::from_buffer(packet.to_vec()) {
        Ok(response) if response.queries != request.queries => None,
        read => Some(read.map_err(NetError::from)),
    }
}
