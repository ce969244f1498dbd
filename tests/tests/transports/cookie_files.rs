//! Cookie files over both transports: round trips, privacy, replacement as a whole, and the files of
//! other programs.

use std::fs;
use std::path::Path;
use std::process::Command;

use petition_mio::{DriverConfig, LoopThread, SharedSession};
use petition_std::Session;
use petition_tests::httpbin::Httpbin;
use petition_tests::net::temp_dir::TempDir;
use petition_tests::server::{Script, Scripted};

/// The Cookie field that each transport sends to `url` after loading the file.
fn sent_after_loading(path: &Path, url: &str, server: &Scripted) -> Vec<Option<String>> {
    let before = server.requests().len();
    let session = Session::new();
    session.load_cookies(path).unwrap();
    session.get(url).send().unwrap();
    let client = LoopThread::spawn(DriverConfig::default()).unwrap();
    client.load_cookies(path).unwrap();
    client.get(url).join().wait().unwrap();
    server.requests()[before..].iter().map(|head| head.value("cookie")).collect()
}

fn server() -> Scripted {
    Scripted::each(Script::new().answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")).unwrap()
}

#[test]
fn t72_saved_cookies_are_sent_by_the_next_session() {
    let (directory, server) = (TempDir::new().unwrap(), server());
    let path = directory.path().join("cookies");
    let httpbin = Httpbin::start_plain().unwrap();
    let session = Session::new();
    session
        .get(format!("{}/cookies/set/sessioncookie/123456789", httpbin.base().trim_end_matches('/')))
        .send()
        .unwrap();
    session.save_cookies(&path).unwrap();
    let expected = Some("sessioncookie=123456789".to_owned());
    assert_eq!(sent_after_loading(&path, &server.url("/"), &server), [expected.clone(), expected.clone()]);
    // Another transport's file is the same.
    let client = LoopThread::spawn(DriverConfig::default()).unwrap();
    assert_eq!(client.load_cookies(&path).unwrap().taken, 1);
    client.save_cookies(&path).unwrap();
    assert_eq!(sent_after_loading(&path, &server.url("/"), &server), [expected.clone(), expected]);
    assert_eq!(client.load_cookies(&path).unwrap().taken, 0, "the session has it");
}

#[cfg(unix)]
#[test]
fn t72_cookie_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let path = directory.write("cookies", "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    SharedSession::default().save_cookies(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn t72_failed_save_leaves_everything_as_it_was() {
    let directory = TempDir::new().unwrap();
    let target = directory.path().join("cookies");
    fs::create_dir(&target).unwrap();
    directory.write("cookies/inside", "kept").unwrap();
    let session = Session::new();
    assert!(session.save_cookies(&target).is_err(), "a directory cannot be replaced");
    assert!(session.save_cookies(directory.path().join("absent/cookies")).is_err());
    let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["cookies"], "no temporary file remains");
    assert_eq!(fs::read_to_string(target.join("inside")).unwrap(), "kept");
}

#[test]
fn damaged_cookie_files_are_errors_and_change_nothing() {
    let directory = TempDir::new().unwrap();
    let session = Session::new();
    let path = directory.path().join("cookies");
    session.save_cookies(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let truncated = directory.write("truncated", &text[..text.len() - 3]).unwrap();
    let other = directory.write("other", "<html>\n<p>no cookies</p>\n").unwrap();
    for path in [truncated, other] {
        let error = session.load_cookies(&path).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{}", path.display());
    }
    assert_eq!(session.load_cookies(directory.path().join("absent")).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    assert!(session.cookies(|jar| jar.is_empty()));
    let empty = directory.write("empty", "# Netscape HTTP Cookie File\n\n").unwrap();
    assert_eq!(session.load_cookies(empty).unwrap().taken, 0);
}

#[test]
fn netscape_files_load_as_others_write_them() {
    let (directory, server) = (TempDir::new().unwrap(), server());
    let text = "\u{feff}# Netscape HTTP Cookie File\r\n\r\n\
        127.0.0.1\tFALSE\t/\tFALSE\t\ta\t1\r\n\
        127.0.0.1\tFALSE\t/\tFALSE\t4102444800.75\tb\t2\r\n\
        #HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\tc\t3\r\n\
        # a comment\r\n\
        127.0.0.1\tFALSE\t/\tFALSE\t1\texpired\t4\r\n";
    let path = directory.write("cookies.txt", text).unwrap();
    let expected = Some("a=1; b=2; c=3".to_owned());
    assert_eq!(sent_after_loading(&path, &server.url("/"), &server), [expected.clone(), expected]);
}

/// Saves two cookies with Python's `http.cookiejar`.
const PYTHON: &str = r#"
import sys, http.cookiejar as c
jar = c.MozillaCookieJar(sys.argv[1])
def cookie(name, value, expires):
    return c.Cookie(0, name, value, None, False, "127.0.0.1", False, False, "/", True, False, expires, expires is None,
                    None, None, {"HttpOnly": None} if expires else {})
jar.set_cookie(cookie("session", "1", None))
jar.set_cookie(cookie("lasting", "2", 4102444800))
jar.save(ignore_discard=True)
"#;

#[test]
fn file_of_another_program_loads() {
    let (directory, server) = (TempDir::new().unwrap(), server());
    let path = directory.path().join("python.txt");
    match Command::new("python3").args(["-c", PYTHON]).arg(&path).status() {
        Ok(status) => assert!(status.success()),
        Err(error) => {
            assert!(std::env::var_os("PETITION_REQUIRE_PEERS").is_none(), "python3: {error}");
            println!("skipped: python3 is not installed");
            return;
        }
    }
    for sent in sent_after_loading(&path, &server.url("/"), &server) {
        let sent = sent.unwrap();
        let mut cookies: Vec<_> = sent.split("; ").collect();
        cookies.sort_unstable();
        assert_eq!(cookies, ["lasting=2", "session=1"]);
    }
}
