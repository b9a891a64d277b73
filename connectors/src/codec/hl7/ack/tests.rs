//! Answers as senders must get them.

use super::*;
use crate::codec::{hl7::Decoder, profile::Profile, token::Tokeniser};

const STAMP: Stamp<'_> = Stamp { control_id: "W-1", at: "20260114081500+0000" };

fn message(accept: &str, application: &str) -> String {
    format!(
        "MSH|^~\\&|LIS|STANNE|WARD|HUB|20260114081400||ORU^R01|LIS88120|P|2.5.1|||{accept}|{application}||8859/1\rPID|1||7^^^M\rOBR|1||26C1|BMP|||||||||||||||||||||F"
    )
}

fn shown(bytes: &str, mode: AckMode) -> Vec<String> {
    let (profile, tokeniser) = (Profile::new("lis"), Tokeniser::new(&[0; 32]));
    let reading = Decoder::new(&profile, &tokeniser).message(bytes.as_bytes());
    let all = answers(reading.header.as_ref(), &reading.verdict(), mode, STAMP);
    all.into_iter().map(|answer| String::from_utf8(answer).unwrap().replace('\r', "/")).collect()
}

/// MSA-1.
fn code_of(answer: &str) -> String {
    answer.split("MSA|").nth(1).unwrap().split('|').next().unwrap().to_owned()
}

#[test]
fn original_mode_answers_once() {
    // [ACK-2] [ACK-3]: applications and facilities exchanged, MSA-2 as received, version and set of the sender
    let head = "MSH|^~\\&|WARD|HUB|LIS|STANNE|20260114081500+0000||ACK^R01^ACK|W-1|P|2.5.1||||||8859/1/";
    assert_eq!(shown(&message("", ""), AckMode::Auto), [format!("{head}MSA|AA|LIS88120/")]);
}

#[test]
fn enhanced_mode_answers_what_was_asked_for() {
    // [ACK-2]
    let codes = |accept: &str, application: &str, refused: bool| -> Vec<String> {
        let text = message(accept, application);
        let text = if refused { text.replace("OBR|", "ZBR|") } else { text };
        let answers = shown(&text, AckMode::Auto);
        answers.iter().map(|answer| code_of(answer)).collect()
    };
    assert_eq!(codes("AL", "NE", false), ["CA"]);
    assert_eq!(codes("AL", "AL", false), ["CA", "AA"]);
    assert_eq!(codes("NE", "NE", false), Vec::<String>::new());
    assert_eq!(codes("ER", "", false), Vec::<String>::new());
    assert_eq!(codes("ER", "ER", true), ["CE", "AE"]);
    assert_eq!(codes("SU", "SU", true), Vec::<String>::new());
    assert_eq!(codes("", "SU", false), ["AA"]);
    let original = shown(&message("AL", "NE"), AckMode::Original);
    assert!(original.len() == 1 && original[0].contains("MSA|AA|"), "a source that waits for AA whatever it asks");
}

#[test]
fn two_answers_to_one_message_have_two_control_ids() {
    // [ACK-3]
    let answers = shown(&message("AL", "AL"), AckMode::Auto);
    let ids: Vec<&str> = answers.iter().map(|answer| answer.split('|').nth(9).unwrap()).collect();
    assert_eq!(ids, ["W-1C", "W-1A"]);
}

#[test]
fn each_refusal_has_its_code_and_place() {
    // [ACK-4]; domain page 5.6, rows 1, 2, 4, 5, 6
    let good = message("", "");
    for (text, answer) in [
        (
            good.replace("OBR|", "ZBR|"),
            "AE|LIS88120/ERR||OBR^1|100^Segment sequence error^HL70357|E|WL1223^segment_missing^WARDLINE||WL1223/",
        ),
        (
            good.replace("ORU^R01", ""),
            "AE|LIS88120/ERR||MSH^1^9|101^Required field missing^HL70357|E|WL1222^no_message_type^WARDLINE||WL1222/",
        ),
        (
            good.replace("ORU^R01", "XYZ^R01"),
            "AR|LIS88120/ERR||MSH^1^9|200^Unsupported message type^HL70357|E|WL1224^unknown_message_type^WARDLINE||WL1224/",
        ),
        (
            good.replace("ORU^R01", "ORU^R99"),
            "AR|LIS88120/ERR||MSH^1^9|201^Unsupported event code^HL70357|E|WL1225^unknown_trigger^WARDLINE||WL1225/",
        ),
        (
            good.replace("|P|2.5.1", "|P|3.0"),
            "AR|LIS88120/ERR||MSH^1^12|203^Unsupported version id^HL70357|E|WL1226^hl7_version^WARDLINE||WL1226/",
        ),
        (
            good.replace("|P|2.5.1", "|T|2.5.1"),
            "AR|LIS88120/ERR||MSH^1^11|202^Unsupported processing id^HL70357|E|WL1227^wrong_environment^WARDLINE||WL1227/",
        ),
    ] {
        let answers = shown(&text, AckMode::Auto);
        assert_eq!(answers[0].split("MSA|").nth(1).unwrap(), answer);
    }
    let headless = shown("PID|1||7", AckMode::Auto);
    assert_eq!(
        headless[0].split("MSA|").nth(1).unwrap(),
        "AE|/ERR|||100^Segment sequence error^HL70357|E|WL1221^no_header^WARDLINE||WL1221/"
    );
}

#[test]
fn an_answer_is_never_answered() {
    // [ACK-3]
    assert_eq!(shown(&message("", "").replace("ORU^R01", "ACK^R01"), AckMode::Auto), Vec::<String>::new());
    assert_eq!(shown(&message("AL", "AL").replace("ORU^R01", "RSP^K11"), AckMode::Auto), Vec::<String>::new());
}

#[test]
fn a_busy_engine_asks_to_send_again() {
    // Domain page 5.6, rows 10 and 11: AE, never AR, unless the source may never send
    let code = |code: Code| {
        let answer = answers(Some(&Header::default()), &Verdict::Refused(code, String::new()), AckMode::Auto, STAMP);
        code_of(&String::from_utf8(answer[0].clone()).unwrap())
    };
    assert_eq!((code(Code::NotStored).as_str(), code(Code::SourceForeign).as_str()), ("AE", "AR"));
}

#[test]
fn the_answer_keeps_the_delimiters_and_letters_of_its_sender() {
    // [ACK-3]; the fifth delimiter too, and bytes of 8859/1
    let header = Header {
        delimiters: Delimiters {
            field: b'$',
            component: b'%',
            repetition: b'*',
            escape: b'!',
            sub: b'@',
            truncation: Some(b'#'),
        },
        sender: ("Müller".into(), "".into()),
        charset: "8859/1".into(),
        trigger: "R01".into(),
        version: "2.3".into(),
        ..Header::default()
    };
    let answer = answers(Some(&header), &Verdict::Kept, AckMode::Auto, STAMP);
    assert_eq!(answer[0], b"MSH$%*!@#$$$M\xfcller$$20260114081500+0000$$ACK%R01$W-1$P$2.3$$$$$$8859/1\rMSA$AA$\r");
}

#[test]
fn an_unprintable_control_id_is_not_repeated() {
    // [ACK-3]
    let long = Header { control_id: "9".repeat(200).into(), ..Header::default() };
    assert_eq!(control_id(&long), "");
    assert_eq!(control_id(&Header { control_id: "9".repeat(199).into(), ..Header::default() }).len(), 199);
}
