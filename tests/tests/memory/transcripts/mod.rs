//! Transcripts: each file of `tests/transcripts` is fed to a new engine, which has to say the same
//! again.

mod scenes;
mod script;

use petition_tests::sim::{Mix, record, replay};

/// The files are made by `PETITION_BLESS=1 cargo test -p petition-tests --test memory transcripts`;
/// a change of them is a change of what the client does.
#[test]
fn transcripts_match_their_scenes() {
    for (name, text) in scenes::all() {
        let path = format!("{}/transcripts/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("PETITION_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let file = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(file == text, "{path} is not what the engine does now; it says\n{text}");
    }
}

#[test]
fn every_transcript_replays() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/transcripts");
    let mut replayed = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        match replay(&text) {
            Ok(recorder) => assert!(recorder.polls > 0),
            Err(words) => panic!("{}: {words}", path.display()),
        }
        replayed += 1;
    }
    assert!(replayed >= 8, "{replayed} transcripts");
}

#[test]
fn recorded_transcript_replays_identically() {
    for seed in 0..40 {
        let (result, text) = record(seed, Mix::Plain, None);
        result.unwrap();
        let recorder = replay(&text).unwrap_or_else(|words| panic!("seed {seed}: {words}"));
        assert_eq!(recorder.text(), Some(text.as_str()), "seed {seed}");
    }
}

#[test]
fn changed_transcript_is_rejected() {
    let (_, text) = record(3, Mix::Plain, None);
    let changed = text.replacen("User-Agent", "User-agent", 1);
    assert_ne!(text, changed);
    let words = replay(&changed).err().unwrap();
    assert!(words.starts_with("line ") && words.contains("not the bytes that are outgoing"), "{words}");
    let without: String = text.lines().filter(|line| !line.starts_with("wrote")).map(|l| format!("{l}\n")).collect();
    assert!(replay(&without).is_err());
    assert!(replay("something else").is_err());
}
