//! What came out: for each experiment a table with a row for each run, and a table of what was watched, in the form that
//! `loewner plot` draws. Both are replaced as a whole.

use std::error::Error;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use loewner::base::replace;
use serde::{Deserialize, Serialize};

use super::plan::Run;

/// A run that has ended. Accuracies are shares of the test images, from 0 to 1.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    pub run: String,
    pub series: String,
    /// What is varied in a sweep; empty where nothing is.
    pub at: Option<f64>,
    pub seed: u64,
    pub images: usize,
    pub epochs: u64,
    pub steps: u64,
    pub loss: f64,
    pub linear: f64,
    pub linear_top5: f64,
    pub knn: f64,
    pub effective_rank: f64,
    pub rank_me: f64,
    pub seconds: f64,
}

/// The folder of the tables.
pub struct Results {
    folder: PathBuf,
}

impl Results {
    /// The folder, made where it is not there.
    pub fn open(folder: &Path) -> Result<Results, Box<dyn Error>> {
        std::fs::create_dir_all(folder)?;
        Ok(Results { folder: folder.to_owned() })
    }

    /// Whether a run is recorded; an error where it is, of other images or epochs: means over both would be of nothing.
    pub fn has(&self, run: &Run) -> Result<bool, Box<dyn Error>> {
        let rows = self.rows(run.experiment)?;
        let Some(row) = rows.iter().find(|row| row.run == run.id()) else { return Ok(false) };
        let (images, epochs) = (run.config.images.unwrap_or(0), run.config.epochs);
        if (row.images, row.epochs) != (images, epochs) {
            let (path, id) = (self.table(run.experiment), &row.run);
            let before = format!("{} images and {} epochs", row.images, row.epochs);
            return Err(format!("{} has {id} with {before}: name another folder by --out", path.display()).into());
        }
        Ok(true)
    }

    /// Records a run: its curves first, since it counts as recorded once it has a row.
    pub fn add(&self, run: &Run, row: Row, metrics: &Path) -> Result<(), Box<dyn Error>> {
        self.add_curves(run, metrics)?;
        let mut rows = self.rows(run.experiment)?;
        rows.push(row);
        let mut writer = csv::Writer::from_writer(Vec::new());
        rows.iter().try_for_each(|row| writer.serialize(row))?;
        Ok(replace(&self.table(run.experiment), &writer.into_inner()?)?)
    }

    fn table(&self, experiment: &str) -> PathBuf {
        self.folder.join(format!("{experiment}.csv"))
    }

    /// The runs of an experiment that are recorded.
    pub fn rows(&self, experiment: &str) -> Result<Vec<Row>, Box<dyn Error>> {
        let path = self.table(experiment);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let rows: Result<Vec<Row>, csv::Error> = csv::Reader::from_path(path)?.deserialize().collect();
        Ok(rows?)
    }

    /// The steps of a run at which something was watched: series, seed, step, and a column for each expression.
    fn add_curves(&self, run: &Run, metrics: &Path) -> Result<(), Box<dyn Error>> {
        let path = self.folder.join(format!("{}-curves.csv", run.experiment));
        let (series, seed) = (run.series.as_str(), run.config.seed.to_string());
        let mut writer = csv::Writer::from_writer(Vec::new());
        let watched = run.config.watch.iter().map(String::as_str);
        writer.write_record(["series", "seed", "step"].into_iter().chain(watched))?;
        if path.exists() {
            for record in csv::Reader::from_path(&path)?.records() {
                let record = record?;
                // What a run left before it was interrupted between its curves and its row.
                if (record.get(0), record.get(1)) != (Some(series), Some(seed.as_str())) {
                    writer.write_record(&record)?;
                }
            }
        }
        let mut reader = csv::Reader::from_path(metrics)?;
        let header = reader.headers()?.clone();
        let column = |name: &str| header.iter().position(|known| known == name);
        let columns: Option<Vec<usize>> = run.config.watch.iter().map(|name| column(name)).collect();
        let (step, columns) = (column("step"), columns.ok_or("a watched expression has no column")?);
        let step = step.ok_or("the table of the run has no steps")?;
        for record in reader.records() {
            let record: StringRecord = record?;
            let values: Vec<&str> = columns.iter().filter_map(|at| record.get(*at)).collect();
            if values.iter().any(|value| !value.is_empty()) {
                let step = record.get(step).unwrap_or_default();
                writer.write_record([series, seed.as_str(), step].into_iter().chain(values))?;
            }
        }
        Ok(replace(&path, &writer.into_inner()?)?)
    }
}
