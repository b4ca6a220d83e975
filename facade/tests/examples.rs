//! The examples that the documents show.

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{self, block_on},
};

use crate::support::tcp_server;

#[path = "../examples/http_get.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
mod http_get;
#[path = "../examples/quickstart_client.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
mod quickstart_client;
#[path = "../examples/quickstart_server.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
mod quickstart_server;

#[test]
fn the_quickstart_client_hears_the_greeting_of_the_quickstart_server_and_is_hung_up_on() {
    let server = tcp_server();
    let address = server.local_address().unwrap().to_string();
    let control = server.control();
    let mut heard = Vec::new();
    let visiting = async {
        quickstart_client::talk(&address, &mut heard).await?;
        control.close();
        Ok(())
    };
    block_on(future::try_zip(quickstart_server::serve(server), visiting)).unwrap();
    let heard = String::from_utf8(heard).unwrap();
    let Some((greeting, rest)) = heard.split_once("!\n") else { panic!("{heard:?}") };
    assert!(greeting.starts_with("Hello tcp://127.0.0.1:"), "{greeting:?}");
    assert_eq!(rest, "Welcome to this amazing server!\nHere's a tip: don't say anything.\n");
}

#[test]
fn the_http_example_prints_the_page_that_it_asked_for() {
    let mut server = tcp_server();
    let address = server.local_address().unwrap().socket_address().unwrap().to_string();
    let answering = async {
        let mut visitor = server.accept().await.unwrap()?;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            visitor.read_exact(&mut byte).await?;
            request.extend(byte);
        }
        visitor.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await?;
        visitor.write_all(&request).await
    };
    let (answer, ()) = block_on(future::try_zip(http_get::get(&address), answering)).unwrap();
    assert_eq!(answer, format!("HTTP/1.0 200 OK\r\n\r\nGET / HTTP/1.0\r\nHost: {address}\r\n\r\n"));
}
