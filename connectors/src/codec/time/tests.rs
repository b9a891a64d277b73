//! Times as senders write them, and what they must mean.

use wardline_rules::time::zone;

use super::*;

fn profile(zone_name: &str) -> Profile {
    Profile { zone: zone(zone_name), ..Profile::new("lis") }
}

/// `lo` and width, zone origin, and the notes.
fn shown(time: Option<EventTime>, notes: Notes) -> String {
    let notes: Vec<_> = notes.into_list().into_iter().map(|note| note.fault.name()).collect();
    match time {
        Some(time) => format!("{} + {} {:?} {:?} {notes:?}", time.lo, time.width(), time.origin, time.repair),
        None => format!("absent {notes:?}"),
    }
}

fn json(text: &str, profile: &Profile) -> String {
    let mut notes = Notes::default();
    let time = Zones::new(profile).rfc3339(text, "occurred_at", &mut notes);
    shown(time, notes)
}

fn hl7(text: &str, profile: &Profile, message: Option<i32>) -> String {
    let mut notes = Notes::default();
    let time = Zones::new(profile).with_message(message).dtm(text, "OBR-7", &mut notes);
    shown(time, notes)
}

#[test]
fn precision_is_what_was_written() {
    // [TIM-1] [TIM-3]
    let utc = Profile::new("lis");
    for (text, meant) in [
        ("2026-01-14T09:14Z", "2026-01-14T09:14:00Z + 1 minute Field None []"),
        ("2026-01-14T03:14:07-06:00", "2026-01-14T09:14:07Z + 1 second Field None []"),
        ("2026-01-14T09:14:07.5Z", "2026-01-14T09:14:07.500000Z + 100000 microseconds Field None []"),
        ("2026-01-14T09:14:07.123456789Z", "2026-01-14T09:14:07.123456Z + 1 microsecond Field None []"),
        ("2026-01-14T09+01:00", "2026-01-14T08:00:00Z + 1 hour Field None []"),
    ] {
        assert_eq!(json(text, &utc), meant, "{text}");
    }
    let chicago = profile("America/Chicago");
    assert_eq!(json("2026-01-14", &chicago), "2026-01-14T06:00:00Z + 24 hours Source None []");
    assert_eq!(json("2026-03-08", &chicago), "2026-03-08T06:00:00Z + 23 hours Source None []", "a short day");
    assert_eq!(json("2026-02", &chicago), "2026-02-01T06:00:00Z + 672 hours Source None []");
    assert_eq!(json("2024", &utc), "2024-01-01T00:00:00Z + 8784 hours None None [\"zone_missing\"]", "a leap year");
}

#[test]
fn zones_are_asked_in_order() {
    // [TIM-2]: field, message, source, site, none
    let chicago = profile("America/Chicago");
    assert_eq!(hl7("20260114091400+0100", &chicago, Some(0)), "2026-01-14T08:14:00Z + 1 second Field None []");
    assert_eq!(hl7("202601140914", &chicago, Some(60)), "2026-01-14T08:14:00Z + 1 minute Message None []");
    assert_eq!(hl7("202601140914", &chicago, None), "2026-01-14T15:14:00Z + 1 minute Source None []");
    let source_first = Profile { zone_rule: ZoneRule::SourceFirst, ..chicago };
    assert_eq!(hl7("202601140914", &source_first, Some(0)), "2026-01-14T15:14:00Z + 1 minute Source None []");
    let site = Profile { site_zone: zone("Europe/Berlin"), ..Profile::new("lis") };
    assert_eq!(hl7("202601140914", &site, None), "2026-01-14T08:14:00Z + 1 minute Site None []");
    let none = "2026-01-14T09:14:00Z + 1 minute None None [\"zone_missing\"]";
    assert_eq!(hl7("202601140914", &Profile::new("lis"), None), none);
}

#[test]
fn local_times_that_repeat_or_never_occur_are_marked() {
    // [TIM-4]: 1 November 2026 01:30 twice, 8 March 2026 02:30 never in Chicago
    let chicago = profile("America/Chicago");
    let ambiguous = "2026-11-01T06:30:00Z + 1 minute Source Ambiguous [\"time_ambiguous\"]";
    assert_eq!(hl7("202611010130", &chicago, None), ambiguous);
    let gap = "2026-03-08T08:30:00Z + 1 minute Source Gap [\"time_gap\"]";
    assert_eq!(hl7("202603080230", &chicago, None), gap, "moved forward by the hour of the gap: 03:30 CDT");
    assert_eq!(json("2026-01-14T09:14:60Z", &chicago), "2026-01-14T09:14:59Z + 1 second Field None []");
}

#[test]
fn only_two_malformed_forms_are_salvaged() {
    // [TIM-5]
    let utc = Profile::new("lis");
    let truncated = "2026-01-14T09:14:00Z + 1 minute Message Truncated [\"time_truncated\"]";
    assert_eq!(hl7("2026011409140", &utc, Some(0)), truncated);
    let offset = "2026-01-14T14:14:07Z + 1 second Message Offset [\"bad_offset\"]";
    assert_eq!(hl7("20260114091407-050", &utc, Some(-300)), offset);
    assert_eq!(hl7("20260114091407  ", &utc, Some(0)), "2026-01-14T09:14:07Z + 1 second Message None []");
    for text in ["", "0000", "00000000000000"] {
        assert_eq!(hl7(text, &utc, None), "absent []", "{text}");
    }
    for text in
        ["yesterday", "202613", "20260230", "2026011425", "202601140960", "202601140914071", "${now}", "20260114T09"]
    {
        assert_eq!(hl7(text, &utc, None), "absent [\"time_malformed\"]", "{text}");
    }
    for text in [
        "",
        "14.01.2026",
        "2026-1-4",
        "2026-01-14T",
        "2026-01-14T09:14:07+25:00",
        "2026-01-14T9:14Z",
        "2026-01-14T09:14:07.Z",
    ] {
        assert_eq!(json(text, &utc), "absent [\"time_malformed\"]", "{text}");
    }
}

#[test]
fn times_before_1990_are_not_believed() {
    // [TIM-6]
    let utc = Profile::new("lis");
    assert_eq!(json("1989-12-31T23:59:59Z", &utc), "absent [\"implausible_time\"]");
    assert_eq!(json("1990-01-01T00:00:00Z", &utc), "1990-01-01T00:00:00Z + 1 second Field None []");
}

#[test]
fn midnight_may_mean_a_date() {
    // [TIM-6]
    let mut chicago = profile("America/Chicago");
    assert_eq!(hl7("20260114000000", &chicago, None), "2026-01-14T06:00:00Z + 1 second Source None []");
    chicago.midnight_is_date = true;
    assert_eq!(hl7("20260114000000", &chicago, None), "2026-01-14T06:00:00Z + 24 hours Source None []");
    assert_eq!(hl7("20260114000001", &chicago, None), "2026-01-14T06:00:01Z + 1 second Source None []");
}

#[test]
fn every_day_is_counted_as_the_calendar_counts_it() {
    for (year, month, day) in [(1970, 1, 1), (1999, 12, 31), (2000, 2, 29), (2026, 3, 1), (2100, 3, 1), (9998, 12, 31)]
    {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let date = Date::new(year, month, day).unwrap();
        assert_eq!(Written::rfc3339(&text).unwrap().days, date.days(), "{text}");
    }
}
