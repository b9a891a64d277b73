//! Life, tested: does every kind go its way, and in order?

use super::*;
use crate::arrivals::Arrivals;
use crate::calendar::Flat;
use crate::profile::Profile;

/// Monday 2026-01-05 00:00 in Chicago.
const START: i64 = 1_767_592_800_000_000;

fn groups(profile: &str, faults: &str, count: usize) -> (World, Vec<Group>) {
    let world = World::new(Profile::load(profile).unwrap(), Some(faults), 21, Flat::default()).unwrap();
    let scenario = Scenario::none();
    let mut arrivals = Arrivals::new(&world, &scenario, START, 1.0);
    let groups = std::iter::from_fn(|| arrivals.next(&world, &scenario))
        .map(|arrival| tell(&world, &scenario, arrival))
        .take(count)
        .collect();
    (world, groups)
}

fn reports(profile: &str, count: usize) -> Vec<Report> {
    groups(profile, "clean", count).1.into_iter().flat_map(|group| group.reports).collect()
}

#[test]
fn steps_of_a_path_come_in_its_order() {
    let paths: [(&[Kind], &[Step]); 3] = [
        (
            &[Kind::Lab, Kind::BloodBank, Kind::Micro, Kind::Pathology, Kind::Genetics],
            &[
                Step::Ordered,
                Step::Collected,
                Step::InTransit,
                Step::Received,
                Step::InProcess,
                Step::Analysed,
                Step::Final,
                Step::Delivered,
                Step::Reviewed,
            ],
        ),
        (
            &[Kind::Imaging],
            &[
                Step::Ordered,
                Step::Scheduled,
                Step::Arrived,
                Step::ExamStarted,
                Step::ExamEnded,
                Step::Preliminary,
                Step::Dictated,
                Step::Final,
                Step::Released,
                Step::PatientViewed,
            ],
        ),
        (
            &[Kind::Cardiology, Kind::Pulmonary],
            &[Step::Ordered, Step::ExamStarted, Step::ExamEnded, Step::Preliminary, Step::Final, Step::Delivered],
        ),
    ];
    let reports = reports("hospital", 20_000);
    for (kinds, path) in paths {
        let mut seen = 0;
        for report in reports.iter().filter(|report| kinds.contains(&report.kind)) {
            let times: Vec<i64> = path.iter().filter_map(|step| report.at(*step)).collect();
            assert!(times.is_sorted(), "{report:?}");
            seen += times.len();
        }
        assert!(seen > 1000, "{kinds:?}: {seen}");
    }
}

#[test]
fn benchmark_reports_have_exactly_their_five_steps_whatever_the_kind() {
    let five = [Step::Ordered, Step::Collected, Step::Received, Step::Final, Step::Acknowledged].map(Fact::Step);
    let reports = reports("tatmark", 5_000);
    assert!(reports.iter().all(|report| report.moments.iter().map(|moment| moment.fact).eq(five)));
    let imaging = reports.iter().filter(|report| report.kind == Kind::Imaging).count();
    assert!(imaging.abs_diff(750) < 101, "{imaging}: 15 % of 5,000, four standard errors");
}

