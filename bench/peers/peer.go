// The peer in Go: net and crypto/tls, as they come. It speaks the protocol of `socketry-bench side`: says where it
// listens, or that it is ready, does its work for ever, answers each line with its totals, and ends
// when its input does.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	message = 64
	chunk   = 64 * 1024
)

var (
	operations uint64
	waited     uint64
	resumed    uint64
	began      = time.Now()
)

// A job, as the words after the library say it.
type job struct {
	work, address, name, nameserver, layer string
	connections, idle                      int
	client                                 *tls.Config
}

func main() {
	runtime.GOMAXPROCS(1)
	var j job
	j.work = os.Args[2]
	flags := flag.NewFlagSet("peer", flag.ExitOnError)
	flags.IntVar(&j.connections, "connections", 1, "at a time")
	flags.IntVar(&j.idle, "idle", 0, "how many more say one message and then nothing")
	flags.StringVar(&j.address, "address", "", "where to connect to, or the host to listen on")
	flags.StringVar(&j.name, "name", "", "the name to connect by")
	flags.StringVar(&j.nameserver, "nameserver", "", "who knows the addresses of the name")
	flags.String("dead", "", "the address of the name at which nobody answers")
	flags.StringVar(&j.layer, "layer", "plain", "what is between the streams and their sockets")
	flags.Parse(os.Args[3:])
	if serve, listens := servers[j.work]; listens {
		listener, err := net.Listen("tcp", j.listensOn())
		check(err)
		fmt.Println(listener.Addr())
		go accept(listener, serve, j.serverConfig())
	} else if work := clients[j.work]; work != nil {
		fmt.Println("ready")
		j.stand()
		for i := 0; i < j.connections; i++ {
			mine := j
			if j.layer != "plain" {
				mine.client = clientConfig(j.layer == "tls-resumed")
			}
			go work(&mine)
		}
	} else {
		check(fmt.Errorf("what is %q?", j.work))
	}
	answer()
}

// Lines in, totals out.
func answer() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		os.Getppid() // in a trace of the system calls it stands where the totals were taken
		totals, err := json.Marshal(now())
		check(err)
		fmt.Println(string(totals))
	}
	os.Exit(0)
}

func now() map[string]uint64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return map[string]uint64{
		"operations": atomic.LoadUint64(&operations),
		"time":       uint64(time.Since(began)),
		"cpu":        uint64(usage.Utime.Nano() + usage.Stime.Nano()),
		"resident":   resident(),
		"waited":     atomic.LoadUint64(&waited),
		"resumed":    atomic.LoadUint64(&resumed),
	}
}

// The second number of statm is the pages in memory.
func resident() uint64 {
	statm, err := os.ReadFile("/proc/self/statm")
	check(err)
	pages, err := strconv.ParseUint(strings.Fields(string(statm))[1], 10, 64)
	check(err)
	return pages * uint64(os.Getpagesize())
}

func count(more uint64) { atomic.AddUint64(&operations, more) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer.go:", err)
		os.Exit(1)
	}
}

func (j *job) listensOn() string {
	if j.address == "" {
		return "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(j.address)
	check(err)
	return net.JoinHostPort(host, "0")
}

// Where it connects to: the address, or the name with its port.
func (j *job) target() string {
	if j.name == "" {
		return j.address
	}
	_, port, err := net.SplitHostPort(j.address)
	check(err)
	return net.JoinHostPort(j.name, port)
}

func (j *job) dial() net.Conn {
	connection, err := net.Dial("tcp", j.target())
	check(err)
	if j.client == nil {
		return connection
	}
	secured := tls.Client(connection, j.client)
	check(handshake(secured))
	return secured
}

// Kept, because a connection that nobody knows any more is closed.
var standing []net.Conn

func (j *job) stand() {
	for len(standing) < j.idle {
		connection := j.dial()
		roundTrip(connection)
		standing = append(standing, connection)
	}
}

func clientConfig(resumes bool) *tls.Config {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(os.Getenv("SOCKETRY_BENCH_CERTIFICATE"))) {
		check(errors.New("there is no certificate in the environment"))
	}
	config := &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS13}
	if resumes {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1) // a ticket is good for once
	}
	return config
}

