use super::*;

const NOW: UnixTime = UnixTime(1_700_000_000);

fn parse(text: &str) -> Option<u64> {
    parse_http_date(text.as_bytes(), NOW).map(|time| time.0)
}

#[test]
fn all_three_forms_give_the_same_time() {
    assert_eq!(parse("Tue, 14 Nov 2023 22:13:20 GMT"), Some(1_700_000_000));
    assert_eq!(parse("Tuesday, 14-Nov-23 22:13:20 GMT"), Some(1_700_000_000));
    assert_eq!(parse("Tue Nov 14 22:13:20 2023"), Some(1_700_000_000));
    assert_eq!(parse("Wed Feb  7 00:00:01 2024"), Some(1_707_264_001));
}

#[test]
fn each_form_has_its_own_parser() {
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
fn two_digit_year_is_not_far_ahead() {
    // `NOW` is 2023-11-14T22:13:20Z.
    assert_eq!(parse("Tuesday, 14-Nov-73 22:13:20 GMT"), parse("Tue, 14 Nov 2073 22:13:20 GMT"));
    assert_eq!(parse("Wednesday, 14-Nov-73 22:13:21 GMT"), parse("Wed, 14 Nov 1973 22:13:21 GMT"));
    assert_eq!(parse("Friday, 01-Jan-99 00:00:00 GMT"), parse("Fri, 01 Jan 1999 00:00:00 GMT"));
    let later = UnixTime(4_000_000_000); // In 2096 the year 99 lies ahead.
    assert_eq!(
        parse_http_date(b"Friday, 01-Jan-99 00:00:00 GMT", later),
        parse_http_date(b"Thu, 01 Jan 2099 00:00:00 GMT", later)
    );
    let last = parse_http_date(b"Friday, 01-Jan-99 00:00:00 GMT", UnixTime(u64::MAX));
    assert_eq!(last, Some(UnixTime(civil::LAST_SECOND - 364 * 86_400 - 86_399)));
}

#[test]
fn other_orders_zones_and_offsets_are_accepted() {
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
fn each_zone_name_has_its_offset() {
    for (hours, names) in [
        (0, "GMT UT UTC WET Z"),
        (1, "BST CET MET MEZ WEST A"),
        (2, "MEST MESZ CEST EET B"),
        (3, "EEST C"),
        (4, "D"),
        (5, "E"),
        (6, "F"),
        (7, "G"),
        (8, "H"),
        (9, "JST I"),
        (10, "K"),
        (11, "L"),
        (12, "NZST M"),
        (13, "NZDT"),
        (-1, "N"),
        (-2, "O"),
        (-3, "ADT P"),
        (-4, "AST EDT Q"),
        (-5, "EST CDT R"),
        (-6, "CST MDT S"),
        (-7, "MST PDT T"),
        (-8, "PST YDT U"),
        (-9, "YST HDT V"),
        (-10, "HST W"),
        (-11, "X"),
        (-12, "Y"),
    ] {
        for name in names.split(' ') {
            let time = parse(&format!("Tue, 14 Nov 2023 22:13:20 {name}")).map(|time| time as i64);
            assert_eq!(time, Some(1_700_000_000 - hours * 3_600), "{name}");
        }
    }
}

#[test]
fn offset_follows_the_date_with_its_sign() {
    for (text, seconds) in [
        ("14 Nov 2023 22:13:20 +0100", -3_600),
        ("14 Nov 2023 22:13:20 -0330", 12_600),
        ("14 Nov 2023 22:13:20 +1400", -50_400),
        ("14 Nov 2023 +0030 22:13:20", -1_800),
    ] {
        assert_eq!(parse(text).map(|time| time as i64), Some(1_700_000_000 + seconds), "{text}");
    }
    for text in [
        "14 Nov 2023 22:13:20 +1401",
        "14 Nov 2023 22:13:20 +100",
        "14 Nov 2023 22:13:20 0100",
        "14 Nov 2023 22:13:20 GMT+0100",
        "14 Nov 22:13:20 +0100 2023",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn bare_numbers_fill_missing_parts() {
    let midnight = Some(1_699_920_000); // 14 November 2023.
    for text in ["14 Nov 2023", "2023 Nov 14", "2023 14 Nov", "Nov 14 23", "2023 Tuesday Nov 14", "14 Nov 2023 GMT"] {
        assert_eq!(parse(text), midnight, "{text}");
    }
    assert_eq!(parse("40 14 Nov"), parse("Tue, 14 Nov 2040 00:00:00 GMT"));
    assert_eq!(parse("14 Nov 0"), parse("Tue, 14 Nov 2000 00:00:00 GMT"));
    assert_eq!(parse("31 Dec 9999"), Some(civil::LAST_SECOND - 86_399));
    assert_eq!(parse("1 Jan 1583"), Some(0));
    for text in ["14 Nov", "Nov 2023", "14 2023", "0 14 Nov 2023", "14 15 Nov 2023", "14 Nov 100", "14 Nov 10000"] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn eight_digit_date_has_valid_month_and_day() {
    assert_eq!(parse("20231231"), parse("Sun, 31 Dec 2023 00:00:00 GMT"));
    assert_eq!(parse("20230101 GMT"), parse("Sun, 01 Jan 2023 00:00:00 GMT"));
    for text in ["20230014", "20231300", "20231100", "20231132", "Nov 20231114", "20231114 14", "2023111"] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[test]
fn time_of_day_has_short_parts() {
    assert_eq!(parse("14 Nov 2023 1:2:3"), parse("Tue, 14 Nov 2023 01:02:03 GMT"));
    assert_eq!(parse("14 Nov 2023 23:59:60"), parse("Wed, 15 Nov 2023 00:00:00 GMT"));
    assert_eq!(parse("14 Nov 2023 00:00"), parse("Tue, 14 Nov 2023 00:00:00 GMT"));
    for time in ["001:02:03", "01:002:03", "01:02:003", "22:60:00", "24:00:00", "22:", "22:13:", "22:13:20 22:13:20"] {
        assert_eq!(parse(&format!("14 Nov 2023 {time}")), None, "{time}");
    }
}

#[test]
fn parts_are_unique_and_parsing_stops_after_six() {
    for text in ["Tue Tue 14 Nov 2023", "14 Nov Nov 2023", "14 Nov 2023 GMT EST", "Tue 14 Nov 2023 22:13:20 x"] {
        assert_eq!(parse(text), None, "{text}");
    }
    for text in ["Tue, 14 Nov 2023 22:13:20 GMT (x) 99 +0100", "Tuesday 14-Nov-2023 22:13:20 UTC: 1"] {
        assert_eq!(parse(text), Some(1_700_000_000), "{text}");
    }
}

#[test]
fn nonexistent_day_is_not_a_strict_date() {
    let strict = |day, month, year| {
        let text = format!("Sun, {day:02} {month} {year:04} 00:00:00 GMT");
        imf_fixdate(text.as_bytes()).is_some()
    };
    for (month, days) in MONTHS.into_iter().zip([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        assert!(strict(1, month, 2023) && strict(days, month, 2023), "{month}");
        assert!(!strict(0, month, 2023) && !strict(days + 1, month, 2023), "{month}");
    }
    for (year, leap) in [(2000, true), (2024, true), (2100, false), (2023, false), (2400, true), (1900, false)] {
        assert_eq!(strict(29, "Feb", year), leap, "{year}");
    }
}

#[test]
fn every_day_of_five_centuries_formats_correctly() {
    let (mut year, mut month, mut day) = (1970_u64, 1_u32, 1_u32);
    for days in 0..183_000_u64 {
        assert_eq!(civil::civil_from_days(days), (year, month, day));
        assert_eq!(civil::days_from_civil(year as i64, month, day), days as i64);
        if days % 97 == 0 {
            let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
            let month = MONTHS[month as usize - 1];
            let text = format!("{weekday}, {day:02} {month} {year:04} 23:59:07 GMT");
            assert_eq!(format_http_date(UnixTime(days * 86_400 + 86_347)), text);
        }
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
        (year, month, day) = match (month, day) {
            (12, 31) => (year + 1, 1, 1),
            (month, day) if day == last => (year, month + 1, 1),
            (month, day) => (year, month, day + 1),
        };
    }
}

#[test]
fn malformed_dates_are_rejected() {
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
fn times_before_1970_become_the_epoch() {
    assert_eq!(parse("Wed, 31 Dec 1969 23:59:58 GMT"), Some(0));
    assert_eq!(parse("Sun, 06 Nov 1800 08:49:37 GMT"), Some(0));
}

#[test]
fn leap_second_starts_the_next_minute() {
    assert_eq!(parse("Sat, 31 Dec 2016 23:59:60 GMT"), Some(1_483_228_800));
}

#[test]
fn formatted_dates_parse_back() {
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
fn truncated_dates_do_not_panic() {
    for text in ["Tuesday, 14-Nov-23 22:13:20 GMT", "Tue Nov 14 22:13:20 2023 +0100", "\u{e9}\u{0}20231114 22:13"] {
        for start in 0..text.len() {
            for end in start..text.len() {
                let _ = parse_http_date(&text.as_bytes()[start..end], NOW);
            }
        }
    }
}