/// [GEN-3]
#[test]
fn group_shares_order_collection_and_receipt_and_asks_for_each_test_once() {
    let (_, groups) = groups("hospital", "clean", 20_000);
    let long = groups.iter().filter(|group| group.reports.len() > 4);
    let mut seen = 0;
    for group in long {
        let untouched = group
            .reports
            .iter()
            .filter(|report| report.at(Step::Recollect).is_none() && report.at(Step::Cancelled).is_none());
        let mut shared: Vec<_> = untouched
            .map(|report| [Step::Ordered, Step::Collected, Step::Received].map(|step| report.at(step)))
            .collect();
        shared.dedup();
        assert!(shared.len() <= 1, "{group:?}");
        let mut tests: Vec<_> = group.reports.iter().map(|report| (report.offer, report.round)).collect();
        tests.sort_unstable();
        tests.dedup();
        assert_eq!(tests.len(), group.reports.len());
        seen += 1;
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn nothing_comes_after_a_cancellation() {
    let reports = reports("hospital", 20_000);
    let cancelled: Vec<_> = reports.iter().filter(|report| report.at(Step::Cancelled).is_some()).collect();
    assert!(cancelled.len() > 100, "{}", cancelled.len());
    assert!(
        cancelled.iter().all(|report| report.moments.last().unwrap().fact == Fact::Step(Step::Cancelled)
            && report.at(Step::Final).is_none())
    );
}

#[test]
fn critical_reports_are_answered_after_they_were_critical() {
    let reports = reports("hospital", 40_000);
    let finished = reports.iter().filter(|report| report.findings[0].is_critical() && report.at(Step::Final).is_some());
    let (mut all, mut read_back) = (0_u32, 0_u32);
    for report in finished {
        let told = if report.preliminary_tells {
            report.at(Step::Preliminary).or(report.at(Step::Final))
        } else {
            report.at(Step::Final)
        };
        let answer = report.moments.iter().find(|moment| matches!(moment.fact, Fact::Answer(_)));
        assert!(answer.is_none_or(|answer| answer.at >= told.unwrap()));
        all += 1;
        read_back += u32::from(answer.is_some_and(|answer| answer.fact == Fact::Answer(Act::ReadBack)));
    }
    let share = f64::from(read_back) / f64::from(all);
    assert!((share - 0.96).abs() < 4.0 * (0.96_f64 * 0.04 / f64::from(all)).sqrt(), "{share} of {all}");
}

#[test]
fn values_are_critical_beyond_a_limit_and_only_there() {
    let (world, groups) = groups("hospital", "clean", 30_000);
    let mut critical = 0;
    for report in groups.iter().flat_map(|group| &group.reports).filter(|report| report.kind == Kind::Lab) {
        let Value::Number { scaled, mark } = report.findings[0].value else {
            panic!("laboratory reports have numbers")
        };
        let test = &world.lab[report.offer];
        let value = scaled as f64 / 10_f64.powi(test.digits.into());
        let is_low = test.critical_low.is_some_and(|low| value < low - 1e-9);
        let is_high = test.critical_high.is_some_and(|high| value > high + 1e-9);
        assert_eq!(report.findings[0].is_critical(), is_low || is_high, "{} {value}", test.test.name);
        let expected = match (is_low, is_high) {
            (true, _) => Mark::LowLow,
            (_, true) => Mark::HighHigh,
            _ if value < test.range[0] - 1e-9 => Mark::Low,
            _ if value > test.range[1] + 1e-9 => Mark::High,
            _ => Mark::Normal,
        };
        assert_eq!(mark, expected, "{} {value}", test.test.name);
        critical += u32::from(is_low || is_high);
    }
    assert!(critical > 300, "{critical}");
}

#[test]
fn rough_faults_change_and_cancel_more() {
    let (_, groups) = groups("tatmark", "rough", 20_000);
    let count = |steps: &[Step]| {
        groups.iter().filter(|group| steps.iter().any(|step| group.reports[0].at(*step).is_some())).count()
    };
    let (changed, cancelled) = (count(&[Step::Corrected, Step::Appended]), count(&[Step::Cancelled]));
    // 2 % less the cancelled, and 1 %, of 20,000; four standard errors are 79 and 56.
    assert!(changed.abs_diff(396) < 79 && cancelled.abs_diff(200) < 56, "{changed} {cancelled}");
}

/// [GEN-1]
#[test]
fn life_of_a_requisition_depends_on_its_number_alone() {
    let (world, groups) = groups("hospital", "clean", 50);
    let scenario = Scenario::none();
    let last = &groups[49];
    let arrival = Arrival { number: 49, at: last.at, setting: last.setting, zone: last.zone, is_storm: false };
    assert_eq!(&tell(&world, &scenario, arrival), last, "told alone, without the 49 before it");
}
