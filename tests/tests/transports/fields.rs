//! Accessors of response fields over both transports: links, file names, media type and length.

use petition_mio::{DriverConfig, LoopThread, ResponseInfo};
use petition_std::Session;
use petition_tests::server::{Script, Scripted};

/// The response over each transport.
fn responses(head: &str) -> [ResponseInfo; 2] {
    let server = Scripted::start([Script::new().answer(head), Script::new().answer(head)]).unwrap();
    let url = server.url("/items?page=1");
    let of_std: petition_std::http::Response<_> = Session::new().get(&url).send().unwrap().into();
    let client = LoopThread::spawn(DriverConfig::default()).unwrap();
    let of_mio: petition_std::http::Response<_> = client.get(&url).join().wait().unwrap().into();
    let info = |extensions: &petition_std::http::Extensions| extensions.get::<ResponseInfo>().unwrap().clone();
    [info(of_std.extensions()), info(of_mio.extensions())]
}

#[test]
fn link_fields_lead_to_the_next_page() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\
        Link: <?page=0>; rel=prev, <mailto:a@b.test>; rel=author\r\n\
        Link: </other>; rel=next; anchor=\"#x\", <?page=2>; rel=\"next last\"\r\n\r\n";
    for response in responses(head) {
        let next = response.link("next").unwrap();
        assert_eq!((next.path(), next.query()), ("/items", Some("page=2")));
        assert_eq!(next.origin(), response.url().origin());
        assert_eq!(response.link("Last"), Some(next));
        assert_eq!(response.link("author"), None, "not an http URL");
        assert_eq!(response.link("first"), None);
        let targets: Vec<_> = response.links().iter().map(|link| link.target().to_owned()).collect();
        assert_eq!(targets, ["?page=0", "mailto:a@b.test", "/other", "?page=2"]);
    }
}

#[test]
fn t57_suggested_file_name_is_one_safe_component() {
    for (field, expected) in [
        ("Content-Disposition: attachment; filename=\"../../.ssh/authorized_keys\"\r\n", Some("authorized_keys")),
        ("Content-Disposition: attachment; filename=x; filename*=UTF-8''%e2%82%ac.txt\r\n", Some("€.txt")),
        ("Content-Disposition: attachment; filename=\"..\"\r\n", None),
        ("Content-Disposition: inline\r\n", None),
        ("", None),
    ] {
        for response in responses(&format!("HTTP/1.1 200 OK\r\n{field}Content-Length: 0\r\n\r\n")) {
            assert_eq!(response.file_name().as_deref(), expected, "{field}");
        }
    }
}

#[test]
fn media_type_and_length_are_those_declared() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=x\r\nContent-Length: 0\r\n\r\n";
    for response in responses(head) {
        assert_eq!((response.content_type(), response.content_length()), (Some("text/html; charset=x"), Some(0)));
    }
}