// None for plain connections.
func (j *job) serverConfig() *tls.Config {
	if j.layer == "plain" {
		return nil
	}
	certificate, key := os.Getenv("SOCKETRY_BENCH_CERTIFICATE"), os.Getenv("SOCKETRY_BENCH_KEY")
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	check(err)
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
}

func handshake(secured *tls.Conn) error {
	if err := secured.Handshake(); err != nil {
		return err
	}
	if secured.ConnectionState().DidResume {
		atomic.AddUint64(&resumed, 1)
	}
	return nil
}

// The close resets the connection, so that no port stays behind.
func reset(connection net.Conn) {
	if secured, ok := connection.(*tls.Conn); ok {
		connection = secured.NetConn()
	}
	check(connection.(*net.TCPConn).SetLinger(0))
	connection.Close()
}

var clients = map[string]func(*job){
	"connect": func(j *job) {
		for {
			reset(j.dial())
			count(1)
		}
	},
	"churn": func(j *job) {
		for {
			connection := j.dial()
			roundTrip(connection)
			reset(connection)
			count(1)
		}
	},
	"ping": func(j *job) {
		connection := j.dial()
		for {
			roundTrip(connection)
			count(1)
		}
	},
	"send":    func(j *job) { check(send(j.dial())) },
	"receive": func(j *job) { check(receive(j.dial())) },
	"hold": func(j *job) {
		connection := j.dial()
		count(1)
		connection.Read(make([]byte, 1))
	},
	"race":       func(j *job) { race(j) },
	"race-again": func(j *job) { race(j) }, // a dialer remembers nothing
}

func roundTrip(connection net.Conn) {
	var buffer [message]byte
	_, err := connection.Write(buffer[:])
	check(err)
	_, err = io.ReadFull(connection, buffer[:])
	check(err)
}

func send(connection net.Conn) error {
	buffer := make([]byte, chunk)
	for {
		if _, err := connection.Write(buffer); err != nil {
			return err
		}
		count(1)
	}
}

func receive(connection net.Conn) error {
	buffer := make([]byte, chunk)
	heard := 0
	for {
		more, err := connection.Read(buffer)
		if err != nil {
			return err
		}
		heard += more
		count(uint64(heard / chunk))
		heard %= chunk
	}
}

// Its own DNS client asks.
func race(j *job) {
	ask := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var plain net.Dialer
		return plain.DialContext(ctx, network, j.nameserver)
	}
	dialer := net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: ask}}
	for {
		begun := time.Now()
		connection, err := dialer.Dial("tcp", j.target())
		check(err)
		atomic.AddUint64(&waited, uint64(time.Since(begun)))
		count(1)
		reset(connection)
	}
}

func accept(listener net.Listener, serve func(net.Conn), config *tls.Config) {
	for {
		connection, err := listener.Accept()
		check(err)
		if serve == nil {
			connection.Close()
			count(1)
			continue
		}
		if config == nil {
			go serveAndClose(connection, serve)
			continue
		}
		secured := tls.Server(connection, config)
		go func() {
			if handshake(secured) == nil {
				serveAndClose(secured, serve)
			} else {
				connection.Close()
			}
		}()
	}
}

func serveAndClose(connection net.Conn, serve func(net.Conn)) {
	serve(connection)
	connection.Close()
}

// What is done for each client; an error is the end of one, and of no interest.
var servers = map[string]func(net.Conn){
	"accept": nil, // there is nothing to do, and nobody to do it
	"echo": func(connection net.Conn) {
		for echo(connection) {
		}
	},
	"echo-once": func(connection net.Conn) { echo(connection) },
	"drain":     func(connection net.Conn) { receive(connection) },
	"fill":      func(connection net.Conn) { send(connection) },
	"idle": func(connection net.Conn) {
		count(1)
		connection.Read(make([]byte, 1))
	},
}

// Whether there was something to answer.
func echo(connection net.Conn) bool {
	var buffer [1024]byte
	heard, err := connection.Read(buffer[:])
	if err != nil {
		return false
	}
	if _, err := connection.Write(buffer[:heard]); err != nil {
		return false
	}
	count(1)
	return true
}
