//! What a request becomes, for each way of writing it.

use wardline_rules::event::Fact;

use super::*;
use crate::runtime::records::encode_letters;

const AT: Timestamp = Timestamp::from_micros(1_768_392_000_000_000);

fn intake() -> Intake {
    Intake::new(&[], Tokeniser::new(&[7; 32]))
}

fn line(id: &str, more: &str) -> String {
    format!(
        r#"{{"v":1,"event_id":"{id}","source":"lis","report":{{"placer":"9"}},"step":"received","occurred_at":"2026-01-14T07:52:10Z"{more}}}"#
    )
}

fn read(shape: Shape, body: &str) -> Reading {
    intake().events("", shape, body.as_bytes(), AT).unwrap()
}

fn told(reading: &Reading) -> Vec<String> {
    let words = |line: &Line| match &line.refused {
        None => format!("{} {}", line.n, line.event_id),
        Some((code, place)) => format!("{} {} {place}", line.n, code.number()),
    };
    reading.lines.iter().map(words).collect()
}

#[test]
fn a_bad_line_becomes_a_dead_letter_and_the_lines_around_it_are_read() {
    let body = format!("{}\n\n{{broken\n{}\n", line("a", ""), line("b", ""));
    let reading = read(Shape::Lines, &body);
    assert_eq!(told(&reading), ["1 a", "3 WL1201 ", "4 b"]);
    assert_eq!(reading.parcel.letters, [(1, b"{broken".to_vec())]);
    assert_eq!(reading.parcel.inputs.len(), 3);
    assert!(!encode_letters(&reading.parcel.letters).is_empty());
}

#[test]
fn an_envelope_that_counts_otherwise_is_a_data_problem() {
    // [ACK-5]
    let message = "MSH|^~\\&|LIS|A|W|B|20260114080000||ORU^R01|M1|P|2.5.1\rPID|1||1^^^A^MR\rOBR|1||F1|2823-3|||20260114075000|||||||||||||||20260114080000||LAB|F\r";
    let notes = |declared: &str| {
        let body = format!("BHS|^~\\&|\r{message}BTS|{declared}\r");
        let (reading, _) = intake().hl7("lis", body.as_bytes(), AT).unwrap();
        let Input::Event(event) = &reading.parcel.inputs[0] else { panic!("an event") };
        event.notes.iter().filter(|note| note.fault == Fault::BatchCount).count()
    };
    assert_eq!((notes("1"), notes("2")), (0, 1));
}

#[test]
fn an_event_gets_the_time_of_its_arrival() {
    let reading = read(Shape::Json, &line("a", ""));
    let Input::Event(event) = &reading.parcel.inputs[0] else { panic!("an event") };
    assert_eq!(event.received_at, Some(AT));
}

#[test]
fn a_list_is_read_element_by_element() {
    let body = format!("[{}, 7, {}]", line("a", ""), line("b", ""));
    assert_eq!(told(&read(Shape::Json, &body)), ["1 a", "2 WL1201 ", "3 b"]);
    assert_eq!(told(&read(Shape::Json, "[")), ["1 WL1201 "]);
}

