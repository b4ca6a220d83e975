//! Reading a header of version 2: bytes.

use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
};

use socketry_connection::{Address, UnixAddress};

use crate::{
    InvalidHeader, ProxyCommand, ProxyFamily, ProxyHeader, ProxyTls, ProxyTransport, Tlvs,
    crc32c::crc32c,
};

/// What each such header begins with.
pub(crate) const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// The signature, version and command, family and transport, and the length of the rest.
pub(crate) const FIXED: usize = SIGNATURE.len() + 4;

/// How long a name of a Unix socket is in here.
pub(crate) const UNIX_NAME: usize = 108;

/// How long the longest addresses are, those of Unix sockets.
pub(crate) const LONGEST_ADDRESSES: usize = 2 * UNIX_NAME;

/// How long a name that a proxy gives a connection is at most.
const LONGEST_UNIQUE_ID: usize = 128;

/// The header at the beginning of `bytes`, which agree with [`SIGNATURE`], and its length; `None`
/// if there is more to come. It has `longest` bytes at most.
pub(crate) fn parse(
    bytes: &[u8],
    longest: usize,
) -> Result<Option<(ProxyHeader, usize)>, InvalidHeader> {
    let Some(&[version_and_command, kind, high, low]) =
        bytes.get(SIGNATURE.len()..).and_then(|rest| rest.first_chunk())
    else {
        return Ok(None);
    };
    let command = command(version_and_command)?;
    let kind = match (command, self::kind(kind)) {
        // It is to be ignored.
        (ProxyCommand::Local, kind) => kind.unwrap_or(UNSPECIFIED),
        (ProxyCommand::Proxy, kind) => kind?,
    };
    let length = FIXED + usize::from(u16::from_be_bytes([high, low]));
    if length > longest {
        let reason = format!("it has {length} bytes, {longest} is the most");
        return Err(InvalidHeader::new(reason));
    }
    let Some(whole) = bytes.get(..length) else {
        return Ok(None);
    };
    let header = match command {
        ProxyCommand::Local => local(whole, kind.0),
        ProxyCommand::Proxy => proxied(whole, kind)?,
    };
    // Where there are no addresses the rest is to be ignored; it may be something younger than this.
    if command == ProxyCommand::Proxy && header.family != ProxyFamily::Unspecified {
        check_checksum(&header, whole)?;
    }
    Ok(Some((header, length)))
}

fn command(byte: u8) -> Result<ProxyCommand, InvalidHeader> {
    match byte {
        0x20 => Ok(ProxyCommand::Local),
        0x21 => Ok(ProxyCommand::Proxy),
        _ => {
            let reason =
                format!("it has the version and command {byte:#04x}, known are 0x20, 0x21");
            Err(InvalidHeader::new(reason))
        }
    }
}

type Kind = (ProxyFamily, ProxyTransport);

const UNSPECIFIED: Kind = (ProxyFamily::Unspecified, ProxyTransport::Unspecified);

fn kind(byte: u8) -> Result<Kind, InvalidHeader> {
    let family = match byte >> 4 {
        0 => Some(ProxyFamily::Unspecified),
        1 => Some(ProxyFamily::V4),
        2 => Some(ProxyFamily::V6),
        3 => Some(ProxyFamily::Unix),
        _ => None,
    };
    let transport = match byte & 0x0f {
        0 => Some(ProxyTransport::Unspecified),
        1 => Some(ProxyTransport::Stream),
        2 => Some(ProxyTransport::Datagram),
        _ => None,
    };
    let unknown = || InvalidHeader::new(format!("it has the family and transport {byte:#04x}"));
    family.zip(transport).ok_or_else(unknown)
}

/// How many bytes the addresses of a family have.
fn length_of_addresses(family: ProxyFamily) -> usize {
    match family {
        ProxyFamily::Unspecified => 0,
        ProxyFamily::V4 => 2 * (4 + 2),
        ProxyFamily::V6 => 2 * (16 + 2),
        ProxyFamily::Unix => LONGEST_ADDRESSES,
    }
}

/// The header of a proxy that speaks for itself. Nothing behind the length is an error.
fn local(whole: &[u8], family: ProxyFamily) -> ProxyHeader {
    let tlvs = whole[FIXED..].get(length_of_addresses(family)..).and_then(well_formed);
    let command = ProxyCommand::Local;
    ProxyHeader { command, tlvs: tlvs.unwrap_or_default().into(), ..ProxyHeader::unknown() }
}

