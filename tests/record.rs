//! What a run records of itself: its table, whole after a kill and a resumption, and its event files, read by a reader of
//! their own.

use std::path::Path;
use std::time::Duration;

use loewner::base::Code;
use loewner::train::record::{EpochReport, EventLog, MetricsTable, Observer, Selection, StepReport, Table, gather};

const WATCHED: [&str; 2] = ["effective_rank(z)", "mutual_information(cov(y1), cov(y2), 1)"];

fn watched() -> Vec<String> {
    WATCHED.map(String::from).to_vec()
}

/// A step of a made-up run: everything but the times depends on the step alone.
fn report(step: u64, seconds: f64) -> StepReport {
    let x = step as f64;
    let every_other = WATCHED.iter().filter(|_| step.is_multiple_of(2));
    StepReport {
        step,
        steps: 9,
        epoch: 1 + (step - 1) / 3,
        loss: 1.0 / x,
        learning_rate: 1e-3 / x,
        images_per_second: 256.0 / seconds,
        stalled: Duration::from_secs_f64(seconds / 10.0),
        watched: every_other.map(|name| ((*name).to_owned(), x.sqrt())).collect(),
    }
}

fn tell(observer: &mut dyn Observer, steps: std::ops::RangeInclusive<u64>, seconds: f64) {
    for step in steps {
        observer.step(&report(step, seconds)).unwrap();
    }
}

/// The table without the two columns of times.
fn timeless(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    let keep = |record: csv::StringRecord| {
        record.iter().enumerate().filter(|(i, _)| ![4, 5].contains(i)).map(|(_, field)| field.to_owned()).collect()
    };
    reader.records().map(|record| keep(record.unwrap())).collect()
}

#[test]
fn a_table_names_its_columns_and_has_a_row_for_each_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    let mut table = MetricsTable::create(&path, &watched()).unwrap();
    tell(&mut table, 1..=2, 0.5);
    // Each row is on disk before the next step is told.
    let text = std::fs::read_to_string(&path).unwrap();
    let expected = "step,epoch,loss,learning_rate,images_per_second,stalled_seconds,effective_rank(z),\
                    \"mutual_information(cov(y1), cov(y2), 1)\"\n\
                    1,1,1,0.001,512.0,0.050000,,\n";
    assert_eq!(text.lines().take(2).map(|line| format!("{line}\n")).collect::<String>(), expected);
    // √2 to the last digit of a double.
    assert!(text.ends_with(",512.0,0.050000,1.4142135623730951,1.4142135623730951\n"));
}

/// Killed at any byte after step 6 was settled, and resumed after it: the file is that of the run that went through.
#[test]
fn a_run_killed_anywhere_and_resumed_leaves_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole.csv"), folder.path().join("broken.csv"));
    tell(&mut MetricsTable::create(&whole, &watched()).unwrap(), 1..=9, 0.5);
    let bytes = std::fs::read(&whole).unwrap();
    let after = |lines: usize| bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(lines).unwrap().0 + 1;
    for killed in after(6)..=bytes.len() {
        std::fs::write(&broken, &bytes[..killed]).unwrap();
        let mut table = MetricsTable::resume(&broken, &watched(), 6).unwrap();
        assert_eq!(std::fs::read(&broken).unwrap(), bytes[..after(6)], "killed at byte {killed}");
        tell(&mut table, 7..=9, 0.7);
        table.settle().unwrap();
        assert_eq!(timeless(&broken), timeless(&whole), "killed at byte {killed}");
    }
    // A checkpoint of the very start.
    std::fs::write(&broken, &bytes[..after(3)]).unwrap();
    tell(&mut MetricsTable::resume(&broken, &watched(), 0).unwrap(), 1..=9, 0.5);
    assert_eq!(std::fs::read(&broken).unwrap(), bytes);
}

