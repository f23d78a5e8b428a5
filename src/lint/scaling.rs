//! What the norm of the features, the number of samples and that of features do, and a batch in parts.

use super::draw::Draw;
use super::finding::{Change, Growth, Law, Outcome, Split};
use super::law;
use super::trial::{ROUNDING, Trial, changed, reason, relative, with};

/// Factors before all features.
const FACTORS: [f64; 7] = [1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3];
/// Numbers of samples and of features.
const NUMBERS: [usize; 5] = [16, 32, 64, 128, 256];
/// How many draws the mean over random inputs of one size is taken of.
const MEAN_OF: usize = 4;
/// Into how many parts a batch is split.
const PARTS: [usize; 2] = [2, 4];

impl Trial<'_> {
    /// All features times a factor, draw by draw: a law must hold for each with the same constants.
    pub fn norm(&mut self) -> Growth {
        let varied = self.varied();
        let mut found: Vec<Growth> = Vec::new();
        let mut why = String::new();
        for i in 0..self.draws.len() {
            let point = self.draws[i].point();
            let mut values = Vec::new();
            for factor in FACTORS {
                let scaled = with(&point, |i, block| varied.iter().any(|(v, _)| *v == i).then(|| block.scaled(factor)));
                let outcome = self.value(&scaled, &format!("features of norm {factor}"));
                match outcome.finite() {
                    Some(value) => values.push((factor, value)),
                    None => why = reason(&outcome),
                }
            }
            if let [.., a, b, c] = values.as_slice()
                && values.len() == FACTORS.len()
            {
                let lowest = values.iter().all(|(_, value)| *value >= c.1);
                // A step that is no smaller than half the one before ends nowhere.
                self.falling |= lowest && b.1 - c.1 > ROUNDING * c.1.abs() && b.1 - c.1 >= (a.1 - b.1) / 2.0;
                found.push(law::growth(&values, false, ""));
            }
        }
        agreed(found, why)
    }

    /// The number of samples or of features, by the name of the size.
    pub fn growth(&mut self, size: &str) -> Growth {
        let mut points = Vec::new();
        let mut why = String::new();
        for number in NUMBERS {
            match self.mean_at(size, number) {
                Ok(mean) => points.push((number as f64, mean)),
                Err(reason) => why = reason,
            }
        }
        law::growth(&points, true, &why)
    }

    /// The mean value at random inputs of another size.
    fn mean_at(&self, size: &str, number: usize) -> Result<f64, String> {
        let told = |mistakes: Vec<crate::base::Diagnostic>| {
            mistakes.first().map_or(String::new(), |mistake| mistake.message.clone())
        };
        let loss = self.subject.at(&[(size, number)]).map_err(told)?;
        let mut machine = loss.machine::<f64>(false).map_err(told)?;
        let mut sum = 0.0;
        let count = MEAN_OF.min(self.draws.len());
        for index in 0..count {
            let outcome = machine.value(&Draw::new(self.subject, &loss, index as u64).point());
            sum += outcome.finite().ok_or_else(|| reason(&outcome))?;
        }
        Ok(sum / count as f64)
    }

    /// The batch in parts of equal size, as workers would have it.
    pub fn split(&mut self) -> Vec<Split> {
        let batch = self.subject.size(&self.subject.setting.batch);
        PARTS.iter().filter(|parts| batch.is_multiple_of(**parts)).map(|parts| self.split_into(*parts, batch)).collect()
    }

    fn split_into(&mut self, parts: usize, batch: usize) -> Split {
        let undefined = |why: String| {
            let change = Change::Undefined(why);
            Split { parts, mean: change.clone(), sum: change, drift: None }
        };
        let loss = match self.subject.at(&[(&self.subject.setting.batch, batch / parts)]) {
            Ok(loss) => loss,
            Err(mistakes) => return undefined(mistakes.first().map_or(String::new(), |m| m.message.clone())),
        };
        let Ok(mut machine) = loss.machine::<f64>(false) else { return undefined("it has no plan".to_owned()) };
        let sides = self.sides();
        let fixed = sides.iter().enumerate().filter(|(_, side)| side.is_none());
        if let Some((i, _)) = fixed.into_iter().find(|(i, _)| loss.shape(*i) != self.loss.shape(*i)) {
            let name = &self.subject.arrays[i].name;
            return undefined(format!("the size of {name}, which is held, changes with the batch"));
        }
        let (mut mean_change, mut sum_change, mut drift, mut size, mut count) = (0.0, 0.0, 0.0, 0.0, 0);
        let mut why = String::new();
        for (draw, whole) in self.draws.iter().zip(&self.values) {
            let Some(whole) = whole.finite() else { continue };
            let point = draw.point();
            let part = |part: usize| {
                let order: Vec<usize> = (part * batch / parts..(part + 1) * batch / parts).collect();
                with(&point, |i, block| sides[i].map(|side| block.samples(side, &order)))
            };
            let outcomes: Vec<Outcome> = (0..parts).map(|i| machine.value(&part(i))).collect();
            match outcomes.iter().map(Outcome::finite).sum::<Option<f64>>() {
                Some(sum) => {
                    let mean = sum / parts as f64;
                    mean_change = f64::max(mean_change, relative(mean - whole, self.scale));
                    sum_change = f64::max(sum_change, relative(sum - whole, self.scale));
                    drift += mean - whole;
                    size += whole.abs();
                    count += 1;
                }
                None => why = outcomes.iter().find(|o| o.finite().is_none()).map(reason).unwrap_or_default(),
            }
        }
        if count == 0 {
            return undefined(why);
        }
        let drift = (size > 0.0).then(|| drift / size);
        Split { parts, mean: changed(mean_change), sum: changed(sum_change), drift }
    }
}

/// One law for all draws: the first, where the others have the same one with the same constants.
fn agreed(found: Vec<Growth>, why: String) -> Growth {
    let range = (FACTORS[0], FACTORS[FACTORS.len() - 1]);
    let Some(first) = found.first() else { return Growth { law: Law::Undefined(why), range, ends: (None, None) } };
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + a.abs());
    let same = |law: &Law| match (&first.law, law) {
        (Law::Constant, Law::Constant) => true,
        (Law::Power { exponent: a, .. }, Law::Power { exponent: b, .. }) => near(*a, *b),
        (Law::Logarithm { slope: a, .. }, Law::Logarithm { slope: b, .. }) => near(*a, *b),
        _ => false,
    };
    if found.iter().all(|growth| same(&growth.law)) {
        return first.clone();
    }
    let residual = |law: &Law| match law {
        Law::Power { residual, .. } => Some(*residual),
        Law::None(residual) => *residual,
        Law::Constant | Law::Steady(_) | Law::Logarithm { .. } | Law::Undefined(_) => None,
    };
    let worst = found.iter().map(|growth| residual(&growth.law)).collect::<Option<Vec<f64>>>();
    let worst = worst.map(|residuals| residuals.into_iter().fold(0.0, f64::max));
    Growth { law: Law::None(worst), ..first.clone() }
}
