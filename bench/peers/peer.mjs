// The peer in Node. It speaks the protocol of `socketry-bench side`: says where it listens, or that
// it is ready, does its work for ever, answers each line with its totals, and ends when its input does.
import net from "node:net";
import tls from "node:tls";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const MESSAGE = Buffer.alloc(64, ".");
const CHUNK = Buffer.alloc(64 * 1024, ".");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: "string", default: "1" },
    idle: { type: "string", default: "0" },
    address: { type: "string" },
    name: { type: "string" },
    nameserver: { type: "string" },
    dead: { type: "string" },
    layer: { type: "string", default: "plain" },
  },
});
const work = positionals[1];
const [, host, port] = /^(.*):(\d+)$/.exec(values.address ?? "127.0.0.1:0");

let operations = 0;
let waited = 0n;
let resumed = 0;
const sessions = []; // each is good for once

const secure = values.layer !== "plain";
const cert = process.env.SOCKETRY_BENCH_CERTIFICATE;
const key = process.env.SOCKETRY_BENCH_KEY;
const context = secure && tls.createSecureContext({ ca: cert, minVersion: "TLSv1.3" });
const CONNECTED = secure ? "secureConnect" : "connect";

const connect = (options) => {
  const target = { host: values.name ?? host, port: Number(port), noDelay: true, ...options };
  if (!secure) return net.connect(target);
  const secured = { secureContext: context, servername: "localhost", session: sessions.pop() };
  const socket = tls.connect({ ...target, ...secured });
  if (values.layer === "tls-resumed") {
    socket.on("session", (latest) => sessions.push(latest));
    socket.on("secureConnect", () => (resumed += Number(socket.isSessionReused())));
  }
  return socket;
};

/** No port stays behind, but with TLS, where a socket cannot be reset. */
const reset = (socket) => (secure ? socket.destroy() : socket.resetAndDestroy());

/** Both addresses of the name, the dead one first, without a lookup. */
const lookup = (_name, _options, tell) =>
  tell(null, [
    { address: values.dead, family: 6 },
    { address: host, family: 4 },
  ]);

/** Says the message, and calls `heard` when it has come back. */
const roundTrip = (socket, heard) => {
  let left = MESSAGE.length;
  const hear = (bytes) => {
    left -= bytes.length;
    if (left === 0) {
      socket.off("data", hear);
      heard();
    }
  };
  socket.on("data", hear);
  socket.write(MESSAGE);
};

/** Opens connections that say one message and then nothing, and calls `ready` behind them. */
const stand = (idle, ready) => {
  if (idle === 0) return ready();
  const socket = connect();
  socket.on(CONNECTED, () => roundTrip(socket, () => stand(idle - 1, ready)));
};

const send = (socket) => {
  const more = () => {
    do operations += 1;
    while (socket.write(CHUNK));
  };
  socket.on("drain", more);
  more();
};

const receive = (socket) => {
  let heard = 0;
  socket.on("data", (bytes) => {
    heard += bytes.length;
    operations += Math.floor(heard / CHUNK.length);
    heard %= CHUNK.length;
  });
};

const race = () => {
  const begun = process.hrtime.bigint();
  const socket = connect({ lookup, autoSelectFamily: true });
  socket.on(CONNECTED, () => {
    waited += process.hrtime.bigint() - begun;
    operations += 1;
    reset(socket);
    race();
  });
};

const clients = {
  connect() {
    const socket = connect();
    socket.on(CONNECTED, () => {
      reset(socket);
      operations += 1;
      clients.connect();
    });
  },
  churn() {
    const socket = connect();
    socket.on(CONNECTED, () =>
      roundTrip(socket, () => {
        reset(socket);
        operations += 1;
        clients.churn();
      }),
    );
  },
  ping() {
    const socket = connect();
    const again = () => {
      operations += 1;
      roundTrip(socket, again);
    };
    socket.on(CONNECTED, () => roundTrip(socket, again));
  },
  send() {
    const socket = connect();
    socket.on(CONNECTED, () => send(socket));
  },
  receive() {
    receive(connect());
  },
  hold() {
    connect().on(CONNECTED, () => (operations += 1));
  },
  race,
  "race-again": race, // nothing is remembered
};

/** What is done for each client; an error is the end of one, and of no interest. */
const servers = {
  accept(socket) {
    socket.destroy();
    operations += 1;
  },
  echo(socket) {
    socket.on("data", (bytes) => {
      socket.write(bytes);
      operations += 1;
    });
  },
  "echo-once"(socket) {
    socket.once("data", (bytes) => {
      socket.end(bytes);
      operations += 1;
    });
  },
  drain: receive,
  fill: send,
  idle(socket) {
    operations += 1;
    socket.on("data", () => socket.destroy());
  },
};

const totals = () => {
  process.ppid; // in a trace of the system calls it stands where the totals were taken
  const { user, system } = process.cpuUsage();
  return {
    operations,
    time: Number(process.hrtime.bigint()),
    cpu: (user + system) * 1000,
    resident: process.memoryUsage.rss(),
    waited: Number(waited),
    resumed,
  };
};

createInterface({ input: process.stdin })
  .on("line", () => process.stdout.write(`${JSON.stringify(totals())}\n`))
  .on("close", () => process.exit(0));

if (servers[work]) {
  const welcome = (socket) => {
    socket.on("error", () => socket.destroy());
    if (secure) resumed += Number(socket.isSessionReused());
    servers[work](socket);
  };
  const server = secure
    ? tls.createServer({ noDelay: true, cert, key, minVersion: "TLSv1.3" }, welcome)
    : net.createServer({ noDelay: true }, welcome);
  server.listen({ host, port: 0, backlog: 4096 }, () => {
    const { address, port } = server.address();
    console.log(`${address}:${port}`);
  });
} else if (clients[work]) {
  console.log("ready");
  stand(Number(values.idle), () => {
    for (let i = 0; i < Number(values.connections); i += 1) clients[work]();
  });
} else {
  throw new Error(`what is ${work}?`);
}
