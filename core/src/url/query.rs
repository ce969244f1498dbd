//! Query pairs, serialized as WHATWG application/x-www-form-urlencoded.

use url::Url;

/// Appends `pairs` to the query of `url`; the existing query is kept byte for byte.
///
/// A space becomes `+`. All characters except ASCII letters, digits and `*-._` are percent-encoded
/// as UTF-8. Without pairs the URL is unchanged. The result may exceed
/// [`crate::Limits::url_bytes`], which limits only parsing.
pub fn append_query<I, N, V>(url: &mut Url, pairs: I)
where
    I: IntoIterator<Item = (N, V)>,
    N: AsRef<str>,
    V: AsRef<str>,
{
    let mut pairs = pairs.into_iter().peekable();
    // Without pairs the serializer would leave a lone "?".
    if pairs.peek().is_some() {
        let mut serializer = url.query_pairs_mut();
        for (name, value) in pairs {
            serializer.append_pair(name.as_ref(), value.as_ref());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appended(text: &str, pairs: &[(&str, &str)]) -> String {
        let mut url = Url::parse(text).unwrap();
        append_query(&mut url, pairs.iter().copied());
        url.into()
    }

    #[test]
    fn existing_query_is_kept() {
        assert_eq!(appended("http://h/?a=%20+b#f", &[("c", "d")]), "http://h/?a=%20+b&c=d#f");
        assert_eq!(appended("http://h/?", &[("c", "d")]), "http://h/?c=d");
        assert_eq!(appended("http://h/", &[("c", "d"), ("c", "")]), "http://h/?c=d&c=");
    }

    #[test]
    fn empty_pairs_change_nothing() {
        for text in ["http://h/", "http://h/?", "http://h/?a"] {
            assert_eq!(appended(text, &[]), text);
        }
    }

    #[test]
    fn t24_query_pairs_round_trip() {
        let pairs = [("a&b", "c=d"), ("é", "+"), ("%", "\r\n"), (" ", "\0#?")];
        let text = appended("http://h/", &pairs);
        assert_eq!(text, "http://h/?a%26b=c%3Dd&%C3%A9=%2B&%25=%0D%0A&+=%00%23%3F");
        let url = Url::parse(&text).unwrap();
        let back: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let expected: Vec<(String, String)> = pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        assert_eq!(back, expected);
    }
}
