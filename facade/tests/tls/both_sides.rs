//! Connecting and serving over `tls://`.

use futures_lite::{
    AsyncReadExt, AsyncWriteExt, StreamExt,
    future::{self, block_on},
};
use socketry::{Connector, connector::Timings, tls::TlsInfo};

use crate::support::{Files, client, localhost, meet, met, say};

#[test]
fn both_ends_talk_and_go_by_tls_addresses() {
    let files = Files::new();
    let mut server = files.server();
    let (mut ours, mut theirs) = met(files.client_config(), &mut server);
    assert_eq!(say(&mut ours, &mut theirs, "hello"), "hello");
    assert_eq!(say(&mut theirs, &mut ours, "good day"), "good day");
    assert_eq!(ours.remote_address(), server.local_address());
    assert_eq!(ours.local_address(), theirs.remote_address());
    let schemes = [ours.local_address(), theirs.local_address(), server.local_address()];
    assert!(schemes.iter().all(|address| address.as_ref().unwrap().scheme() == "tls"));
}

#[test]
fn what_was_agreed_upon_is_an_attribute_of_both_ends() {
    let files = Files::new();
    let mut server = files.server();
    let (ours, theirs) = met(files.client_config(), &mut server);
    let (ours, theirs) = (
        ours.attributes().get::<TlsInfo>().unwrap(),
        theirs.attributes().get::<TlsInfo>().unwrap(),
    );
    assert_eq!(ours.version(), theirs.version());
    assert_eq!(ours.suite(), theirs.suite());
    assert_eq!(theirs.server_name(), Some("localhost"));
    assert_eq!((ours.peer_certificates().count(), theirs.peer_certificates().count()), (1, 0));
}

#[test]
fn timings_have_the_handshake() {
    let files = Files::new();
    let mut server = files.server();
    let (ours, _theirs) = met(files.client_config(), &mut server);
    let timings = ours.attributes().get::<Timings>().unwrap();
    assert!(timings.handshake().is_some_and(|took| timings.total() >= Some(took)), "{timings}");
}

#[test]
fn a_megabyte_arrives_whole_both_ways() {
    let files = Files::new();
    let mut server = files.server();
    let (mut ours, mut theirs) = met(files.client_config(), &mut server);
    let sent: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
    let mut heard = vec![0; sent.len()];
    block_on(async {
        let echo = async {
            let mut all = vec![0; sent.len()];
            theirs.read_exact(&mut all).await?;
            theirs.write_all(&all).await?;
            theirs.shutdown().await
        };
        let ask = async {
            ours.write_all(&sent).await?;
            ours.read_exact(&mut heard).await?;
            ours.shutdown().await
        };
        future::try_zip(echo, ask).await.unwrap();
    });
    assert!(heard == sent);
}

#[test]
fn what_was_said_before_the_end_arrives_although_the_socket_is_dropped_after_its_shutdown() {
    let files = Files::new();
    let mut server = files.server();
    let connector = client(files.client_config()).build().unwrap();
    for _ in 0..200 {
        let (ours, theirs) = meet(&connector, &localhost(&server), &mut server);
        let (mut ours, mut theirs) = (ours.unwrap(), theirs.unwrap());
        let mut heard = Vec::new();
        block_on(async {
            let saying = async move {
                ours.write_all(&[7; 200_000]).await?;
                ours.shutdown().await
            };
            let hearing = async {
                theirs.read_to_end(&mut heard).await?;
                theirs.close().await
            };
            future::try_zip(saying, hearing).await.unwrap();
        });
        assert_eq!(heard.len(), 200_000);
    }
}

#[test]
fn a_client_that_has_ended_can_still_hear_the_answer() {
    let files = Files::new();
    let mut server = files.server();
    let (mut ours, mut theirs) = met(files.client_config(), &mut server);
    let answer = block_on(async {
        ours.write_all(b"question").await?;
        ours.close().await?;
        let mut question = String::new();
        theirs.read_to_string(&mut question).await?;
        theirs.write_all(b"answer").await?;
        theirs.close().await?;
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    });
    assert_eq!(answer.unwrap(), "answer");
}

#[test]
fn a_session_is_resumed_by_the_next_connection() {
    let files = Files::new();
    let mut server = files.server();
    let connector = client(files.client_config()).build().unwrap();
    let resumed: Vec<bool> = (0..2)
        .map(|_| {
            let (ours, theirs) = meet(&connector, &localhost(&server), &mut server);
            let (mut ours, mut theirs) = (ours.unwrap(), theirs.unwrap());
            say(&mut theirs, &mut ours, "the ticket comes before this");
            ours.attributes().get::<TlsInfo>().unwrap().is_resumed()
        })
        .collect();
    assert_eq!(resumed, [false, true]);
}

#[test]
fn tcp_can_be_off_where_tls_is_on() {
    let files = Files::new();
    let mut server = files.server();
    let connector = client(files.client_config()).tcp(false).build().unwrap();
    let (ours, theirs) = meet(&connector, &localhost(&server), &mut server);
    assert_eq!(say(&mut ours.unwrap(), &mut theirs.unwrap(), "hello"), "hello");
    let error = block_on(connector.connect("localhost:80")).unwrap_err();
    assert!(error.to_string().contains("the scheme tcp is switched off"), "{error}");
}

#[test]
fn a_closed_server_ends_its_stream_and_has_no_address() {
    let files = Files::new();
    let mut server = files.server();
    let control = server.control();
    control.close();
    assert!(block_on(server.incoming().next()).is_none());
    assert_eq!(server.local_address(), None);
}

#[test]
fn clients_wait_while_a_server_is_paused() {
    let files = Files::new();
    let mut server = files.server();
    let connector = client(files.client_config()).build().unwrap();
    server.control().pause();
    let endpoint = localhost(&server);
    let control = server.control();
    block_on(async {
        let accepting = async { server.accept().await.unwrap() };
        let resuming = async {
            future::yield_now().await;
            control.resume();
        };
        let ((client, served), ()) =
            future::zip(future::zip(connector.connect(&endpoint), accepting), resuming).await;
        assert_eq!(client.unwrap().local_address(), served.unwrap().remote_address());
    });
}

#[test]
fn the_certificates_of_this_machine_do_not_make_a_stranger_trusted() {
    let files = Files::new();
    let mut server = files.server();
    let connector = Connector::new();
    let (ours, theirs) = meet(&connector, &localhost(&server), &mut server);
    let error = ours.unwrap_err();
    assert!(error.to_string().contains("failed during TLS handshake"), "{error}");
    assert!(theirs.is_err());
}
