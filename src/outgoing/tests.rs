//! What a server that is asked may do to us: nothing but fail.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that reads a request and answers with these parts, then holds the connection open until it is dropped.
async fn server(parts: Vec<Vec<u8>>) -> (Url, Allowed, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/path?x=1", listener.local_addr().unwrap())).unwrap();
    let allowed = Allowed::by(&url).unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 64 << 10];
        let read = stream.read(&mut asked).await.unwrap();
        for part in parts {
            if stream.write_all(&part).await.is_err() {
                break;
            }
        }
        // Until the other side gives up.
        let _ = stream.read(&mut [0; 1]).await;
        String::from_utf8(asked[..read].to_vec()).unwrap()
    });
    (url, allowed, task)
}

fn get(url: &Url) -> Request<Vec<u8>> {
    Request::get(url.as_str()).body(Vec::new()).unwrap()
}

#[tokio::test]
async fn an_answer_is_read_whole_and_a_redirect_is_not_followed() {
    let head = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 5\r\n\r\nhe".to_vec();
    let (url, allowed, task) = server(vec![head, b"llo".to_vec()]).await;
    let request = Request::post(url.as_str()).header("x-own", "1").body(b"a=b".to_vec()).unwrap();
    let answer = send(request, &allowed).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (302, b"hello".as_slice()));
    // It would keep the connection for the next request.
    drop(allowed);
    let asked = task.await.unwrap();
    let host = format!("host: {}\r\n", &url[url::Position::BeforeHost..url::Position::AfterPort]);
    assert!(asked.starts_with("POST /path?x=1 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&host) && asked.contains("x-own: 1\r\n") && asked.ends_with("\r\n\r\na=b"), "{asked}");
}

#[tokio::test]
async fn an_answer_that_is_streamed_comes_piece_by_piece_within_its_limits_over_one_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let allowed = Allowed::by(&url).unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 4096];
        for number in 0..3 {
            assert!(stream.read(&mut asked).await.unwrap() > 0);
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst";
            stream.write_all(head.as_bytes()).await.unwrap();
            if number < 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                stream.write_all(b"later").await.unwrap();
            }
        }
        // The last answer is never finished.
        let _ = stream.read(&mut asked).await;
    });
    let pause = Duration::from_millis(300);
    let ask = async |bytes: u64| {
        let limits = Limits { head: Duration::from_secs(5), pause, bytes };
        let answer = send_streaming(get(&url).map(Body::from), &allowed, limits).await.unwrap();
        answer.into_body().map(|piece| piece.map(|bytes| bytes.to_vec())).collect::<Vec<_>>().await
    };
    for bytes in [10, 10] {
        let pieces: Result<Vec<_>, _> = ask(bytes).await.into_iter().collect();
        assert_eq!(pieces.unwrap().concat(), b"firstlater");
        // Until the connection is back where the next request looks for it.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut last = ask(10).await;
    assert!(matches!(last.pop(), Some(Err(Failed::Slow(_)))), "{last:?}");
    assert_eq!(last.remove(0).unwrap(), b"first");
    drop(allowed);
    task.await.unwrap();
}

#[tokio::test]
async fn whoever_never_answers_or_never_ends_is_left() {
    let (url, allowed, task) = server(Vec::new()).await;
    let slow = send_within(get(&url), &allowed, Duration::from_millis(50)).await;
    assert!(matches!(slow, Err(Failed::Slow(_))), "{slow:?}");
    task.await.unwrap();
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf".to_vec();
    let (url, allowed, task) = server(vec![head]).await;
    let half = send_within(get(&url), &allowed, Duration::from_millis(50)).await;
    assert!(matches!(half, Err(Failed::Slow(_))), "{half:?}");
    task.await.unwrap();
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    let (url, allowed, _task) = server([vec![head], vec![chunk; 64]].concat()).await;
    let endless = send(get(&url), &allowed).await;
    assert!(matches!(endless, Err(Failed::TooLarge(_))), "{endless:?}");
}

#[tokio::test]
async fn what_may_not_be_asked_is_not_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let allowed = Allowed::by(&Url::parse("https://id.example").unwrap()).unwrap();
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("http://127.0.0.1:{port}/"),
        "https://169.254.169.254/latest".to_owned(),
        "https://name:word@id.example/".to_owned(),
    ] {
        let request = Request::get(&url).body(Vec::new());
        let Ok(request) = request else { continue };
        let refused = send(request, &allowed).await;
        assert!(matches!(refused, Err(Failed::Refused(..))), "{url}: {refused:?}");
    }
    let nobody = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
    assert!(nobody.is_err(), "nobody has knocked");
}
