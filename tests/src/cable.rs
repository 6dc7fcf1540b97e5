//! The cable between a browser and the server: what a browser sends passes through it, and it can be pulled.
//!
//! Must never: look at what passes.

use crate::process::Trouble;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the cable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Pulled: nothing passes, and nobody is told.
    Pulled,
    /// Every connection is broken off, and none is made.
    Broken,
}

/// A cable.
pub struct Cable {
    /// Where browsers reach the server through it, as `http://127.0.0.1:8080`.
    pub address: String,
    state: Arc<watch::Sender<State>>,
}

impl Cable {
    /// To the server at this port of this machine.
    ///
    /// # Errors
    /// When there is no port left.
    pub async fn to(port: u16) -> Result<Self, Trouble> {
        let socket = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", socket.local_addr()?);
        let (state, seen) = watch::channel(State::Whole);
        tokio::spawn(async move {
            while let Ok((browser, _)) = socket.accept().await {
                let seen = seen.clone();
                tokio::spawn(async move {
                    let _ = connection(browser, SocketAddr::from(([127, 0, 0, 1], port)), seen).await; // the browser sees it end
                });
            }
        });
        Ok(Self { address, state: Arc::new(state) })
    }

    /// Pulls it: packets go nowhere, connections stand and say nothing.
    pub fn pull(&self) {
        self.state.send_replace(State::Pulled);
    }
    /// Breaks every connection off, as a server that went away does.
    pub fn sever(&self) {
        self.state.send_replace(State::Broken);
    }
    /// Puts it back.
    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

async fn connection(browser: TcpStream, server: SocketAddr, mut seen: watch::Receiver<State>) -> std::io::Result<()> {
    if *seen.borrow_and_update() == State::Broken {
        return Ok(());
    }
    whole(&mut seen).await;
    let (from_browser, to_browser) = browser.into_split();
    let (from_server, to_server) = TcpStream::connect(server).await?.into_split();
    let (up, down) = (seen.clone(), seen.clone());
    let broken = async move { seen.wait_for(|state| *state == State::Broken).await.map(drop) };
    tokio::select! {
        done = pass(from_browser, to_server, up) => done,
        done = pass(from_server, to_browser, down) => done,
        _ = broken => Ok(()),
    }
}

/// Waits while it is pulled.
async fn whole(seen: &mut watch::Receiver<State>) {
    let _ = seen.wait_for(|state| *state != State::Pulled).await; // an error: the test is over
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut seen: watch::Receiver<State>,
) -> std::io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let n = from.read(&mut bytes).await?;
        if n == 0 {
            return Ok(());
        }
        whole(&mut seen).await;
        to.write_all(&bytes[..n]).await?;
    }
}