#[test]
fn a_table_that_is_not_the_runs_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.csv");
    tell(&mut MetricsTable::create(&path, &watched()).unwrap(), 1..=4, 0.5);
    let good = std::fs::read_to_string(&path).unwrap();
    let refused = |text: &str, watched: &[String], step: u64, part: &str| {
        std::fs::write(&path, text).unwrap();
        let mistake = MetricsTable::resume(&path, watched, step).unwrap_err();
        assert_eq!(mistake.code, Code::E1021);
        assert!(mistake.message.contains(part), "{}", mistake.message);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    };
    refused(&good, &watched()[..1], 4, "another run");
    refused(&good, &watched(), 5, "ends at step 4, and the run is resumed after step 5");
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    refused(
        &[lines[0], lines[1], lines[3], lines[2]].concat(),
        &watched(),
        3,
        "line 4 is of step 2, and comes after step 3",
    );
    refused(&[lines[0], "1,1,0.5\n"].concat(), &watched(), 1, "line 2 has 3 fields, and there are 8 columns");
    refused(&[lines[0], "one,1\n"].concat(), &watched(), 1, "line 2 does not start with a step");
    refused("", &watched(), 0, "another run");
    let missing = MetricsTable::resume(&folder.path().join("none.csv"), &watched(), 1).unwrap_err();
    assert_eq!(missing.code, Code::E0801);
    for twice in [vec!["loss".to_owned()], vec!["tr(K)".to_owned(), "tr(K)".to_owned()]] {
        assert_eq!(MetricsTable::create(&path, &twice).unwrap_err().code, Code::E1021);
    }
    assert_eq!(MetricsTable::create(&folder.path().join("no/metrics.csv"), &[]).unwrap_err().code, Code::E0805);
    let mut table = MetricsTable::create(&path, &watched()).unwrap();
    let mut stranger = report(1, 1.0);
    stranger.watched = vec![("effective_rank(Z)".to_owned(), 1.0)];
    let mistake = table.step(&stranger).unwrap_err();
    assert_eq!((mistake.code, mistake.help.len()), (Code::E1021, 1));
}

/// CRC-32C bit by bit, from its definition: the polynomial 0x1EDC6F41, reflected.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0, byte)
}

/// The records of an event file, each with its checksums tried.
fn records(mut bytes: &[u8]) -> Vec<&[u8]> {
    let masked = |bytes: &[u8]| {
        let crc = crc32c(bytes);
        crc.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
    };
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        assert_eq!(bytes[8..12], masked(&bytes[..8]));
        assert_eq!(bytes[12 + length..16 + length], masked(&bytes[12..12 + length]));
        found.push(&bytes[12..12 + length]);
        bytes = &bytes[16 + length..];
    }
    found
}

/// The scalars of an event, read from the wire format by hand: step (field 2), and of each value of the summary (field 5,
/// then 1) its tag (1) and number (2).
fn scalars(event: &[u8]) -> (u64, Vec<(String, f32)>) {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let end = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
        let value = bytes[..=end].iter().rev().fold(0, |value, byte| (value << 7) | u64::from(byte & 0x7f));
        *bytes = &bytes[end + 1..];
        value
    }
    fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let length = match key & 7 {
                0 => {
                    found.push((key >> 3, varint(&mut bytes).to_le_bytes().to_vec()));
                    continue;
                }
                1 => 8,
                2 => varint(&mut bytes) as usize,
                5 => 4,
                other => panic!("wire type {other}"),
            };
            found.push((key >> 3, bytes[..length].to_vec()));
            bytes = &bytes[length..];
        }
        found
    }
    let of = |fields: &[(u64, Vec<u8>)], number: u64| -> Vec<Vec<u8>> {
        fields.iter().filter(|field| field.0 == number).map(|field| field.1.clone()).collect()
    };
    let event = fields(event);
    let step = of(&event, 2).first().map_or(0, |bytes| u64::from_le_bytes(bytes[..].try_into().unwrap()));
    let values = of(&event, 5).iter().flat_map(|summary| of(&fields(summary), 1)).collect::<Vec<_>>();
    let scalar = |value: &Vec<u8>| {
        let value = fields(value);
        let tag = String::from_utf8(of(&value, 1).remove(0)).unwrap();
        (tag, f32::from_le_bytes(of(&value, 2).remove(0)[..].try_into().unwrap()))
    };
    (step, values.iter().map(scalar).collect())
}

