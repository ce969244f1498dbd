use super::*;

const NOW: UnixTime = UnixTime(1_700_000_000);

fn parse(text: &str) -> Option<u64> {
    parse_http_date(text.as_bytes(), NOW).map(|time| time.0)
}

#[test]
fn the_three_forms_of_the_rfc_say_the_same_moment() {
    assert_eq!(parse("Tue, 14 Nov 2023 22:13:20 GMT"), Some(1_700_000_000));
    assert_eq!(parse("Tuesday, 14-Nov-23 22:13:20 GMT"), Some(1_700_000_000));
    assert_eq!(parse("Tue Nov 14 22:13:20 2023"), Some(1_700_000_000));
    assert_eq!(parse("Wed Feb  7 00:00:01 2024"), Some(1_707_264_001));
}

#[test]
fn each_form_is_told_by_its_own_reader() {
    assert!(imf_fixdate(b"Tue, 14 Nov 2023 22:13:20 GMT").is_some());
    assert!(rfc850(b"Tuesday, 14-Nov-23 22:13:20 GMT").is_some());
    assert!(asctime(b"Tue Nov 14 22:13:20 2023").is_some());
    for text in ["Tue, 14 Nov 2023 22:13:20 UTC", "Tux, 14 Nov 2023 22:13:20 GMT", "Tue, 31 Nov 2023 22:13:20 GMT", ""]
    {
        let text = text.as_bytes();
        assert!(imf_fixdate(text).is_none() && rfc850(text).is_none() && asctime(text).is_none());
    }
}

#[test]
fn a_two_digit_year_is_at_most_fifty_years_ahead() {
    // `NOW` is 2023-11-14T22:13:20Z.
    assert_eq!(parse("Tuesday, 14-Nov-73 22:13:20 GMT"), parse("Tue, 14 Nov 2073 22:13:20 GMT"));
    assert_eq!(parse("Wednesday, 14-Nov-73 22:13:21 GMT"), parse("Wed, 14 Nov 1973 22:13:21 GMT"));
    assert_eq!(parse("Friday, 01-Jan-99 00:00:00 GMT"), parse("Fri, 01 Jan 1999 00:00:00 GMT"));
    let later = UnixTime(4_000_000_000); // In 2096 the year 99 lies ahead.
    assert_eq!(
        parse_http_date(b"Friday, 01-Jan-99 00:00:00 GMT", later),
        parse_http_date(b"Thu, 01 Jan 2099 00:00:00 GMT", later)
    );
}

#[test]
fn other_orders_zones_and_offsets_are_understood() {
    for (text, time) in [
        ("2023 Nov 14 22:13:20", 1_700_000_000),
        ("GMT 22:13:20 14-Nov-23 Tuesday", 1_700_000_000),
        ("20231114 22:13:20", 1_700_000_000),
        ("14 Nov 2023", 1_699_920_000),
        ("14 Nov 2023 22:13", 1_699_999_980),
        ("Tue, 14 Nov 2023 23:13:20 +0100", 1_700_000_000),
        ("Tue, 14 Nov 2023 17:13:20 EST", 1_700_000_000),
        ("Tue, 14 Nov 2023 23:13:20 A", 1_700_000_000),
        ("Tue, 14 Nov 2023 21:13:20 N", 1_700_000_000),
        ("31 Nov 2023", 1_701_388_800), // Runs on into December.
    ] {
        assert_eq!(parse(text), Some(time), "{text}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    for text in [
        "",
        "120",
        "-1",
        "tomorrow",
        "Tue, 14 Nov 2023 22:13:20 J",
        "Tue, 14 Nov 2023 22:13:20 gmt",
        "Tue, 14 November 2023",
        "14 Nov 1582",
        "20231314 22:13:20",
        "14 Nov 2023 24:00:00",
        "14 Nov 2023 22:13:61",
        "14 Nov 99999",
        "14 Nov 99999999999999999999",
        "2023-11-14T22:13:20Z",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn times_before_1970_are_the_epoch() {
    assert_eq!(parse("Wed, 31 Dec 1969 23:59:58 GMT"), Some(0));
    assert_eq!(parse("Sun, 06 Nov 1800 08:49:37 GMT"), Some(0));
}

#[test]
fn a_leap_second_is_the_first_of_the_next_minute() {
    assert_eq!(parse("Sat, 31 Dec 2016 23:59:60 GMT"), Some(1_483_228_800));
}

#[test]
fn what_is_written_can_be_read() {
    assert_eq!(format_http_date(UnixTime(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(format_http_date(UnixTime(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(format_http_date(UnixTime(u64::MAX)), "Fri, 31 Dec 9999 23:59:59 GMT");
    let mut time = 1u64;
    while time < civil::LAST_SECOND {
        let text = format_http_date(UnixTime(time));
        assert!(imf_fixdate(text.as_bytes()).is_some(), "{text}");
        assert_eq!(parse(&text), Some(time), "{text}");
        time += 1_234_567 + time / 97;
    }
}

#[test]
fn no_cut_of_a_date_panics() {
    for text in ["Tuesday, 14-Nov-23 22:13:20 GMT", "Tue Nov 14 22:13:20 2023 +0100", "\u{e9}\u{0}20231114 22:13"] {
        for start in 0..text.len() {
            for end in start..text.len() {
                let _ = parse_http_date(&text.as_bytes()[start..end], NOW);
            }
        }
    }
}
