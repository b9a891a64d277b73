//! Generator, tested: order, sameness, and faults that leave traces.

use super::*;

const START: i64 = 1_767_592_800_000_000;

fn generator(profile: &str, seed: u64, order: Order) -> Generator {
    Generator::new(Profile::load(profile).unwrap(), seed, START, order).unwrap()
}

fn with_faults(faults: &str) -> Order {
    Order { faults: Some(faults.to_owned()), ..Order::default() }
}

fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{key}\":\""))?;
    rest.split_once('"').map(|(word, _)| word)
}

/// [GEN-1]
#[test]
fn same_inputs_same_bytes() {
    let bytes = |seed| {
        generator("hospital", seed, with_faults("rough")).take(5_000).flat_map(|event| event.line).collect::<Vec<u8>>()
    };
    assert!(bytes(1) == bytes(1), "one seed, two files");
    assert!(bytes(1) != bytes(2), "two seeds, one file");
}

/// [GEN-1]: a change of this figure is a change of every generated file, and must be meant.
#[test]
fn bytes_are_those_of_the_machine_this_was_written_on() {
    let mut hasher = blake3::Hasher::new();
    for event in generator("tatmark", 1, Order::default()).take(10_000) {
        hasher.update(&event.line);
    }
    assert_eq!(&hasher.finalize().to_hex()[..16], "84ff9be31f0a5f5c");
}

#[test]
fn lines_come_in_the_order_of_arrival_whatever_the_faults() {
    for (profile, faults) in
        [("hospital", "clean"), ("hospital", "realistic"), ("tatmark", "rough"), ("us-wide", "rough")]
    {
        let mut last = i64::MIN;
        for event in generator(profile, 3, with_faults(faults)).take(20_000) {
            assert!(event.at_micros >= last, "{profile} {faults}");
            last = event.at_micros;
        }
        assert!(last > START);
    }
}

#[test]
fn arrival_is_what_a_replay_reads_from_the_line() {
    for event in generator("hospital", 4, with_faults("realistic")).take(20_000) {
        let line = String::from_utf8(event.line).unwrap();
        let log_time = field(&line, "received_at").or_else(|| field(&line, "occurred_at"));
        let Some(Ok(log_time)) = log_time.map(str::parse::<jiff::Timestamp>) else {
            continue;
        };
        assert_eq!(log_time.as_microsecond(), event.at_micros, "{line}");
    }
}

#[test]
fn asked_number_of_reports_is_told_to_the_end() {
    let order = Order { reports_max: Some(1_000), ..Order::default() };
    assert_eq!(generator("tatmark", 9, order.clone()).count(), 5_000);
    let mut hospital = generator("hospital", 9, Order { faults: Some("clean".to_owned()), ..order });
    let events = hospital.by_ref().count();
    assert_eq!(hospital.reports(), 1_000);
    assert!((10_500..11_700).contains(&events), "{events}");
}

#[test]
fn memory_follows_open_reports_not_all_reports() {
    let mut generator =
        generator("tatmark", 9, Order { rate: Some(0.01), reports_max: Some(30_000), ..Order::default() });
    let mut line = Vec::new();
    while generator.next_into(&mut line).is_some() {
        line.clear();
    }
    assert!(generator.lives.len() < 3_000, "{} places for 30,000 reports", generator.lives.len());
}

#[test]
fn a_day_ends_after_a_day() {
    let order = Order { scenarios: vec!["day".to_owned()], faults: Some("clean".to_owned()), ..Order::default() };
    let mut last_order = 0;
    for event in generator("hospital", 2, order) {
        if event.line.windows(17).any(|window| window == b"\"step\":\"ordered\",") {
            last_order = event.at_micros;
        }
    }
    let hours = (last_order - START) / 3_600_000_000;
    assert!((22..24).contains(&hours), "last order after {hours} hours");
}

#[test]
fn storm_receives_all_its_specimens_in_one_second() {
    let choices = Choices { storm: 500, ..Choices::usual(START) };
    let order = Order {
        scenarios: vec!["storm".to_owned(), "day".to_owned()],
        choices: Some(choices),
        faults: Some("clean".to_owned()),
        ..Order::default()
    };
    let ten = START + 10 * 3_600_000_000;
    let at_ten = generator("hospital", 2, order).filter(|event| event.at_micros == ten);
    let received =
        at_ten.filter(|event| event.line.windows(18).any(|window| window == b"\"step\":\"received\",")).count();
    assert!(received >= 500, "{received}");
}

#[test]
fn wrong_orders_are_refused() {
    let refuse = |order| Generator::new(Profile::load("clinic").unwrap(), 1, START, order).unwrap_err().to_string();
    assert_eq!(refuse(Order { rate: Some(0.0), ..Order::default() }), "`0` is no rate");
    assert_eq!(refuse(with_faults("dirty")), "`dirty` is no fault set");
    assert_eq!(
        refuse(Order { scenarios: vec!["doom".to_owned()], ..Order::default() }),
        "`doom` is no row of scenarios"
    );
}

#[test]
fn faults_leave_their_traces_in_about_their_shares() {
    let lines: Vec<String> = generator("tatmark", 6, with_faults("rough"))
        .take(50_000)
        .map(|event| String::from_utf8(event.line).unwrap())
        .collect();
    let merges = lines.iter().filter(|line| line.contains("\"type\":\"merge\"")).count();
    // .5 % of about 10,000 reports; four standard errors 28.
    assert!(merges.abs_diff(50) < 30, "{merges} merges");
    let without_patient = lines
        .iter()
        .filter(|line| line.ends_with("}\n") && line.contains("\"report\"") && !line.contains("\"patient\":\"pt_"))
        .count();
    assert!(without_patient.abs_diff(2_500) < 350, "{without_patient} without patient");
    let again = lines.iter().filter(|line| field(line, "event_id").is_some_and(|id| id.ends_with('r'))).count();
    assert!(again.abs_diff(200) < 70, "{again} told again");
}
