//! What the two processes say to each other, as bytes and descriptors.
//!
//! Every message is a frame: its kind (1 byte), the count of descriptors that come with its first
//! byte (1 byte), the length of what follows (2 bytes, the higher one first), and that. No frame is
//! longer than a length can say, and none has more descriptors than the system passes at once.
//!
//! | kind | from | what follows |
//! |---|---|---|
//! | 1 request | successor | the word `socketry` and the version, 1 byte |
//! | 2 sockets | leaver | for each: 1 if a lock comes with it, else 0; the length of its name; its name |
//! | 3 end | leaver | how many sockets there were, 2 bytes |
//! | 4 refusal | leaver | why, in words |
//! | 5 ready | successor | nothing |
//! | 6 gone | leaver | nothing |

use std::{
    fmt, io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use crate::NamedSocket;

/// The most descriptors of a frame: what Linux passes in one message (`SCM_MAX_FD`).
pub(crate) const MOST_DESCRIPTORS: usize = 253;

/// The most sockets of a handover.
pub(crate) const MOST_SOCKETS: usize = 4096;

/// The bytes before what follows.
pub(crate) const HEADER: usize = 4;

/// The most bytes of a refusal that are sent.
const LONGEST_REFUSAL: usize = 1024;

const WORD: &[u8] = b"socketry";
const VERSION: u8 = 1;

const REQUEST: u8 = 1;
const SOCKETS: u8 = 2;
const END: u8 = 3;
const REFUSAL: u8 = 4;
const READY: u8 = 5;
const GONE: u8 = 6;

/// A message to be sent.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) bytes: Vec<u8>,
    pub(crate) descriptors: Vec<BorrowedFd<'a>>,
}

impl<'a> Frame<'a> {
    pub(crate) fn request() -> Self {
        Self::new(REQUEST, &[WORD, &[VERSION]].concat())
    }

    pub(crate) fn ready() -> Self {
        Self::new(READY, &[])
    }

    pub(crate) fn gone() -> Self {
        Self::new(GONE, &[])
    }

    pub(crate) fn refusal(reason: &str) -> Self {
        let end = (0..=reason.len().min(LONGEST_REFUSAL))
            .rev()
            .find(|end| reason.is_char_boundary(*end))
            .unwrap_or(0);
        Self::new(REFUSAL, &reason.as_bytes()[..end])
    }

    /// All sockets, in as few frames as it takes, and the end.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): a name, or the count, is out of bounds.
    pub(crate) fn sockets(sockets: &'a [NamedSocket]) -> io::Result<Vec<Self>> {
        let count = check_count(sockets.len())?;
        let mut frames = Vec::new();
        let mut rest = sockets;
        while !rest.is_empty() {
            let (batch, behind) = rest.split_at(batch(rest));
            frames.push(Self::batch(batch)?);
            rest = behind;
        }
        frames.push(Self::new(END, &count.to_be_bytes()));
        Ok(frames)
    }

    fn batch(sockets: &'a [NamedSocket]) -> io::Result<Self> {
        let (mut body, mut descriptors) = (Vec::new(), Vec::new());
        for socket in sockets {
            NamedSocket::check_name(&socket.name)?;
            // The check above has found that the length is that of a byte.
            body.extend([u8::from(socket.lock.is_some()), socket.name.len() as u8]);
            body.extend(socket.name.as_bytes());
            descriptors.push(socket.socket.as_fd());
            descriptors.extend(socket.lock.as_ref().map(AsFd::as_fd));
        }
        Ok(Self { descriptors, ..Self::new(SOCKETS, &body) }.counted())
    }

    fn new(kind: u8, body: &[u8]) -> Self {
        // Every caller's body is shorter: 253 sockets with the longest names are 65,021 bytes.
        let [high, low] = (body.len() as u16).to_be_bytes();
        Self { bytes: [&[kind, 0, high, low], body].concat(), descriptors: Vec::new() }
    }

