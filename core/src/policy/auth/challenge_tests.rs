use super::*;

fn shown(field: &[u8]) -> String {
    shown_all(&parse([field]))
}

fn shown_all(challenges: &[Challenge]) -> String {
    let mut out = Vec::new();
    for challenge in challenges {
        let mut text = challenge.scheme().to_owned();
        if let Some(token68) = challenge.token68() {
            text += &format!(" <{token68}>");
        }
        for (name, value) in &challenge.parameters {
            text += &format!(" {name}=[{}]", String::from_utf8_lossy(value));
        }
        out.push(text);
    }
    out.join("; ")
}

/// A field, and the challenges that it contains.
const CASES: &[(&str, &str)] = &[
    ("", ""),
    (" , ,", ""),
    ("Negotiate", "negotiate"),
    ("NTLM TlRMTVNTUAAC==", "ntlm <TlRMTVNTUAAC==>"),
    ("Negotiate, NTLM", "negotiate; ntlm"),
    ("Negotiate a==, Basic realm=x", "negotiate <a==>; basic realm=[x]"),
    ("Basic realm=\"a, Digest realm=b\"", "basic realm=[a, Digest realm=b]"),
    ("Basic realm=\"a \\\"b\\\" \\\\c\"", "basic realm=[a \"b\" \\c]"),
    ("Basic REALM = \"x\" , charset = UTF-8", "basic realm=[x] charset=[UTF-8]"),
    ("Basic , ,realm=x,, a=b ,", "basic realm=[x] a=[b]"),
    ("Basic\trealm=x", "basic realm=[x]"),
    ("Basic realm=\"\"", "basic realm=[]"),
    // RFC 9110 §11.6.1.
    (
        "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
        "basic realm=[simple]; newauth realm=[apps] type=[1] title=[Login to \"apps\"]",
    ),
    (
        "Digest realm=\"r\", qop=\"auth, auth-int\", nonce=\"n,=\", Digest nonce=m, Basic realm=r",
        "digest realm=[r] qop=[auth, auth-int] nonce=[n,=]; digest nonce=[m]; basic realm=[r]",
    ),
    ("Digest nonce=ab/+==, stale=TRUE", "digest nonce=[ab/+==] stale=[TRUE]"),
    // Malformed: what precedes the malformed challenge remains.
    ("Negotiate, Basic realm=\"open", "negotiate"),
    ("Negotiate, Basic realm=\"open\\", "negotiate"),
    ("Negotiate, Basic realm=\"x\"y=z", "negotiate"),
    ("Negotiate, Basic realm=\"x\" y=z", "negotiate"),
    ("Negotiate, Basic realm=x, realm=y", "negotiate"),
    ("Negotiate, Basic realm=x, Realm=y, NTLM", "negotiate"),
    ("Negotiate, Basic realm=, NTLM", "negotiate; basic <realm=>; ntlm"),
    ("Negotiate, Basic a=b, realm=, NTLM", "negotiate"),
    ("Negotiate, Basic realm=\"\x00\", NTLM", "negotiate"),
    ("Negotiate, Basic \"x\"", "negotiate"),
    ("Negotiate, Basic NTLM realm=x", "negotiate"),
    ("Negotiate, Bas(c realm=x", "negotiate"),
    ("=x", ""),
];

#[test]
fn fields_of_one_or_several_challenges_parse() {
    for (field, expected) in CASES {
        assert_eq!(shown(field.as_bytes()), *expected, "{field:?}");
    }
}

/// The challenge before the last one may lack parameters: the name of a parameter that is cut
/// before its `=` reads as a scheme.
#[test]
fn a_field_that_ends_early_invents_no_parameter() {
    for (field, _) in CASES {
        let whole = parse([field.as_bytes()]);
        for end in 0..field.len() {
            let cut = parse([&field.as_bytes()[..end]]);
            let complete = &cut[..cut.len().saturating_sub(1)];
            for (cut, whole) in complete.iter().zip(&whole) {
                assert_eq!((cut.scheme(), cut.token68()), (whole.scheme(), whole.token68()), "{field:?} to {end}");
                assert!(whole.parameters.starts_with(&cut.parameters), "{field:?} to {end}");
            }
        }
    }
}

#[test]
fn each_field_is_parsed_by_itself() {
    let fields = ["Basic realm=\"open", "Digest nonce=n", "qop=auth", "NTLM"];
    assert_eq!(shown_all(&parse(fields.map(str::as_bytes))), "digest nonce=[n]; ntlm");
}

#[test]
fn challenges_and_parameters_beyond_the_limits_are_ignored() {
    let many = vec!["NTLM"; MAX_CHALLENGES + 1].join(",");
    assert_eq!(parse([many.as_bytes()]).len(), MAX_CHALLENGES);
    assert_eq!(parse([many.as_bytes(), b"Basic"]).len(), MAX_CHALLENGES);
    let parameters = |count: usize| (0..count).map(|n| format!("p{n}=v")).collect::<Vec<_>>().join(",");
    assert_eq!(parse([format!("Basic {}", parameters(MAX_PARAMETERS)).as_bytes()]).len(), 1);
    assert_eq!(parse([format!("Basic {}", parameters(MAX_PARAMETERS + 1)).as_bytes()]).len(), 0);
}

#[test]
fn debug_omits_the_values_of_challenges() {
    let challenges = parse([&b"NTLM canary, Digest nonce=canary"[..]]);
    assert_eq!(format!("{challenges:?}"), "[Challenge(ntlm ***), Challenge(digest nonce=***)]");
}
