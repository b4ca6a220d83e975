//! The queue of clients that wait to be accepted, as the kernel shows it.

use std::net::{SocketAddr, SocketAddrV4};

/// Waits until as many clients as this wait to be accepted at `address`.
pub(crate) fn wait_until_waiting(address: SocketAddr, clients: usize) {
    while waiting_at(address) != clients {
        std::thread::yield_now();
    }
}

/// How many clients wait to be accepted at an IPv4 address.
pub(crate) fn waiting_at(address: SocketAddr) -> usize {
    let SocketAddr::V4(address) = address else { panic!("{address} is not IPv4") };
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().find_map(|line| waiting_in(line, address)).expect("somebody listens there")
}

/// How many clients wait, if `line` of the kernel's table is about the listener at `address`.
fn waiting_in(line: &str, address: SocketAddrV4) -> Option<usize> {
    const LISTENS: &str = "0A";

    let ip = u32::from_ne_bytes(address.ip().octets());
    let local = format!("{ip:08X}:{:04X}", address.port());
    let columns: Vec<&str> = line.split_whitespace().collect();
    if columns[1] != local || columns[3] != LISTENS {
        return None;
    }
    let (_, receive_queue) = columns[4].split_once(':')?;
    usize::from_str_radix(receive_queue, 16).ok()
}
