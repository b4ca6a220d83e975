//! A chat over TCP and a Unix socket at once: the demo.
//!
//! One server listens on both; several clients join, talk, say that they have said everything (and
//! still hear the goodbye), and leave. It prints what everybody said and heard, and fails if
//! anything that was said was not heard. `cargo run --example chat`.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_lite::{AsyncBufReadExt, AsyncWriteExt, future, io::BufReader};
use smol::channel::{Receiver, Sender, unbounded};
use socketry::{Accept, AcceptExt, BoxServer, Server, ServerGroup, Socket};

/// How long the whole demo may take before it is called a failure.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> io::Result<()> {
    let gives_up = async {
        smol::Timer::after(PATIENCE).await;
        Err(io::Error::new(io::ErrorKind::TimedOut, "the chat did not come to its end"))
    };
    smol::block_on(future::or(chat(), gives_up))
}

/// Who joins, and what each says.
const CLIENTS: [(&str, &[&str]); 4] = [
    ("ada", &["Hello everybody!", "Is that the engine?"]),
    ("grace", &["Ship's clock says noon.", "I found a moth."]),
    ("alan", &["Can you tell which of us is the machine?"]),
    ("edsger", &["This is a structured conversation.", "I beg to differ.", "Goodbye."]),
];

async fn chat() -> io::Result<()> {
    let transcript = Transcript::new();
    let (server, addresses) = listen(&transcript).await?;
    let control = server.control();
    let room = Arc::new(Room::default());
    let serving = smol::spawn(serve(server, room));

    // All join before the first one talks, so that everybody hears everything.
    let mut clients = Vec::new();
    for (index, (name, _)) in CLIENTS.iter().enumerate() {
        let address = &addresses[index % addresses.len()];
        clients.push(Client::join(name, address, &transcript).await?);
    }
    let mut visits = Vec::new();
    for (client, (_, lines)) in clients.into_iter().zip(CLIENTS) {
        visits.push(smol::spawn(client.talk_and_leave(lines, transcript.clone())));
    }
    let mut heard = 0;
    for visit in visits {
        heard += visit.await?;
    }
    control.close();
    serving.await?;
    transcript.note("server", "closed");

    let said: usize = CLIENTS.iter().map(|(_, lines)| lines.len()).sum();
    let expected = said * (CLIENTS.len() - 1);
    println!("\n{said} lines said, {heard} of {expected} heard");
    match heard == expected {
        true => Ok(()),
        false => Err(io::Error::other("something that was said was not heard")),
    }
}

/// One server on TCP and, where there are any, on a Unix socket.
async fn listen(transcript: &Transcript) -> io::Result<(ServerGroup<BoxServer>, Vec<String>)> {
    let mut servers = vec![Server::bind("127.0.0.1:0").await?];
    if cfg!(unix) {
        let path = std::env::temp_dir().join(format!("socketry-chat-{}.sock", std::process::id()));
        servers.push(Server::bind(format!("unix://{}", path.display())).await?);
    }
    let addresses: Vec<String> = servers
        .iter()
        .filter_map(|server| server.local_address())
        .map(|address| address.to_string())
        .collect();
    transcript.note("server", &format!("listens on {}", addresses.join(" and ")));
    Ok((ServerGroup::new(servers.into_iter().map(AcceptExt::boxed)), addresses))
}

/// Those who are in the room, and how to reach them.
#[derive(Default)]
struct Room {
    members: Mutex<BTreeMap<String, Sender<String>>>,
}

impl Room {
    fn members(&self) -> MutexGuard<'_, BTreeMap<String, Sender<String>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, name: &str) -> Receiver<String> {
        let (sender, receiver) = unbounded();
        self.members().insert(name.into(), sender);
        receiver
    }

    fn leave(&self, name: &str) {
        self.members().remove(name);
    }

    fn tell(&self, from: &str, line: &str) {
        for (name, member) in self.members().iter() {
            if name != from {
                // Who has just left does not hear it.
                let _ = member.try_send(format!("{from}: {line}\n"));
            }
        }
    }
}

