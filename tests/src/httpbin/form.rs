//! A parser for `multipart/form-data`: RFC 7578, as a server reads it.

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// True if it has a file name, even an empty one.
    pub(crate) file: bool,
    pub(crate) kind: Option<String>,
    pub(crate) content: Vec<u8>,
}

/// Returns the parts of `body`, by the boundary in `content_type`; none if it is malformed.
pub(crate) fn multipart(body: &[u8], content_type: &str) -> Vec<Part> {
    let Some(boundary) = parameter(content_type, "boundary") else { return Vec::new() };
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // Without a preamble, the first delimiter has no line end before it.
    let whole = [b"\r\n", body].concat();
    let mut parts = Vec::new();
    let mut pieces = split(&whole, &delimiter).into_iter().skip(1);
    let closed = pieces.by_ref().any(|piece| {
        let part = piece.strip_prefix(b"\r\n".as_slice()).and_then(part);
        let more = part.is_some();
        parts.extend(part);
        !more && piece.starts_with(b"--")
    });
    if closed { parts } else { Vec::new() }
}

fn part(piece: &[u8]) -> Option<Part> {
    let end = piece.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(piece.get(..end)?).into_owned();
    let line = |name: &str| {
        let found = head.split("\r\n").filter_map(|line| line.split_once(':'));
        found.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let disposition = line("content-disposition")?;
    Some(Part {
        name: parameter(&disposition, "name")?,
        file: parameter(&disposition, "filename").is_some(),
        kind: line("content-type"),
        content: piece.get(end + 4..)?.to_vec(),
    })
}

/// Returns the parameter `name` of a field value, unquoted. Undoes `\` escapes and HTML's `%22`,
/// `%0D` and `%0A`.
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (found, remains) = match after.strip_prefix('"') {
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after.get(..end)?.trim().to_owned(), after.get(end..)?)
            }
            Some(quoted) => {
                let (mut text, mut escaped, mut end) = (String::new(), false, None);
                for (at, character) in quoted.char_indices() {
                    match character {
                        _ if escaped => {
                            text.push(character);
                            escaped = false;
                        }
                        '\\' => escaped = true,
                        '"' => {
                            end = Some(at + 1);
                            break;
                        }
                        _ => text.push(character),
                    }
                }
                (text, quoted.get(end?..)?)
            }
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(found.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"));
        }
        rest = remains.trim_start().strip_prefix(';')?;
    }
}

fn split<'a>(whole: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(window) = whole.get(at..at + delimiter.len()) {
        if window == delimiter {
            pieces.extend(whole.get(start..at));
            start = at + delimiter.len();
            at = start;
        } else {
            at += 1;
        }
    }
    pieces.extend(whole.get(start..));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=XX";

    #[test]
    fn fields_and_files_are_distinguished() {
        let body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX\r\n\
            Content-Disposition: form-data; name=\"f\"; filename=\"x;\\\"y\"\r\nContent-Type: text/plain\r\n\r\n\r\n--X\r\n--XX--\r\n";
        let parts = multipart(body, KIND);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], Part { name: "a".into(), file: false, kind: None, content: b"1".to_vec() });
        assert_eq!(parts[1].content, b"\r\n--X");
        assert!(parts[1].file && parts[1].kind.as_deref() == Some("text/plain"));
    }

    #[test]
    fn body_without_closing_delimiter_is_rejected() {
        let body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX\r\n";
        assert_eq!(multipart(body, KIND), []);
        assert_eq!(multipart(b"--XX--\r\n", "multipart/form-data"), []);
    }

    #[test]
    fn names_are_unescaped_in_both_forms() {
        for (written, meant) in [("a%22b", "a\"b"), ("a\\\"b", "a\"b"), ("a%0D%0Ab", "a\r\nb"), ("é", "é")] {
            let body = format!("--XX\r\nContent-Disposition: form-data; name=\"{written}\"\r\n\r\n\r\n--XX--\r\n");
            assert_eq!(multipart(body.as_bytes(), KIND).first().map(|part| part.name.as_str()), Some(meant));
        }
    }
}