    fn counted(mut self) -> Self {
        self.bytes[1] = self.descriptors.len() as u8; // 253 at most
        self
    }
}

fn check_count(count: usize) -> io::Result<u16> {
    u16::try_from(count).ok().filter(|_| count <= MOST_SOCKETS).ok_or_else(|| {
        let text = format!("{count} sockets are too many: {MOST_SOCKETS} can be handed on");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

/// How many of these sockets fit into one frame.
fn batch(sockets: &[NamedSocket]) -> usize {
    let mut descriptors = 0;
    let fitting = sockets.iter().take_while(|socket| {
        descriptors += socket.descriptors();
        descriptors <= MOST_DESCRIPTORS
    });
    fitting.count()
}

/// What the first bytes of a frame say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    kind: u8,
    descriptors: usize,
    pub(crate) length: usize,
}

impl Header {
    pub(crate) fn read([kind, descriptors, high, low]: [u8; HEADER]) -> Result<Self, Malformed> {
        let descriptors = usize::from(descriptors);
        match kind {
            SOCKETS if descriptors <= MOST_DESCRIPTORS => {}
            REQUEST..=GONE if descriptors == 0 => {}
            _ => return Err(Malformed("it speaks another language")),
        }
        Ok(Self { kind, descriptors, length: usize::from(u16::from_be_bytes([high, low])) })
    }
}

/// A message that was received.
#[derive(Debug)]
pub(crate) enum Message {
    Request,
    Sockets(Vec<NamedSocket>),
    End(usize),
    Refusal(String),
    Ready,
    Gone,
}

impl Message {
    /// Reads what follows a header. Descriptors of a message that is malformed are closed.
    pub(crate) fn read(
        header: Header,
        body: &[u8],
        descriptors: Vec<OwnedFd>,
    ) -> Result<Self, Malformed> {
        if descriptors.len() != header.descriptors {
            return Err(Malformed("it sent another count of descriptors than it said"));
        }
        match (header.kind, body) {
            (REQUEST, _) => read_request(body),
            (SOCKETS, _) => read_sockets(body, descriptors),
            (END, &[high, low]) => Ok(Self::End(u16::from_be_bytes([high, low]).into())),
            (REFUSAL, _) => Ok(Self::Refusal(String::from_utf8_lossy(body).into_owned())),
            (READY, []) => Ok(Self::Ready),
            (GONE, []) => Ok(Self::Gone),
            _ => Err(Malformed("it sent a message of the wrong length")),
        }
    }
}

fn read_request(body: &[u8]) -> Result<Message, Malformed> {
    match body.strip_prefix(WORD) {
        Some([VERSION]) => Ok(Message::Request),
        Some(_) => Err(Malformed("it speaks another version of this protocol")),
        None => Err(Malformed("it asked for something else")),
    }
}

fn read_sockets(mut body: &[u8], descriptors: Vec<OwnedFd>) -> Result<Message, Malformed> {
    let truncated = Malformed("a socket is incomplete");
    let mut descriptors = descriptors.into_iter();
    let mut sockets = Vec::new();
    while let [has_lock @ (0 | 1), length, rest @ ..] = body {
        let (name, behind) = rest.split_at_checked(usize::from(*length)).ok_or(truncated)?;
        let name = std::str::from_utf8(name).map_err(|_| Malformed("a name is no text"))?;
        let socket = NamedSocket::new(name, descriptors.next().ok_or(truncated)?);
        let lock = match has_lock {
            0 => None,
            _ => Some(descriptors.next().ok_or(truncated)?),
        };
        sockets.push(socket.with_lock(lock));
        body = behind;
    }
    match body.is_empty() && descriptors.next().is_none() {
        true => Ok(Message::Sockets(sockets)),
        false => Err(truncated),
    }
}

/// What was received is a message that nobody has asked for.
pub(crate) const OUT_OF_TURN: Malformed = Malformed("it said something out of turn");

/// What was received is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; is it a program of this kind, and of a version that fits?", self.0)
    }
}