async fn serve(mut server: ServerGroup<BoxServer>, room: Arc<Room>) -> io::Result<()> {
    let mut visits = Vec::new();
    while let Some(connection) = server.accept().await {
        visits.push(smol::spawn(host(connection?.into(), room.clone())));
    }
    for visit in visits {
        visit.await?;
    }
    Ok(())
}

/// Serves one client until it has said everything; then says goodbye, which it still hears.
async fn host(socket: Socket, room: Arc<Room>) -> io::Result<()> {
    let (reader, mut writer) = futures_lite::io::split(socket);
    let mut reader = BufReader::new(reader);
    let mut name = String::new();
    reader.read_line(&mut name).await?;
    let name = name.trim_end();
    let mail = room.enter(name);
    writer.write_all(format!("server: welcome {name}\n").as_bytes()).await?;

    let listening = async {
        let mut line = String::new();
        while reader.read_line(&mut line).await? > 0 {
            room.tell(name, line.trim_end());
            line.clear();
        }
        room.leave(name); // drops the sender, which ends the other half below
        io::Result::Ok(())
    };
    let delivering = async {
        while let Ok(line) = mail.recv().await {
            writer.write_all(line.as_bytes()).await?;
        }
        writer.write_all(format!("server: goodbye {name}\n").as_bytes()).await?;
        writer.close().await
    };
    future::try_zip(listening, delivering).await?;
    Ok(())
}

struct Client {
    name: &'static str,
    reader: BufReader<futures_lite::io::ReadHalf<Socket>>,
    writer: futures_lite::io::WriteHalf<Socket>,
}

impl Client {
    async fn join(name: &'static str, server: &str, transcript: &Transcript) -> io::Result<Self> {
        let started = Instant::now();
        let socket = socketry::connect(server).await?;
        let from = socket.local_address().map_or("unnamed".into(), |address| address.to_string());
        let took = started.elapsed();
        transcript.note(name, &format!("connected to {server} from {from} in {took:.1?}"));
        let (reader, mut writer) = futures_lite::io::split(socket);
        writer.write_all(format!("{name}\n").as_bytes()).await?;
        let mut client = Self { name, reader: BufReader::new(reader), writer };
        let welcome = client.hear().await?;
        transcript.note(name, &format!("hears {welcome:?}"));
        Ok(client)
    }

    /// Says `lines`, hears everybody else's, and leaves; returns how many it heard.
    async fn talk_and_leave(mut self, lines: &[&str], transcript: Transcript) -> io::Result<usize> {
        for line in lines {
            transcript.note(self.name, &format!("says  {line:?}"));
            self.writer.write_all(format!("{line}\n").as_bytes()).await?;
        }
        let others: usize = CLIENTS
            .iter()
            .filter(|(name, _)| *name != self.name)
            .map(|(_, lines)| lines.len())
            .sum();
        let mut heard = 0;
        while heard < others {
            let line = self.hear().await?;
            transcript.note(self.name, &format!("hears {line:?}"));
            heard += 1;
        }
        self.writer.close().await?; // everything is said; the goodbye still comes
        let goodbye = self.hear().await?;
        transcript.note(self.name, &format!("hears {goodbye:?} after its half-close"));
        match self.hear().await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                transcript.note(self.name, "left");
                Ok(heard)
            }
            _ => Err(io::Error::other("somebody spoke after the goodbye")),
        }
    }

    async fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_string()),
        }
    }
}

/// Prints what happens, and when.
#[derive(Clone)]
struct Transcript {
    started: Instant,
}

impl Transcript {
    fn new() -> Self {
        Self { started: Instant::now() }
    }

    fn note(&self, who: &str, what: &str) {
        println!("{:>8.1?}  {who:<7}{what}", self.started.elapsed());
    }
}
