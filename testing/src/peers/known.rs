//! The programs that are known by name.

use std::{net::SocketAddr, path::Path};

use crate::{IdentityFiles, Program, ReservedPort, TestDir, peers::program::Listens};

impl Program {
    /// `openssl s_client`, to the server at `address`. What it is told it sends, but for lines that
    /// begin with one of its commands, such as `K` and `Q`.
    pub fn openssl_client(address: SocketAddr) -> Self {
        Self::new("openssl", "openssl").args("s_client -connect").arg(address.to_string())
    }

    /// `openssl s_server` with an identity; it says at which [address](crate::RunningProgram::address).
    pub fn openssl_server(identity: &IdentityFiles) -> Self {
        let mut program = Self::new("openssl", "openssl").args("s_server -accept 127.0.0.1:0");
        program.listens = Some(Listens::WhereItSays("ACCEPT "));
        program
            .arg("-cert")
            .arg(&identity.certificate)
            .arg("-cert_chain")
            .arg(&identity.certificate)
            .arg("-key")
            .arg(&identity.key)
    }

    /// `gnutls-cli`, to the server at `address`, which it takes for `name` and verifies as that one
    /// with the root certificates in the file `roots`.
    pub fn gnutls_client(address: SocketAddr, name: &str, roots: &Path) -> Self {
        Self::new("gnutls-cli", "gnutls-bin")
            .arg("--port")
            .arg(address.port().to_string())
            .arg(format!("--sni-hostname={name}"))
            .arg(format!("--verify-hostname={name}"))
            .arg("--x509cafile")
            .arg(roots)
            .arg(address.ip().to_string())
    }

    /// `gnutls-serv` with an identity, which answers with what it is sent.
    pub fn gnutls_server(identity: &IdentityFiles) -> Self {
        let port = ReservedPort::new();
        let mut program = Self::new("gnutls-serv", "gnutls-bin")
            .args("--echo --port")
            .arg(port.address().port().to_string())
            .arg("--x509certfile")
            .arg(&identity.certificate)
            .arg("--x509keyfile")
            .arg(&identity.key);
        // It listens on IPv6 too, last; where there is none it says so.
        program.listens = Some(Listens::On(port, "Echo Server listening on IPv6"));
        program
    }

    /// nginx with an identity, which serves the files in the directory `files` by HTTPS. To its
    /// configuration of the server the lines of `more` are added.
    pub fn nginx(identity: &IdentityFiles, files: &Path, more: &str) -> Self {
        let (dir, port) = (TestDir::new(), ReservedPort::new());
        let configuration = NGINX
            .replace("DIR", &dir.path().display().to_string())
            .replace("ADDRESS", &port.address().to_string())
            .replace("CERTIFICATE", &identity.certificate.display().to_string())
            .replace("KEY", &identity.key.display().to_string())
            .replace("FILES", &files.display().to_string())
            .replace("MORE", more);
        let configuration = dir.write("nginx.conf", configuration);
        let mut program = Self::new("nginx", "nginx-light");
        program = program.arg("-p").arg(dir.path()).arg("-c").arg(configuration);
        // It opens its sockets before it tells its version.
        program.listens = Some(Listens::On(port, "[notice]"));
        program.dir = Some(dir);
        program
    }

    /// memcached, which forgets everything when it ends.
    ///
    /// # Examples
    ///
    /// It goes away, and comes back at the same port:
    ///
    /// ```
    /// use std::{io::ErrorKind, net::TcpStream};
    ///
    /// use futures_lite::future::block_on;
    /// use socketry_testing::Program;
    ///
    /// block_on(async {
    ///     let mut memcached = Program::memcached().start();
    ///     let address = memcached.address().await;
    ///     TcpStream::connect(address)?;
    ///
    ///     memcached.kill();
    ///     memcached.ended().await;
    ///     let error = TcpStream::connect(address).unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    ///
    ///     memcached.restart();
    ///     TcpStream::connect(memcached.address().await)?;
    ///     std::io::Result::Ok(())
    /// })
    /// # .unwrap();
    /// ```
    pub fn memcached() -> Self {
        let port = ReservedPort::new();
        let mut program = Self::new("memcached", "memcached")
            .args("-l 127.0.0.1 -p")
            .arg(port.address().port().to_string())
            // Root has to name a user, and in a namespace there may be no other; from anybody else
            // the option is ignored.
            .args("-u root")
            // Only then does it say that it listens.
            .arg("-vv");
        program.listens = Some(Listens::On(port, "server listening"));
        program
    }

    /// A Redis server, which forgets everything when it ends.
    pub fn redis_server() -> Self {
        let (dir, port) = (TestDir::new(), ReservedPort::new());
        let mut program = Self::new("redis-server", "redis-server")
            .args("--bind 127.0.0.1 --port")
            .arg(port.address().port().to_string())
            .arg("--dir")
            .arg(dir.path())
            .args("--appendonly no --save")
            .arg("");
        program.listens = Some(Listens::On(port, "Ready to accept connections"));
        program.dir = Some(dir);
        program
    }
}

/// One process, in the foreground, that writes nowhere but into a directory of its own.
const NGINX: &str = r#"
daemon off;
master_process off;
error_log stderr notice;
pid "DIR/pid";
events {}
http {
    access_log off;
    client_body_temp_path "DIR/body";
    fastcgi_temp_path "DIR/fastcgi";
    proxy_temp_path "DIR/proxy";
    scgi_temp_path "DIR/scgi";
    uwsgi_temp_path "DIR/uwsgi";
    server {
        listen ADDRESS ssl;
        ssl_certificate "CERTIFICATE";
        ssl_certificate_key "KEY";
        root "FILES";
        MORE
    }
}
"#;
