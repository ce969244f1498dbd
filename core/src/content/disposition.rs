//! The file name of a Content-Disposition field (RFC 6266), made safe for a file system.
//!
//! A hostile server could suggest a path outside the directory, a start-up file or a device. So the
//! name is reduced to one path component without special meaning to any file system.

use std::borrow::Cow;

use crate::content::{ext_value, media_type};

/// The maximum length of a safe file name, in bytes. File systems allow 255; the rest is room for
/// suffixes such as `.part`.
pub const FILE_NAME_BYTES: usize = 240;

/// Returns the file name that a Content-Disposition field suggests, made safe by
/// [`safe_file_name`]. `None` if the field suggests none, or if nothing safe remains.
///
/// `filename*` takes precedence over `filename` if it is well-formed (RFC 6266 §4.3), whatever the
/// disposition type. A `filename` that is not UTF-8 is decoded as windows-1252.
pub fn file_name(field: &[u8]) -> Option<String> {
    let extended = media_type::parameter(field, "filename*").and_then(|value| ext_value::decode(&value));
    let extended = extended.and_then(|name| safe_file_name(&name));
    extended.or_else(|| safe_file_name(&ext_value::plain(&media_type::parameter(field, "filename")?)))
}

/// Returns `name`, made safe as the name of a file inside a directory; `None` if nothing remains.
///
/// - Only the part after the last `/` or `\` remains.
/// - Leading and trailing dots and spaces are removed. The result is never hidden, `.` or `..`.
/// - Control characters, invisible format characters, and `< > : " | ? *` become `_`.
/// - The name of a Windows device, such as `CON` or `com1.txt`, gets a leading `_`.
/// - The result has at most [`FILE_NAME_BYTES`] bytes. A longer name keeps an extension of at most
///   16 bytes.
///
/// ```
/// use petition_core::content::disposition::safe_file_name;
///
/// assert_eq!(safe_file_name("../../etc/passwd").as_deref(), Some("passwd"));
/// assert_eq!(safe_file_name(".bashrc").as_deref(), Some("bashrc"));
/// assert_eq!(safe_file_name("..").as_deref(), None);
/// ```
pub fn safe_file_name(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let base: String = base.chars().map(|c| if is_unsafe(c) { '_' } else { c }).collect();
    let base = shortened(trimmed(&base));
    let base = trimmed(&base);
    if base.is_empty() {
        return None;
    }
    match is_device(base) {
        true => Some(format!("_{base}")),
        false => Some(base.to_owned()),
    }
}

/// Windows ignores dots and spaces at the end of a name; a dot at its start hides the file on Unix.
fn trimmed(name: &str) -> &str {
    name.trim_matches(|c: char| c == '.' || c.is_whitespace())
}

/// Whether a character is a control, is reserved on Windows, or reorders or hides part of the
/// displayed name. On Windows, `:` names an alternate data stream.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Whether Windows opens a device by this name. It ignores the extension, and spaces before it.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    if ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"].iter().any(|d| stem.eq_ignore_ascii_case(d)) {
        return true;
    }
    let Some((kind, number)) = stem.split_at_checked(3) else { return false };
    let mut number = number.chars();
    (kind.eq_ignore_ascii_case("com") || kind.eq_ignore_ascii_case("lpt"))
        && matches!(number.next(), Some('0'..='9' | '¹' | '²' | '³'))
        && number.next().is_none()
}

fn shortened(name: &str) -> Cow<'_, str> {
    // Leave room for a leading `_`.
    const MOST: usize = FILE_NAME_BYTES - 1;
    const EXTENSION: usize = 16;
    if name.len() <= MOST {
        return Cow::Borrowed(name);
    }
    let extension = name.rfind('.').and_then(|at| name.get(at..)).filter(|extension| extension.len() <= EXTENSION);
    let extension = extension.unwrap_or_default();
    let mut end = MOST - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let stem = name.get(..end).unwrap_or_default();
    Cow::Owned(format!("{stem}{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_name_follows_rfc_6266() {
        for (field, expected) in [
            ("attachment; filename=example.html", Some("example.html")),
            ("INLINE; FILENAME= \"an example.html\"", Some("an example.html")),
            ("attachment; filename*= UTF-8''%e2%82%ac%20rates", Some("€ rates")),
            ("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", Some("€ rates")),
            ("attachment; filename*=utf-8''%e2%82%ac; filename=x", Some("€")),
            ("attachment; filename*=UTF-8''%zz; filename=plain.txt", Some("plain.txt")),
            ("attachment; filename*=UTF-8''%2e%2e; filename=plain.txt", Some("plain.txt")),
            ("attachment; filename=\"a\\\"b;c.txt\"", Some("a_b;c.txt")),
            ("attachment; filename=one; filename=two", Some("one")),
            ("attachment; filename=\"50%25.txt\"", Some("50%25.txt")),
            ("attachment; xfilename=x", None),
            ("attachment; filename=\"\"", None),
            ("attachment", None),
            ("", None),
        ] {
            assert_eq!(file_name(field.as_bytes()).as_deref(), expected, "{field}");
        }
        assert_eq!(file_name(b"attachment; filename=\"foo-\xe4.html\"").as_deref(), Some("foo-ä.html"));
        assert_eq!(file_name("attachment; filename=\"foo-ä.html\"".as_bytes()).as_deref(), Some("foo-ä.html"));
    }

    #[test]
    fn t57_file_names_stay_inside_their_directory() {
        for (name, expected) in [
            ("../../x", Some("x")),
            ("..\\x", Some("x")),
            ("/etc/passwd", Some("passwd")),
            ("C:\\windows\\system.ini", Some("system.ini")),
            ("C:x", Some("C_x")),
            (".bashrc", Some("bashrc")),
            ("...", None),
            ("..", None),
            (" . ", None),
            ("a/", None),
            ("a\\", None),
            ("", None),
            ("x.txt. . ", Some("x.txt")),
            ("a.txt::$DATA", Some("a.txt__$DATA")),
            ("a\0b\r\nc\u{7f}\u{85}", Some("a_b__c__")),
            ("invoice\u{202e}fdp.exe", Some("invoice_fdp.exe")),
            ("CON", Some("_CON")),
            ("con.tar.gz", Some("_con.tar.gz")),
            ("NUL .txt", Some("_NUL .txt")),
            ("com1", Some("_com1")),
            ("LPT³.log", Some("_LPT³.log")),
            ("COM10", Some("COM10")),
            ("console.txt", Some("console.txt")),
            ("日本語.txt", Some("日本語.txt")),
        ] {
            assert_eq!(safe_file_name(name).as_deref(), expected, "{name:?}");
        }
    }

    #[test]
    fn long_file_name_keeps_its_extension() {
        let long = safe_file_name(&format!("{}.tar.gz", "é".repeat(500))).unwrap();
        assert!(long.len() <= FILE_NAME_BYTES && long.len() > FILE_NAME_BYTES - 4, "{}", long.len());
        assert!(long.ends_with("é.gz"), "{long}");
        let dotted = safe_file_name(&format!("a.{}", "b".repeat(500))).unwrap();
        assert_eq!(dotted.len(), FILE_NAME_BYTES - 1);
        let dots = safe_file_name(&format!("{}{}", "a", ".".repeat(300)));
        assert_eq!(dots.as_deref(), Some("a"));
    }
}
