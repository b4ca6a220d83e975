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