impl From<Malformed> for io::Error {
    fn from(error: Malformed) -> Self {
        Self::new(io::ErrorKind::InvalidData, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn descriptors(count: usize) -> Vec<OwnedFd> {
        (0..count).map(|_| File::open("/dev/null").unwrap().into()).collect()
    }

    /// What a frame is read as.
    fn read(bytes: &[u8], descriptors: Vec<OwnedFd>) -> Result<Message, Malformed> {
        let (header, body) = bytes.split_at_checked(HEADER).ok_or(Malformed("short"))?;
        let header = Header::read(header.try_into().unwrap())?;
        Message::read(header, body, descriptors)
    }

    fn sockets() -> Vec<NamedSocket> {
        let mut descriptors = descriptors(3).into_iter();
        let mut next = || descriptors.next().unwrap();
        vec![NamedSocket::new("web", next()), NamedSocket::new("unix", next()).with_lock(next())]
    }

    #[test]
    fn what_is_written_is_read() {
        let sockets = sockets();
        let frames = Frame::sockets(&sockets).unwrap();
        let Ok(Message::Sockets(read_back)) = read(&frames[0].bytes, descriptors(3)) else {
            panic!()
        };
        let seen = |sockets: &[NamedSocket]| -> Vec<_> {
            sockets.iter().map(|socket| (socket.name.clone(), socket.lock.is_some())).collect()
        };
        assert_eq!(seen(&read_back), seen(&sockets));
        assert!(matches!(read(&frames[1].bytes, vec![]), Ok(Message::End(2))));
        assert!(matches!(read(&Frame::request().bytes, vec![]), Ok(Message::Request)));
        assert!(matches!(read(&Frame::ready().bytes, vec![]), Ok(Message::Ready)));
        assert!(matches!(read(&Frame::gone().bytes, vec![]), Ok(Message::Gone)));
    }

    #[test]
    fn a_long_refusal_is_cut_between_two_letters() {
        let frame = Frame::refusal(&"ä".repeat(2000)[..]);
        let Ok(Message::Refusal(text)) = read(&frame.bytes, vec![]) else { panic!() };
        assert_eq!(text, "ä".repeat(512));
        let frame = Frame::refusal(&format!("x{}", "ä".repeat(2000)));
        assert_eq!(frame.bytes.len(), HEADER + 1023);
    }

    #[test]
    fn more_sockets_than_there_may_be_are_refused() {
        let Err(error) = check_count(MOST_SOCKETS + 1) else { panic!() };
        assert_eq!(error.to_string(), "4097 sockets are too many: 4096 can be handed on");
        assert_eq!(check_count(MOST_SOCKETS).unwrap(), 4096);
    }

    #[test]
    fn the_longest_names_of_a_full_frame_fit() {
        let sockets = Vec::from_iter(
            descriptors(300).into_iter().map(|socket| NamedSocket::new("x".repeat(255), socket)),
        );
        let frames = Frame::sockets(&sockets).unwrap();
        let counts = Vec::from_iter(frames.iter().map(|frame| frame.descriptors.len()));
        assert_eq!(counts, [253, 47, 0]);
        let header = Header::read(frames[0].bytes[..HEADER].try_into().unwrap()).unwrap();
        assert_eq!(header.length, frames[0].bytes.len() - HEADER);
    }

    #[test]
    fn every_change_of_a_byte_is_read_as_a_message_or_refused() {
        let sockets = sockets();
        let frame = &Frame::sockets(&sockets).unwrap()[0].bytes;
        for place in 0..frame.len() {
            for value in 0..=u8::MAX {
                let mut changed = frame.clone();
                changed[place] = value;
                let _ = read(&changed, descriptors(usize::from(value) % 4));
            }
            assert!(read(&frame[..place], descriptors(3)).is_err(), "{place}");
        }
    }
}
