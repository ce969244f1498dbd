//! The fuzz targets' bodies, over the kept corpus and over seeded random inputs made of grammar
//! tokens.

use petition_tests::fuzz::TARGETS;
use petition_tests::rng::Rng;

/// Tokens of the grammars, so that random inputs get past the first line.
const WORDS: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 302 Found\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 204 \r\n",
    b"HTTP/1.1 307 x\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Location: /next\r\n",
    b"Location: http://10.0.0.2/\r\n",
    b"Set-Cookie: a=b\r\n",
    b"Connection: close\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"5;x=y\r\n",
    b"hello",
    b":",
    b" ",
    b"\t",
    b"a=b",
    b"; Domain=example.com",
    b"; Path=/a",
    b"; Secure",
    b"; Max-Age=9",
    b"; Expires=Wed, 09 Jun 2031 10:18:14 GMT",
    b"__Host-x=1",
    b"Wed, 09 Jun 2031 10:18:14 GMT",
    b"10:18:14",
    b"Jun",
    b"2031",
    b"//",
    b"\\",
    b"@",
    b"%2f",
    b"?q",
    b"#f",
    b"..",
    b"data: x\n",
    b"data",
    b"id: 1\n",
    b"retry: 5\n",
    b"event: e\r",
    b"\n\n",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"<",
    b">",
    b"; rel=next",
    b"\n\x02\0max-age=9",
    b"\n\x02\x01max-age=0",
    b"max-age=9",
    b"; includeSubDomains",
    b" \"20310609 10:18:14\"",
    b" \"unlimited\"",
    b";",
    b"; filename=",
    b"; filename*=UTF-8''",
    b"\"",
    b"http://",
    b"https://",
    b"a.test",
    b"[::1]",
    b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
    b"\x78\x9c",
    b"\xff",
    b"\0",
    b"\x80",
];

/// Tokens for the targets that read a protocol; plain bytes, which are programs, for those that run
/// operations.
fn random(name: &str, rng: &mut Rng) -> Vec<u8> {
    if name.ends_with("_ops") {
        return (0..rng.below(600)).map(|_| u8::try_from(rng.below(256)).unwrap()).collect();
    }
    let mut input: Vec<u8> = (0..2).map(|_| u8::try_from(rng.below(256)).unwrap()).collect();
    for _ in 0..rng.below(14) {
        match rng.below(6) {
            0 => input.push(u8::try_from(rng.below(256)).unwrap()),
            _ => input.extend_from_slice(WORDS[rng.below(WORDS.len())]),
        }
    }
    input
}

#[test]
fn every_target_survives_random_input() {
    let seeds: u64 = std::env::var("PETITION_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_500);
    let only = std::env::var("PETITION_TARGET").ok();
    for (name, body) in TARGETS.into_iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)) {
        for seed in 0..seeds {
            let input = random(name, &mut Rng::new(seed));
            let outcome = std::panic::catch_unwind(|| body(&input));
            assert!(outcome.is_ok(), "target {name}, seed {seed}: {}", input.escape_ascii());
        }
    }
}

#[test]
fn every_target_survives_its_corpus() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, body) in TARGETS {
        let folder = corpus.join(name);
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty(), "{}", folder.display());
        for file in files {
            body(&std::fs::read(&file).unwrap());
        }
    }
}
