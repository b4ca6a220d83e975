//! The messages of the echo: each says in which session it belongs, down to its last byte.

use std::io;

use futures_lite::{AsyncRead, AsyncReadExt};

/// How long a message without filler is.
pub(super) const HEAD: usize = 32;

/// How much filler the first question of a session has.
pub(super) const FIRST: u16 = 100;

/// How many bytes the server says until it has answered that.
pub(super) const INTRODUCED: u64 = 2 * HEAD as u64 + FIRST as u64;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first words of the server.
    Greeting,
    /// From a client to which the connection belongs.
    Question,
    /// From one of many who use the connection in turn.
    Shared,
    Answer,
    /// The client asks whether the server is still there.
    Heartbeat,
    Pulse,
}

const KINDS: [(Kind, u16); 6] = [
    (Kind::Greeting, 0x5347),
    (Kind::Question, 0x5351),
    (Kind::Shared, 0x5353),
    (Kind::Answer, 0x5341),
    (Kind::Heartbeat, 0x5348),
    (Kind::Pulse, 0x5350),
];

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Which client.
    pub(super) asker: u32,
    /// Which of its sessions.
    pub(super) generation: u64,
    /// Which message of that.
    pub(super) counter: u64,
    /// Of the connection as the server has accepted it; zero if it is not known yet.
    pub(super) nonce: u64,
    /// How many bytes of filler follow.
    pub(super) size: u16,
}

impl Frame {
    /// A message of the server, or one that is always the same.
    pub(super) fn bare(kind: Kind, nonce: u64) -> Self {
        Self { kind, asker: 0, generation: 0, counter: 0, nonce, size: 0 }
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        let word = KINDS.iter().find(|(kind, _)| *kind == self.kind).map_or(0, |(_, word)| *word);
        let mut bytes = Vec::with_capacity(HEAD + usize::from(self.size));
        bytes.extend(word.to_be_bytes());
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.asker.to_be_bytes());
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(self.counter.to_be_bytes());
        bytes.extend(self.nonce.to_be_bytes());
        bytes.extend(self.filler());
        bytes
    }

    /// The next message of a stream.
    ///
    /// An error of kind `InvalidData` if the bytes are none: that is what the tail of another
    /// message looks like, or one of another session.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut head = [0; HEAD];
        stream.read_exact(&mut head).await?;
        let word = u16::from_be_bytes([head[0], head[1]]);
        let kind = KINDS.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind);
        let kind = kind.ok_or(io::ErrorKind::InvalidData)?;
        let mut asker = [0; 4];
        asker.copy_from_slice(&head[4..8]);
        let frame = Self {
            kind,
            asker: u32::from_be_bytes(asker),
            generation: number(&head[8..16]),
            counter: number(&head[16..24]),
            nonce: number(&head[24..32]),
            size: u16::from_be_bytes([head[2], head[3]]),
        };
        let mut filler = vec![0; frame.size.into()];
        stream.read_exact(&mut filler).await?;
        match filler.into_iter().eq(frame.filler()) {
            true => Ok(frame),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// No two messages have the same one.
    fn filler(self) -> impl Iterator<Item = u8> {
        let Self { asker, generation, counter, nonce, size, .. } = self;
        let seed = [asker.into(), generation, counter, nonce]
            .into_iter()
            .fold(0_u64, |seed, part| (seed ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (0..u64::from(size)).map(move |index| {
            let mixed = (seed ^ index).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            mixed.to_be_bytes()[0]
        })
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