fn proxied(whole: &[u8], (family, transport): Kind) -> Result<ProxyHeader, InvalidHeader> {
    let length = length_of_addresses(family);
    let Some((addresses, tlvs)) = whole[FIXED..].split_at_checked(length) else {
        return Err(InvalidHeader::new("it is too short for its addresses"));
    };
    let mut header = ProxyHeader { family, transport, ..ProxyHeader::unknown() };
    if family == ProxyFamily::Unspecified {
        // Addresses of a family that has no number may stand here.
        header.tlvs = well_formed(tlvs).unwrap_or_default().into();
        return Ok(header);
    }
    for (of_type, value) in Tlvs::check(tlvs)? {
        check_tlv(of_type, value)?;
    }
    header.tlvs = tlvs.into();
    if header.has_addresses() {
        [header.source, header.destination] = self::addresses(family, addresses)?;
    }
    Ok(header)
}

fn addresses(family: ProxyFamily, bytes: &[u8]) -> Result<[Option<Address>; 2], InvalidHeader> {
    if family == ProxyFamily::Unix {
        let (source, destination) = bytes.split_at(UNIX_NAME);
        return Ok([unix(source)?, unix(destination)?]);
    }
    Ok(match family {
        ProxyFamily::V4 => sockets::<4>(bytes),
        _ => sockets::<16>(bytes),
    })
}

/// Two addresses of `N` bytes, and their ports.
fn sockets<const N: usize>(bytes: &[u8]) -> [Option<Address>; 2]
where
    IpAddr: From<[u8; N]>,
{
    let socket = |ip: usize, port: usize| {
        let ip = IpAddr::from(*bytes.get(ip..)?.first_chunk::<N>()?);
        let port = u16::from_be_bytes(*bytes.get(port..)?.first_chunk()?);
        Some(SocketAddr::new(ip, port).into())
    };
    [socket(0, 2 * N), socket(N, 2 * N + 2)]
}

/// A name as it stands in the system's structure, filled up with zeros: abstract if it begins with
/// one, and none at all if there is nothing else.
fn unix(bytes: &[u8]) -> Result<Option<Address>, InvalidHeader> {
    let last = bytes.iter().rposition(|byte| *byte != 0);
    let address = match (bytes, last) {
        (_, None) => return Ok(None),
        ([0, name @ ..], Some(last)) => UnixAddress::from_abstract(&name[..last]).ok(),
        (path, _) => {
            let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
            as_path(&path[..end]).and_then(|path| UnixAddress::from_path(path).ok())
        }
    };
    let unusable =
        || InvalidHeader::new("it has the name of a Unix socket that this system has not");
    address.map(|address| Some(address.into())).ok_or_else(unusable)
}

#[cfg(unix)]
fn as_path(bytes: &[u8]) -> Option<&Path> {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    Some(Path::new(OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn as_path(bytes: &[u8]) -> Option<&Path> {
    std::str::from_utf8(bytes).ok().map(Path::new)
}

/// The bytes, if they are good extensions.
fn well_formed(bytes: &[u8]) -> Option<&[u8]> {
    let mut tlvs = Tlvs::check(bytes).ok()?;
    tlvs.all(|(of_type, value)| check_tlv(of_type, value).is_ok()).then_some(bytes)
}

/// Whether the value fits the type.
pub(crate) fn check_tlv(of_type: u8, value: &[u8]) -> Result<(), InvalidHeader> {
    match of_type {
        ProxyHeader::CRC32C if value.len() != 4 => {
            Err(InvalidHeader::new("it has a checksum that is not 4 bytes long"))
        }
        ProxyHeader::UNIQUE_ID if value.len() > LONGEST_UNIQUE_ID => {
            let reason = format!("its unique id has more than {LONGEST_UNIQUE_ID} bytes");
            Err(InvalidHeader::new(reason))
        }
        ProxyHeader::TLS => ProxyTls::parse(value).map(drop),
        _ => Ok(()),
    }
}

/// Compares the checksum, if there is one, with that of the header with zeros in its place.
fn check_checksum(header: &ProxyHeader, whole: &[u8]) -> Result<(), InvalidHeader> {
    let Some((before, found, after)) = split_at_checksum(header, whole)? else {
        return Ok(());
    };
    match crc32c([before, &[0; 4], after]).to_be_bytes() == found {
        true => Ok(()),
        false => Err(InvalidHeader::new("its checksum is wrong: it has changed on its way")),
    }
}

/// What is before the checksum, itself, and what is behind it.
type Around<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn split_at_checksum<'a>(
    header: &ProxyHeader,
    whole: &'a [u8],
) -> Result<Option<Around<'a>>, InvalidHeader> {
    let mut at = None;
    let mut end = whole.len() - header.tlvs.len();
    for (of_type, value) in header.tlvs() {
        end += 3 + value.len();
        if of_type == ProxyHeader::CRC32C && at.replace(end - value.len()).is_some() {
            return Err(InvalidHeader::new("it has two checksums"));
        }
    }
    Ok(at.map(|at| (&whole[..at], &whole[at..at + 4], &whole[at + 4..])))
}
