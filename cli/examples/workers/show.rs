//! What is shown.

use std::{
    env, io,
    path::{Path, PathBuf},
    time::Duration,
};

use async_io::Timer;
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use rustix::process::{Pid, Signal, kill_process};
use socketry::{Address, Connector, Server, Socket, server::AcceptExt};
use socketry_server_workers::{
    Answer, Event, Handle, Pool, PoolOptions, Processes, ServerOptions, Worker, WorkerInfo,
    WorkerServer, WorkerState, run_worker,
};

/// How long the whole demo may take before it is called a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shows it, or works for it.
pub(crate) fn run() -> io::Result<()> {
    if env::args().nth(1).as_deref() == Some("worker") {
        return run_worker(Echo);
    }
    let folder = env::temp_dir().join(format!("socketry-workers-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let gives_up = async {
        Timer::after(PATIENCE).await;
        Err(io::Error::new(io::ErrorKind::TimedOut, "the demo did not come to its end"))
    };
    let shown = async_io::block_on(future::or(show(&folder), gives_up));
    std::fs::remove_dir_all(&folder)?;
    shown
}

async fn show(folder: &Path) -> io::Result<()> {
    let command = command()?;
    println!("two workers: {}\n", command.join(" "));
    let options = PoolOptions::new().num_workers(2).on_notice(|notice| println!("  {notice}"));
    let pool = Pool::new(Processes::from_words(&command)?, options);

    let socket_file = format!("unix://{}", folder.join("local.sock").display());
    let addresses = ["tcp://127.0.0.1:0", "tcp://127.0.0.1:0", &*socket_file];
    let mut servers = WorkerServer::new(pool);
    let mut named = Vec::new();
    for (name, address) in ["smtp", "chat", "local"].into_iter().zip(addresses) {
        let listener = Server::builder().bind(address).await?;
        let address = listener.local_address().ok_or(io::ErrorKind::AddrNotAvailable)?;
        println!("server {name} listens on {address}");
        servers = servers.server(name, listener.boxed(), ServerOptions::new())?;
        named.push((name, address));
    }
    let handle = servers.handle();
    future::try_zip(servers.run(), visit(&handle, &named)).await.map(|_| ())
}

async fn visit(handle: &Handle, named: &[(&str, Address)]) -> io::Result<()> {
    println!("\na client at each server:");
    let mut clients = Vec::new();
    for (name, address) in named {
        let mut client = Connector::new().connect(address.clone()).await?;
        expect(&mut client, &format!("hello {name}\r\n")).await?;
        clients.push(client);
    }
    talk(&mut clients, "before").await?;

    println!("\na worker is killed:");
    let killed = handle.workers().into_iter().find_map(|worker| worker.pid);
    let pid = killed.and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
    kill_process(pid.ok_or(io::ErrorKind::NotFound)?, Signal::KILL)?;
    // Until it is known to have gone, it may be asked, and whoever is answered by it is closed.
    let is_idle = |worker: &WorkerInfo| worker.state == WorkerState::Idle && worker.pid != killed;
    while handle.workers().iter().filter(|worker| is_idle(worker)).count() < 2 {
        Timer::after(Duration::from_millis(10)).await;
    }
    talk(&mut clients, "after a worker was killed").await?;

    println!("\nall workers are replaced:");
    handle.reset().await?;
    talk(&mut clients, "after the reset").await?;

    println!("\nwritten from outside, to all who are there:");
    let (sent, not_sent) = handle.broadcast(None, "closing time\r\n");
    for client in &mut clients {
        expect(client, "closing time\r\n").await?;
    }
    println!("  {sent} heard it, {} did not", not_sent.len());

    println!("\ndrained:");
    drop(clients);
    let drained = handle.drain(Duration::from_secs(5)).await;
    println!("  {drained}");
    Ok(())
}

/// Each client says something, and hears it again.
async fn talk(clients: &mut [Socket], when: &str) -> io::Result<()> {
    for client in &mut *clients {
        let message = format!("said {when}\r\n");
        client.write_all(message.as_bytes()).await?;
        expect(client, &message).await?;
    }
    println!("  {} clients said something {when}, and heard it again", clients.len());
    Ok(())
}

async fn expect(client: &mut Socket, expected: &str) -> io::Result<()> {
    let mut heard = vec![0; expected.len()];
    client.read_exact(&mut heard).await?;
    match heard == expected.as_bytes() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "heard {:?} instead of {expected:?}",
            String::from_utf8_lossy(&heard)
        ))),
    }
}

/// Python or PHP, or else this program.
fn command() -> io::Result<Vec<String>> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server-workers/examples/workers");
    let scripts = [("python3", "echo.py"), ("php", "echo.php")];
    if let Some((program, script)) = scripts.into_iter().find(|(program, _)| is_there(program)) {
        return Ok(vec![program.into(), examples.join(script).to_string_lossy().into_owned()]);
    }
    Ok(vec![env::current_exe()?.to_string_lossy().into_owned(), "worker".into()])
}

fn is_there(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    let found: Vec<PathBuf> = env::split_paths(&paths).collect();
    found.iter().any(|folder| folder.join(program).is_file())
}

/// The worker of this program.
struct Echo;

impl Worker for Echo {
    async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
        Ok(match event {
            Event::Connected(peer) => Some(Answer::respond(format!("hello {}\r\n", peer.server()))),
            Event::Data(_, message) => Some(Answer::respond(message)),
            _ => None,
        })
    }
}
