//! `loewner devices`: which torch there is, and on which devices it can run.

use super::args::Devices;
use super::{Outcome, Status, output};
use crate::torch::{Device, Libtorch};

pub(super) fn run(arguments: &Devices) -> Outcome {
    let torch = Libtorch::linked().map_err(|missing| vec![missing])?;
    let asked = arguments.devices.iter().map(|text| text.parse::<Device>());
    let refused: Vec<_> = asked.filter_map(|device| device.and_then(|device| torch.require(device)).err()).collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    let devices: Vec<String> = torch.devices().iter().map(Device::to_string).collect();
    output::say(&if arguments.json {
        let object = serde_json::json!({
            "torch": torch.version, "libraries": torch.libraries, "cuda": torch.cuda, "devices": devices,
        });
        format!("{object}\n")
    } else {
        let cuda = if torch.cuda { "with CUDA" } else { "without CUDA" };
        format!(
            "torch     {}, {cuda}\nlibraries {}\ndevices   {}\n",
            torch.version,
            torch.libraries.display(),
            devices.join(", ")
        )
    })?;
    Ok(Status::Expected)
}
