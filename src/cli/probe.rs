//! `loewner probe`: how good the representation of a trained network is.

use super::args::Probe;
use super::{Outcome, Status, output, progress};
use crate::train::findings::Accuracy;
use crate::train::{Asked, Findings, evaluate};

pub(super) fn run(arguments: &Probe) -> Outcome {
    let mut asked = Asked {
        linear: !arguments.no_linear,
        fine_tune: arguments.fine_tune,
        images: arguments.images,
        data: arguments.data.clone(),
        device: arguments.device.clone(),
        threads: arguments.threads,
        ..Asked::default()
    };
    if !arguments.knn.is_empty() {
        asked.neighbours.clone_from(&arguments.knn);
    }
    let mut screen = progress::TrainingBar::new(50);
    let found = evaluate(&arguments.run, &asked, &mut screen);
    screen.finish();
    let findings = found.map_err(|mistake| vec![mistake])?;
    output::say(&if arguments.json {
        // Numbers and names: there is nothing in them that JSON could not say.
        format!("{}\n", serde_json::to_value(&findings).unwrap_or_default())
    } else {
        text(&findings)
    })?;
    Ok(Status::Expected)
}

fn text(findings: &Findings) -> String {
    let right = |name: &str, right: &Accuracy| {
        format!("{name:<22}{:6.2} %   top 5 {:6.2} %\n", 100.0 * right.top1, 100.0 * right.top5)
    };
    let mut text = format!(
        "{} features of {} training and {} test images, after {} steps\n\n",
        findings.features, findings.train_images, findings.test_images, findings.step
    );
    text +=
        &format!("{:<22}{:6.2}\n{:<22}{:6.2}\n", "effective rank", findings.effective_rank, "RankMe", findings.rank_me);
    for (k, accuracy) in &findings.neighbours {
        let name = if *k == 1 { "1 neighbour".to_owned() } else { format!("{k} neighbours") };
        // Fewer neighbours than five do not say which classes are among the first five.
        text += &match *k {
            ..5 => format!("{name:<22}{:6.2} %\n", 100.0 * accuracy.top1),
            5.. => right(&name, accuracy),
        };
    }
    text += &findings.linear.as_ref().map_or(String::new(), |accuracy| right("linear probe", accuracy));
    text += &findings.fine_tuned.as_ref().map_or(String::new(), |accuracy| right("fine-tuned", accuracy));
    text
}
