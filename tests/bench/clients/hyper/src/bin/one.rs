//! A process that makes one GET: hyper over one connection, TLS by tokio-rustls.
#![forbid(unsafe_code)]

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

fn main() -> Result<(), Box<dyn Error>> {
    let url: hyper::Uri = std::env::args().nth(1).ok_or("usage: one URL")?.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stream = TcpStream::connect(url.authority().ok_or("no host")?.as_str()).await?;
        if url.scheme_str() == Some("https") {
            let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let builder =
                rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
            let config = builder.with_root_certificates(roots).with_no_client_auth();
            let name = url.host().unwrap_or_default().to_owned().try_into()?;
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            return get(connector.connect(name, stream).await?, &url).await;
        }
        get(stream, &url).await
    })
}

async fn get<S>(stream: S, url: &hyper::Uri) -> Result<(), Box<dyn Error>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder().uri(url.path()).header("host", url.authority().ok_or("no host")?.as_str());
    let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    let body = response.into_body().collect().await?.to_bytes();
    if body.len() == 13 { Ok(()) } else { Err("no answer".into()) }
}