fn event_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn event_files_hold_what_was_told() {
    assert_eq!(crc32c(b"123456789"), 0xe306_9283, "the check value of CRC-32C");
    let folder = tempfile::tempdir().unwrap();
    let events = folder.path().join("events");
    let mut log = EventLog::open(&events, None).unwrap();
    tell(&mut log, 1..=4, 0.5);
    let took = Duration::from_secs(2);
    log.epoch(&EpochReport { epoch: 1, epochs: 3, step: 4, mean_loss: 0.0, took, stalled: took / 4 }).unwrap();
    log.settle().unwrap();
    let mut resumed = EventLog::open(&events, Some(2)).unwrap();
    tell(&mut resumed, 3..=3, 0.5);
    let files = event_files(&events);
    assert_eq!([log.path(), resumed.path()], [&*files[0], &*files[1]], "read in the order of their names");

    let bytes = std::fs::read(&files[0]).unwrap();
    let first = records(&bytes);
    assert!(first[0].ends_with(b"brain.Event:2"));
    let (step, found) = scalars(first[2]);
    let tag = |tag: &str, x: f32| (tag.to_owned(), x);
    let expected = [
        tag("train/loss", 0.5),
        tag("train/learning_rate", 5e-4),
        tag("speed/images_per_second", 512.0),
        tag("speed/stalled_seconds", 0.05),
        tag("watch/effective_rank(z)", 2f32.sqrt()),
        tag("watch/mutual_information(cov(y1), cov(y2), 1)", 2f32.sqrt()),
    ];
    assert_eq!((step, found.len()), (2, 6));
    for ((name, x), (expected, y)) in found.iter().zip(&expected) {
        assert!(name == expected && (x - y).abs() <= 1e-6 * y, "{name} {x}, not {expected} {y}");
    }
    // A number that is 0 is there all the same.
    assert_eq!(scalars(first[5]), (4, vec![tag("train/mean_loss_of_epoch", 0.0)]));

    let bytes = std::fs::read(&files[1]).unwrap();
    let second = records(&bytes);
    // A session that starts (field 7, status 1) at step 3 voids what the first file says of steps 3 and 4.
    assert!(second[1].ends_with(&[0x10, 3, 0x3a, 2, 0x08, 1]));
    assert_eq!(scalars(second[2]).0, 3);
}

fn table(name: &str, text: &str) -> Table {
    Table::read(name, Path::new("runs.csv"), text.as_bytes()).unwrap()
}

#[test]
fn series_are_means_over_the_rows_of_one_place() {
    let text =
        "method,mu,seed,accuracy\nmmae,1,0,90\nmmae,1,1,92\nmmae,0.1,0,80\nmae,1,0,85\nmae,1,1,\nmmae,1.0,2,97\n";
    let y = ["accuracy".to_owned()];
    let selection = Selection { x: "mu", y: &y, by: Some("method"), numeric: true };
    let bands = gather(&[table("all", text)], &selection).unwrap();
    let points = |i: usize| bands[i].points.iter().map(|p| (p.x, p.mean, p.deviation)).collect::<Vec<_>>();
    assert_eq!(bands.iter().map(|band| band.name.as_str()).collect::<Vec<_>>(), ["mmae", "mae"]);
    // 90, 92 and 97: mean 93, deviations −3, −1 and 4, so √(26/2).
    assert_eq!(points(0), [(0.1, 80.0, None), (1.0, 93.0, Some(13f64.sqrt()))]);
    assert_eq!(points(1), [(1.0, 85.0, None)]);
    // Named places keep their order; several columns and several tables have both in their names.
    let y = ["accuracy".to_owned(), "seed".to_owned()];
    let selection = Selection { x: "method", y: &y, by: None, numeric: false };
    let bands = gather(&[table("a", text), table("b", text)], &selection).unwrap();
    assert_eq!(
        bands.iter().map(|band| band.name.as_str()).collect::<Vec<_>>(),
        ["a: accuracy", "a: seed", "b: accuracy", "b: seed"]
    );
    assert_eq!(bands[0].points.iter().map(|p| p.label.as_str()).collect::<Vec<_>>(), ["mmae", "mae"]);
}

#[test]
fn what_cannot_be_gathered_is_named() {
    let text = "step,loss\n1,0.5\n2,oops\n";
    let refused = |x: &str, y: &str, part: &str| {
        let y = [y.to_owned()];
        let selection = Selection { x, y: &y, by: None, numeric: true };
        let mistake = gather(&[table("mae", text)], &selection).unwrap_err();
        assert_eq!(mistake.code, Code::E1022);
        assert!(mistake.message.contains(part), "{}", mistake.message);
        mistake
    };
    assert_eq!(refused("step", "los", "no column 'los'").help, ["did you mean 'loss'?"]);
    refused("step", "loss", "line 3 of the table of mae: 'oops' of column 'loss' is no number");
    for (text, part) in [("a,b\n", "holds no rows"), ("a,b\n1\n2,3\n", "no table")] {
        let mistake = Table::read("x", Path::new("x.csv"), text.as_bytes()).unwrap_err();
        assert!(mistake.code == Code::E1022 && mistake.message.contains(part), "{}", mistake.message);
    }
    // A row that is being written is not there yet.
    let y = ["b".to_owned()];
    let selection = Selection { x: "a", y: &y, by: None, numeric: true };
    assert_eq!(gather(&[table("x", "a,b\n1,2\n3")], &selection).unwrap()[0].points.len(), 1);
}