#[test]
fn a_cloud_event_lends_its_id() {
    let inner = line("a", "").replace(r#""event_id":"a","#, "");
    let body = format!(
        r#"{{"specversion":"1.0","id":"ce-1","type":"x","source":"/lis","datacontenttype":"application/json","data":{inner}}}"#
    );
    assert_eq!(told(&read(Shape::CloudEvent, &body)), ["1 ce-1"]);
    assert_eq!(told(&read(Shape::CloudEvents, &format!("[{body}]"))), ["1 ce-1"]);
    assert_eq!(told(&read(Shape::CloudEvent, "{}")), ["1 WL1215 "]);
}

#[test]
fn more_lines_than_one_request_may_have_are_refused_as_a_whole() {
    let body = "{}\n".repeat(LINES_PER_REQUEST_MAX + 1);
    assert_eq!(intake().events("", Shape::Lines, body.as_bytes(), AT).err(), Some(TooManyLines));
}

#[test]
fn the_most_important_part_decides_the_lane() {
    let lane = |body: &str| {
        let reading = read(Shape::Lines, body);
        intake().lane("", &reading.parcel.inputs)
    };
    let answer = r#"{"v":1,"source":"pager","type":"answer","occurred_at":"2026-01-14T07:52:10Z","answer":{"act":"accepted","code":"K7Q2MD"}}"#;
    assert_eq!(lane(&line("a", "")), Lane::Routine);
    assert_eq!(lane(&format!("{}\n{}", line("a", ""), line("b", r#","priority":"stat""#))), Lane::Critical);
    assert_eq!(lane(answer), Lane::Control);
    assert_eq!(lane(&format!("{answer}\n{}", line("a", ""))), Lane::Routine, "an answer opens no door for the rest");
}

#[test]
fn hl7_messages_bring_their_answers() {
    let message = "MSH|^~\\&|LIS|STANNE|WL|STANNE|20260114075210||ORU^R01|M1|P|2.5\r\
                   PID|1||12^^^A^MR\rOBR|1|9|F1|24321-2^BMP^LN|||20260114070000\rOBX|1|NM|2823-3^K^LN||6.9|mmol/L|||||F\r";
    let (reading, messages) = intake().hl7("lis", message.as_bytes(), AT).unwrap();
    assert!(reading.lines.iter().all(|line| line.refused.is_none()), "{:?}", told(&reading));
    let intake = intake();
    let answer = || String::from_utf8(intake.answers("lis", &messages[0], AT)[0].clone()).unwrap();
    let control_id = |text: &str| text.split('|').nth(9).unwrap().to_owned();
    let (first, second) = (answer(), answer());
    assert!(first.contains("MSA|AA|M1") && first.contains("|20260114120000+0000|"), "{first}");
    assert_ne!(control_id(&first), control_id(&second), "MSH-10 of ours is unique");
    let (reading, _) = intake.hl7("lis", b"nonsense", AT).unwrap();
    assert_eq!(told(&reading), ["1 WL1221 "]);
    assert_eq!(reading.parcel.letters[0].1, b"nonsense");
}

#[test]
fn a_frame_with_a_mark_inside_is_one_dead_letter_and_names_the_first_message() {
    let glued =
        b"MSH|^~\\&|LIS|A|WL|A|20260114||ADT^A01|M1|P|2.5\r\x0bMSH|^~\\&|LIS|A|WL|A|20260114||ADT^A01|M2|P|2.5\r";
    let (reading, messages) = intake().frame("lis", glued, Some(CodecCode::FramingMark), AT).unwrap();
    assert_eq!(told(&reading), ["1 WL1230 "]);
    assert_eq!(reading.parcel.letters[0].1, glued);
    let answer = String::from_utf8(intake().answers("lis", &messages[0], AT)[0].clone()).unwrap();
    assert!(answer.contains("MSA|AE|M1\r") && answer.contains("|WL1230^framing_mark^WARDLINE|"), "{answer}");
}

#[test]
fn an_empty_frame_is_a_message_nobody_can_read() {
    let (reading, messages) = intake().frame("lis", b"\r\n", None, AT).unwrap();
    assert_eq!((told(&reading), messages.len()), (vec!["1 WL1221 ".to_owned()], 1));
}

#[test]
fn a_frame_of_several_messages_is_answered_once_with_each_fault() {
    // [ACK-5]
    let good = "MSH|^~\\&|LIS|A|WL|A|20260114||ADT^A01|M1|P|2.5\rEVN||20260114\rPV1|1|I\r";
    let bad = "MSH|^~\\&|LIS|A|WL|A|20260114||ORU^R01|M2|P|2.5\r";
    let foreign = "MSH|^~\\&|LIS|A|WL|A|20260114||XYZ^Q99|M3|P|2.5\r";
    let intake = intake();
    let told_of = |body: &str| {
        let (_, messages) = intake.frame("lis", body.as_bytes(), None, AT).unwrap();
        let verdicts: Vec<_> = messages.iter().map(hl7::Reading::verdict).collect();
        let answers = intake.answers_to_all("lis", messages[0].header.as_ref(), &verdicts, AT);
        assert_eq!(answers.len(), 1);
        String::from_utf8(answers[0].clone()).unwrap()
    };
    let mixed = told_of(&format!("BHS|^~\\&\r{good}{bad}{foreign}BTS|3\r"));
    assert!(mixed.contains("MSA|AE|M1\r"), "one of them may be mended, so never AR: {mixed}");
    assert_eq!(mixed.matches("\rERR|").count(), 2);
    assert!(told_of(&format!("{good}{good}")).contains("MSA|AA|M1\r"));
    assert!(told_of(foreign).contains("MSA|AR|M3\r"));
}

#[test]
fn a_message_too_long_to_read_leaves_a_note_and_no_letter() {
    let head = b"MSH|^~\\&|LIS|A|WL|A|20260114||ORU^R01|M9|P|2.5\rPID|xxxxxxx";
    let (reading, message) = intake().oversize("lis", head, AT);
    let Input::Event(event) = &reading.parcel.inputs[0] else { panic!("an event") };
    assert_eq!((event.notes[0].fault, reading.parcel.letters.len()), (Fault::Oversize, 0));
    assert_eq!(message.header.unwrap().control_id, "M9");
}

#[test]
fn a_batch_of_envelopes_is_read_one_by_one_and_keeps_each_refused_one_whole() {
    let inner = line("a", "").replace(r#""event_id":"a","#, "");
    let good = format!(r#"{{"specversion":"1.0","id":"ce-1","type":"x","source":"/lis","data":{inner}}}"#);
    let bad = r#"{"specversion":"1.0","id":"ce-2","type":"x","source":"/lis","data":{"v":1}}"#;
    let reading = read(Shape::CloudEvents, &format!("[{good}, {bad}, {{}}]"));
    assert_eq!(told(&reading).len(), 3);
    let letters: Vec<&[u8]> = reading.parcel.letters.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    assert_eq!(letters, [bad.as_bytes(), b"{}"]);
    let Input::Event(event) = &reading.parcel.inputs[1] else { panic!("an event") };
    assert!(matches!(event.fact, Fact::Unreadable { size, .. } if size as usize == bad.len()));
    assert_eq!(told(&read(Shape::CloudEvents, "[]")), ["1 WL1215 "], "no batch at all");
}

#[test]
fn a_bundle_with_many_refused_entries_is_kept_once() {
    let entry = r#"{"request":{"method":"GET","url":"Patient/1"},"resource":{"resourceType":"Patient"}}"#;
    let body = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#, [entry; 500].join(","));
    let (reading, _) = intake().fhir("", body.as_bytes(), AT).unwrap();
    assert_eq!(reading.lines.iter().filter(|line| line.refused.is_some()).count(), 500);
    assert_eq!(reading.parcel.letters, [(0, body.into_bytes())]);
}
