//! Hostile input: everything that the fuzzer kept, and a server on a real socket that is talked to slowly, wrongly and too
//! much, while others are served.
//!
//! Must never: hold on longer than the server's own patience without saying what it waited for.
#![allow(clippy::unwrap_used)]

#[path = "../../fuzz/src/reader.rs"]
mod reader;
#[path = "../../fuzz/src/import.rs"]
mod roster;
#[path = "../../fuzz/src/lib.rs"]
mod targets;

use rollbook_tests::process::{PATIENCE, Server, http, run};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Connections of each unpleasant kind.
const EACH: usize = 60;

fn corpus(target: &str, take: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        println!("{}", path.display()); // shown when it fails
        take(&std::fs::read(&path).unwrap());
        files += 1;
    }
    assert!(files >= 2, "{files} files in {}", folder.display());
}

#[test]
fn what_the_fuzzer_kept_of_messages() {
    corpus("wire", targets::wire);
}
#[test]
fn what_the_fuzzer_kept_of_logs() {
    corpus("log", targets::log);
}
#[test]
fn what_the_fuzzer_kept_of_rosters() {
    corpus("import", roster::import);
}

#[test]
fn what_the_fuzzer_kept_of_readers() {
    corpus("wiegand", reader::wiegand);
}

/// A school with a server that serves it.
async fn serving(data: &Path) -> Server {
    let args =
        ["--data", data.to_str().unwrap(), "school", "add", "elm", "Elm Primary", "--set-by", "Ada Head, headteacher"];
    run("rollbook-server", &args, &[], "").await.unwrap();
    Server::start(data, None, None).await.unwrap()
}

fn port(address: &str) -> String {
    address.split("//").nth(1).unwrap().to_owned()
}

/// The office and the kiosks' door both answer an honest caller.
async fn serves(server: &Server, when: &str) {
    let client = http().timeout(PATIENCE).danger_accept_invalid_certs(true).build().unwrap();
    for door in [&server.office, &server.kiosks] {
        let answer =
            client.get(format!("{door}/health")).send().await.unwrap_or_else(|e| panic!("{when}: {door}: {e}"));
        assert_eq!(answer.status(), 200, "{when}: {door}");
    }
    let push = client.post(format!("{}/sync/v1/push", server.kiosks)).body("{}").send().await.unwrap();
    assert_eq!(push.status(), 401, "{when}: a stranger is told so");
}

/// Reads until the server closes; what it said, and no more than a page of it.
async fn to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let mut part = [0; 4096];
    let read = async {
        while let Ok(n) = stream.read(&mut part).await
            && n > 0
            && said.len() < 1 << 20
        {
            said.extend_from_slice(&part[..n]);
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the server closes by itself");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_silent_connections_keep_nobody_out_and_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let server = serving(folder.path()).await;
    let (plain, tls) = (port(&server.office), port(&server.kiosks));
    let mut held = Vec::new();
    for n in 0..EACH {
        // Silence; half a TLS greeting; half a head; a body that never comes.
        let beginnings: [(&str, &[u8]); 5] = [
            (&plain, b""),
            (&tls, b""),
            (&tls, b"\x16\x03\x01\x02\x00\x01\x00"),
            (&plain, b"GET /health HTTP/1.1\r\nHost: elm\r\nX-Slow: "),
            (&plain, b"POST /login HTTP/1.1\r\nHost: elm\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nname="),
        ];
        for (to, beginning) in beginnings {
            let mut stream = TcpStream::connect(to).await.unwrap_or_else(|e| panic!("connection {n} to {to}: {e}"));
            stream.write_all(beginning).await.unwrap();
            held.push(stream);
        }
    }
    serves(&server, "with three hundred connections that wait").await;
    // A word more on each: still nothing whole.
    for stream in &mut held {
        let _ = stream.write_all(b"x").await; // one that was closed already is well
    }
    serves(&server, "with three hundred that dribble").await;
    for mut stream in held {
        to_the_end(&mut stream).await;
    }
    serves(&server, "afterwards").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_and_oversized_requests_are_refused_and_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let server = serving(folder.path()).await;
    let plain = port(&server.office);
    let long = |n: usize| "a".repeat(n);
    let raw: Vec<(String, &[u16])> = vec![
        ("\0\0\0\0\r\n\r\n".into(), &[400]),
        ("GET / HTTP/9.9\r\n\r\n".into(), &[400, 505]),
        ("GET  /  HTTP/1.1\r\n\r\n".into(), &[400]),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n".into(), &[400]),
        ("POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".into(), &[400]),
        ("POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n".into(), &[400, 403, 413]),
        (
            "POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc".into(),
            &[400, 403, 413],
        ),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", long(70_000)), &[404, 414, 431]),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", long(600_000)), &[400, 431]),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(500)), &[400, 431]),
        ("GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into(), &[404]),
        ("GET /assets/..%2f..%2fserver.key HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into(), &[404]),
        ("GET /register/%ff%00/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into(), &[303, 400, 404]),
        ("TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into(), &[404, 405]),
        ("PUT /sync/v1/push HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into(), &[404, 405]),
    ];
    for (request, expected) in &raw {
        let mut stream = TcpStream::connect(&plain).await.unwrap();
        let _ = stream.write_all(request.as_bytes()).await; // it may be closed before all of it is said
        let said = to_the_end(&mut stream).await;
        let status = String::from_utf8_lossy(&said).split(' ').nth(1).and_then(|s| s.parse::<u16>().ok());
        let shown = &request[..request.len().min(60)];
        // A connection that is closed without a word is an answer too: hyper does so with what is no HTTP at all.
        assert!(status.is_none_or(|s| expected.contains(&s)), "{shown:?}: {status:?}");
        assert!(!String::from_utf8_lossy(&said).contains("panicked"), "{shown:?}");
    }
    serves(&server, "after malformed requests").await;

    let client = http().timeout(PATIENCE).danger_accept_invalid_certs(true).build().unwrap();
    let giant = vec![b'['; 4 << 20];
    for path in ["/sync/v1/push", "/sync/v1/hello", "/enrol/v1/request", "/login"] {
        for door in [&server.office, &server.kiosks] {
            // Refused before it was read to its end: either in words or by hanging up.
            if let Ok(answer) = client
                .post(format!("{door}{path}"))
                .header("authorization", format!("Bearer rbk_{}", "0".repeat(64)))
                .header("content-type", "application/json")
                .body(giant.clone())
                .send()
                .await
            {
                assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
            }
        }
    }
    // JSON as deep as a well.
    let deep = client.post(format!("{}/enrol/v1/request", server.kiosks)).header("content-type", "application/json");
    assert!(deep.body("[".repeat(4000)).send().await.unwrap().status().is_client_error());
    serves(&server, "after giants").await;
}
