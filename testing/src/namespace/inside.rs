//! What a new namespace needs.

use std::{env, fs, io, path::Path, process};

use rustix::{
    mount::{MountFlags, mount, mount_bind},
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink::SocketAddrNetlink,
        recv, sendto, socket_with,
    },
};

/// Where a caching daemon of glibc would answer from outside, if there is one.
const CACHE_DAEMON: &str = "/var/run/nscd";

/// Makes loopback work, and puts the files into their places.
pub(super) fn furnish(files: &[(&'static str, String)]) -> io::Result<()> {
    bring_loopback_up()?;
    if Path::new(CACHE_DAEMON).is_dir() {
        mount("tmpfs", CACHE_DAEMON, "tmpfs", MountFlags::empty(), None)?;
    }
    for (index, (path, text)) in files.iter().enumerate() {
        // Mounted over the other file it needs its name no more.
        let ours = env::temp_dir().join(format!("namespace-{}-{index}", process::id()));
        fs::write(&ours, text)?;
        let mounted = mount_bind(&ours, *path);
        fs::remove_file(&ours)?;
        mounted.map_err(|error| {
            io::Error::other(format!("{path} cannot be replaced in a namespace: {error}"))
        })?;
    }
    Ok(())
}

/// In a new network namespace the loopback interface is there, with the index 1, and down. What
/// `ip link set lo up` does, for machines that have no `ip`: see rtnetlink(7).
fn bring_loopback_up() -> io::Result<()> {
    const RTM_NEWLINK: u16 = 16;
    const NLM_F_REQUEST_ACK: u16 = 1 | 4;
    const NLMSG_ERROR: u16 = 2;
    const LOOPBACK: i32 = 1;
    const IFF_UP: u32 = 1;

    let mut request = Vec::new();
    request.extend(32_u32.to_ne_bytes()); // the length of all this
    request.extend(RTM_NEWLINK.to_ne_bytes());
    request.extend(NLM_F_REQUEST_ACK.to_ne_bytes());
    request.extend([0; 8]); // number and sender
    request.extend([0; 4]); // family and kind of interface: any
    request.extend(LOOPBACK.to_ne_bytes());
    request.extend(IFF_UP.to_ne_bytes());
    request.extend(IFF_UP.to_ne_bytes()); // what of the flags is to change

    let kernel = SocketAddrNetlink::new(0, 0);
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    sendto(&socket, &request, SendFlags::empty(), &kernel)?;
    let mut answer = [0; 1024];
    recv(&socket, &mut answer, RecvFlags::empty())?;
    let kind = u16::from_ne_bytes([answer[4], answer[5]]);
    let error = i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]);
    match (kind, error) {
        (NLMSG_ERROR, 0) => Ok(()),
        (NLMSG_ERROR, error) => Err(io::Error::from_raw_os_error(-error)),
        (kind, _) => Err(io::Error::other(format!("the kernel answers with message {kind}"))),
    }
}
