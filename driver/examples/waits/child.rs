//! The side under test.

use std::{
    fs,
    hint::black_box,
    io,
    net::{SocketAddr, TcpListener as StdListener},
    thread,
    time::Duration,
};

use smol::{
    Executor, LocalExecutor, Timer, channel,
    net::{TcpListener, TcpStream},
    prelude::*,
};

use crate::load::Load;

/// Steps of work at each connection, which are about 100 us.
const WORK: u32 = 90_000;

/// Who drives the executor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Driver {
    Smol,
    Ours,
}

impl Driver {
    pub(crate) const ALL: [Self; 2] = [Self::Smol, Self::Ours];

    pub(crate) fn name(self) -> &'static str {
        if self == Self::Smol { "smol" } else { "driver" }
    }

    fn run_local<T>(self, executor: &LocalExecutor<'_>, main: impl Future<Output = T>) -> T {
        match self {
            Self::Smol => smol::block_on(executor.run(main)),
            Self::Ours => socketry_driver::block_on(executor, main),
        }
    }

    fn run<T>(self, executor: &Executor<'_>, main: impl Future<Output = T>) -> T {
        match self {
            Self::Smol => smol::block_on(executor.run(main)),
            Self::Ours => socketry_driver::block_on(executor, main),
        }
    }
}

/// Works as `arguments` say (load, driver, operations, address of the other side), and then says which
/// threads there are and what they have cost.
pub(crate) fn main(arguments: &[String]) -> io::Result<()> {
    let [load, driver, operations, address] = arguments else {
        return Err(io::Error::other("a child takes four arguments"));
    };
    let load = Load::read(load)?;
    let driver = if driver == "smol" { Driver::Smol } else { Driver::Ours };
    let each = operations.parse::<usize>().map_err(io::Error::other)? / load.connections();
    match load {
        Load::Ping | Load::Echo => echo(load, driver)?,
        Load::EchoThreads => echo_threads(load, driver)?,
        _ => churn(load, driver, each, address.parse().map_err(io::Error::other)?)?,
    }
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?;
        let name = fs::read_to_string(task.path().join("comm"))?;
        println!("thread {} {}", task.file_name().to_string_lossy(), name.trim());
    }
    println!("ticks {}", ticks()?);
    Ok(())
}

fn churn(load: Load, driver: Driver, each: usize, address: SocketAddr) -> io::Result<()> {
    let executor = LocalExecutor::new();
    driver.run_local(&executor, async {
        let clients: Vec<_> =
            (0..load.connections()).map(|_| executor.spawn(connect(load, each, address))).collect();
        for client in clients {
            client.await?;
        }
        Ok(())
    })
}

async fn connect(load: Load, times: usize, address: SocketAddr) -> io::Result<()> {
    for number in 1..=times {
        if load == Load::Handshakes {
            work();
        }
        let mut connection = TcpStream::connect(address).await?;
        connection.write_all(b"sixteen bytes...").await?;
        connection.read_exact(&mut [0; 16]).await?;
        drop(connection);
        match load {
            Load::Work => work(),
            Load::Handshakes => (0..2).for_each(|_| work()),
            _ => {}
        }
        if load == Load::Bursts && number % 8 == 0 {
            Timer::after(Duration::from_millis(15)).await;
        }
    }
    Ok(())
}

/// Always the same: a time would hide what others take of it.
fn work() {
    let mut number = 1_u64;
    for _ in 0..WORK {
        number = black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

fn echo(load: Load, driver: Driver) -> io::Result<()> {
    let executor = LocalExecutor::new();
    let listener = listen()?;
    driver.run_local(&executor, async {
        let mut serving = Vec::new();
        for _ in 0..load.connections() {
            serving.push(executor.spawn(serve(listener.accept().await?.0)));
        }
        for served in serving {
            served.await?;
        }
        Ok(())
    })
}

fn echo_threads(load: Load, driver: Driver) -> io::Result<()> {
    let executor = Executor::new();
    let listener = listen()?;
    let (stop, stopped) = channel::bounded::<()>(1);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| driver.run(&executor, stopped.recv()));
        }
        let served = driver.run(&executor, async {
            let mut serving = Vec::new();
            for _ in 0..load.connections() {
                serving.push(executor.spawn(serve(listener.accept().await?.0)));
            }
            for served in serving {
                served.await?;
            }
            Ok(())
        });
        drop(stop);
        served
    })
}

/// Tells the other side where this listens.
fn listen() -> io::Result<TcpListener> {
    let listener = StdListener::bind("127.0.0.1:0")?;
    println!("listening {}", listener.local_addr()?);
    TcpListener::try_from(listener)
}

async fn serve(mut client: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 64];
    loop {
        let count = client.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        client.write_all(&buffer[..count]).await?;
    }
}

/// The processor time of this process so far, in hundredths of a second.
fn ticks() -> io::Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // Behind the name, which may hold anything, user time is field 12 and system time field 13.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    Ok(fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum())
}
