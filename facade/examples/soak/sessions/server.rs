//! A helper that answers, and sees to it that nobody goes on where another one has stopped.
//!
//! It greets each connection with a number of its own, which is in each of its answers. It listens
//! without TLS, with it, and with a certificate that nobody trusts. It is told `report`, and says
//! what was wrong, and what it holds.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io,
    rc::Rc,
};

use futures_lite::{AsyncWriteExt, StreamExt, future};
use smol::LocalExecutor;
use socketry::{
    Server, ServerConfig, Socket,
    tls::{Identity, ServerTls},
};
use socketry_testing::TestAuthority;

use super::frame::{Frame, Kind};
use crate::{
    helper::{answer, commands},
    secure::hex,
    system::{descriptors, raise_descriptors},
};

/// The name in the certificates.
pub(super) const NAME: &str = "sessions.test";

pub(super) fn serve() -> io::Result<()> {
    raise_descriptors()?;
    let tasks = LocalExecutor::new();
    let tally = Rc::<Tally>::default();
    smol::block_on(tasks.run(async {
        let authority = TestAuthority::new();
        let plain = Server::bind("tcp://127.0.0.1:0").await?;
        let secure = bind(&authority).await?;
        let wrong = bind(&TestAuthority::new()).await?;
        for server in [&plain, &secure, &wrong] {
            answer("listening", server.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?)?;
        }
        answer("root", hex(&authority.certificate_der()))?;
        let [plain, secure, wrong] =
            [plain, secure, wrong].map(|server| accept(server, &tasks, &tally));
        let serving = future::zip(future::zip(plain, secure), wrong);
        future::or(obey(&tally), async {
            serving.await;
            Ok(())
        })
        .await
    }))
}

async fn bind(authority: &TestAuthority) -> io::Result<Server> {
    let issued = authority.issue([NAME]);
    let identity = Identity::from_pem(issued.chain_pem(), issued.key_pem()).load()?;
    let mut config = ServerConfig::default();
    // Those who fall silent are many, and all come from one address.
    config.tls.most_handshakes = usize::MAX;
    config.tls.most_handshakes_per_address = usize::MAX;
    let builder = Server::builder().config(config).tls(ServerTls::new(identity)?);
    builder.bind("tls://127.0.0.1:0").await
}

async fn accept(mut server: Server, tasks: &LocalExecutor<'_>, tally: &Rc<Tally>) {
    while let Some(accepted) = server.accept().await {
        // An error is a handshake that was broken off.
        if let Ok(socket) = accepted {
            let tally = tally.clone();
            tasks
                .spawn(async move {
                    tally.open.set(tally.open.get() + 1);
                    // It ends when the other side does, however it does that.
                    let _ = tally.talk(socket).await;
                    tally.open.set(tally.open.get() - 1);
                })
                .detach();
        }
    }
}

/// What has come, and what was wrong with it.
#[derive(Default)]
struct Tally {
    open: Cell<u64>,
    accepted: Cell<u64>,
    /// Connections on which something came that is no message.
    misframed: Cell<u64>,
    /// Messages that belong somewhere else.
    strayed: Cell<u64>,
    /// By client and generation, the number of the connection.
    sessions: RefCell<BTreeMap<(u32, u64), u64>>,
}

impl Tally {
    async fn talk(&self, mut socket: Socket) -> io::Result<()> {
        let nonce = self.accepted.get() + 1;
        self.accepted.set(nonce);
        socket.write_all(&Frame::bare(Kind::Greeting, nonce).to_bytes()).await?;
        socket.flush().await?;
        let mut last = None;
        loop {
            let frame = match Frame::read(&mut socket).await {
                Ok(frame) => frame,
                Err(error) => {
                    if error.kind() == io::ErrorKind::InvalidData && error.get_ref().is_none() {
                        self.misframed.set(self.misframed.get() + 1);
                    }
                    return Err(error);
                }
            };
            let kind = match frame.kind {
                Kind::Heartbeat => Kind::Pulse,
                Kind::Question | Kind::Shared => Kind::Answer,
                _ => return self.stray(),
            };
            if frame.kind == Kind::Question {
                if !self.belongs(&frame, last, nonce) {
                    return self.stray();
                }
                last = Some(frame);
            } else if frame.kind == Kind::Shared && ![0, nonce].contains(&frame.nonce) {
                return self.stray();
            }
            socket.write_all(&Frame { kind, nonce, ..frame }.to_bytes()).await?;
            socket.flush().await?;
        }
    }

    /// Whether a question follows the last one, and nobody has asked in its session elsewhere.
    fn belongs(&self, frame: &Frame, last: Option<Frame>, nonce: u64) -> bool {
        let Some(last) = last else {
            return frame.counter == 0 && [0, nonce].contains(&frame.nonce);
        };
        let of_session = (frame.asker, frame.generation);
        // An attempt that fails after its first question leaves its generation to the next one.
        let here = *self.sessions.borrow_mut().entry(of_session).or_insert(nonce);
        of_session == (last.asker, last.generation)
            && (frame.counter, frame.nonce, here) == (last.counter + 1, nonce, nonce)
    }

    fn stray(&self) -> io::Result<()> {
        self.strayed.set(self.strayed.get() + 1);
        Ok(())
    }
}

async fn obey(tally: &Tally) -> io::Result<()> {
    let mut commands = commands()?;
    while commands.next().await.transpose()?.is_some() {
        answer("open", tally.open.get())?;
        answer("accepted", tally.accepted.get())?;
        answer("misframed", tally.misframed.get())?;
        answer("strayed", tally.strayed.get())?;
        answer("descriptors", descriptors()?)?;
    }
    Ok(())
}
